#include "daemon/stage.h"

#include <errno.h>

#include "daemon/app.h"
#include "daemon/pool.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"
#include "lib/tripletex/resource.h"

enum { STAGE_SQL_BYTES_MAX = 8192 };

struct stage {
    struct app *app;
    struct pool_loan loan;
    struct pg *pg;
    struct pool_wait *wait;
    stage_ready_fn *ready;
    void *ctx;
    int is_dead, is_busy, is_open;
};

struct stage *stage_new(struct app *app, const void *borrower, int is_load)
{
    struct stage *stage = mem_new(1, sizeof(*stage));
    stage->app = app;
    stage->loan = (struct pool_loan){ .borrower = borrower, .is_load = is_load };
    return stage;
}

struct pg *stage_pg(const struct stage *stage)
{
    return stage->is_open ? stage->pg : NULL;
}

static void stage_end(struct stage *stage)
{
    if (stage->pg && pg_is_busy(stage->pg))
        pg_stop(stage->pg); /* a COPY whose reader has gone */
    if (stage->pg)
        pool_give(stage->app->pool, stage->pg);
    free(stage);
}

static void prepared(void *ctx, const struct err *err)
{
    struct stage *stage = ctx;
    stage->is_busy = 0;
    if (stage->is_dead) {
        stage_end(stage);
        return;
    }
    if (!err)
        stage->is_open = 1;
    stage->ready(stage->ctx, err ? NULL : stage->pg, err);
}

static void add_stage_table(struct pg_batch *batch, const struct resource *resource)
{
    AUTO_BUF struct buf sql;
    buf_init(&sql, STAGE_SQL_BYTES_MAX);
    if (resource_append_stage(resource, &sql) < 0)
        abort(); /* a bug: the catalogue is constant */
    batch_add_text(batch, buf_text(&sql));
}

static void run(struct stage *stage, struct pg_batch *batch)
{
    struct err err = ERR_NONE;
    stage->is_busy = 1;
    if (batch_start(batch, stage->pg, prepared, stage, &err) < 0)
        prepared(stage, &err);
}

static void taken(void *ctx, struct pg *pg, const struct err *err)
{
    static const struct sql_query *const TABLES[] = {
        &SQL_stage_table_range,        &SQL_stage_table_change, &SQL_stage_table_gone_voucher,
        &SQL_stage_table_month,        &SQL_stage_table_saldo,  &SQL_stage_table_opening,
        &SQL_stage_table_opening_year, &SQL_stage_table_delta,
    };
    struct stage *stage = ctx;
    stage->wait = NULL;
    if (!pg) {
        stage->ready(stage->ctx, NULL, err);
        return;
    }
    stage->pg = pg;
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    add_stage_table(batch, &RESOURCE_POSTING);
    add_stage_table(batch, &RESOURCE_BALANCE);
    for (size_t i = 0; i < ARRAY_LEN(TABLES); i++)
        batch_add(batch, NULL, TABLES[i]->text, 0, NULL, NULL);
    batch_add(batch, NULL, SQL_stage_clear.text, 0, NULL, NULL);
    run(stage, batch);
}

void stage_open(struct stage *stage, stage_ready_fn *ready, void *ctx)
{
    stage->ready = ready;
    stage->ctx = ctx;
    stage->wait = pool_take_long(stage->app->pool, &stage->loan, taken, stage);
}

void stage_prepare(struct stage *stage, const struct resource *resource, stage_ready_fn *ready,
                   void *ctx)
{
    AUTO_FREE char *clear = mem_printf("SELECT sync.empty_stage('{stage_%s}')", resource->name);
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    stage->ready = ready;
    stage->ctx = ctx;
    add_stage_table(batch, resource);
    batch_add_text(batch, clear);
    run(stage, batch);
}

void stage_free(struct stage *stage)
{
    if (!stage)
        return;
    if (stage->wait)
        pool_cancel(stage->wait);
    if (stage->is_busy) {
        stage->is_dead = 1; /* prepared() ends it */
        return;
    }
    stage_end(stage);
}
