#include "daemon/listener.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/owner.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/schedule.h"
#include "daemon/schema.h"
#include "daemon/settings.h"
#include "daemon/token_report.h"
#include "gen/sql_queries.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    GATHER_MS = 20, /* a burst of notifications is one reading */
    GATHER_MAX_MS = 500,
    GATHER_SHARE = 10, /* reading may take one part in so many of the time */
    CONNECT_MS = 10000,
    STATEMENT_MS = 30000,
    LOCK_MS = 2000,
    RETRY_FIRST_MS = 200,
    RETRY_LAST_MS = 5000,
};

struct listener {
    struct app *app;
    listener_event_fn *event;
    void *ctx;
    struct pg *pg;
    struct loop_timer *retry, *beat, *gather;
    int64_t retry_ms;
    int is_ready;      /* told as such */
    int is_registered; /* the registry was read on this connection */
    int is_looking;    /* a heartbeat, or what came of it, is under way */
    int is_look_asked; /* once more, when it has ended */
    int is_updated;    /* the registry was read and is to be told of after the locks */
    int is_leaving;
    int is_registry_asked; /* by notification, gathered */
    int64_t reading_since_ms, reading_took_ms;
};

static void connect_now(void *ctx);

static void drop_connection(struct listener *listener)
{
    pg_stop(listener->pg);
    loop_timer_stop(listener->beat);
    loop_timer_stop(listener->gather);
    listener->is_looking = listener->is_look_asked = 0;
    listener->is_ready = listener->is_registered = 0;
    owner_lost(listener->app->owner);
}

static void fail(struct listener *listener, enum listener_event event, const struct err *err)
{
    struct err kept = *err;
    drop_connection(listener);
    listener->retry_ms = listener->retry_ms == 0 ? RETRY_FIRST_MS : listener->retry_ms * 2;
    if (listener->retry_ms > RETRY_LAST_MS)
        listener->retry_ms = RETRY_LAST_MS;
    loop_timer_start(listener->retry, listener->retry_ms);
    listener->event(listener->ctx, listener->is_leaving ? LISTENER_LEFT : event, &kept);
}

static void lost(void *ctx, const struct err *err)
{
    fail(ctx, LISTENER_LOST, err);
}

/* --- orders --- */

