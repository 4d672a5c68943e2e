#include "daemon/pool.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/queue.h>

#include "daemon/app.h"
#include "daemon/metrics.h"
#include "daemon/settings.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    POOL_CONNECT_MS = 10000,
    POOL_STATEMENT_MS = 300000,
    POOL_LOCK_MS = 10000,
    POOL_RETRY_FIRST_MS = 200,
    POOL_RETRY_LAST_MS = 10000,
    POOL_SHORT_MS = 5000,
    POOL_LOOKS_MS = 5 * 60 * 1000, /* looks that asked of late ask again */
};

enum slot_state { SLOT_DOWN, SLOT_CONNECTING, SLOT_IDLE, SLOT_LENT };

struct slot {
    struct pool *pool;
    struct pg *pg;
    enum slot_state state;
    int is_long, is_outdated; /* made with settings that no longer hold */
    struct pool_loan loan;
    TAILQ_ENTRY(slot) entry;
};

struct pool_wait {
    struct pool *pool;
    int is_long;
    struct pool_loan loan;
    pool_taken_fn *taken;
    void *ctx;
    int64_t since_ms;
    struct loop_timer *deadline;
    TAILQ_ENTRY(pool_wait) entry;
};

TAILQ_HEAD(wait_list, pool_wait);

struct pool {
    struct app *app;
    int limit, open, is_closing, is_shared;
    int runs;          /* batches that wait or run */
    int64_t looked_ms; /* when a look last asked for a long loan; 0 = never */
    int64_t retry_ms;
    struct loop_timer *retry;
    struct err failure; /* of the last attempt to connect; code 0 = none */
    pool_settled_fn *settled;
    void *settled_ctx;
    TAILQ_HEAD(, slot) slots;
    struct wait_list waits[2]; /* short ones, long ones */
};

static void serve(struct pool *pool);

static void slot_free(struct slot *slot)
{
    TAILQ_REMOVE(&slot->pool->slots, slot, entry);
    slot->pool->open--;
    pg_free(slot->pg);
    free(slot);
}

static struct slot *find_slot(struct pool *pool, enum slot_state state)
{
    struct slot *slot;
    TAILQ_FOREACH(slot, &pool->slots, entry)
    {
        if (slot->state == state)
            return slot;
    }
    return NULL;
}

static void check_settled(struct pool *pool)
{
    pool_settled_fn *settled = pool->settled;
    int is_busy = pool->runs > 0 || find_slot(pool, SLOT_LENT) != NULL;
    if (!settled || (is_busy && pool->failure.code == 0))
        return;
    pool->settled = NULL;
    loop_defer(pool->app->loop, settled, pool->settled_ctx);
}

static void note_failure(struct pool *pool, const struct err *err)
{
    char why[ERR_FULL_BYTES];
    if (pool->failure.code == 0)
        log_error(pool->app->log, NULL, "The database cannot be reached: %s", err_full(err, why));
    pool->failure = *err;
    pool->retry_ms = pool->retry_ms == 0 ? POOL_RETRY_FIRST_MS : pool->retry_ms * 2;
    if (pool->retry_ms > POOL_RETRY_LAST_MS)
        pool->retry_ms = POOL_RETRY_LAST_MS;
    loop_timer_start(pool->retry, pool->retry_ms);
    check_settled(pool);
}

static void slot_connected(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct slot *slot = ctx;
    struct pool *pool = slot->pool;
    if (!result) {
        note_failure(pool, err);
        slot_free(slot);
        return;
    }
    if (pool->failure.code != 0)
        log_notice(pool->app->log, NULL, "The database is back");
    pool->failure.code = 0;
    pool->retry_ms = 0;
    slot->state = SLOT_IDLE;
    if (slot->is_outdated)
        slot_free(slot);
    serve(pool);
}

/* Only idle connections are noticed here: a borrower hears of a loss by its own statement. */
static void slot_lost(void *ctx, const struct err *err)
{
    struct slot *slot = ctx;
    (void)err;
    if (slot->state == SLOT_IDLE)
        slot_free(slot);
}

static void open_slot(struct pool *pool)
{
    struct pg_options options = {
        .conninfo = pool->app->settings->conninfo,
        .application_name = "saldod writer",
        .role = "saldod_daemon",
        .connect_timeout_ms = POOL_CONNECT_MS,
        .statement_timeout_ms = POOL_STATEMENT_MS,
        .lock_timeout_ms = POOL_LOCK_MS,
    };
    struct slot *slot = mem_new(1, sizeof(*slot));
    struct err err = ERR_NONE;
    slot->pool = pool;
    slot->pg = pg_new(pool->app->loop, &options, slot_lost, NULL, slot);
    slot->state = SLOT_CONNECTING;
    TAILQ_INSERT_TAIL(&pool->slots, slot, entry);
    pool->open++;
    if (pg_start(slot->pg, slot_connected, slot, &err) < 0) {
        note_failure(pool, &err);
        slot_free(slot);
    }
}

