/* Tests of lib/tripletex/page.h. */
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
#include "lib/pg/copy.h"
#include "lib/tripletex/page.h"
#include "lib/tripletex/resource.h"

static const struct json_column COLUMNS[] = {
    { "id", "thing_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "date", "thing_date", JSON_DATE, 0 },
    { "amount", "amount", JSON_MONEY, 0 },
    { "isOpen", "is_open", JSON_BOOL, 0 },
    { "name", "name", JSON_TEXT, 0 },
    { "number", "number", JSON_NUMBER_TEXT, 0 },
};

static const struct resource THINGS = {
    .name = "thing",
    .path = "/thing",
    .sorting = "id",
    .columns = COLUMNS,
    .columns_count = ARRAY_LEN(COLUMNS),
};

static const struct resource UNSORTED = {
    .name = "thing",
    .path = "/thing",
    .columns = COLUMNS,
    .columns_count = ARRAY_LEN(COLUMNS),
    .id_column = -1,
};

static int read_page(struct page *page, const char *rows, struct json_list_head *ret_head,
                     struct err *err)
{
    AUTO_FREE char *body = mem_printf("{\"versionDigest\":\"d1\",\"values\":[%s]}", rows);
    page_begin(page);
    int ret = page_feed(page, body, strlen(body), err);
    return ret < 0 ? ret : page_end(page, ret_head, err);
}

static void check_read(struct page *page, const char *rows, int count)
{
    struct err err = ERR_NONE;
    struct json_list_head head;
    int ret = read_page(page, rows, &head, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(ret, 0);
    assert_int_equal(head.rows, count);
    assert_string_equal(head.digest, "d1");
}

static void check_failed(struct page *page, const char *rows, int code, const char *message)
{
    struct err err = ERR_NONE;
    struct json_list_head head;
    assert_int_equal(read_page(page, rows, &head, &err), -code);
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, message));
}

static void writes_every_type_as_the_encoder_does(void **state)
{
    (void)state;
    struct copy copy;
    struct page *page = page_new(&THINGS, NULL, NULL);
    check_read(page,
               "{\"id\":9007199254740993,\"version\":-3,\"date\":\"2026-02-28\",\"amount\":-0.10,"
               "\"isOpen\":true,\"name\":\"Bl\\u00e5 \\\"\\t\",\"number\":1920},"
               "{\"id\":9007199254740994,\"version\":null,\"isOpen\":false,\"number\":\"07\"}",
               2);
    copy_init(&copy, 4096);
    assert_int_equal(copy_row(&copy, 7), 0);
    assert_int_equal(copy_int8(&copy, INT64_C(9007199254740993)), 0);
    assert_int_equal(copy_int4(&copy, -3), 0);
    assert_int_equal(copy_date(&copy, 20512), 0);
    assert_int_equal(copy_numeric(&copy, "-0.10", 5), 0);
    assert_int_equal(copy_bool(&copy, 1), 0);
    assert_int_equal(copy_text(&copy, "Bl\xc3\xa5 \"\t", 7), 0);
    assert_int_equal(copy_text(&copy, "1920", 4), 0);
    assert_int_equal(copy_row(&copy, 7), 0);
    assert_int_equal(copy_int8(&copy, INT64_C(9007199254740994)), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(copy_null(&copy), 0);
    assert_int_equal(copy_bool(&copy, 0), 0);
    assert_int_equal(copy_null(&copy), 0);
    assert_int_equal(copy_text(&copy, "07", 2), 0);
    assert_int_equal(copy_finish(&copy), 0);
    assert_int_equal(page_copy(page)->len_bytes, copy.bytes.len_bytes);
    assert_memory_equal(page_copy(page)->data, copy.bytes.data, copy.bytes.len_bytes);
    copy_release(&copy);
    page_free(page);
}

static void takes_pages_whose_ids_rise(void **state)
{
    (void)state;
    struct page *page = page_new(&THINGS, NULL, NULL);
    check_read(page, "{\"id\":-5},{\"id\":1},{\"id\":7}", 3);
    check_read(page, "{\"id\":8}", 1);
    check_read(page, "", 0);
    page_free(page);
}

/* Of each value only the rows in it count; those of one value share its id. */
static void takes_the_rows_within_values(void **state)
{
    (void)state;
    struct resource nested = THINGS;
    nested.nested = "parts";
    struct page *page = page_new(&nested, NULL, NULL);
    check_read(page,
               "{\"name\":\"x\",\"more\":{\"parts\":[1]},\"parts\":[{\"id\":3},{\"id\":3}],"
               "\"tail\":[{}]},{\"parts\":[]},{\"parts\":[{\"id\":4}]}",
               3);
    assert_int_equal(page_taken(page), 3);
    check_read(page, "{\"parts\":[{\"id\":5}]}", 1);
    check_failed(page, "{\"parts\":[{\"id\":4}]}", EAGAIN, "repeats itself");
    check_failed(page, "{\"id\":9}", EPROTO, "values[0].parts: missing");
    check_failed(page, "{\"parts\":null}", EPROTO, "values[0].parts: expected an array");
    check_failed(page, "{\"parts\":{}}", EPROTO, "values[0].parts: expected an array");
    check_failed(page, "{\"parts\":[7]}", EPROTO, "values[0].parts: expected objects");
    check_failed(page, "{\"parts\":[],\"parts\":[]}", EPROTO, "values[0].parts: stands twice");
    page_free(page);
}

static int leave_out_odd(void *ctx, const struct json_value *values, struct err *err)
{
    (void)ctx;
    (void)err;
    return (values[0].text[values[0].len - 1] - '0') % 2 ? PAGE_LEAVE_OUT : 0;
}

/* They count as received, and their ids must rise too. */
static void leaves_out_rows_that_the_check_does_not_want(void **state)
{
    (void)state;
    struct page *page = page_new(&THINGS, leave_out_odd, NULL);
    check_read(page, "{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4}", 4);
    assert_int_equal(page_taken(page), 2);
    check_read(page, "{\"id\":5}", 1);
    assert_int_equal(page_taken(page), 0);
    check_failed(page, "{\"id\":5}", EAGAIN, "repeats itself");
    page_free(page);
}

static void sees_a_page_that_repeats_overlaps_or_jumps_back(void **state)
{
    static const char *const PAGES[] = { "{\"id\":5},{\"id\":6}", "{\"id\":6},{\"id\":7}",
                                         "{\"id\":7},{\"id\":7}", "{\"id\":9},{\"id\":8}" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PAGES); i++) {
        struct page *page = page_new(&THINGS, NULL, NULL);
        check_read(page, "{\"id\":5},{\"id\":6}", 2);
        check_failed(page, PAGES[i], EAGAIN, "the list repeats itself: id ");
        page_free(page);
    }
}

