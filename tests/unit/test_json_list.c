/* Tests of lib/json/list.h: every answer is read whole and in pieces of several sizes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/json/list.h"
#include "tests/unit/list_outcome.h"

static const struct json_column COLUMNS[] = {
    { "id", "id", JSON_ID, 1 },
    { "year", "year", JSON_INT, 0 },
    { "amount", "amount", JSON_MONEY, 0 },
    { "closed", "closed", JSON_BOOL, 0 },
    { "date", "date", JSON_DATE, 0 },
    { "text", "text", JSON_TEXT, 0 },
    { "number", "number", JSON_NUMBER_TEXT, 0 },
    { "voucher.id", "voucher_id", JSON_ID, 0 },
    { "voucher.type.name", "voucher_type", JSON_TEXT, 0 },
};

static const struct json_column REQUIRED[] = {
    { "id", "id", JSON_ID, 1 },
    { "voucher.id", "voucher_id", JSON_ID, 1 },
};

/* Reads in pieces of several sizes and checks that the outcome is the same. */
static void read_columns(struct list_outcome *outcome, const struct json_column *columns, int count,
                         const char *json, size_t len)
{
    static const size_t PIECES[] = { 1, 2, 3, 5, 7, 11, 64 };
    list_outcome_init(outcome, count);
    list_outcome_read(outcome, columns, json, len, len ? len : 1);
    for (size_t i = 0; i < ARRAY_LEN(PIECES); i++) {
        struct list_outcome other;
        list_outcome_init(&other, count);
        list_outcome_read(&other, columns, json, len, PIECES[i]);
        assert_int_equal(other.rc, outcome->rc);
        assert_string_equal(buf_text(&other.rows), buf_text(&outcome->rows));
        if (!strstr(outcome->err.text, " byte "))
            assert_string_equal(other.err.text, outcome->err.text);
        assert_string_equal(other.head.digest, outcome->head.digest);
        assert_string_equal(other.head.unknown_path, outcome->head.unknown_path);
        assert_int_equal(other.head.was_nul_replaced, outcome->head.was_nul_replaced);
        buf_release(&other.rows);
    }
}

static void read_text(struct list_outcome *outcome, const char *json)
{
    read_columns(outcome, COLUMNS, ARRAY_LEN(COLUMNS), json, strlen(json));
}

static void check_rows(const char *json, const char *rows)
{
    struct list_outcome outcome;
    read_text(&outcome, json);
    assert_string_equal(outcome.err.text, "");
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(buf_text(&outcome.rows), rows);
    buf_release(&outcome.rows);
}

static void check_error(const char *json, int code, const char *text)
{
    struct list_outcome outcome;
    read_text(&outcome, json);
    assert_string_equal(outcome.err.text, text);
    assert_int_equal(outcome.rc, -code);
    assert_int_equal(outcome.err.code, code);
    buf_release(&outcome.rows);
}

/* One row with a field beside the id. */
static void check_field(const char *field, int code, const char *text)
{
    AUTO_FREE char *json = mem_printf("{\"values\":[{\"id\":1,%s}]}", field);
    check_error(json, code, text);
}

static void check_field_row(const char *field, const char *row)
{
    AUTO_FREE char *json = mem_printf("{\"values\":[{\"id\":1,%s}]}", field);
    check_rows(json, row);
}

static void reads_rows_of_every_type(void **state)
{
    (void)state;
    check_rows("{\"fullResultSize\":2,\"from\":0,\"count\":2,\"versionDigest\":\"abc\",\"values\":["
               "{\"id\":9223372036854775807,\"year\":2147483647,\"amount\":-12.50,\"closed\":true,"
               "\"date\":\"2026-02-28\",\"text\":\"bl\xc3\xa5\",\"number\":1920,"
               "\"voucher\":{\"id\":7,\"type\":{\"name\":\"Faktura\"}}},"
               "{\"number\":\"0192\",\"id\":-9223372036854775808,\"year\":-2147483648,"
               "\"amount\":1e-2,\"closed\":false,\"text\":\"\",\"voucher\":null}]}",
               "9223372036854775807|2147483647|-12.50|true|2026-02-28|bl\xc3\xa5|1920|7|Faktura;"
               "-9223372036854775808|-2147483648|1e-2|false|~||0192|~|~;");
    check_rows("{\"values\":[]}", "");
    check_rows(" \r\n{ \"values\" : [ ] } \n", "");
    check_rows("{\"values\":[{\"id\":1,\"voucher\":{}},{\"id\":2,\"text\":null}]}",
               "1|~|~|~|~|~|~|~|~;2|~|~|~|~|~|~|~|~;");
}

