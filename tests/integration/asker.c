#include "tests/integration/asker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/loop.h"
#include "lib/base/mem.h"

enum { PATIENCE_MS = 60000, TICK_MS = 10 };

static void limit_ran(void *ctx)
{
    struct asker *asker = ctx;
    asker->is_late = 1;
    loop_stop(asker->loop);
}

static void tick_ran(void *ctx)
{
    struct asker *asker = ctx;
    if (asker->is_time && asker->is_time(asker->time_ctx))
        loop_stop(asker->loop);
    else
        loop_timer_start(asker->tick, TICK_MS);
}

static void lost(void *ctx, const struct err *err)
{
    struct asker *asker = ctx;
    asker->lost_count++;
    asker->lost_err = *err;
    asker->done_before_lost = asker->done_count;
    loop_stop(asker->loop);
}

static void notified(void *ctx, const char *channel, const char *payload)
{
    struct asker *asker = ctx;
    asker->notify_count++;
    free(asker->notified);
    asker->notified = mem_printf("%s=%s", channel, payload);
    loop_stop(asker->loop);
}

struct asker *asker_new(const char *conninfo, const struct pg_options *options)
{
    struct pg_options used = { .connect_timeout_ms = 60000, .statement_timeout_ms = 60000 };
    struct asker *asker = mem_new(1, sizeof(*asker));
    if (options)
        used = *options;
    used.conninfo = conninfo;
    asker->loop = loop_new();
    assert_non_null(asker->loop);
    asker->limit = loop_timer_new(asker->loop, limit_ran, asker);
    asker->tick = loop_timer_new(asker->loop, tick_ran, asker);
    asker->pg = pg_new(asker->loop, &used, lost, notified, asker);
    return asker;
}

void asker_free(struct asker *asker)
{
    if (!asker)
        return;
    pg_free(asker->pg);
    loop_timer_free(asker->limit);
    loop_timer_free(asker->tick);
    loop_free(asker->loop);
    free(asker->value);
    free(asker->notified);
    free(asker);
}

void asker_done(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct asker *asker = ctx;
    asker->done_count++;
    free(asker->value);
    asker->value = NULL;
    asker->rows = 0;
    if (result) {
        assert_null(err);
        asker->rows = pg_result_rows(result);
        asker->affected = pg_result_affected(result);
        if (asker->rows > 0 && pg_result_columns(result) > 0)
            asker->value = mem_strdup(pg_result_text(result, 0, "v"));
    } else {
        asker->failed_count++;
        asker->err = *err;
    }
    loop_stop(asker->loop);
}

static void run(struct asker *asker, const char *what)
{
    loop_timer_start(asker->limit, PATIENCE_MS);
    assert_int_equal(loop_run(asker->loop), 0);
    loop_timer_stop(asker->limit);
    if (asker->is_late)
        fail_msg("nothing came for a minute: %s", what);
}

void asker_run(struct asker *asker)
{
    run(asker, "asker_run");
}

void asker_run_lost(struct asker *asker)
{
    int before = asker->lost_count;
    while (asker->lost_count == before)
        run(asker, "asker_run_lost");
}

void asker_run_until(struct asker *asker, int (*is_time)(void *ctx), void *ctx)
{
    asker->is_time = is_time;
    asker->time_ctx = ctx;
    loop_timer_start(asker->tick, 0);
    while (!is_time(ctx))
        run(asker, "asker_run_until");
    loop_timer_stop(asker->tick);
    asker->is_time = NULL;
}

static void run_done(struct asker *asker, int done_before, const char *what)
{
    assert_int_equal(asker->done_count, done_before); /* never synchronous */
    while (asker->done_count == done_before)
        run(asker, what);
    assert_int_equal(asker->done_count, done_before + 1);
}

static void start(struct asker *asker)
{
    struct err err = ERR_NONE;
    int before = asker->done_count;
    if (pg_start(asker->pg, asker_done, asker, &err) < 0)
        fail_msg("pg_start: %s", err.text);
    assert_true(pg_is_busy(asker->pg));
    assert_false(pg_is_up(asker->pg));
    run_done(asker, before, "pg_start");
    assert_false(pg_is_busy(asker->pg));
}

void asker_connect(struct asker *asker)
{
    int failed = asker->failed_count;
    start(asker);
    if (asker->failed_count != failed)
        fail_msg("%s", asker->err.text);
    assert_true(pg_is_up(asker->pg));
}

void asker_fail_to_connect(struct asker *asker)
{
    int failed = asker->failed_count;
    start(asker);
    assert_int_equal(asker->failed_count, failed + 1);
    assert_false(pg_is_up(asker->pg));
    assert_int_equal(asker->lost_count, 0);
}

static void query(struct asker *asker, const char *sql)
{
    const struct pg_statement statement = { .sql = sql };
    struct err err = ERR_NONE;
    int before = asker->done_count;
    if (pg_query(asker->pg, &statement, asker_done, asker, &err) < 0)
        fail_msg("%s: %s", sql, err.text);
    run_done(asker, before, sql);
}

const char *asker_ask(struct asker *asker, const char *sql)
{
    int failed = asker->failed_count;
    query(asker, sql);
    if (asker->failed_count != failed)
        fail_msg("%s: %s", sql, asker->err.text);
    return asker->value ? asker->value : "";
}

const struct err *asker_fail(struct asker *asker, const char *sql)
{
    int failed = asker->failed_count;
    query(asker, sql);
    if (asker->failed_count == failed)
        fail_msg("not refused: %s", sql);
    return &asker->err;
}
