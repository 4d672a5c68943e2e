/* Tests of lib/json/doc.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/json/doc.h"
#include "tests/unit/heap_scan.h"

static const char SESSION[] =
    "{\"value\":{\"id\":-7,\"token\":\"eyJ\",\"company\":{\"id\":9223372036854775807,\"name\":"
    "\"Bl\\u00e5 AS\","
    "\"none\":null},\"ratio\":1.5},\"list\":[1,{\"deep\":{\"text\":\"found\"},\"text\":\"t\"},null]"
    ","
    "\"validationMessages\":[{\"field\":\"a\",\"message\":\"one\"},{\"message\":5}]}";

static struct json_doc *parse(const char *text)
{
    struct err err = ERR_NONE;
    struct json_doc *doc = json_doc_parse(text, strlen(text), &err);
    assert_string_equal(err.text, "");
    assert_non_null(doc);
    return doc;
}

static void reads_by_path(void **state)
{
    (void)state;
    AUTO_JSON_DOC struct json_doc *doc = parse(SESSION);
    struct err err = ERR_NONE;
    const char *text = NULL;
    int64_t value = 0;
    assert_int_equal(json_doc_get_text(doc, "value.token", &text, &err), 0);
    assert_string_equal(text, "eyJ");
    assert_int_equal(json_doc_get_text(doc, "value.company.name", &text, &err), 0);
    assert_string_equal(text, "Bl\xc3\xa5 AS");
    assert_int_equal(json_doc_get_int(doc, "value.id", &value, &err), 0);
    assert_int_equal(value, -7);
    assert_int_equal(json_doc_get_int(doc, "value.company.id", &value, &err), 0);
    assert_true(value == INT64_MAX);
}

static void check_get(const struct json_doc *doc, const char *path, int is_int, int code,
                      const char *message)
{
    struct err err = ERR_NONE;
    const char *text = "untouched";
    int64_t value = 77;
    int rc = is_int ? json_doc_get_int(doc, path, &value, &err)
                    : json_doc_get_text(doc, path, &text, &err);
    assert_int_equal(rc, -code);
    assert_int_equal(err.code, code);
    assert_string_equal(err.text, message);
    assert_string_equal(text, "untouched");
    assert_int_equal(value, 77);
}

static void names_the_path_of_what_is_wrong(void **state)
{
    (void)state;
    AUTO_JSON_DOC struct json_doc *doc = parse(SESSION);
    check_get(doc, "value.none", 0, ENOENT, "value.none: the field is missing or null");
    check_get(doc, "value.company.none", 0, ENOENT,
              "value.company.none: the field is missing or null");
    check_get(doc, "nothing.at.all", 1, ENOENT, "nothing.at.all: the field is missing or null");
    check_get(doc, "value.company.none.id", 1, ENOENT,
              "value.company.none.id: the field is missing or null");
    check_get(doc, "value.token", 1, EPROTO, "value.token: expected a whole number");
    check_get(doc, "value.ratio", 1, EPROTO, "value.ratio: expected a whole number");
    check_get(doc, "value.id", 0, EPROTO, "value.id: expected a string");
    check_get(doc, "value.company", 0, EPROTO, "value.company: expected a string");
    check_get(doc, "value.token.x", 0, EPROTO, "value.token: expected an object");
    check_get(doc, "list.x", 0, EPROTO, "list: expected an object");
    assert_int_equal(json_doc_get_int(doc, "list", &(int64_t){ 0 }, NULL), -EPROTO);
}

static void counts_and_reads_arrays(void **state)
{
    (void)state;
    AUTO_JSON_DOC struct json_doc *doc = parse(SESSION);
    assert_int_equal(json_doc_count(doc, "validationMessages"), 2);
    assert_int_equal(json_doc_count(doc, "list"), 3);
    assert_int_equal(json_doc_count(doc, "value"), -1);
    assert_int_equal(json_doc_count(doc, "absent"), -1);
    assert_string_equal(json_doc_item_text(doc, "validationMessages", 0, "message"), "one");
    assert_null(json_doc_item_text(doc, "validationMessages", 1, "message"));
    assert_null(json_doc_item_text(doc, "validationMessages", 1, "field"));
    assert_null(json_doc_item_text(doc, "validationMessages", 2, "message"));
    assert_null(json_doc_item_text(doc, "validationMessages", -1, "message"));
    assert_null(json_doc_item_text(doc, "absent", 0, "message"));
    assert_null(json_doc_item_text(doc, "list", 0, "text"));
    assert_string_equal(json_doc_item_text(doc, "list", 1, "deep.text"), "found");
    assert_null(json_doc_item_text(doc, "list", 2, "text"));
}

static void reads_an_array_at_the_top(void **state)
{
    (void)state;
    AUTO_JSON_DOC struct json_doc *doc = parse("[\"a\",\"b\"]");
    assert_int_equal(json_doc_count(doc, ""), 2);
    assert_string_equal(json_doc_item_text(doc, "", 1, ""), "b");
}

static void check_refused(const char *text, int code, const char *message)
{
    struct err err = ERR_NONE;
    assert_null(json_doc_parse(text, strlen(text), &err));
    assert_int_equal(err.code, code);
    assert_string_equal(err.text, message);
}

static void refuses_what_is_no_document(void **state)
{
    (void)state;
    check_refused("", EPROTO, "the document is empty: expected JSON");
    check_refused(" \r\n\t", EPROTO, "the document is empty: expected JSON");
    check_refused("<html>secret</html>", EPROTO,
                  "the document cannot be read at line 1, column 1: it is no JSON object or array");
    check_refused("\"secret\"", EPROTO,
                  "the document cannot be read at line 1, column 8: it is no JSON object or array");
    check_refused("{\n\"token\":\"secret", EPROTO,
                  "the document cannot be read at line 2, column 15: it is cut off");
    check_refused("{\"a\":1}\n{\"secret\":1}", EPROTO,
                  "the document cannot be read at line 2, column 1: something follows its end");
    check_refused("{\"a\":1,\"a\":2}", EPROTO,
                  "the document cannot be read at line 1, column 10: a field stands twice in one "
                  "object");
    check_refused("{\"a\":\"\xff\"}", EPROTO,
                  "the document cannot be read at line 1, column 6: a text is no valid UTF-8");
    check_refused("{\"a\":\"x\\u0000y\"}", EPROTO,
                  "the document cannot be read at line 1, column 15: a text holds U+0000");
    check_refused("{\"a\":99999999999999999999}", EPROTO,
                  "the document cannot be read at line 1, column 25: a number is too large");
}

static void refuses_too_deep_and_too_long(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    size_t len = JSON_DOC_BYTES_MAX + 1;
    AUTO_FREE char *text = mem_new(len + 1, 1);
    memset(text, '[', len);
    assert_null(json_doc_parse(text, len, &err));
    assert_int_equal(err.code, EMSGSIZE);
    assert_string_equal(err.text, "the document is longer than 4194304 bytes");
    assert_null(json_doc_parse(text, len - 1, &err));
    assert_int_equal(err.code, EPROTO);
    assert_non_null(strstr(err.text, "it is nested too deep"));
}

static void leaves_no_secret_in_the_heap(void **state)
{
    (void)state;
    static const char ANSWER[] =
        "{\"value\":{\"x\":\"y\",\"token\":\"0123456789abcdef-never-found-again\"}}";
    static const char CUT[] =
        "{\"value\":{\"token\":\"0123456789abcdef-never-found-again\"}, \"a\":x}";
    static const char NEEDLE[] = "never-found-again";
    struct err err = ERR_NONE;
    json_doc_free_secret(parse(ANSWER));
    assert_null(json_doc_parse(CUT, sizeof(CUT) - 1, &err));
    assert_null(strstr(err.text, "never"));
    assert_int_equal(heap_scan_count(NEEDLE, sizeof(NEEDLE) - 1), 0);
    json_doc_free_secret(NULL);
    json_doc_free(NULL);
}

static void appends_strings(void **state)
{
    (void)state;
    AUTO_BUF struct buf out;
    buf_init(&out, 64);
    assert_int_equal(json_append_string(&out, "a\"b\\c\n\r\t\x01\x7f/\xc3\xa5\xf0\x9f\x98\x80"), 0);
    assert_string_equal(buf_text(&out),
                        "\"a\\\"b\\\\c\\n\\r\\t\\u0001\x7f/\xc3\xa5\xf0\x9f\x98\x80\"");
    buf_clear(&out);
    assert_int_equal(json_append_string(&out, ""), 0);
    assert_string_equal(buf_text(&out), "\"\"");
}

static void appends_all_or_nothing(void **state)
{
    (void)state;
    AUTO_BUF struct buf out;
    buf_init(&out, 10);
    assert_int_equal(buf_append_text(&out, "abc"), 0);
    assert_int_equal(json_append_string(&out, "\xed\xa0\x80"), -EILSEQ);
    assert_int_equal(json_append_string(&out, "\xc3"), -EILSEQ);
    assert_int_equal(json_append_string(&out, "123456"), -EMSGSIZE);
    assert_int_equal(json_append_string(&out, "\n\n\n\n\n"), -EMSGSIZE);
    assert_string_equal(buf_text(&out), "abc");
    assert_int_equal(out.len_bytes, 3);
    assert_int_equal(json_append_string(&out, "12345"), 0);
    assert_string_equal(buf_text(&out), "abc\"12345\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_by_path),
        cmocka_unit_test(names_the_path_of_what_is_wrong),
        cmocka_unit_test(counts_and_reads_arrays),
        cmocka_unit_test(reads_an_array_at_the_top),
        cmocka_unit_test(refuses_what_is_no_document),
        cmocka_unit_test(refuses_too_deep_and_too_long),
        cmocka_unit_test(leaves_no_secret_in_the_heap),
        cmocka_unit_test(appends_strings),
        cmocka_unit_test(appends_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
