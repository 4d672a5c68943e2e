/*
 * Fuzzer of the catalogue (lib/tripletex/resource.h): any bytes, read as each list of the API, in
 * one piece and in two; what is handed out must fit the columns it is meant for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/json/list.h"
#include "lib/tripletex/resource.h"

struct outcome {
    const struct resource *resource;
    int rc;
    int64_t rows;
    uint64_t sum;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int is_true)
{
    if (!is_true)
        abort();
}

static int is_digits(const struct json_value *value, int may_be_list)
{
    for (size_t i = 0; i < value->len; i++) {
        char byte = value->text[i];
        int is_sign = byte == '-' && i == 0;
        int is_comma = byte == ',' && may_be_list;
        if ((byte < '0' || byte > '9') && !is_sign && !is_comma)
            return 0;
    }
    return 1;
}

static int row_check(void *ctx, const struct json_value *values, struct err *err)
{
    struct outcome *outcome = ctx;
    (void)err;
    for (int i = 0; i < outcome->resource->columns_count; i++) {
        const struct json_column *column = &outcome->resource->columns[i];
        const struct json_value *value = &values[i];
        must(value->text || !column->is_required);
        if (!value->text)
            continue;
        must(!memchr(value->text, 0, value->len));
        must(column->type != JSON_DATE || value->len == 10);
        must(column->type != JSON_ID || (value->len <= 20 && is_digits(value, 0)));
        must(column->type != JSON_INT || (value->len <= 11 && is_digits(value, 0)));
        must(column->type != JSON_ID_LIST || is_digits(value, 1));
        outcome->sum = outcome->sum * 31 + value->len;
    }
    outcome->rows++;
    return 0;
}

static struct outcome list_read(const struct resource *resource, const char *bytes, size_t size,
                                size_t piece)
{
    struct outcome outcome = { .resource = resource };
    struct json_list_head head;
    struct err err = ERR_NONE;
    struct json_list *list = json_list_new_nested(resource->columns, resource->columns_count,
                                                  resource->nested, row_check, &outcome);
    if (resource->known)
        json_list_set_known(list, resource->known);
    for (size_t at = 0; at < size && outcome.rc == 0; at += piece) {
        size_t take = size - at < piece ? size - at : piece;
        outcome.rc = json_list_feed(list, bytes + at, take, &err);
    }
    if (outcome.rc == 0)
        outcome.rc = json_list_finish(list, &head, &err);
    must(outcome.rc == 0 || err.text[0] != '\0');
    json_list_free(list);
    return outcome;
}

static void resource_read(const struct resource *resource, const char *bytes, size_t size)
{
    struct outcome whole = list_read(resource, bytes, size, size > 0 ? size : 1);
    struct outcome halves = list_read(resource, bytes, size, size / 2 + 1);
    must(whole.rc == halves.rc && whole.rows == halves.rows && whole.sum == halves.sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct resource *const LEDGER[] = {
        &RESOURCE_POSTING, &RESOURCE_VOUCHER_POSTING, &RESOURCE_BALANCE,
        &RESOURCE_VOUCHER, &RESOURCE_ACCESS,          &RESOURCE_SUBSCRIPTION,
    };
    const char *bytes = (const char *)data;
    for (size_t i = 0; i < ARRAY_LEN(LEDGER); i++)
        resource_read(LEDGER[i], bytes, size);
    for (int i = 0; RESOURCE_MASTERS[i]; i++)
        resource_read(RESOURCE_MASTERS[i], bytes, size);
    for (int i = 0; RESOURCE_EXTRAS[i].name; i++)
        resource_read(&RESOURCE_EXTRAS[i], bytes, size);
    return 0;
}
