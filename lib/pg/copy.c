#include "lib/pg/copy.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "lib/base/err.h"

enum {
    DIGITS_MAX = 60,       /* significant decimal digits */
    EXPONENT_MAX = 60,
    BASE_DIGITS = 4,       /* PostgreSQL's numeric counts in groups of four digits */
    GROUPS_MAX = (DIGITS_MAX + EXPONENT_MAX) / BASE_DIGITS + 4,
    DATE_EPOCH_DAYS = 10957, /* 2000-01-01 counted from 1970-01-01 */
};

static const char SIGNATURE[] = "PGCOPY\n\377\r\n"; /* with its NUL: 11 bytes */
static const uint16_t NUMERIC_NEGATIVE = 0x4000;

static int put16(struct copy *copy, uint16_t value)
{
    value = htobe16(value);
    return buf_append(&copy->bytes, &value, sizeof(value));
}

static int put32(struct copy *copy, uint32_t value)
{
    value = htobe32(value);
    return buf_append(&copy->bytes, &value, sizeof(value));
}

void copy_init(struct copy *copy, size_t max_bytes)
{
    buf_init(&copy->bytes, max_bytes);
    copy->rows = 0;
    copy->row_start = 0;
}

static int put_header(struct copy *copy)
{
    int ret = buf_append(&copy->bytes, SIGNATURE, sizeof(SIGNATURE));
    if (ret == 0)
        ret = put32(copy, 0); /* flags */
    return ret < 0 ? ret : put32(copy, 0); /* length of the extension */
}

int copy_row(struct copy *copy, int columns)
{
    int ret = copy->bytes.len_bytes == 0 ? put_header(copy) : 0;
    if (ret < 0)
        return ret;
    copy->row_start = copy->bytes.len_bytes;
    copy->rows++;
    return put16(copy, (uint16_t)columns);
}

int copy_null(struct copy *copy)
{
    return put32(copy, UINT32_MAX);
}

int copy_int4(struct copy *copy, int32_t value)
{
    int ret = put32(copy, sizeof(value));
    return ret < 0 ? ret : put32(copy, (uint32_t)value);
}

int copy_int8(struct copy *copy, int64_t value)
{
    uint64_t bytes = htobe64((uint64_t)value);
    int ret = put32(copy, sizeof(bytes));
    return ret < 0 ? ret : buf_append(&copy->bytes, &bytes, sizeof(bytes));
}

int copy_bool(struct copy *copy, int value)
{
    int ret = put32(copy, 1);
    return ret < 0 ? ret : buf_append_byte(&copy->bytes, value != 0);
}

int copy_date(struct copy *copy, int32_t day)
{
    return copy_int4(copy, day - DATE_EPOCH_DAYS);
}

int copy_text(struct copy *copy, const char *text, size_t len)
{
    if (len > INT32_MAX)
        return -EMSGSIZE;
    int ret = put32(copy, (uint32_t)len);
    return ret < 0 ? ret : buf_append(&copy->bytes, text, len);
}

/* --- numeric --- */

/* A JSON number taken apart: digits without sign, point and exponent, and where the point stands. */
struct decimal {
    char digits[DIGITS_MAX + EXPONENT_MAX + BASE_DIGITS];
    int count;    /* of digits */
    int point;    /* digits before the decimal point; may be negative or beyond the digits */
    int scale;    /* digits after the point as shown */
    int is_negative;
};

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int take_digits(struct decimal *decimal, const char *text, size_t len, size_t *pos)
{
    size_t start = *pos;
    for (; *pos < len && is_digit(text[*pos]); (*pos)++) {
        if (decimal->count == 0 && text[*pos] == '0') {
            decimal->point--; /* leading zeros carry nothing but their place */
            continue;
        }
        if (decimal->count == DIGITS_MAX)
            return -ERANGE;
        decimal->digits[decimal->count++] = text[*pos];
    }
    return *pos == start ? -EINVAL : 0;
}

static int take_exponent(const char *text, size_t len, size_t *pos, int *ret_exponent)
{
    int is_negative = 0, exponent = 0;
    (*pos)++;
    if (*pos < len && (text[*pos] == '+' || text[*pos] == '-'))
        is_negative = text[(*pos)++] == '-';
    size_t start = *pos;
    for (; *pos < len && is_digit(text[*pos]); (*pos)++) {
        if (exponent <= EXPONENT_MAX)
            exponent = exponent * 10 + (text[*pos] - '0');
    }
    if (*pos == start)
        return -EINVAL;
    if (exponent > EXPONENT_MAX)
        return -ERANGE;
    *ret_exponent = is_negative ? -exponent : exponent;
    return 0;
}