static void takes_the_envelope_in_any_order(void **state)
{
    (void)state;
    struct list_outcome outcome;
    read_text(&outcome, "{\"values\":[{\"id\":1}],\"other\":{\"values\":[1]},\"versionDigest\":"
                        "\"d-1\",\"from\":0}");
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(outcome.head.digest, "d-1");
    assert_int_equal(outcome.head.rows, 1);
    assert_int_equal(outcome.head.was_nul_replaced, 0);
    buf_release(&outcome.rows);
    read_text(&outcome, "{\"versionDigest\":null,\"values\":[]}");
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(outcome.head.digest, "");
    buf_release(&outcome.rows);
}

static void skips_and_reports_what_no_column_names(void **state)
{
    (void)state;
    struct list_outcome outcome;
    read_text(&outcome,
              "{\"values\":[{\"id\":1,\"version\":3,\"url\":\"x\",\"changes\":[{\"id\":9}],"
              "\"displayName\":\"n\",\"voucher\":{\"type\":{\"id\":8,\"new\":[[{\"id\":5}]]},"
              "\"id\":4},\"later\":1}]}");
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(buf_text(&outcome.rows), "1|~|~|~|~|~|~|4|~;");
    assert_string_equal(outcome.head.unknown_path, "voucher.type.new");
    buf_release(&outcome.rows);
    read_text(&outcome, "{\"values\":[{\"id\":1,\"changes\":[],\"url\":null}]}");
    assert_string_equal(outcome.head.unknown_path, "");
    buf_release(&outcome.rows);
    read_text(&outcome, "{\"values\":[{\"id\":1,\"a\\nb\\u0000\":[1,{}]}]}");
    assert_string_equal(outcome.head.unknown_path, "a?b?");
    buf_release(&outcome.rows);
}

/* Every one of them, each once, and the values that an enumeration did not have. */
static void notes_what_is_new(void **state)
{
    static const char *const VALUES[] = { "OLD", "OLDER", NULL };
    static const struct json_known KNOWN[] = { { "text", VALUES }, { NULL, NULL } };
    static const char BODY[] = "{\"values\":[{\"id\":1,\"text\":\"NEW\",\"a\":1,\"b\":2},"
                               "{\"id\":2,\"text\":\"OLD\",\"a\":1},"
                               "{\"id\":3,\"text\":\"NEW\"},{\"id\":4,\"text\":null},"
                               "{\"id\":5,\"text\":\"NEWER\",\"c\":null}]}";
    static const char *const NOTES[] = { "text = NEW", "a", "b", "text = NEWER", "c" };
    struct list_outcome outcome;
    struct json_list_head head;
    struct err err = ERR_NONE;
    (void)state;
    list_outcome_init(&outcome, ARRAY_LEN(COLUMNS));
    struct json_list *list = json_list_new(COLUMNS, ARRAY_LEN(COLUMNS), list_outcome_take,
                                           &outcome);
    json_list_set_known(list, KNOWN);
    assert_int_equal(json_list_feed(list, BODY, sizeof(BODY) - 1, &err), 0);
    assert_int_equal(json_list_finish(list, &head, &err), 0);
    assert_int_equal(head.notes.count, ARRAY_LEN(NOTES));
    for (size_t i = 0; i < ARRAY_LEN(NOTES); i++)
        assert_string_equal(head.notes.texts[i], NOTES[i]);
    struct json_notes all = head.notes;
    json_notes_add(&all, &head.notes);
    assert_int_equal(all.count, ARRAY_LEN(NOTES));
    json_list_free(list);
    buf_release(&outcome.rows);
}