static int take_orders(void *ctx, const struct pg_result *result, struct err *err)
{
    struct app *app = ctx;
    (void)err;
    for (int i = 0; i < pg_result_rows(result); i++) {
        struct client *client = registry_find(app->registry,
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
        schedule_order(app->schedule, client, pg_result_int(result, i, "order_id", 0), &order);
    }
    return 0;
}

/* --- the heartbeat, and what comes of it --- */

static void look(struct listener *listener);

static void look_later(struct listener *listener)
{
    loop_timer_start(listener->beat, listener->is_look_asked ? 0 : OWNER_BEAT_MS);
    listener->is_look_asked = 0;
}

static void looked(struct listener *listener)
{
    int is_updated = listener->is_updated;
    enum listener_event event = listener->is_ready ? LISTENER_UPDATED : LISTENER_READY;
    listener->is_looking = 0;
    look_later(listener);
    if (!listener->is_registered)
        return;
    registry_use_owned(listener->app->registry); /* also what has just been registered */
    token_report_save_all(listener->app);
    listener->is_updated = 0;
    listener->is_ready = 1;
    listener->retry_ms = 0;
    if (listener->is_leaving && owner_has_left(listener->app->owner))
        listener->event(listener->ctx, LISTENER_LEFT, NULL);
    else if (event == LISTENER_READY || is_updated)
        listener->event(listener->ctx, event, NULL);
}

static void moved(void *ctx, const struct err *err)
{
    struct listener *listener = ctx;
    if (err)
        fail(listener, LISTENER_LOST, err);
    else
        looked(listener);
}

static void beaten(void *ctx, const struct err *err)
{
    struct listener *listener = ctx;
    struct err failure = ERR_NONE;
    if (err) {
        fail(listener, LISTENER_LOST, err);
        return;
    }
    owner_beaten(listener->app->owner);
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    if (!listener->is_registered || !owner_add_moves(listener->app->owner, batch)) {
        batch_free(batch);
        looked(listener);
        return;
    }
    batch_set_result_ctx(batch, listener->app);
    if (batch_start(batch, listener->pg, moved, listener, &failure) < 0)
        fail(listener, LISTENER_LOST, &failure);
}

static void look(struct listener *listener)
{
    struct err err = ERR_NONE;
    if (listener->is_looking || !pg_is_up(listener->pg) || pg_is_busy(listener->pg)) {
        listener->is_look_asked = 1;
        return;
    }
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    owner_add_beat(listener->app->owner, batch);
    if (listener->is_registered)
        batch_add_query(batch, SQL_order_open, 0, NULL, take_orders);
    batch_set_result_ctx(batch, listener->app);
    listener->is_looking = 1;
    if (batch_start(batch, listener->pg, beaten, listener, &err) < 0)
        fail(listener, LISTENER_LOST, &err);
}

static void beat_due(void *ctx)
{
    look(ctx);
}

/* --- registry --- */

static void gather(struct listener *listener, int64_t least_ms)
{
    int64_t rest_ms = listener->reading_took_ms * (GATHER_SHARE - 1);
    if (rest_ms > GATHER_MAX_MS)
        rest_ms = GATHER_MAX_MS;
    if (!loop_timer_is_armed(listener->gather))
        loop_timer_start(listener->gather, rest_ms > least_ms ? rest_ms : least_ms);
}

static void registry_done(void *ctx, const struct err *err)
{
    struct listener *listener = ctx;
    int64_t now_ms = loop_now_ms(listener->app->loop);
    listener->reading_took_ms = now_ms - listener->reading_since_ms;
    if (!pg_is_up(listener->pg))
        return; /* read again with the next connection */
    if (err && !listener->is_registered) {
        fail(listener, LISTENER_FAILED, err);
    } else if (err) {
        listener->is_registry_asked = 1;
        gather(listener, OWNER_BEAT_MS);
    } else {
        log_debug(listener->app->log, NULL, "The register was read in %" PRId64 " ms",
                  listener->reading_took_ms);
        listener->is_registered = listener->is_updated = 1;
        look(listener);
    }
}

void listener_read_registry(struct listener *listener)
{
    listener->reading_since_ms = loop_now_ms(listener->app->loop);
    registry_read(listener->app->registry, registry_done, listener);
}

static void gathered(void *ctx)
{
    struct listener *listener = ctx;
    if (listener->is_registry_asked)
        listener_read_registry(listener);
    listener->is_registry_asked = 0;
}

/* What others did to orders or locks is seen at once, what changed in the registry a little later.
 */
static void notified(void *ctx, const char *channel, const char *payload)
{
    struct listener *listener = ctx;
    (void)payload;
    if (strcmp(channel, "saldod_registry") != 0) {
        listener->is_look_asked = 1;
        if (!listener->is_looking)
            look_later(listener);
        return;
    }
    listener->is_registry_asked = 1;
    gather(listener, GATHER_MS);
}

/* --- connecting --- */

static void listening(void *ctx, const struct err *err)
{
    struct listener *listener = ctx;
    if (err) {
        fail(listener, LISTENER_FAILED, err);
        return;
    }
    pool_hurry(listener->app->pool);
    listener_read_registry(listener);
    look(listener); /* the heart beats from now on, while the registry is being read */
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
    owner_add_join(listener->app->owner, batch);
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
        .lock_timeout_ms = LOCK_MS,
        .idle_timeout_ms = OWNER_SILENCE_MS,
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
    listener->beat = loop_timer_new(app->loop, beat_due, listener);
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

void listener_reconnect(struct listener *listener)
{
    drop_connection(listener);
    loop_timer_start(listener->retry, 0);
}

void listener_leave(struct listener *listener)
{
    listener->is_leaving = 1;
    owner_leave(listener->app->owner);
    if (pg_is_up(listener->pg) && listener->is_registered)
        look(listener);
    else
        listener->event(listener->ctx, LISTENER_LEFT, NULL);
}

void listener_give_back(struct listener *listener, const char *token_id)
{
    if (listener)
        owner_give_back(listener->app->owner, token_id);
}

void listener_free(struct listener *listener)
{
    if (!listener)
        return;
    loop_timer_free(listener->retry);
    loop_timer_free(listener->beat);
    loop_timer_free(listener->gather);
    pg_free(listener->pg);
    free(listener);
}
