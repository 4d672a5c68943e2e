#include "daemon/sweep.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/app.h"
#include "daemon/pool.h"
#include "gen/sql_queries.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    RETRY_FIRST_MS = 1000,
    RETRY_LAST_MS = 5 * 60 * 1000,
};

/* Everybody who comes after it queues behind a rewrite that waits: it waits so long only. */
static const char SET_LOCK_TIMEOUT[] = "SET lock_timeout = '300ms'";

struct sweep {
    struct app *app;
    struct loop_timer *retry;
    struct pg *pg; /* lent while the tables are swept */
    int64_t newest, wait_ms;
    int is_running, is_asked_again, is_clean;
};

static void look(void *ctx);

static void end(struct sweep *sweep, int is_done)
{
    sweep->is_running = 0;
    if (!is_done) {
        sweep->wait_ms = sweep->wait_ms == 0 ? RETRY_FIRST_MS : sweep->wait_ms * 2;
        if (sweep->wait_ms > RETRY_LAST_MS)
            sweep->wait_ms = RETRY_LAST_MS;
        loop_timer_start(sweep->retry, sweep->wait_ms);
    } else if (sweep->is_asked_again) {
        loop_timer_start(sweep->retry, 0);
    }
    sweep->is_asked_again = 0;
}

static void swept(void *ctx, const struct err *err)
{
    struct sweep *sweep = ctx;
    struct pg *pg = sweep->pg;
    sweep->pg = NULL;
    if (err)
        pg_stop(pg); /* its lock time-out must not be the next borrower's */
    pool_give(sweep->app->pool, pg);
    if (err)
        log_debug(sweep->app->log, NULL, "Sealed tokens could not be swept yet: %s", err->text);
    else if (sweep->is_clean)
        sweep->wait_ms = 0;
    end(sweep, !err && sweep->is_clean);
}

static int take_clean(void *ctx, const struct pg_result *result, struct err *err)
{
    struct sweep *sweep = ctx;
    (void)err;
    sweep->is_clean = pg_result_bool(result, 0, "is_clean");
    return 0;
}

/* A plain vacuum tells whether dead rows are left, and needs no lock that anybody would notice. It
 * leaves the bytes of a removed row in its page, though: only a rewrite is rid of them. */
static void sweep_tables(void *ctx, struct pg *pg, const struct err *failure)
{
    struct sweep *sweep = ctx;
    struct err err = ERR_NONE;
    char newest[24];
    if (!pg) {
        (void)failure;
        end(sweep, 0);
        return;
    }
    sweep->pg = pg;
    sweep->is_clean = 0;
    (void)snprintf(newest, sizeof(newest), "%" PRId64, sweep->newest);
    const char *values[] = { newest };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_text(batch, "VACUUM (SKIP_LOCKED) bureau.bureau, bureau.client");
    batch_add_query(batch, SQL_sweep_clean, 0, NULL, take_clean);
    batch_add_text(batch, SET_LOCK_TIMEOUT);
    batch_add_text(batch, "VACUUM (FULL) bureau.bureau, bureau.client");
    batch_only_if(batch, &sweep->is_clean);
    batch_add_query(batch, SQL_sweep_done, 1, values, NULL);
    batch_only_if(batch, &sweep->is_clean);
    batch_add_text(batch, "RESET lock_timeout");
    if (batch_start(batch, pg, swept, sweep, &err) < 0)
        swept(sweep, &err);
}

static int take_newest(void *ctx, const struct pg_result *result, struct err *err)
{
    struct sweep *sweep = ctx;
    (void)err;
    sweep->newest = pg_result_int(result, 0, "newest", 0);
    return 0;
}

static void looked(void *ctx, const struct err *err)
{
    struct sweep *sweep = ctx;
    const struct pool_loan loan = { .borrower = sweep };
    if (err || sweep->newest == 0)
        end(sweep, err == NULL);
    else
        (void)!pool_take_long(sweep->app->pool, &loan, sweep_tables, sweep);
}

static void look(void *ctx)
{
    struct sweep *sweep = ctx;
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    sweep->is_running = 1;
    sweep->newest = 0;
    batch_add_query(batch, SQL_sweep_marks, 0, NULL, take_newest);
    pool_run(sweep->app->pool, batch, looked, sweep);
}

struct sweep *sweep_new(struct app *app)
{
    struct sweep *sweep = mem_new(1, sizeof(*sweep));
    sweep->app = app;
    sweep->retry = loop_timer_new(app->loop, look, sweep);
    return sweep;
}

void sweep_ask(struct sweep *sweep)
{
    if (sweep->is_running)
        sweep->is_asked_again = 1;
    else
        loop_timer_start(sweep->retry, 0);
}

void sweep_free(struct sweep *sweep)
{
    if (!sweep)
        return;
    loop_timer_free(sweep->retry);
    free(sweep);
}