static void cuts_a_long_unknown_path_at_a_character(void **state)
{
    (void)state;
    char key[301] = "";
    for (int i = 0; i < 100; i++)
        memcpy(key + 3 * i, "\xe2\x82\xac", 3);
    AUTO_FREE char *json = mem_printf("{\"values\":[{\"id\":1,\"voucher\":{\"%s\":1}}]}", key);
    struct list_outcome outcome;
    read_text(&outcome, json);
    assert_int_equal(outcome.rc, 0);
    size_t len = strlen(outcome.head.unknown_path);
    assert_in_range(len, 80, sizeof(outcome.head.unknown_path) - 1);
    assert_memory_equal(outcome.head.unknown_path, "voucher.\xe2\x82\xac", 11);
    assert_memory_equal(outcome.head.unknown_path + len - 6, "\xe2\x82\xac\xe2\x80\xa6", 6);
    buf_release(&outcome.rows);
}

static void refuses_values_of_another_type(void **state)
{
    (void)state;
    check_field(
        "\"year\":2147483648", EPROTO,
        "values[0] (id 1).year: expected a whole number of at most 32 bits, got 2147483648");
    check_field("\"year\":1.0", EPROTO,
                "values[0] (id 1).year: expected a whole number of at most 32 bits, got 1.0");
    check_field("\"year\":1e3", EPROTO,
                "values[0] (id 1).year: expected a whole number of at most 32 bits, got 1e3");
    check_field("\"year\":\"2026\"", EPROTO,
                "values[0] (id 1).year: expected a whole number of at most 32 bits, got \"2026\"");
    check_field("\"voucher\":{\"id\":9223372036854775808}", EPROTO,
                "values[0] (id 1).voucher.id: expected a whole number of at most 64 bits, got "
                "9223372036854775808");
    check_field("\"amount\":\"1.00\"", EPROTO,
                "values[0] (id 1).amount: expected a number, got \"1.00\"");
    check_field("\"amount\":true", EPROTO, "values[0] (id 1).amount: expected a number, got true");
    check_field("\"closed\":0", EPROTO, "values[0] (id 1).closed: expected true or false, got 0");
    check_field("\"text\":5", EPROTO, "values[0] (id 1).text: expected a string, got 5");
    check_field("\"text\":{\"a\":1}", EPROTO,
                "values[0] (id 1).text: expected a string, got an object");
    check_field("\"text\":[\"a\"]", EPROTO,
                "values[0] (id 1).text: expected a string, got an array");
    check_field("\"number\":1.5", EPROTO,
                "values[0] (id 1).number: expected a whole number or a string, got 1.5");
    check_field("\"number\":1E2", EPROTO,
                "values[0] (id 1).number: expected a whole number or a string, got 1E2");
    check_field("\"voucher\":5", EPROTO, "values[0] (id 1).voucher: expected an object, got 5");
    check_field("\"voucher\":[]", EPROTO,
                "values[0] (id 1).voucher: expected an object, got an array");
    check_error("{\"values\":[{\"id\":1},{\"id\":2,\"voucher\":{\"type\":{\"name\":false}}}]}",
                EPROTO, "values[1] (id 2).voucher.type.name: expected a string, got false");
}

static void refuses_what_is_no_date(void **state)
{
    (void)state;
    check_field("\"date\":\"2026-02-30\"", EPROTO,
                "values[0] (id 1).date: expected a date as \"yyyy-mm-dd\", got \"2026-02-30\"");
    check_field(
        "\"date\":\"2026-02-03T00:00\"", EPROTO,
        "values[0] (id 1).date: expected a date as \"yyyy-mm-dd\", got \"2026-02-03T00:00\"");
    check_field("\"date\":\"\"", EPROTO,
                "values[0] (id 1).date: expected a date as \"yyyy-mm-dd\", got \"\"");
    check_field("\"date\":20260101", EPROTO,
                "values[0] (id 1).date: expected a date as \"yyyy-mm-dd\", got 20260101");
}

