/* Tests of lib/pg/copy.h: the bytes, without a server. tests/integration/test_pg.c asks PostgreSQL.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/pg/copy.h"

enum { HEADER_BYTES = COPY_HEADER_BYTES };

static const uint8_t HEADER[HEADER_BYTES] = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n'
};

/* One field between a row head and the trailer. */
static void check_field(const struct copy *copy, const uint8_t *bytes, size_t len)
{
    const uint8_t *data = (const uint8_t *)copy->bytes.data;
    size_t at = HEADER_BYTES + 2;
    assert_int_equal(copy->bytes.len_bytes, at + 4 + len);
    assert_memory_equal(data, HEADER, HEADER_BYTES);
    assert_int_equal(data[HEADER_BYTES] * 256 + data[HEADER_BYTES + 1], 1);
    assert_int_equal(data[at + 2] * 256 + data[at + 3], len);
    assert_memory_equal(data + at + 4, bytes, len);
}

#define CHECK_FIELD(call, ...)                                                                     \
    do {                                                                                           \
        const uint8_t expected[] = { __VA_ARGS__ };                                                \
        struct copy copy;                                                                          \
        copy_init(&copy, 1000);                                                                    \
        assert_int_equal(copy_row(&copy, 1), 0);                                                   \
        assert_int_equal(call, 0);                                                                 \
        check_field(&copy, expected, sizeof(expected));                                            \
        copy_release(&copy);                                                                       \
    } while (0)

static void plain_values_are_big_endian(void **state)
{
    (void)state;
    CHECK_FIELD(copy_int4(&copy, -2), 0xff, 0xff, 0xff, 0xfe);
    CHECK_FIELD(copy_int8(&copy, INT64_MIN), 0x80, 0, 0, 0, 0, 0, 0, 0);
    CHECK_FIELD(copy_int8(&copy, 0x0102030405060708), 1, 2, 3, 4, 5, 6, 7, 8);
    CHECK_FIELD(copy_bool(&copy, 17), 1);
    CHECK_FIELD(copy_bool(&copy, 0), 0);
    CHECK_FIELD(copy_text(&copy, "a\tb", 3), 'a', '\t', 'b');
    CHECK_FIELD(copy_date(&copy, 10957), 0, 0, 0, 0);
    CHECK_FIELD(copy_date(&copy, 10956), 0xff, 0xff, 0xff, 0xff);
    CHECK_FIELD(copy_date(&copy, -25567), 0xff, 0xff, 0x71, 0x54); /* 1900-01-01 */
}

static void an_empty_text_is_not_null(void **state)
{
    (void)state;
    static const uint8_t EXPECTED[] = { 0, 2, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    struct copy copy;
    copy_init(&copy, 100);
    assert_int_equal(copy_row(&copy, 2), 0);
    assert_int_equal(copy_text(&copy, NULL, 0), 0);
    assert_int_equal(copy_null(&copy), 0);
    assert_int_equal(copy_finish(&copy), 0);
    assert_int_equal(copy.bytes.len_bytes, HEADER_BYTES + sizeof(EXPECTED));
    assert_memory_equal(copy.bytes.data + HEADER_BYTES, EXPECTED, sizeof(EXPECTED));
    copy_release(&copy);
}

/* A numeric as read from the wire, in the form "weight sign scale: groups". */
static const char *written(const char *text, char *out, size_t size)
{
    struct copy copy;
    copy_init(&copy, 1000);
    assert_int_equal(copy_row(&copy, 1), 0);
    assert_int_equal(copy_numeric(&copy, text, strlen(text)), 0);
    const uint8_t *at = (const uint8_t *)copy.bytes.data + HEADER_BYTES + 2 + 4;
    int count = at[0] * 256 + at[1];
    int len = snprintf(out, size, "%d %c %d:", (int16_t)(at[2] * 256 + at[3]),
                       at[4] == 0x40 ? '-' : '+', at[6] * 256 + at[7]);
    for (int i = 0; i < count; i++)
        len += snprintf(out + len, size - (size_t)len, " %d", at[8 + 2 * i] * 256 + at[9 + 2 * i]);
    assert_int_equal(copy.bytes.len_bytes, HEADER_BYTES + 2 + 4 + 8 + 2 * count);
    copy_release(&copy);
    return out;
}

static void numerics_are_grouped_by_fours(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        { "0", "0 + 0:" },
        { "-0", "0 + 0:" },
        { "0.00", "0 + 2:" },
        { "-0.00", "0 + 2:" },
        { "0e5", "0 + 0:" },
        { "0.0e-3", "0 + 4:" },
        { "1", "0 + 0: 1" },
        { "-1", "0 - 0: 1" },
        { "9999", "0 + 0: 9999" },
        { "10000", "1 + 0: 1" },
        { "12345", "1 + 0: 1 2345" },
        { "100000000", "2 + 0: 1" },
        { "0.1", "-1 + 1: 1000" },
        { "0.10", "-1 + 2: 1000" },
        { "0.0001", "-1 + 4: 1" },
        { "0.00001", "-2 + 5: 1000" },
        { "1e-5", "-2 + 5: 1000" },
        { "1E+3", "0 + 0: 1000" },
        { "1e03", "0 + 0: 1000" },
        { "1.50e1", "0 + 1: 15" },
        { "1.5e-1", "-1 + 2: 1500" },
        { "123.45e2", "1 + 0: 1 2345" },
        { "9999999999.99", "2 + 2: 99 9999 9999 9900" },
        { "-12.50", "0 - 2: 12 5000" },
        { "1e60", "15 + 0: 1" },
        { "1e-60", "-15 + 60: 1" },
        { "0.000000000000000000000000000000000000000000000000000000000001e-60", "-30 + 120: 1" },
    };
    char text[256];
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        assert_string_equal(written(CASES[i][0], text, sizeof(text)), CASES[i][1]);
}

