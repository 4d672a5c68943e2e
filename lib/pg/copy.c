#include "lib/pg/copy.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
    PG_EPOCH_DAY = 10957, /* 2000-01-01, where PostgreSQL counts days from */
    FIELD_LENGTH_BYTES = 4,
    FIELD_BYTES_MAX = 0x3fffffff, /* the server takes no value over 1 GiB */

    NUMERIC_BASE_DIGITS = 4, /* decimal digits in one digit of base 10000 */
    NUMERIC_HEAD_BYTES = 8,
    NUMERIC_NEGATIVE = 0x4000,
    /* 60 digits, up to three zeros before them and after them */
    NUMERIC_GROUPS_MAX = COPY_NUMERIC_DIGITS_MAX / NUMERIC_BASE_DIGITS + 2,
};

/* "PGCOPY\n\377\r\n\0", no flags, no extension. */
static const char FILE_HEAD[COPY_HEADER_BYTES] = "PGCOPY\n\377\r\n";

/* A number as it was written: the digits without sign and point, and where the point stands. */
struct decimal {
    char digits[COPY_NUMERIC_DIGITS_MAX];
    int count;
    int point; /* digits before the point: may be negative, or more than there are */
    int scale; /* decimals to show */
    int is_negative;
};

static void put_16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static void put_32(uint8_t *out, uint32_t value)
{
    put_16(out, (uint16_t)(value >> 16));
    put_16(out + 2, (uint16_t)value);
}

static void put_64(uint8_t *out, uint64_t value)
{
    put_32(out, (uint32_t)(value >> 32));
    put_32(out + 4, (uint32_t)value);
}

/* --- rows and fields --- */

void copy_init(struct copy *copy, size_t max_bytes)
{
    *copy = (struct copy){ .rows = 0 };
    buf_init(&copy->bytes, max_bytes);
}

static int has_room(const struct copy *copy, size_t len)
{
    size_t max = copy->bytes.max_bytes;
    size_t taken = copy->bytes.len_bytes + COPY_TRAILER_BYTES;
    return taken <= max && len <= max - taken;
}

static int begin_file(struct copy *copy)
{
    if (copy->bytes.len_bytes > 0)
        return 0;
    return has_room(copy, sizeof(FILE_HEAD))
               ? buf_append(&copy->bytes, FILE_HEAD, sizeof(FILE_HEAD))
               : -EMSGSIZE;
}

int copy_row(struct copy *copy, int columns)
{
    uint8_t head[2];
    assert(copy->columns_left == 0 && columns > 0 && columns <= INT16_MAX);
    copy->has_row = 0;
    if (begin_file(copy) < 0 || !has_room(copy, sizeof(head)))
        return -EMSGSIZE;
    size_t at = copy->bytes.len_bytes;
    put_16(head, (uint16_t)columns);
    int ret = buf_append(&copy->bytes, head, sizeof(head));
    if (ret < 0)
        return ret;
    copy->row_at = at;
    copy->columns_left = columns;
    copy->has_row = 1;
    copy->rows++;
    return 0;
}

static int field(struct copy *copy, const void *bytes, size_t len)
{
    uint8_t head[FIELD_LENGTH_BYTES];
    assert(copy->columns_left > 0);
    if (len > FIELD_BYTES_MAX || !has_room(copy, sizeof(head) + len))
        return -EMSGSIZE;
    put_32(head, (uint32_t)len);
    int ret = buf_append(&copy->bytes, head, sizeof(head));
    if (ret == 0)
        ret = buf_append(&copy->bytes, bytes, len);
    if (ret == 0)
        copy->columns_left--;
    return ret;
}

int copy_null(struct copy *copy)
{
    static const uint8_t NONE[FIELD_LENGTH_BYTES] = { 0xff, 0xff, 0xff, 0xff };
    assert(copy->columns_left > 0);
    if (!has_room(copy, sizeof(NONE)))
        return -EMSGSIZE;
    copy->columns_left--;
    return buf_append(&copy->bytes, NONE, sizeof(NONE));
}

int copy_int4(struct copy *copy, int32_t value)
{
    uint8_t bytes[4];
    put_32(bytes, (uint32_t)value);
    return field(copy, bytes, sizeof(bytes));
}

int copy_int8(struct copy *copy, int64_t value)
{
    uint8_t bytes[8];
    put_64(bytes, (uint64_t)value);
    return field(copy, bytes, sizeof(bytes));
}

int copy_bool(struct copy *copy, int value)
{
    uint8_t byte = value != 0;
    return field(copy, &byte, sizeof(byte));
}

int copy_date(struct copy *copy, int32_t day)
{
    return copy_int4(copy, (int32_t)((int64_t)day - PG_EPOCH_DAY));
}

int copy_text(struct copy *copy, const char *text, size_t len)
{
    return field(copy, text, len);
}

void copy_drop_row(struct copy *copy)
{
    if (!copy->has_row)
        return;
    copy->bytes.len_bytes = copy->row_at;
    copy->bytes.data[copy->row_at] = '\0';
    copy->columns_left = 0;
    copy->has_row = 0;
    copy->rows--;
}

int copy_finish(struct copy *copy)
{
    static const uint8_t TRAILER[COPY_TRAILER_BYTES] = { 0xff, 0xff };
    assert(copy->columns_left == 0);
    if (begin_file(copy) < 0)
        return -EMSGSIZE;
    copy->has_row = 0;
    return buf_append(&copy->bytes, TRAILER, sizeof(TRAILER));
}

void copy_clear(struct copy *copy)
{
    buf_clear(&copy->bytes);
    copy->rows = 0;
    copy->columns_left = 0;
    copy->has_row = 0;
}

void copy_release(struct copy *copy)
{
    buf_release(&copy->bytes);
    copy_init(copy, copy->bytes.max_bytes);
}

