#include "daemon/status_store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "daemon/app.h"
#include "daemon/settings.h"
#include "gen/sql_queries.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/pg.h"
#include "lib/server/server.h"

enum {
    CONNECT_MS = 3000,
    STATEMENT_MS = 10000,
    LOCK_MS = 1000,
    FAILURE_HOLDS_MS = 1000, /* so long a failure answers everybody */
    QUERY_SHARE = 5,         /* at most one part in so many of the time is spent on asking */
    QUESTIONS_MAX = 64,
};

static const char *const STATE_NAMES[STATUS_STATES] = {
    [STATUS_NO_ACCESS] = "no_access", [STATUS_HELD] = "held",         [STATUS_FAILING] = "failing",
    [STATUS_STALE] = "stale",         [STATUS_WAITING] = "waiting",   [STATUS_LOADING] = "loading",
    [STATUS_FRESH] = "fresh",         [STATUS_DISABLED] = "disabled",
};

/* Somebody who waits: for the overview, or for one client. */
struct question {
    status_overview_fn *overview;
    status_client_fn *client;
    void *ctx;
    int64_t max_age_ms;
    char org_nr[16];
    TAILQ_ENTRY(question) entry;
};
TAILQ_HEAD(question_list, question);

struct status_store {
    struct app *app;
    struct pg *pg;
    struct loop_timer *wake;
    struct question_list waiting, asked; /* `asked` are those the running statement answers */
    int waiting_count;
    struct status_overview *last, *coming;
    int64_t serial, taken_ms, took_ms, begun_ms;
    struct err failure; /* of the last attempt */
    int64_t failed_ms;
    char *document; /* of the client in hand */
    int is_connecting, is_running;
};

static void serve(void *ctx);

const char *status_state_name(enum status_client_state state)
{
    return STATE_NAMES[state];
}

/* --- pictures --- */

struct status_overview *status_overview_ref(struct status_overview *overview)
{
    overview->refs++;
    return overview;
}

void status_overview_unref(struct status_overview *overview)
{
    if (!overview || --overview->refs > 0)
        return;
    for (int i = 0; i < overview->count; i++)
        free(overview->clients[i].document);
    free(overview->clients);
    free(overview->tokens);
    server_body_unref(overview->body);
    free(overview);
}

static enum status_client_state state_of(const char *name)
{
    for (int i = 0; i < STATUS_STATES; i++) {
        if (strcmp(STATE_NAMES[i], name) == 0)
            return (enum status_client_state)i;
    }
    return STATUS_WAITING;
}

static void count_client(struct status_overview *overview, const struct status_client *client)
{
    overview->by_state[client->state]++;
    if (client->state == STATUS_DISABLED)
        return;
    overview->verified += client->verified;
    overview->failing_loads += client->is_load_failing;
    overview->differing += client->differences > 0;
    overview->differences += client->differences;
    if (client->age_s > overview->oldest_s)
        overview->oldest_s = client->age_s;
}

static void take_clients(struct status_overview *overview, const struct pg_result *result)
{
    overview->count = pg_result_rows(result);
    overview->clients = mem_new((size_t)overview->count + 1, sizeof(*overview->clients));
    for (int i = 0; i < overview->count; i++) {
        struct status_client *client = &overview->clients[i];
        client->client_id = pg_result_int(result, i, "client_id", 0);
        client->state = state_of(pg_result_text(result, i, "state"));
        client->differences = pg_result_int(result, i, "differences", 0);
        client->age_s = pg_result_int(result, i, "age_s", 0);
        client->verified = pg_result_bool(result, i, "verified");
        client->is_proven = pg_result_bool(result, i, "is_proven");
        client->is_load_failing = pg_result_bool(result, i, "is_load_failing");
        client->document = mem_strdup(pg_result_text(result, i, "document"));
        (void)snprintf(client->org_nr, sizeof(client->org_nr), "%s",
                       pg_result_text(result, i, "org_nr"));
        count_client(overview, client);
    }
}

/* --- telling --- */

