#include "tests/unit/list_outcome.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"

int list_outcome_take(void *ctx, const struct json_value *values, struct err *err)
{
    struct list_outcome *outcome = ctx;
    if (outcome->refuse_at-- == 0)
        return err_set(err, ENOSPC, "the receiver is full");
    for (int i = 0; i < outcome->columns_count; i++) {
        int rc = buf_append_text(&outcome->rows, i ? "|" : "");
        if (rc == 0)
            rc = values[i].text ? buf_append(&outcome->rows, values[i].text, values[i].len)
                                : buf_append_text(&outcome->rows, "~");
        assert_int_equal(rc, 0);
    }
    assert_int_equal(buf_append_text(&outcome->rows, ";"), 0);
    return 0;
}

void list_outcome_init(struct list_outcome *outcome, int columns_count)
{
    *outcome = (struct list_outcome){ .columns_count = columns_count, .refuse_at = -1 };
    buf_init(&outcome->rows, 64 * 1024 * 1024);
}

void list_outcome_read(struct list_outcome *outcome, const struct json_column *columns,
                       const char *json, size_t len, size_t piece)
{
    struct json_list *list = json_list_new(columns, outcome->columns_count, list_outcome_take,
                                           outcome);
    outcome->rc = 0;
    for (size_t at = 0; at < len && outcome->rc == 0; at += piece) {
        /* A copy of exactly this size, so that reading past it is seen. */
        size_t take = len - at < piece ? len - at : piece;
        AUTO_FREE char *copy = mem_new(take, 1);
        memcpy(copy, json + at, take);
        outcome->rc = json_list_feed(list, copy, take, &outcome->err);
    }
    if (outcome->rc == 0)
        outcome->rc = json_list_finish(list, &outcome->head, &outcome->err);
    json_list_free(list);
}
