/* Tests of lib/tripletex/resource.h: what is asked for, and that the specification knows it. */
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "gen/sql_queries.h"
#include "lib/json/list.h"
#include "lib/tripletex/resource.h"

enum { TEXT_BYTES_MAX = 8192 };

static void check_fields(const struct resource *resource, const char *expected)
{
    AUTO_BUF struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    assert_int_equal(resource_append_fields(resource, &out), 0);
    assert_string_equal(buf_text(&out), expected);
}

#define POSTING_FIELDS                                                                             \
    "id,version,voucher(id,version,year,number,date,description,voucherType(id),"                  \
    "reverseVoucher(id)),row,date,account(id,number),amount,amountCurrency,amountGross,"           \
    "amountGrossCurrency,currency(code),description,vatType(id),customer(id),supplier(id),"        \
    "employee(id),department(id),project(id),product(id),invoiceNumber,termOfPayment,"             \
    "closeGroup(id),type,externalRef,systemGenerated,matched,freeAccountingDimension1(id),"        \
    "freeAccountingDimension2(id),freeAccountingDimension3(id),asset(id)"

static void asks_for_exactly_what_is_mirrored_of_postings(void **state)
{
    (void)state;
    check_fields(&RESOURCE_POSTING, POSTING_FIELDS);
    check_fields(&RESOURCE_VOUCHER_POSTING, "id,postings(" POSTING_FIELDS ")");
}

static void asks_for_fields_without_and_with_parents(void **state)
{
    (void)state;
    check_fields(&RESOURCE_BALANCE, "account(id,number),balanceIn,balanceChange,balanceOut");
    check_fields(&RESOURCE_ACCESS, "id,name,organizationNumber");
}

static void closes_all_parents_at_the_end(void **state)
{
    static const struct json_column COLUMNS[] = {
        { "a.b.c", "c", JSON_TEXT, 0 },  { "a.b.d", "d", JSON_TEXT, 0 },
        { "a.e", "e", JSON_TEXT, 0 },    { "ab.f", "f", JSON_TEXT, 0 },
        { "ab.g.h", "h", JSON_TEXT, 0 },
    };
    const struct resource resource = { .name = "made_up",
                                       .columns = COLUMNS,
                                       .columns_count = ARRAY_LEN(COLUMNS) };
    (void)state;
    check_fields(&resource, "a(b(c,d),e),ab(f,g(h))");
}

static void makes_the_stage_from_the_same_columns(void **state)
{
    (void)state;
    AUTO_BUF struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    assert_int_equal(resource_append_stage(&RESOURCE_BALANCE, &out), 0);
    assert_string_equal(
        buf_text(&out),
        "CREATE TEMPORARY TABLE IF NOT EXISTS stage_balance (\"account_id\" bigint, "
        "\"account_number\" text, \"balance_in\" numeric, \"balance_change\" numeric, "
        "\"balance_out\" numeric)");
    buf_clear(&out);
    assert_int_equal(resource_append_copy(&RESOURCE_BALANCE, &out), 0);
    assert_string_equal(buf_text(&out), "COPY stage_balance FROM STDIN (FORMAT binary)");
    buf_clear(&out);
    assert_int_equal(resource_append_stage(&RESOURCE_VOUCHER, &out), 0);
    assert_non_null(strstr(buf_text(&out), "\"version\" integer, "));
    assert_non_null(strstr(buf_text(&out), "\"voucher_date\" date, "));
}

static void says_when_there_is_no_room(void **state)
{
    (void)state;
    for (size_t max = 0; max < 40; max++) {
        AUTO_BUF struct buf out;
        buf_init(&out, max);
        assert_int_equal(resource_append_fields(&RESOURCE_POSTING, &out), -EMSGSIZE);
        assert_int_equal(resource_append_stage(&RESOURCE_POSTING, &out), -EMSGSIZE);
        assert_int_equal(resource_append_copy(&RESOURCE_POSTING, &out), -EMSGSIZE);
    }
}

static int masters_count(void)
{
    int count = 0;
    while (RESOURCE_MASTERS[count])
        count++;
    return count;
}

static const struct resource *catalogue(int index)
{
    static const struct resource *const OTHERS[] = { &RESOURCE_POSTING, &RESOURCE_BALANCE,
                                                     &RESOURCE_ACCESS, &RESOURCE_VOUCHER };
    if (index < (int)ARRAY_LEN(OTHERS))
        return OTHERS[index];
    index -= (int)ARRAY_LEN(OTHERS);
    if (index < masters_count())
        return RESOURCE_MASTERS[index];
    const struct resource *extra = &RESOURCE_EXTRAS[index - masters_count()];
    return extra->name ? extra : NULL;
}