/* Grammar of RFC 8259, section 6. */
static int parse_decimal(const char *text, size_t len, struct decimal *decimal)
{
    size_t pos = 0;
    int exponent = 0;
    *decimal = (struct decimal){ .count = 0 };
    if (pos < len && text[pos] == '-')
        decimal->is_negative = ++pos > 0;
    size_t whole = pos;
    int ret = take_digits(decimal, text, len, &pos);
    int whole_digits = (int)(pos - whole);
    if (ret == 0 && text[whole] == '0' && whole_digits > 1)
        ret = -EINVAL;
    if (ret == 0 && pos < len && text[pos] == '.') {
        size_t start = ++pos;
        ret = take_digits(decimal, text, len, &pos);
        decimal->scale = (int)(pos - start);
    }
    if (ret == 0 && pos < len && (text[pos] == 'e' || text[pos] == 'E'))
        ret = take_exponent(text, len, &pos, &exponent);
    if (ret < 0)
        return ret;
    if (pos != len)
        return -EINVAL;
    decimal->point += whole_digits + exponent;
    decimal->scale = decimal->scale > exponent ? decimal->scale - exponent : 0;
    return decimal->scale > DIGITS_MAX + EXPONENT_MAX ? -ERANGE : 0;
}

/* The digit at a place counted from the decimal point: 0 is the first after it, -1 the last before it. */
static int digit_at(const struct decimal *decimal, int place)
{
    int index = decimal->point + place;
    return index >= 0 && index < decimal->count ? decimal->digits[index] - '0' : 0;
}

/* Floor of a division that may be of a negative number. */
static int group_of(int place)
{
    return place >= 0 ? place / BASE_DIGITS : -((-place + BASE_DIGITS - 1) / BASE_DIGITS);
}

static int fill_groups(const struct decimal *decimal, uint16_t groups[GROUPS_MAX], int *ret_weight)
{
    if (decimal->count == 0)
        return 0;
    int first = group_of(-decimal->point);
    int last = group_of(decimal->count - decimal->point - 1);
    int count = 0;
    for (int group = first; group <= last && count < GROUPS_MAX; group++) {
        int value = 0;
        for (int i = 0; i < BASE_DIGITS; i++)
            value = value * 10 + digit_at(decimal, group * BASE_DIGITS + i);
        groups[count++] = (uint16_t)value;
    }
    while (count > 0 && groups[count - 1] == 0)
        count--;
    *ret_weight = -first - 1;
    return count;
}

int copy_numeric(struct copy *copy, const char *text, size_t len)
{
    struct decimal decimal;
    uint16_t groups[GROUPS_MAX];
    int weight = 0;
    int ret = parse_decimal(text, len, &decimal);
    if (ret < 0)
        return ret;
    int count = fill_groups(&decimal, groups, &weight);
    uint16_t sign = decimal.is_negative && count > 0 ? NUMERIC_NEGATIVE : 0;
    ret = put32(copy, (uint32_t)(4 + count) * 2);
    if (ret == 0)
        ret = put16(copy, (uint16_t)count);
    if (ret == 0)
        ret = put16(copy, (uint16_t)(int16_t)weight);
    if (ret == 0)
        ret = put16(copy, sign);
    if (ret == 0)
        ret = put16(copy, (uint16_t)decimal.scale);
    for (int i = 0; ret == 0 && i < count; i++)
        ret = put16(copy, groups[i]);
    return ret;
}

void copy_drop_row(struct copy *copy)
{
    copy->bytes.len_bytes = copy->row_start;
    copy->rows--;
}

int copy_finish(struct copy *copy)
{
    int ret = copy->bytes.len_bytes == 0 ? put_header(copy) : 0;
    return ret < 0 ? ret : put16(copy, UINT16_MAX);
}

void copy_clear(struct copy *copy)
{
    buf_clear(&copy->bytes);
    copy->rows = 0;
}

void copy_release(struct copy *copy)
{
    buf_release(&copy->bytes);
}
