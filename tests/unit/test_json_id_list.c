/* Tests of lib/json/list.h: columns that hold the ids of an array of objects. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/unit/list_outcome.h"

static const struct json_column WITH_LISTS[] = {
    { "id", "id", JSON_ID, 1 },
    { "postings.id", "posting_ids", JSON_ID_LIST, 0 },
    { "text", "text", JSON_TEXT, 0 },
    { "lines.id", "line_ids", JSON_ID_LIST, 0 },
};

static void check_lists(const char *values, const char *expected)
{
    AUTO_FREE char *json = mem_printf("{\"values\":[%s]}", values);
    for (size_t piece = 1; piece < 9; piece += 3) {
        struct list_outcome outcome;
        list_outcome_init(&outcome, ARRAY_LEN(WITH_LISTS));
        list_outcome_read(&outcome, WITH_LISTS, json, strlen(json), piece);
        if (outcome.rc != 0)
            fail_msg("%s: %s", json, outcome.err.text);
        assert_string_equal(buf_text(&outcome.rows), expected);
        buf_release(&outcome.rows);
    }
}

static void keeps_the_ids_of_an_array(void **state)
{
    (void)state;
    check_lists(
        "{\"id\":1,\"postings\":[{\"id\":7,\"url\":\"x\"},{\"id\":8},{\"id\":9}],\"text\":\"a\"}",
        "1|7,8,9|a|~;");
    check_lists("{\"lines\":[{\"a\":[{\"id\":3}],\"id\":4}],\"postings\":[],\"id\":1},"
                "{\"postings\":null,\"id\":2,\"text\":\"b\",\"lines\":[null,{\"id\":5},{\"b\":{"
                "\"id\":6}}]}",
                "1|~|~|4;2|~|b|5;");
    check_lists("{\"id\":1,\"postings\":[{\"id\":9223372036854775807}],\"lines\":[{\"id\":-1},{}]}",
                "1|9223372036854775807|~|-1;");
}

static void refuses_what_is_no_array_of_objects_with_ids(void **state)
{
    static const char *const FAULTS[][2] = {
        { "{\"id\":1,\"postings\":{\"id\":7}}",
          "values[0] (id 1).postings: expected an array of objects" },
        { "{\"id\":1,\"postings\":7}", "values[0] (id 1).postings: expected an object" },
        { "{\"id\":1,\"postings\":[{\"id\":\"7\"}]}",
          "values[0] (id 1).postings.id: expected a whole" },
        { "{\"id\":1,\"postings\":[{\"id\":1.5}]}",
          "values[0] (id 1).postings.id: expected a whole" },
        { "{\"id\":1,\"postings\":[{\"id\":1,\"id\":2}]}", "stands twice" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++) {
        AUTO_FREE char *json = mem_printf("{\"values\":[%s]}", FAULTS[i][0]);
        struct list_outcome outcome;
        list_outcome_init(&outcome, ARRAY_LEN(WITH_LISTS));
        list_outcome_read(&outcome, WITH_LISTS, json, strlen(json), 3);
        assert_int_equal(outcome.rc, -EPROTO);
        assert_non_null(strstr(outcome.err.text, FAULTS[i][1]));
        buf_release(&outcome.rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_ids_of_an_array),
        cmocka_unit_test(refuses_what_is_no_array_of_objects_with_ids),
    };
    return cmocka_run_group_tests_name("json_id_list", tests, NULL, NULL);
}