static int numeric_code(const char *text)
{
    struct copy copy;
    copy_init(&copy, 1000);
    assert_int_equal(copy_row(&copy, 1), 0);
    size_t before = copy.bytes.len_bytes;
    int ret = copy_numeric(&copy, text, strlen(text));
    if (ret < 0)
        assert_int_equal(copy.bytes.len_bytes, before);
    copy_drop_row(&copy);
    copy_release(&copy);
    return ret;
}

static void what_is_no_json_number_is_refused(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        "",      "-",     ".",     ".5",       "5.", "+5",   "00",    "01",  "-01",
        "1e",    "1e+",   "1.e1",  "1 ",       " 1", "0x10", "1,5",   "NaN", "--1",
        "1e1.5", "1.2.3", "1e1e1", "Infinity", "1-", "-.1",  "1_000", "e5",  "1e1000000000000x",
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        assert_int_equal(numeric_code(CASES[i]), -EINVAL);
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    static const char SIXTY[] = "123456789012345678901234567890123456789012345678901234567890";
    char text[128];
    assert_int_equal(numeric_code(SIXTY), 0);
    (void)snprintf(text, sizeof(text), "-0.%s", SIXTY);
    assert_int_equal(numeric_code(text), 0);
    (void)snprintf(text, sizeof(text), "-0.%se60", SIXTY);
    assert_int_equal(numeric_code(text), 0);
    (void)snprintf(text, sizeof(text), "%s1", SIXTY);
    assert_int_equal(numeric_code(text), -ERANGE);
    (void)snprintf(text, sizeof(text), "%s.0", SIXTY);
    assert_int_equal(numeric_code(text), -ERANGE);
    assert_int_equal(numeric_code("1e61"), -ERANGE);
    assert_int_equal(numeric_code("1e-61"), -ERANGE);
    assert_int_equal(numeric_code("0e99999999999999999999999999"), -ERANGE);
}

static int write_row(struct copy *copy, int value)
{
    int ret = copy_row(copy, 2);
    if (ret == 0)
        ret = copy_int4(copy, value);
    if (ret == 0)
        ret = copy_text(copy, "text", 4);
    return ret;
}

static void a_row_is_taken_back(void **state)
{
    (void)state;
    struct copy copy;
    copy_init(&copy, 1000);
    copy_drop_row(&copy);
    assert_int_equal(write_row(&copy, 1), 0);
    size_t after_one = copy.bytes.len_bytes;
    assert_int_equal(write_row(&copy, 2), 0);
    copy_drop_row(&copy);
    copy_drop_row(&copy);
    assert_int_equal(copy.bytes.len_bytes, after_one);
    assert_int_equal(copy.rows, 1);
    assert_int_equal(copy_row(&copy, 3), 0);
    assert_int_equal(copy_null(&copy), 0);
    copy_drop_row(&copy);
    assert_int_equal(copy.bytes.len_bytes, after_one);
    assert_int_equal(copy_finish(&copy), 0);
    assert_int_equal(copy.rows, 1);
    copy_drop_row(&copy);
    assert_int_equal(copy.rows, 1);
    copy_release(&copy);
}

static void every_maximum_leaves_room_for_the_trailer(void **state)
{
    (void)state;
    for (size_t max = 0; max < 120; max++) {
        struct copy copy;
        copy_init(&copy, max);
        while (write_row(&copy, 7) == 0)
            ;
        copy_drop_row(&copy);
        int rows = max < HEADER_BYTES + 2 ? 0 : (int)(max - HEADER_BYTES - 2) / 18;
        assert_int_equal(copy.rows, rows);
        assert_int_equal(copy_finish(&copy), max < HEADER_BYTES + 2 ? -EMSGSIZE : 0);
        assert_true(copy.bytes.len_bytes <= max);
        copy_release(&copy);
    }
}

static void a_cleared_copy_begins_anew(void **state)
{
    (void)state;
    struct copy copy;
    copy_init(&copy, 1000);
    assert_int_equal(write_row(&copy, 1), 0);
    assert_int_equal(copy_finish(&copy), 0);
    size_t len = copy.bytes.len_bytes;
    copy_clear(&copy);
    assert_int_equal(copy.rows, 0);
    assert_int_equal(write_row(&copy, 1), 0);
    assert_int_equal(copy_finish(&copy), 0);
    assert_int_equal(copy.bytes.len_bytes, len);
    assert_memory_equal(copy.bytes.data, HEADER, HEADER_BYTES);
    copy_clear(&copy);
    assert_int_equal(copy_finish(&copy), 0);
    assert_int_equal(copy.bytes.len_bytes, HEADER_BYTES + 2);
    copy_release(&copy);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(plain_values_are_big_endian),
        cmocka_unit_test(an_empty_text_is_not_null),
        cmocka_unit_test(numerics_are_grouped_by_fours),
        cmocka_unit_test(what_is_no_json_number_is_refused),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(a_row_is_taken_back),
        cmocka_unit_test(every_maximum_leaves_room_for_the_trailer),
        cmocka_unit_test(a_cleared_copy_begins_anew),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