static void tell(struct status_store *store, struct question *question, const struct err *err)
{
    if (question->overview)
        question->overview(question->ctx, err ? NULL : store->last, err);
    else
        question->client(question->ctx, err ? NULL : store->document, err);
    free(question);
}

static void tell_asked(struct status_store *store, const struct err *err)
{
    struct question_list asked = TAILQ_HEAD_INITIALIZER(asked);
    struct question *question;
    TAILQ_CONCAT(&asked, &store->asked, entry);
    while ((question = TAILQ_FIRST(&asked))) {
        TAILQ_REMOVE(&asked, question, entry);
        tell(store, question, err);
    }
}

static void fail_all(struct status_store *store, const struct err *err)
{
    struct err why = *err;
    store->failure = why;
    store->failed_ms = loop_now_ms(store->app->loop);
    TAILQ_CONCAT(&store->asked, &store->waiting, entry);
    store->waiting_count = 0;
    tell_asked(store, &why);
}

/* --- asking --- */

/* Moves all who ask the same as the first from `waiting` to `asked`. */
static const struct question *gather(struct status_store *store)
{
    const struct question *first = TAILQ_FIRST(&store->waiting);
    struct question *question, *next;
    for (question = TAILQ_FIRST(&store->waiting); question; question = next) {
        next = TAILQ_NEXT(question, entry);
        int is_same = first->overview ? question->overview != NULL
                                      : strcmp(question->org_nr, first->org_nr) == 0;
        if (!is_same)
            continue;
        TAILQ_REMOVE(&store->waiting, question, entry);
        TAILQ_INSERT_TAIL(&store->asked, question, entry);
        store->waiting_count--;
    }
    return first;
}

static void end_statement(struct status_store *store, const struct err *err)
{
    store->is_running = 0;
    if (err) {
        status_overview_unref(store->coming);
        store->coming = NULL;
    }
    if (err && !pg_is_up(store->pg))
        fail_all(store, err);
    else
        tell_asked(store, err);
    free(store->document);
    store->document = NULL;
    loop_timer_start(store->wake, 0);
}

static void client_came(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct status_store *store = ctx;
    if (result && pg_result_rows(result) > 0)
        store->document = mem_strdup(pg_result_text(result, 0, "document"));
    end_statement(store, err);
}

static void tokens_came(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct status_store *store = ctx;
    if (result) {
        store->coming->tokens = mem_strdup(pg_result_text(result, 0, "document"));
        status_overview_unref(store->last);
        store->last = store->coming;
        store->coming = NULL;
        store->taken_ms = loop_now_ms(store->app->loop);
        store->took_ms = store->taken_ms - store->begun_ms;
    }
    end_statement(store, err);
}

static void run(struct status_store *store, struct sql_query query, int params,
                const char *const *values, pg_done_fn *done)
{
    const struct pg_statement statement = {
        .name = query.name, .sql = query.text, .params = params, .values = values
    };
    struct err err = ERR_NONE;
    if (pg_query(store->pg, &statement, done, store, &err) < 0)
        end_statement(store, &err);
}

static void clients_came(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct status_store *store = ctx;
    if (!result) {
        end_statement(store, err);
        return;
    }
    take_clients(store->coming, result);
    run(store, SQL_overview_tokens, 0, NULL, tokens_came);
}

static void ask(struct status_store *store)
{
    const struct question *first = gather(store);
    const char *org_nr[] = { first->org_nr };
    store->is_running = 1;
    store->begun_ms = loop_now_ms(store->app->loop);
    if (!first->overview) {
        run(store, SQL_overview_client, 1, org_nr, client_came);
        return;
    }
    store->coming = mem_new(1, sizeof(*store->coming));
    store->coming->refs = 1;
    store->coming->taken_us = clock_now_us();
    store->coming->serial = ++store->serial;
    run(store, SQL_overview_clients, 0, NULL, clients_came);
}

static void connected(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct status_store *store = ctx;
    store->is_connecting = 0;
    if (!result) {
        fail_all(store, err);
        return;
    }
    store->failure.code = 0;
    serve(store);
}