/* Where ids rise, the id is the first column and the list is sorted by it. */
static void sorts_by_the_id_wherever_pages_are_proven(void **state)
{
    (void)state;
    for (int i = 0; catalogue(i); i++) {
        const struct resource *resource = catalogue(i);
        assert_in_range(resource->columns_count, 1, JSON_LIST_COLUMNS_MAX);
        if (resource->id_column < 0)
            continue;
        assert_string_equal(resource->sorting, "id");
        assert_string_equal(resource->columns[resource->id_column].path, "id");
        assert_int_equal(resource->columns[resource->id_column].type, JSON_ID);
        assert_true(resource->columns[resource->id_column].is_required);
    }
}

static void names_no_column_twice(void **state)
{
    (void)state;
    for (int i = 0; catalogue(i); i++) {
        const struct resource *resource = catalogue(i);
        for (int a = 0; a < resource->columns_count; a++) {
            for (int b = 0; b < a; b++) {
                assert_string_not_equal(resource->columns[a].name, resource->columns[b].name);
                assert_string_not_equal(resource->columns[a].path, resource->columns[b].path);
            }
        }
    }
}

/* --- against the specification, where it is at hand --- */

static json_t *load_specification(void)
{
    const char *folder = getenv("SALDOD_SHARED");
    AUTO_FREE char *file = mem_printf("%s/tripletex/openapi.json", folder ? folder : "../shared");
    json_t *specification = json_load_file(file, 0, NULL);
    if (!specification)
        print_message("%s is not there: set SALDOD_SHARED to check against the specification\n",
                      file);
    return specification;
}

static json_t *follow(json_t *specification, json_t *schema)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    return ref ? json_object_get(
                     json_object_get(json_object_get(specification, "components"), "schemas"),
                     strrchr(ref, '/') + 1)
               : schema;
}

static json_t *find_operation(json_t *specification, const struct resource *resource)
{
    json_t *paths = json_object_get(specification, "paths");
    AUTO_FREE char *path = mem_strdup(resource->path);
    char *encoded = strstr(path, "%3E");
    if (encoded) {
        *encoded = '>';
        memmove(encoded + 1, encoded + 3, strlen(encoded + 3) + 1);
    }
    return json_object_get(json_object_get(paths, path), "get");
}

static json_t *find_parameter(json_t *operation, const char *name)
{
    size_t i = 0;
    json_t *parameter = NULL;
    size_t len = strcspn(name, "=");
    json_array_foreach(json_object_get(operation, "parameters"), i, parameter)
    {
        const char *known = json_string_value(json_object_get(parameter, "name"));
        if (strncmp(known, name, len) == 0 && known[len] == '\0')
            return parameter;
    }
    return NULL;
}

static json_t *rows_schema(json_t *specification, json_t *operation)
{
    json_t *content = json_object_get(
        json_object_get(json_object_get(operation, "responses"), "200"), "content");
    json_t *list = follow(
        specification,
        json_object_get(json_object_iter_value(json_object_iter(content)), "schema"));
    json_t *values = json_object_get(json_object_get(list, "properties"), "values");
    return follow(specification, json_object_get(values, "items"));
}

static const char *type_of(enum json_type type)
{
    static const char *const TYPES[] = {
        [JSON_ID] = "integer",      [JSON_INT] = "integer", [JSON_MONEY] = "number",
        [JSON_BOOL] = "boolean",    [JSON_DATE] = "string", [JSON_TEXT] = "string",
        [JSON_ID_LIST] = "integer",
    };
    return TYPES[type];
}

/* What an array holds, where it is one. */
static json_t *items_of(json_t *schema)
{
    json_t *items = json_object_get(schema, "items");
    return items ? items : schema;
}

static void check_column(json_t *specification, json_t *schema, const struct resource *resource,
                         const struct json_column *column)
{
    AUTO_FREE char *path = mem_strdup(column->path);
    char *rest = path;
    for (char *name; schema && (name = strsep(&rest, "."));)
        schema = follow(specification,
                        items_of(json_object_get(json_object_get(schema, "properties"), name)));
    const char *type = json_string_value(json_object_get(schema, "type"));
    if (!type)
        fail_msg("%s: the specification has no %s", resource->path, column->path);
    if (column->type != JSON_NUMBER_TEXT && strcmp(type, type_of(column->type)) != 0)
        fail_msg("%s: %s is of type %s", resource->path, column->path, type);
}