static void cuts_a_long_value_in_an_error(void **state)
{
    (void)state;
    check_field("\"closed\":\"\xc3\xa5"
                "bcdefghijklmnopqrstuvwxyz0123456789abcdefgh\"",
                EPROTO,
                "values[0] (id 1).closed: expected true or false, got \"\xc3\xa5"
                "bcdefghijklmnopqrstuvwxyz0123456789abcd\xe2\x80\xa6\"");
    check_field("\"closed\":\"a\\nb\"", EPROTO,
                "values[0] (id 1).closed: expected true or false, got \"a?b\"");
}

static void refuses_a_missing_required_field(void **state)
{
    (void)state;
    static const char *const ANSWERS[] = {
        "{\"values\":[{\"id\":1}]}",
        "{\"values\":[{\"id\":1,\"voucher\":null}]}",
        "{\"values\":[{\"id\":1,\"voucher\":{}}]}",
        "{\"values\":[{\"id\":1,\"voucher\":{\"id\":null}}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(ANSWERS); i++) {
        struct list_outcome outcome;
        read_columns(&outcome, REQUIRED, ARRAY_LEN(REQUIRED), ANSWERS[i], strlen(ANSWERS[i]));
        assert_int_equal(outcome.rc, -EPROTO);
        assert_string_equal(
            outcome.err.text,
            "values[0] (id 1).voucher.id: the field is required, but missing or null");
        buf_release(&outcome.rows);
    }
}

static void refuses_a_field_twice_in_one_row(void **state)
{
    (void)state;
    check_error("{\"values\":[{\"id\":1,\"id\":1}]}", EPROTO,
                "values[0] (id 1).id: the field stands twice in one object");
    check_error("{\"values\":[{\"id\":1,\"text\":null,\"text\":\"a\"}]}", EPROTO,
                "values[0] (id 1).text: the field stands twice in one object");
    check_error("{\"values\":[{\"id\":1},{\"id\":1,\"voucher\":{\"id\":1},\"voucher\":null}]}",
                EPROTO, "values[1] (id 1).voucher: the field stands twice in one object");
    check_error("{\"values\":[{\"id\":1,\"te\\u0078t\":\"a\",\"text\":\"b\"}]}", EPROTO,
                "values[0] (id 1).text: the field stands twice in one object");
    check_error("{\"values\":[],\"values\":[{\"id\":1}]}", EPROTO,
                "values: stands twice in the answer");
    check_error("{\"versionDigest\":\"a\",\"versionDigest\":\"b\",\"values\":[]}", EPROTO,
                "versionDigest: stands twice in the answer");
    check_rows("{\"values\":[{\"id\":1,\"foo\":1,\"foo\":2}]}", "1|~|~|~|~|~|~|~|~;");
}

static void refuses_an_envelope_of_another_shape(void **state)
{
    (void)state;
    check_error("", EPROTO, "the answer is empty: expected a list");
    check_error("{}", EPROTO, "values missing: the answer is no list");
    check_error("{\"value\":{\"id\":1}}", EPROTO, "values missing: the answer is no list");
    check_error("{\"values\":null}", EPROTO, "values missing: expected an array, got null");
    check_error("{\"values\":{}}", EPROTO, "values: expected an array, got an object");
    check_error("{\"values\":7}", EPROTO, "values: expected an array");
    check_error("{\"values\":[null]}", EPROTO, "values[0]: expected an object");
    check_error("{\"values\":[{\"id\":1},[]]}", EPROTO, "values[1]: expected an object");
    check_error("{\"values\":[7]}", EPROTO, "values[0]: expected an object");
    check_error("[]", EPROTO, "expected an object at the top of the answer, got an array");
    check_error("\"x\"", EPROTO, "expected an object at the top of the answer");
    check_error("null", EPROTO, "expected an object at the top of the answer");
    check_error("{\"versionDigest\":5,\"values\":[]}", EPROTO,
                "versionDigest: expected a string or null");
    check_error("{\"versionDigest\":{},\"values\":[]}", EPROTO,
                "versionDigest: expected a string or null");
    check_error("{\"versionDigest\":\"a\\r\\nX: y\",\"values\":[]}", EPROTO,
                "versionDigest: expected printable ASCII without spaces");
}