static void start_connecting(struct status_store *store)
{
    const struct pg_options options = {
        .conninfo = store->app->settings->conninfo,
        .application_name = "saldod status page",
        .role = "saldod_daemon",
        .connect_timeout_ms = CONNECT_MS,
        .statement_timeout_ms = STATEMENT_MS,
        .lock_timeout_ms = LOCK_MS,
    };
    struct err err = ERR_NONE;
    int64_t failed_ago_ms = loop_now_ms(store->app->loop) - store->failed_ms;
    if (store->failure.code != 0 && failed_ago_ms < FAILURE_HOLDS_MS) {
        err = store->failure;
        TAILQ_CONCAT(&store->asked, &store->waiting, entry);
        store->waiting_count = 0;
        tell_asked(store, &err);
        return;
    }
    pg_free(store->pg);
    store->pg = pg_new(store->app->loop, &options, NULL, NULL, store);
    store->is_connecting = 1;
    if (pg_start(store->pg, connected, store, &err) < 0) {
        store->is_connecting = 0;
        fail_all(store, &err);
    }
}

static int is_recent(const struct status_store *store, int64_t max_age_ms)
{
    int64_t age_ms = loop_now_ms(store->app->loop) - store->taken_ms;
    return store->last && (age_ms <= max_age_ms || age_ms <= store->took_ms * QUERY_SHARE);
}

/* Whom the last picture serves waits for nothing. */
static void tell_recent(struct status_store *store)
{
    struct question *question, *next;
    for (question = TAILQ_FIRST(&store->waiting); question; question = next) {
        next = TAILQ_NEXT(question, entry);
        if (!question->overview || !is_recent(store, question->max_age_ms))
            continue;
        TAILQ_REMOVE(&store->waiting, question, entry);
        TAILQ_INSERT_TAIL(&store->asked, question, entry);
        store->waiting_count--;
    }
    tell_asked(store, NULL);
}

static void serve(void *ctx)
{
    struct status_store *store = ctx;
    if (store->is_running || store->is_connecting)
        return;
    tell_recent(store);
    if (TAILQ_EMPTY(&store->waiting))
        return;
    if (!store->pg || !pg_is_up(store->pg))
        start_connecting(store);
    else
        ask(store);
}

/* --- interface --- */

struct status_store *status_store_new(struct app *app)
{
    struct status_store *store = mem_new(1, sizeof(*store));
    store->app = app;
    store->wake = loop_timer_new(app->loop, serve, store);
    TAILQ_INIT(&store->waiting);
    TAILQ_INIT(&store->asked);
    return store;
}

static void add(struct status_store *store, struct question *question)
{
    TAILQ_INSERT_TAIL(&store->waiting, question, entry);
    store->waiting_count++;
    loop_timer_start(store->wake, 0);
}

void status_store_overview(struct status_store *store, int64_t max_age_ms, status_overview_fn *fn,
                           void *ctx)
{
    struct question *question = mem_new(1, sizeof(*question));
    question->overview = fn;
    question->ctx = ctx;
    question->max_age_ms = max_age_ms;
    add(store, question);
}

struct status_overview *status_store_last(struct status_store *store)
{
    return store->last;
}

int status_store_client(struct status_store *store, const char *org_nr, status_client_fn *fn,
                        void *ctx)
{
    if (store->waiting_count >= QUESTIONS_MAX)
        return -EAGAIN;
    struct question *question = mem_new(1, sizeof(*question));
    question->client = fn;
    question->ctx = ctx;
    (void)snprintf(question->org_nr, sizeof(question->org_nr), "%s", org_nr);
    add(store, question);
    return 0;
}

void status_store_free(struct status_store *store)
{
    struct err err = ERR_NONE;
    if (!store)
        return;
    pg_free(store->pg);
    err_set(&err, ECANCELED, "the daemon ends");
    fail_all(store, &err);
    loop_timer_free(store->wake);
    status_overview_unref(store->last);
    status_overview_unref(store->coming);
    free(store->document);
    free(store);
}