/* What failed is asked again: the ids of a page that was given up do not count. */
static void forgets_a_page_that_was_not_finished(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    struct page *page = page_new(&THINGS, NULL, NULL);
    static const char CUT[] = "{\"values\":[{\"id\":10},{\"id\":11}";
    page_begin(page);
    assert_int_equal(page_feed(page, CUT, strlen(CUT), &err), 0);
    check_read(page, "{\"id\":10},{\"id\":11}", 2);
    page_free(page);
}

static void does_not_mind_the_order_where_it_means_nothing(void **state)
{
    (void)state;
    struct page *page = page_new(&UNSORTED, NULL, NULL);
    check_read(page, "{\"id\":9},{\"id\":3},{\"id\":3}", 3);
    page_free(page);
}

static int refuse_february(void *ctx, const struct json_value *values, struct err *err)
{
    int *seen = ctx;
    (*seen)++;
    if (values[2].len == 10 && memcmp(values[2].text, "2026-02", 7) == 0)
        return err_set(err, EPROTO, "%.*s is not what was asked for", (int)values[2].len,
                       values[2].text);
    return 0;
}

static void lets_the_caller_look_at_a_row_first(void **state)
{
    (void)state;
    int seen = 0;
    struct page *page = page_new(&THINGS, refuse_february, &seen);
    check_read(page, "{\"id\":1,\"date\":\"2026-01-31\"}", 1);
    check_failed(page, "{\"id\":2,\"date\":\"2026-02-01\"},{\"id\":3}", EPROTO,
                 "2026-02-01 is not what was asked for");
    assert_int_equal(seen, 2);
    page_free(page);
}

static void refuses_what_cannot_be_carried(void **state)
{
    static const struct {
        const char *rows, *message;
        int code;
    } CASES[] = {
        { "{\"id\":1,\"date\":\"2026-02-30\"}", "values[0] (id 1).date: ", EPROTO },
        { "{\"id\":1,\"date\":\"1899-12-31\"}", "values[0] (id 1).date: ", EPROTO },
        { "{\"id\":1,\"amount\":1e99}", "amount of id 1: \"1e99\" cannot be carried exactly",
          ERANGE },
        { "{\"id\":99999999999999999999}", "id: ", EPROTO },
        { "{\"version\":1}", "id", EPROTO },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct page *page = page_new(&THINGS, NULL, NULL);
        struct err err = ERR_NONE;
        struct json_list_head head;
        int ret = read_page(page, CASES[i].rows, &head, &err);
        if (!strstr(err.text, CASES[i].message) || ret != -CASES[i].code)
            fail_msg("%s: %d %s", CASES[i].rows, ret, err.text);
        check_read(page, "{\"id\":1}", 1); /* fit for use again */
        page_free(page);
    }
}

static void refuses_a_page_that_is_too_large(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    struct page *page = page_new(&UNSORTED, NULL, NULL);
    AUTO_FREE char *name = mem_new(200001, 1);
    memset(name, 'x', 200000);
    AUTO_FREE char *row = mem_printf("{\"id\":1,\"name\":\"%s\"},", name);
    page_begin(page);
    int ret = page_feed(page, "{\"values\":[", 11, &err);
    for (int i = 0; i < 400 && ret == 0; i++)
        ret = page_feed(page, row, strlen(row), &err);
    assert_int_equal(ret, -EMSGSIZE);
    assert_non_null(strstr(err.text, "a page holds more than 64 MiB"));
    assert_true(page_copy(page)->len_bytes <= PAGE_COPY_BYTES_MAX);
    check_read(page, "{\"id\":1}", 1);
    page_free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_type_as_the_encoder_does),
        cmocka_unit_test(takes_pages_whose_ids_rise),
        cmocka_unit_test(takes_the_rows_within_values),
        cmocka_unit_test(leaves_out_rows_that_the_check_does_not_want),
        cmocka_unit_test(sees_a_page_that_repeats_overlaps_or_jumps_back),
        cmocka_unit_test(forgets_a_page_that_was_not_finished),
        cmocka_unit_test(does_not_mind_the_order_where_it_means_nothing),
        cmocka_unit_test(lets_the_caller_look_at_a_row_first),
        cmocka_unit_test(refuses_what_cannot_be_carried),
        cmocka_unit_test(refuses_a_page_that_is_too_large),
    };
    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
