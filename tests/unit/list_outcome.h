/*
 * list_outcome.h - what comes of reading an answer with lib/json/list.h, as text to compare.
 */
#ifndef SALDOD_TESTS_UNIT_LIST_OUTCOME_H
#define SALDOD_TESTS_UNIT_LIST_OUTCOME_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/json/list.h"

/* What came of reading one answer; rows are written as "1|~|..." with a semicolon after each. */
struct list_outcome {
    int rc;
    struct err err;
    struct json_list_head head;
    struct buf rows;
    int columns_count;
    int64_t refuse_at; /* the row that the receiver refuses; -1 = none */
};

/* buf_release() its rows. */
void list_outcome_init(struct list_outcome *outcome, int columns_count);

/* A json_row_fn; ctx is the outcome. */
int list_outcome_take(void *ctx, const struct json_value *values, struct err *err);

/* Reads the whole answer in pieces of this size. */
void list_outcome_read(struct list_outcome *outcome, const struct json_column *columns,
                       const char *json, size_t len, size_t piece);

#endif