/* --- numerics --- */

/* What is left to read of a number. */
struct cursor {
    const char *at, *end;
};

static int take(struct cursor *cursor, char byte)
{
    if (cursor->at == cursor->end || *cursor->at != byte)
        return 0;
    cursor->at++;
    return 1;
}

static int next_digit(struct cursor *cursor)
{
    if (cursor->at == cursor->end || *cursor->at < '0' || *cursor->at > '9')
        return -1;
    return *cursor->at++ - '0';
}

/* Appends digits and returns how many came; past the maximum only counts, which is enough to
 * refuse. */
static int64_t take_digits(struct cursor *cursor, struct decimal *decimal)
{
    int64_t taken = 0;
    for (int digit; (digit = next_digit(cursor)) >= 0; taken++) {
        if (decimal->count < COPY_NUMERIC_DIGITS_MAX)
            decimal->digits[decimal->count++] = (char)digit;
    }
    return taken;
}

/* JSON: no zero before another digit. The zero of "0.5" carries nothing. */
static int64_t take_whole_part(struct cursor *cursor, struct decimal *decimal)
{
    if (!take(cursor, '0'))
        return take_digits(cursor, decimal);
    return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9' ? -1 : 0;
}

/* Stops counting where it is too large already. */
static int take_exponent(struct cursor *cursor, int *ret_exponent)
{
    int value = 0, count = 0;
    if (!take(cursor, 'e') && !take(cursor, 'E'))
        return 0;
    int is_negative = take(cursor, '-');
    if (!is_negative)
        (void)take(cursor, '+');
    for (int digit; (digit = next_digit(cursor)) >= 0; count++) {
        if (value <= COPY_NUMERIC_EXPONENT_MAX)
            value = value * 10 + digit;
    }
    if (count == 0)
        return -EINVAL;
    *ret_exponent = is_negative ? -value : value;
    return 0;
}

static int is_too_large(int64_t digits, int exponent)
{
    return digits > COPY_NUMERIC_DIGITS_MAX || exponent > COPY_NUMERIC_EXPONENT_MAX ||
           exponent < -COPY_NUMERIC_EXPONENT_MAX;
}

/* Read to the end first: what is no number is -EINVAL, however long. */
static int parse_decimal(const char *text, size_t len, struct decimal *decimal)
{
    struct cursor cursor = { .at = text, .end = text + len };
    int64_t decimals = 0;
    int exponent = 0;
    decimal->is_negative = take(&cursor, '-');
    const char *first = cursor.at;
    int64_t whole = take_whole_part(&cursor, decimal);
    if (whole < 0 || cursor.at == first)
        return -EINVAL;
    if (take(&cursor, '.')) {
        decimals = take_digits(&cursor, decimal);
        if (decimals == 0)
            return -EINVAL;
    }
    if (take_exponent(&cursor, &exponent) < 0 || cursor.at != cursor.end)
        return -EINVAL;
    if (is_too_large(whole + decimals, exponent))
        return -ERANGE;
    decimal->point = (int)whole + exponent;
    decimal->scale = (int)decimals > exponent ? (int)decimals - exponent : 0;
    return 0;
}

static int skip_zeros(struct decimal *decimal)
{
    int zeros = 0;
    while (zeros < decimal->count && decimal->digits[zeros] == 0)
        zeros++;
    decimal->point -= zeros;
    return zeros;
}

static int floor_quarter(int value)
{
    return value >= 0 ? value / NUMERIC_BASE_DIGITS
                      : -((NUMERIC_BASE_DIGITS - 1 - value) / NUMERIC_BASE_DIGITS);
}

/* Groups digits by fours from the point outwards; the first group has the weight 10000^weight.
 * Takes zeroed groups, and returns their number without zeros at the end. */
static int group_digits(const char *digits, int count, int point, uint16_t *groups, int *ret_weight)
{
    int weight = floor_quarter(point - 1);
    int lead = (weight + 1) * NUMERIC_BASE_DIGITS - point; /* zeros before the first digit */
    int total = (lead + count + NUMERIC_BASE_DIGITS - 1) / NUMERIC_BASE_DIGITS;
    for (int i = 0; i < total * NUMERIC_BASE_DIGITS; i++) {
        int digit = i >= lead && i - lead < count ? digits[i - lead] : 0;
        uint16_t *group = &groups[i / NUMERIC_BASE_DIGITS];
        *group = (uint16_t)(*group * 10 + digit);
    }
    while (total > 0 && groups[total - 1] == 0)
        total--;
    *ret_weight = weight;
    return total;
}

int copy_numeric(struct copy *copy, const char *text, size_t len)
{
    struct decimal decimal = { .count = 0 };
    uint16_t groups[NUMERIC_GROUPS_MAX] = { 0 };
    uint8_t bytes[NUMERIC_HEAD_BYTES + 2 * NUMERIC_GROUPS_MAX];
    int count = 0, weight = 0;
    int ret = parse_decimal(text, len, &decimal);
    if (ret < 0)
        return ret;
    int zeros = skip_zeros(&decimal);
    if (zeros < decimal.count)
        count = group_digits(decimal.digits + zeros, decimal.count - zeros, decimal.point, groups,
                             &weight);
    put_16(bytes, (uint16_t)count);
    put_16(bytes + 2, (uint16_t)weight);
    put_16(bytes + 4, decimal.is_negative && count > 0 ? NUMERIC_NEGATIVE : 0);
    put_16(bytes + 6, (uint16_t)decimal.scale);
    for (int i = 0; i < count; i++)
        put_16(bytes + NUMERIC_HEAD_BYTES + 2 * i, groups[i]);
    return field(copy, bytes, NUMERIC_HEAD_BYTES + 2 * (size_t)count);
}