static void wait_free(struct pool_wait *wait)
{
    TAILQ_REMOVE(&wait->pool->waits[wait->is_long], wait, entry);
    loop_timer_free(wait->deadline);
    free(wait);
}

/* --- who gets one --- */

struct lent {
    int all, loads;
    int same, same_loads; /* of the same borrower */
};

static struct lent count_lent(const struct pool *pool, const void *borrower)
{
    const struct slot *slot;
    struct lent lent = { 0 };
    TAILQ_FOREACH(slot, &pool->slots, entry)
    {
        if (slot->state != SLOT_LENT || !slot->is_long)
            continue;
        int is_same = slot->loan.borrower == borrower;
        lent.all++;
        lent.loads += slot->loan.is_load;
        lent.same += is_same;
        lent.same_loads += is_same && slot->loan.is_load;
    }
    return lent;
}

static int may_have(const struct pool *pool, const struct pool_loan *loan)
{
    int long_max = pool->limit > 1 ? pool->limit - 1 : 1;
    int has_looks = pool->looked_ms != 0 &&
                    loop_now_ms(pool->app->loop) - pool->looked_ms < POOL_LOOKS_MS;
    int loads_max = has_looks && long_max > 1 ? long_max - 1 : long_max;
    int same_max = pool->is_shared ? (long_max + 1) / 2 : long_max;
    int same_loads_max = pool->is_shared ? (loads_max + 1) / 2 : loads_max;
    struct lent lent = count_lent(pool, loan->borrower);
    return lent.all < long_max && lent.same < same_max &&
           (!loan->is_load || (lent.loads < loads_max && lent.same_loads < same_loads_max));
}

/* Batches first: they are short. */
static struct pool_wait *find_wait(const struct pool *pool)
{
    struct pool_wait *wait = TAILQ_FIRST(&pool->waits[0]);
    if (wait)
        return wait;
    TAILQ_FOREACH(wait, &pool->waits[1], entry)
    {
        if (may_have(pool, &wait->loan))
            return wait;
    }
    return NULL;
}

/* Lends idle connections, and opens one more where somebody still waits. */
static void serve(struct pool *pool)
{
    struct pool_wait *wait;
    struct slot *slot;
    while ((wait = find_wait(pool)) && (slot = find_slot(pool, SLOT_IDLE))) {
        pool_taken_fn *taken = wait->taken;
        void *ctx = wait->ctx;
        slot->state = SLOT_LENT;
        slot->is_long = wait->is_long;
        slot->loan = wait->loan;
        wait_free(wait);
        taken(ctx, slot->pg, NULL);
    }
    if (find_wait(pool) && pool->open < pool->limit && !find_slot(pool, SLOT_CONNECTING) &&
        !loop_timer_is_armed(pool->retry))
        open_slot(pool);
}

static void serve_later(void *ctx)
{
    serve(ctx);
}

static void wait_expired(void *ctx)
{
    struct pool_wait *wait = ctx;
    struct pool *pool = wait->pool;
    struct err err = ERR_NONE;
    if (pool->is_closing && wait->is_long) {
        err_set(&err, ECANCELED, "the daemon ends");
    } else if (pool->failure.code != 0) {
        err = pool->failure;
    } else {
        int64_t waited_ms = loop_now_ms(pool->app->loop) - wait->since_ms;
        err_set(&err, EAGAIN, "no connection to the database became free in %" PRId64 " s",
                waited_ms / 1000);
        err_set_remedy(&err, "Raise [database] connections, or see what keeps the database busy");
    }
    pool_taken_fn *taken = wait->taken;
    void *taken_ctx = wait->ctx;
    wait_free(wait);
    taken(taken_ctx, NULL, &err);
}

struct pool *pool_new(struct app *app, int connections)
{
    struct pool *pool = mem_new(1, sizeof(*pool));
    pool->app = app;
    pool->limit = connections;
    pool->retry = loop_timer_new(app->loop, serve_later, pool);
    TAILQ_INIT(&pool->slots);
    TAILQ_INIT(&pool->waits[0]);
    TAILQ_INIT(&pool->waits[1]);
    return pool;
}

void pool_close(struct pool *pool, pool_settled_fn *settled, void *ctx)
{
    struct pool_wait *wait;
    pool->is_closing = 1;
    TAILQ_FOREACH(wait, &pool->waits[1], entry)
    loop_timer_start(wait->deadline, 0);
    pool->settled = settled;
    pool->settled_ctx = ctx;
    check_settled(pool);
}

static void serve_soon(struct pool *pool)
{
    if (!loop_timer_is_armed(pool->retry))
        loop_timer_start(pool->retry, 0);
}

void pool_resize(struct pool *pool, int connections)
{
    pool->limit = connections;
    serve_soon(pool);
}