/* The wording after the offset is yajl's. */
static void check_not_json(const char *json)
{
    struct list_outcome outcome;
    read_text(&outcome, json);
    assert_int_equal(outcome.rc, -EPROTO);
    assert_memory_equal(outcome.err.text, "the answer is not JSON at byte ", 31);
    buf_release(&outcome.rows);
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    check_not_json("<html>502</html>");
    check_not_json("{\"values\":[]}{}");
    check_not_json("{\"values\":[]} x");
    check_not_json("{\"values\":[],}");
    check_not_json("{\"values\":[{\"id\":01}]}");
    check_not_json("{\"values\":[{\"id\":1,\"amount\":1.}]}");
    check_not_json("{\"values\":[{\"id\":1,\"amount\":NaN}]}");
    check_not_json("{\"values\":[{\"id\":1 /* one */}]}");
    check_not_json("{\"values\":[{\"id\":1,\"text\":\"\\x\"}]}");
    check_not_json("{\"values\":[{\"id\":1,\"text\":\"\\u12g4\"}]}");
    check_not_json("{\"values\":[{\"id\":1,\"text\":\"a\nb\"}]}");
    check_not_json("{\"values\":[{\"id\":1,\"text\":\"\xff\"}]}");
    check_not_json("{\"values\":[{\"id\":1]}]}");
}

static void refuses_a_cut_answer_at_every_byte(void **state)
{
    (void)state;
    static const char WHOLE[] = "{\"versionDigest\":\"d\",\"values\":[{\"id\":1,\"amount\":-1.5e2,"
                                "\"text\":\"\\ud83d\\ude00\xc3\xa5\",\"closed\":true}]}";
    for (size_t len = 1; len < sizeof(WHOLE) - 1; len++) {
        struct list_outcome outcome;
        char text[80];
        read_columns(&outcome, COLUMNS, ARRAY_LEN(COLUMNS), WHOLE, len);
        snprintf(text, sizeof(text), "the answer is cut off after %zu bytes", len);
        assert_int_equal(outcome.rc, -EPROTO);
        assert_string_equal(outcome.err.text, text);
        buf_release(&outcome.rows);
    }
}

static void decodes_escapes(void **state)
{
    (void)state;
    check_field_row("\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e5\\u20ac\"",
                    "1|~|~|~|~|\"\\/\b\f\n\r\t\xc3\xa5\xe2\x82\xac|~|~|~;");
    check_field_row("\"text\":\"\\ud83d\\ude00!\"", "1|~|~|~|~|\xf0\x9f\x98\x80!|~|~|~;");
    check_field_row("\"text\":\"\\\\ud83d\"", "1|~|~|~|~|\\ud83d|~|~|~;");
}

/* yajl alone loses the character after the first, and makes bytes of the second that are no UTF-8.
 */
static void replaces_lone_surrogates(void **state)
{
    (void)state;
    check_field_row("\"text\":\"a\\ud83dbc\"", "1|~|~|~|~|a\xef\xbf\xbd"
                                               "bc|~|~|~;");
    check_field_row("\"text\":\"a\\ude00b\"", "1|~|~|~|~|a\xef\xbf\xbd"
                                              "b|~|~|~;");
    check_field_row("\"text\":\"\\uD83D\"", "1|~|~|~|~|\xef\xbf\xbd|~|~|~;");
    check_field_row("\"text\":\"\\ud83d\\n\"", "1|~|~|~|~|\xef\xbf\xbd\n|~|~|~;");
    check_field_row("\"text\":\"\\ud83d\\u0041\"", "1|~|~|~|~|\xef\xbf\xbd"
                                                   "A|~|~|~;");
    check_field_row("\"text\":\"\\ud83d\\ud83d\\ude00\"",
                    "1|~|~|~|~|\xef\xbf\xbd\xf0\x9f\x98\x80|~|~|~;");
    check_field_row("\"text\":\"\\ud83d\xc3\xa5\"", "1|~|~|~|~|\xef\xbf\xbd\xc3\xa5|~|~|~;");
    check_field_row("\"te\\udfffxt\":1", "1|~|~|~|~|~|~|~|~;");
    check_not_json("{\"values\":[{\"id\":1,\"text\":\"\\ud83d\\uzzzz\"}]}");
}