static void check_resource(json_t *specification, const struct resource *resource)
{
    json_t *operation = find_operation(specification, resource);
    if (!operation)
        fail_msg("the specification has no GET %s", resource->path);
    json_t *schema = rows_schema(specification, operation);
    for (int i = 0; i < resource->columns_count; i++)
        check_column(specification, schema, resource, &resource->columns[i]);
    assert_non_null(find_parameter(operation, "from"));
    assert_non_null(find_parameter(operation, "count"));
    assert_non_null(find_parameter(operation, "fields"));
    assert_true(!resource->sorting || find_parameter(operation, "sorting"));
    for (const char *const *variant = resource->variants; variant && *variant; variant++)
        assert_non_null(find_parameter(operation, *variant));
    assert_true(!resource->filter || find_parameter(operation, resource->filter));
}

static void asks_only_for_what_the_specification_knows(void **state)
{
    (void)state;
    json_t *specification = load_specification();
    if (!specification)
        skip();
    for (int i = 0; catalogue(i); i++)
        check_resource(specification, catalogue(i));
    json_decref(specification);
}

/* A resource is a row, a table and statements of its name; what is asked in parts names them. */
static void has_the_statements_of_every_resource(void **state)
{
    (void)state;
    for (const struct resource *extra = RESOURCE_EXTRAS; extra->name; extra++) {
        if (!sql_query_find("merge", extra->name))
            fail_msg("sql/queries/merge_%s.sql is not there", extra->name);
        if (extra->has_parts != (sql_query_find("parts", extra->name) != NULL))
            fail_msg("sql/queries/parts_%s.sql and the catalogue disagree", extra->name);
        assert_ptr_equal(resource_find_extra(extra->name, strlen(extra->name)), extra);
        assert_null(resource_find_extra(extra->name, strlen(extra->name) - 1));
    }
    assert_null(sql_query_find("merge", "ass"));
    assert_null(sql_query_find("merg", "asset"));
}

/* --- samples, recorded from the sandbox --- */

static int count_row(void *ctx, const struct json_value *values, struct err *err)
{
    (void)values;
    (void)err;
    ++*(int *)ctx;
    return 0;
}

static void check_sample(const struct resource *resource)
{
    AUTO_FREE char *name = mem_printf("%s%s", resource->nested ? "voucher_" : "", resource->name);
    char *named = strstr(name, "_named");
    if (named)
        *named = '\0'; /* the same list, asked for some */
    AUTO_FREE char *path = mem_printf("tests/corpus/resource/%s.json", name);
    char body[TEXT_BYTES_MAX * 2];
    struct json_list_head head;
    struct err err = ERR_NONE;
    int rows = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        fail_msg("%s is not there", path);
    size_t len = fread(body, 1, sizeof(body), file);
    (void)fclose(file);
    struct json_list *list = json_list_new_nested(resource->columns, resource->columns_count,
                                                  resource->nested, count_row, &rows);
    if (resource->known)
        json_list_set_known(list, resource->known);
    if (json_list_feed(list, body, len, &err) < 0 || json_list_finish(list, &head, &err) < 0)
        fail_msg("%s: %s", path, err.text);
    if (rows == 0 || head.notes.count > 0)
        fail_msg("%s: %d rows, unknown: %s", path, rows, head.notes.texts[0]);
    json_list_free(list);
}

static void reads_a_sample_of_every_list(void **state)
{
    (void)state;
    for (int i = 0; catalogue(i); i++)
        check_sample(catalogue(i));
    check_sample(&RESOURCE_VOUCHER_POSTING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_statements_of_every_resource),
        cmocka_unit_test(asks_for_exactly_what_is_mirrored_of_postings),
        cmocka_unit_test(asks_for_fields_without_and_with_parents),
        cmocka_unit_test(closes_all_parents_at_the_end),
        cmocka_unit_test(makes_the_stage_from_the_same_columns),
        cmocka_unit_test(says_when_there_is_no_room),
        cmocka_unit_test(sorts_by_the_id_wherever_pages_are_proven),
        cmocka_unit_test(names_no_column_twice),
        cmocka_unit_test(asks_only_for_what_the_specification_knows),
        cmocka_unit_test(reads_a_sample_of_every_list),
    };
    return cmocka_run_group_tests_name("resource", tests, NULL, NULL);
}