void pool_reconnect(struct pool *pool)
{
    struct slot *slot, *next;
    for (slot = TAILQ_FIRST(&pool->slots); slot; slot = next) {
        next = TAILQ_NEXT(slot, entry);
        slot->is_outdated = 1;
        if (slot->state == SLOT_IDLE)
            slot_free(slot);
    }
    serve_soon(pool);
}

void pool_hurry(struct pool *pool)
{
    pool->retry_ms = 0;
    loop_timer_start(pool->retry, 0);
}

void pool_set_shared(struct pool *pool, int is_shared)
{
    pool->is_shared = is_shared;
}

static struct pool_wait *take(struct pool *pool, const struct pool_loan *loan, pool_taken_fn *taken,
                              void *ctx)
{
    struct pool_wait *wait = mem_new(1, sizeof(*wait));
    wait->pool = pool;
    wait->is_long = loan != NULL;
    if (loan)
        wait->loan = *loan;
    wait->taken = taken;
    wait->ctx = ctx;
    wait->since_ms = loop_now_ms(pool->app->loop);
    if (loan && !loan->is_load)
        pool->looked_ms = wait->since_ms;
    wait->deadline = loop_timer_new(pool->app->loop, wait_expired, wait);
    int64_t patience_ms = wait->is_long ? POOL_LONG_WAIT_MS : POOL_WAIT_MS;
    loop_timer_start(wait->deadline, pool->is_closing && wait->is_long ? 0 : patience_ms);
    TAILQ_INSERT_TAIL(&pool->waits[wait->is_long], wait, entry);
    serve_soon(pool);
    return wait;
}

struct pool_wait *pool_take_long(struct pool *pool, const struct pool_loan *loan,
                                 pool_taken_fn *taken, void *ctx)
{
    return take(pool, loan, taken, ctx);
}

int pool_is_short(const struct pool *pool)
{
    const struct pool_wait *wait = TAILQ_FIRST(&pool->waits[1]);
    return wait && loop_now_ms(pool->app->loop) - wait->since_ms >= POOL_SHORT_MS;
}

void pool_cancel(struct pool_wait *wait)
{
    wait_free(wait);
}

void pool_give(struct pool *pool, struct pg *pg)
{
    struct slot *slot;
    TAILQ_FOREACH(slot, &pool->slots, entry)
    {
        if (slot->pg == pg)
            break;
    }
    if (!slot)
        return;
    slot->state = SLOT_IDLE;
    if (!pg_is_up(pg) || pg_is_busy(pg) || pool->open > pool->limit || slot->is_outdated)
        slot_free(slot);
    serve_soon(pool);
    check_settled(pool);
}

/* --- one batch on whatever connection comes free --- */

struct run {
    struct pool *pool;
    struct pg *pg;
    struct pg_batch *batch;
    pool_done_fn *done;
    void *ctx;
    int64_t asked_ms, taken_ms;
};

static void run_finish(struct run *run, const struct err *err)
{
    struct app *app = run->pool->app;
    if (run->pg)
        metrics_database(app->metrics, loop_now_ms(app->loop) - run->taken_ms,
                         run->taken_ms - run->asked_ms, err != NULL);
    pool_done_fn *done = run->done;
    void *ctx = run->ctx;
    struct pool *pool = run->pool;
    if (run->pg)
        pool_give(pool, run->pg);
    free(run);
    pool->runs--;
    done(ctx, err);
    check_settled(pool);
}

/* The batch's result functions get the caller's context, so the run travels beside it. */
static void run_batch_done(void *ctx, const struct err *err)
{
    run_finish(ctx, err);
}

static void run_taken(void *ctx, struct pg *pg, const struct err *err)
{
    struct run *run = ctx;
    struct err failure = ERR_NONE;
    if (!pg) {
        batch_free(run->batch);
        run_finish(run, err);
        return;
    }
    run->pg = pg;
    run->taken_ms = loop_now_ms(run->pool->app->loop);
    batch_set_result_ctx(run->batch, run->ctx);
    if (batch_start(run->batch, pg, run_batch_done, run, &failure) < 0)
        run_finish(run, &failure);
}

void pool_run(struct pool *pool, struct pg_batch *batch, pool_done_fn *done, void *ctx)
{
    struct run *run = mem_new(1, sizeof(*run));
    *run = (struct run){ .pool = pool, .batch = batch, .done = done, .ctx = ctx };
    run->asked_ms = loop_now_ms(pool->app->loop);
    pool->runs++;
    (void)!take(pool, NULL, run_taken, run);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < ARRAY_LEN(pool->waits); i++) {
        while (!TAILQ_EMPTY(&pool->waits[i]))
            wait_free(TAILQ_FIRST(&pool->waits[i]));
    }
    while (!TAILQ_EMPTY(&pool->slots))
        slot_free(TAILQ_FIRST(&pool->slots));
    loop_timer_free(pool->retry);
    free(pool);
}