static void refuses_forms_that_postgresql_would(void **state)
{
    (void)state;
    static const char *const TEXTS[] = { "\xed\xa0\x80", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",
                                         "\xf4\x90\x80\x80" };
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        AUTO_FREE char *field = mem_printf("\"text\":\"abcdefgh%s\"", TEXTS[i]);
        check_field(field, EPROTO, "values[0] (id 1).text: the text is no valid UTF-8");
    }
}

static void replaces_nul_and_says_so(void **state)
{
    (void)state;
    struct list_outcome outcome;
    read_text(&outcome, "{\"values\":[{\"id\":1,\"text\":\"\\u0000a\\u0000\\u0000b\\u0000\"}]}");
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(buf_text(&outcome.rows), "1|~|~|~|~|\xef\xbf\xbd"
                                                 "a\xef\xbf\xbd\xef\xbf\xbd"
                                                 "b\xef\xbf\xbd|~|~|~;");
    assert_int_equal(outcome.head.was_nul_replaced, 1);
    buf_release(&outcome.rows);
}

static void refuses_too_deep_an_answer(void **state)
{
    (void)state;
    /* envelope, values and row are three levels */
    char nest[2 * 64] = "";
    memset(nest, '[', JSON_LIST_DEPTH_MAX - 3);
    memset(nest + JSON_LIST_DEPTH_MAX - 3, ']', JSON_LIST_DEPTH_MAX - 3);
    AUTO_FREE char *fits = mem_printf("\"deep\":%s", nest);
    check_field_row(fits, "1|~|~|~|~|~|~|~|~;");
    AUTO_FREE char *deeper = mem_printf("\"deep\":[%s]", nest);
    check_field(deeper, EMSGSIZE, "the answer is nested deeper than 24");
}

/* A row whose text is `len` times 'a', or an escape of it, in few pieces. */
static void read_long(struct list_outcome *outcome, const char *key, const char *unit, size_t count)
{
    struct buf json;
    buf_init(&json, 64 * 1024 * 1024);
    int rc = buf_printf(&json, "{\"values\":[{\"id\":1,\"%s\":\"", key);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = buf_append_text(&json, unit);
    assert_int_equal(rc, 0);
    assert_int_equal(buf_append_text(&json, "\"}]}"), 0);
    list_outcome_init(outcome, ARRAY_LEN(COLUMNS));
    list_outcome_read(outcome, COLUMNS, buf_text(&json), json.len_bytes, 16384);
    buf_release(&json);
}

static void refuses_too_long_a_text(void **state)
{
    (void)state;
    struct list_outcome outcome;
    read_long(&outcome, "text", "\\u0041", JSON_LIST_TEXT_BYTES_MAX);
    assert_int_equal(outcome.rc, 0);
    assert_int_equal(outcome.rows.len_bytes, JSON_LIST_TEXT_BYTES_MAX + 17);
    buf_release(&outcome.rows);
    read_long(&outcome, "text", "a", JSON_LIST_TEXT_BYTES_MAX + 1);
    assert_int_equal(outcome.rc, -EMSGSIZE);
    assert_string_equal(outcome.err.text,
                        "values[0] (id 1).text: the text is longer than 262144 bytes");
    buf_release(&outcome.rows);
    /* One that never ends is stopped before it is whole, wanted or not. */
    read_long(&outcome, "unknown", "aaaaaaaa", 1024 * 1024);
    assert_int_equal(outcome.rc, -EMSGSIZE);
    assert_string_equal(outcome.err.text,
                        "a text or a gap of the answer is longer than 1638400 bytes");
    buf_release(&outcome.rows);
}

static void refuses_too_long_a_number(void **state)
{
    (void)state;
    char digits[202];
    memset(digits, '7', sizeof(digits));
    AUTO_FREE char *fits = mem_printf("\"amount\":%.200s", digits);
    AUTO_FREE char *row = mem_printf("1|~|%.200s|~|~|~|~|~|~;", digits);
    check_field_row(fits, row);
    AUTO_FREE char *longer = mem_printf("\"amount\":%.201s", digits);
    check_field(longer, EMSGSIZE,
                "values[0] (id 1).amount: the number is longer than 200 characters");
}

