#include "daemon/listener.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/registry.h"
#include "daemon/schedule.h"
#include "daemon/schema.h"
#include "daemon/settings.h"
#include "daemon/token_report.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    TICK_MS = 2000,
    GATHER_MS = 20, /* a burst of notifications is one reading */
    CONNECT_MS = 10000,
    STATEMENT_MS = 30000,
    RETRY_FIRST_MS = 200,
    RETRY_LAST_MS = 5000,
    TOKENS_JSON_BYTES_MAX = 4 * 1024 * 1024,
};

struct listener {
    struct app *app;
    listener_event_fn *event;
    void *ctx;
    struct pg *pg;
    struct loop_timer *retry, *tick, *gather;
    int64_t retry_ms;
    int is_ready, is_locking;
    int is_updated; /* the registry was read and is to be told of after the locks */
    int is_registry_asked, is_orders_asked; /* by notification, gathered */
};

static void connect_now(void *ctx);

static void fail(struct listener *listener, enum listener_event event, const struct err *err)
{
    struct err kept = *err;
    pg_stop(listener->pg);
    loop_timer_stop(listener->tick);
    loop_timer_stop(listener->gather);
    listener->is_locking = 0;
    listener->is_ready = 0;
    listener->retry_ms = listener->retry_ms == 0 ? RETRY_FIRST_MS : listener->retry_ms * 2;
    if (listener->retry_ms > RETRY_LAST_MS)
        listener->retry_ms = RETRY_LAST_MS;
    loop_timer_start(listener->retry, listener->retry_ms);
    registry_disown_all(listener->app->registry);
    schedule_pause_all(listener->app->schedule);
    listener->event(listener->ctx, event, &kept);
}

static void lost(void *ctx, const struct err *err)
{
    fail(ctx, LISTENER_LOST, err);
}

/* --- orders --- */

static int take_orders(void *ctx, const struct pg_result *result, struct err *err)
{
    struct listener *listener = ctx;
    (void)err;
    for (int i = 0; i < pg_result_rows(result); i++) {
        struct client *client = registry_find(listener->app->registry,
                                              pg_result_int(result, i, "client_id", 0));
        const char *kind = pg_result_text(result, i, "kind");
        if (!client || !client->token || !client->token->is_owned)
            continue;
        struct pull_order order = {
            .is_urgent = 1,
            .is_resync = strcmp(kind, "resync") == 0,
            .year = (int)pg_result_int(result, i, "year", 0),
        };
        const char *account = pg_result_text(result, i, "account");
        (void)snprintf(order.account, sizeof(order.account), "%s", account ? account : "");
        schedule_order(listener->app->schedule, client, pg_result_int(result, i, "order_id", 0),
                       &order);
    }
    return 0;
}

/* --- locks --- */

static int append_wanted(struct listener *listener, struct buf *out)
{
    const struct token_entry *entry;
    int ret = buf_append_byte(out, '{');
    TAILQ_FOREACH(entry, registry_tokens(listener->app->registry), entry)
    {
        if (ret == 0 && entry->token && !entry->is_owned)
            ret = buf_printf(out, "%s%s", out->len_bytes > 1 ? "," : "", entry->id);
    }
    return ret < 0 ? ret : buf_append_byte(out, '}');
}

static int take_locks(void *ctx, const struct pg_result *result, struct err *err)
{
    struct listener *listener = ctx;
    struct token_entry *entry;
    (void)err;
    for (int i = 0; i < pg_result_rows(result); i++) {
        TAILQ_FOREACH(entry, registry_tokens(listener->app->registry), entry)
        {
            if (strcmp(entry->id, pg_result_text(result, i, "token_id")) != 0)
                continue;
            entry->is_owned = 1;
            entry->epoch = pg_result_int(result, i, "epoch", 0);
        }
    }
    return 0;
}

/* The session of whoever owned the token before, so that neither a restart nor a take-over makes a
 * new one. */
static int take_sessions(void *ctx, const struct pg_result *result, struct err *err)
{
    struct listener *listener = ctx;
    const struct token_entry *entry;
    (void)err;
    for (int i = 0; i < pg_result_rows(result); i++) {
        TAILQ_FOREACH(entry, registry_tokens(listener->app->registry), entry)
        {
            if (entry->token && entry->is_owned &&
                strcmp(entry->id, pg_result_text(result, i, "token_id")) == 0)
                token_hold_session(entry->token, pg_result_text(result, i, "sealed_token"),
                                   pg_result_int(result, i, "expires_us", 0));
        }
    }
    return 0;
}

static void locked(void *ctx, const struct err *err)
{
    struct listener *listener = ctx;
    listener->is_locking = 0;
    if (err) {
        fail(listener, LISTENER_LOST, err);
        return;
    }
    registry_use_owned(listener->app->registry);
    token_report_save_all(listener->app);
    schedule_wake(listener->app->schedule);
    loop_timer_start(listener->tick, TICK_MS);
    int is_updated = listener->is_updated;
    enum listener_event event = listener->is_ready ? LISTENER_UPDATED : LISTENER_READY;
    listener->is_updated = 0;
    listener->is_ready = 1;
    listener->retry_ms = 0;
    if (event == LISTENER_READY || is_updated)
        listener->event(listener->ctx, event, NULL);
}

