#include "lib/pg/batch.h"

#include <errno.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/pg/pg.h"

enum { BATCH_STATEMENTS_MAX = 64 };

struct batch_statement {
    const char *name;
    const char *sql;
    char *text; /* owned, where made at run time */
    const int *condition;
    int params;
    char **values;
    batch_result_fn *fn;
};

struct pg_batch {
    enum batch_kind kind;
    struct batch_statement statements[BATCH_STATEMENTS_MAX];
    int count;
    int next;
    struct pg *pg;
    batch_done_fn *done;
    void *ctx, *result_ctx;
    struct err failure; /* kept while the rollback runs */
};

static void run_next(struct pg_batch *batch);

struct pg_batch *batch_new(enum batch_kind kind)
{
    struct pg_batch *batch = mem_new(1, sizeof(*batch));
    batch->kind = kind;
    if (kind == BATCH_TRANSACTION)
        batch_add(batch, NULL, "BEGIN", 0, NULL, NULL);
    return batch;
}

void batch_add(struct pg_batch *batch, const char *name, const char *sql, int params,
               const char *const *values, batch_result_fn *fn)
{
    if (batch->count == BATCH_STATEMENTS_MAX)
        abort(); /* a bug: batches are written out, not made from data */
    struct batch_statement *statement = &batch->statements[batch->count++];
    statement->name = name;
    statement->sql = sql;
    statement->params = params;
    statement->fn = fn;
    statement->values = mem_new((size_t)params + 1, sizeof(char *));
    for (int i = 0; i < params; i++)
        statement->values[i] = mem_strdup(values[i]);
}

void batch_add_text(struct pg_batch *batch, const char *sql)
{
    char *text = mem_strdup(sql);
    batch_add(batch, NULL, text, 0, NULL, NULL);
    batch->statements[batch->count - 1].text = text;
}

void batch_only_if(struct pg_batch *batch, const int *condition)
{
    batch->statements[batch->count - 1].condition = condition;
}

void batch_free(struct pg_batch *batch)
{
    if (!batch)
        return;
    for (int i = 0; i < batch->count; i++) {
        for (int j = 0; j < batch->statements[i].params; j++)
            mem_free_secret(batch->statements[i].values[j]);
        free(batch->statements[i].values);
        free(batch->statements[i].text);
    }
    free(batch);
}

void batch_set_result_ctx(struct pg_batch *batch, void *ctx)
{
    batch->result_ctx = ctx;
}

static void finish(struct pg_batch *batch, const struct err *err)
{
    batch_done_fn *done = batch->done;
    void *ctx = batch->ctx;
    struct err failure = err ? *err : ERR_NONE;
    batch_free(batch);
    done(ctx, failure.code != 0 ? &failure : NULL);
}

static void rolled_back_done(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct pg_batch *batch = ctx;
    (void)result;
    (void)err; /* a lost connection has rolled back as well */
    struct err failure = batch->failure;
    finish(batch, &failure);
}

static void fail(struct pg_batch *batch, const struct err *err)
{
    static const struct pg_statement ROLLBACK = { .sql = "ROLLBACK" };
    batch->failure = *err;
    if (batch->kind == BATCH_TRANSACTION && pg_is_up(batch->pg) && !pg_is_busy(batch->pg) &&
        pg_query(batch->pg, &ROLLBACK, rolled_back_done, batch, NULL) == 0)
        return;
    struct err failure = *err;
    finish(batch, &failure);
}

static void statement_done(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct pg_batch *batch = ctx;
    const struct batch_statement *statement = &batch->statements[batch->next];
    struct err failure = ERR_NONE;
    if (!result) {
        failure = *err;
        err_prefix(&failure, "%s", statement->name ? statement->name : "transaction");
        fail(batch, &failure);
        return;
    }
    if (statement->fn &&
        statement->fn(batch->result_ctx ? batch->result_ctx : batch->ctx, result, &failure) < 0) {
        fail(batch, &failure);
        return;
    }
    batch->next++;
    run_next(batch);
}

static int start_statement(struct pg_batch *batch, struct err *err)
{
    const struct batch_statement *statement = &batch->statements[batch->next];
    struct pg_statement query = {
        .name = statement->name,
        .sql = statement->sql,
        .params = statement->params,
        .values = (const char *const *)statement->values,
    };
    return pg_query(batch->pg, &query, statement_done, batch, err);
}

static void run_next(struct pg_batch *batch)
{
    struct err err = ERR_NONE;
    while (batch->next < batch->count && batch->statements[batch->next].condition &&
           !*batch->statements[batch->next].condition)
        batch->next++;
    if (batch->next == batch->count) {
        finish(batch, NULL);
        return;
    }
    if (start_statement(batch, &err) < 0)
        fail(batch, &err);
}

int batch_start(struct pg_batch *batch, struct pg *pg, batch_done_fn *done, void *ctx,
                struct err *err)
{
    if (batch->kind == BATCH_TRANSACTION)
        batch_add(batch, NULL, "COMMIT", 0, NULL, NULL);
    batch->pg = pg;
    batch->done = done;
    batch->ctx = ctx;
    int ret = batch->count == 0 ? err_set(err, EINVAL, "an empty batch") : 0;
    if (ret == 0)
        ret = start_statement(batch, err);
    if (ret < 0)
        batch_free(batch);
    return ret;
}
