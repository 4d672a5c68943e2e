/*
 * Fuzzer of lib/json/list.h: any bytes, read whole and in pieces, must come to the same end, and
 * what is handed out must be what the header promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/json/list.h"

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

struct outcome {
    int rc;
    uint64_t rows_sum; /* of all values of all rows */
    struct json_list_head head;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int is_true)
{
    if (!is_true)
        abort();
}

static void sum_add(uint64_t *sum, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *sum = (*sum ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    *sum += len + 1;
}

static int row_check(void *ctx, const struct json_value *values, struct err *err)
{
    struct outcome *outcome = ctx;
    (void)err;
    must(values[0].text != NULL);
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++) {
        if (!values[i].text)
            continue;
        must(values[i].len <= 3 * (size_t)JSON_LIST_TEXT_BYTES_MAX);
        must(!memchr(values[i].text, 0, values[i].len));
        must(COLUMNS[i].type != JSON_DATE || values[i].len == 10);
        must(COLUMNS[i].type != JSON_INT || values[i].len <= 11);
        sum_add(&outcome->rows_sum, values[i].text, values[i].len);
    }
    outcome->rows_sum++;
    return 0;
}

static void list_read(struct outcome *outcome, const char *bytes, size_t size, size_t piece)
{
    struct err err = ERR_NONE;
    struct json_list *list = json_list_new(COLUMNS, ARRAY_LEN(COLUMNS), row_check, outcome);
    for (size_t at = 0; at < size && outcome->rc == 0; at += piece) {
        /* A copy of exactly this size, so that reading past it is seen. */
        size_t take = size - at < piece ? size - at : piece;
        AUTO_FREE char *copy = mem_new(take, 1);
        memcpy(copy, bytes + at, take);
        outcome->rc = json_list_feed(list, copy, take, &err);
    }
    if (outcome->rc == 0)
        outcome->rc = json_list_finish(list, &outcome->head, &err);
    must(outcome->rc == 0 || (err.code == -outcome->rc && err.text[0] != '\0'));
    json_list_free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole = { .rc = 0 }, pieces = { .rc = 0 };
    list_read(&whole, (const char *)data, size, size > 0 ? size : 1);
    list_read(&pieces, (const char *)data, size, 1 + size % 13);
    must(whole.rc == pieces.rc);
    must(whole.rows_sum == pieces.rows_sum);
    must(whole.head.rows == pieces.head.rows);
    must(strcmp(whole.head.digest, pieces.head.digest) == 0);
    must(strcmp(whole.head.unknown_path, pieces.head.unknown_path) == 0);
    return 0;
}