static void lock_and_look(void *ctx)
{
    struct listener *listener = ctx;
    struct err err = ERR_NONE;
    if (listener->is_locking || !pg_is_up(listener->pg) || pg_is_busy(listener->pg))
        return;
    AUTO_BUF struct buf wanted;
    buf_init(&wanted, TOKENS_JSON_BYTES_MAX);
    if (append_wanted(listener, &wanted) < 0)
        return;
    const char *tokens[] = { buf_text(&wanted), listener->app->settings->instance };
    const char *instance[] = { listener->app->settings->instance, SALDOD_VERSION };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_instance_seen, 2, instance, NULL);
    if (wanted.len_bytes > 2) {
        batch_add_query(batch, SQL_owner_lock, 2, tokens, take_locks);
        batch_add_query(batch, SQL_registry_sessions, 0, NULL, take_sessions);
    }
    batch_add_query(batch, SQL_order_open, 0, NULL, take_orders);
    listener->is_locking = 1;
    if (batch_start(batch, listener->pg, locked, listener, &err) < 0)
        locked(listener, &err);
}

/* --- registry --- */

static void registry_done(void *ctx, const struct err *err)
{
    struct listener *listener = ctx;
    if (err && !listener->is_ready && pg_is_up(listener->pg)) {
        fail(listener, LISTENER_FAILED, err);
    } else if (err) {
        listener->is_registry_asked = 1;
        loop_timer_start(listener->gather, TICK_MS);
    } else {
        listener->is_updated = 1;
        lock_and_look(listener);
    }
}

void listener_read_registry(struct listener *listener)
{
    registry_read(listener->app->registry, registry_done, listener);
}

static void gathered(void *ctx)
{
    struct listener *listener = ctx;
    if (listener->is_registry_asked)
        listener_read_registry(listener);
    else
        lock_and_look(listener);
    listener->is_registry_asked = listener->is_orders_asked = 0;
}

static void notified(void *ctx, const char *channel, const char *payload)
{
    struct listener *listener = ctx;
    (void)payload;
    if (strcmp(channel, "saldod_registry") == 0)
        listener->is_registry_asked = 1;
    else
        listener->is_orders_asked = 1;
    if (!loop_timer_is_armed(listener->gather))
        loop_timer_start(listener->gather, GATHER_MS);
}

/* --- connecting --- */

static void listening(void *ctx, const struct err *err)
{
    struct listener *listener = ctx;
    if (err)
        fail(listener, LISTENER_FAILED, err);
    else
        listener_read_registry(listener);
}

static void schema_checked(void *ctx, enum schema_state state, const struct err *err)
{
    struct listener *listener = ctx;
    struct err failure = ERR_NONE;
    if (state != SCHEMA_FITS) {
        fail(listener, state == SCHEMA_TOO_NEW ? LISTENER_SCHEMA_TOO_NEW : LISTENER_FAILED, err);
        return;
    }
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add(batch, NULL, "LISTEN saldod_registry", 0, NULL, NULL);
    batch_add(batch, NULL, "LISTEN saldod_order", 0, NULL, NULL);
    if (batch_start(batch, listener->pg, listening, listener, &failure) < 0)
        fail(listener, LISTENER_FAILED, &failure);
}

static void connected(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct listener *listener = ctx;
    struct err failure = ERR_NONE;
    if (!result)
        fail(listener, LISTENER_FAILED, err);
    else if (schema_check(listener->pg, schema_checked, listener, &failure) < 0)
        fail(listener, LISTENER_FAILED, &failure);
}

static void connect_now(void *ctx)
{
    struct listener *listener = ctx;
    struct err err = ERR_NONE;
    struct pg_options options = {
        .conninfo = listener->app->settings->conninfo,
        .application_name = "saldod listener",
        .role = "saldod_daemon",
        .connect_timeout_ms = CONNECT_MS,
        .statement_timeout_ms = STATEMENT_MS,
    };
    pg_free(listener->pg);
    listener->pg = pg_new(listener->app->loop, &options, lost, notified, listener);
    if (pg_start(listener->pg, connected, listener, &err) < 0)
        fail(listener, LISTENER_FAILED, &err);
}

struct listener *listener_new(struct app *app, listener_event_fn *event, void *ctx)
{
    struct listener *listener = mem_new(1, sizeof(*listener));
    listener->app = app;
    listener->event = event;
    listener->ctx = ctx;
    listener->retry = loop_timer_new(app->loop, connect_now, listener);
    listener->tick = loop_timer_new(app->loop, lock_and_look, listener);
    listener->gather = loop_timer_new(app->loop, gathered, listener);
    return listener;
}

void listener_start(struct listener *listener)
{
    loop_timer_start(listener->retry, 0);
}

int listener_is_ready(const struct listener *listener)
{
    return listener->is_ready;
}

void listener_free(struct listener *listener)
{
    if (!listener)
        return;
    loop_timer_free(listener->retry);
    loop_timer_free(listener->tick);
    loop_timer_free(listener->gather);
    pg_free(listener->pg);
    free(listener);
}