static void refuses_too_long_a_digest(void **state)
{
    (void)state;
    char digest[257];
    memset(digest, 'd', sizeof(digest));
    AUTO_FREE char *fits = mem_printf("{\"versionDigest\":\"%.255s\",\"values\":[]}", digest);
    check_rows(fits, "");
    AUTO_FREE char *longer = mem_printf("{\"versionDigest\":\"%.256s\",\"values\":[]}", digest);
    check_error(longer, EMSGSIZE, "versionDigest: the text is longer than 255 bytes");
}

static void ends_where_the_receiver_refuses(void **state)
{
    (void)state;
    static const char JSON[] = "{\"values\":[{\"id\":1},{\"id\":2},{\"id\":3}]}";
    struct list_outcome outcome;
    list_outcome_init(&outcome, ARRAY_LEN(COLUMNS));
    outcome.refuse_at = 1;
    struct json_list *list = json_list_new(COLUMNS, ARRAY_LEN(COLUMNS), list_outcome_take,
                                           &outcome);
    assert_int_equal(json_list_feed(list, JSON, strlen(JSON), &outcome.err), -ENOSPC);
    assert_string_equal(outcome.err.text, "the receiver is full");
    assert_string_equal(buf_text(&outcome.rows), "1|~|~|~|~|~|~|~|~;");
    /* It takes nothing more, and says why again. */
    outcome.err = ERR_NONE;
    outcome.head.rows = 77;
    assert_int_equal(json_list_feed(list, " ", 1, &outcome.err), -ENOSPC);
    assert_int_equal(json_list_finish(list, &outcome.head, NULL), -ENOSPC);
    assert_string_equal(outcome.err.text, "the receiver is full");
    assert_int_equal(outcome.head.rows, 77);
    json_list_free(list);
    buf_release(&outcome.rows);
    json_list_free(NULL);
}

/* Keys in another order in each row, so that no guess of the next one holds. */
static void finds_keys_in_any_order(void **state)
{
    (void)state;
    check_rows(
        "{\"values\":["
        "{\"id\":1,\"year\":2,\"text\":\"a\",\"voucher\":{\"id\":3,\"type\":{\"name\":\"n\"}}},"
        "{\"voucher\":{\"type\":{\"name\":\"n\"},\"id\":3},\"text\":\"a\",\"year\":2,\"id\":1},"
        "{\"text\":\"a\",\"id\":1,\"voucher\":{\"id\":3,\"type\":{\"name\":\"n\"}},\"year\":2},"
        "{\"id\":1,\"year\":2,\"text\":\"a\",\"voucher\":{\"id\":3,\"type\":{\"name\":\"n\"}}}]}",
        "1|2|~|~|~|a|~|3|n;1|2|~|~|~|a|~|3|n;1|2|~|~|~|a|~|3|n;1|2|~|~|~|a|~|3|n;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rows_of_every_type),
        cmocka_unit_test(takes_the_envelope_in_any_order),
        cmocka_unit_test(skips_and_reports_what_no_column_names),
        cmocka_unit_test(notes_what_is_new),
        cmocka_unit_test(cuts_a_long_unknown_path_at_a_character),
        cmocka_unit_test(refuses_values_of_another_type),
        cmocka_unit_test(refuses_what_is_no_date),
        cmocka_unit_test(cuts_a_long_value_in_an_error),
        cmocka_unit_test(refuses_a_missing_required_field),
        cmocka_unit_test(refuses_a_field_twice_in_one_row),
        cmocka_unit_test(refuses_an_envelope_of_another_shape),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(refuses_a_cut_answer_at_every_byte),
        cmocka_unit_test(decodes_escapes),
        cmocka_unit_test(replaces_lone_surrogates),
        cmocka_unit_test(refuses_forms_that_postgresql_would),
        cmocka_unit_test(replaces_nul_and_says_so),
        cmocka_unit_test(refuses_too_deep_an_answer),
        cmocka_unit_test(refuses_too_long_a_text),
        cmocka_unit_test(refuses_too_long_a_number),
        cmocka_unit_test(refuses_too_long_a_digest),
        cmocka_unit_test(ends_where_the_receiver_refuses),
        cmocka_unit_test(finds_keys_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
