/* Pulls clients now. What another daemon owns is handed over as an order and followed. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/app.h"
#include "daemon/command.h"
#include "daemon/config_rows.h"
#include "daemon/listener.h"
#include "daemon/owner.h"
#include "daemon/pool.h"
#include "daemon/pull.h"
#include "daemon/registry.h"
#include "daemon/schedule.h"
#include "daemon/settings.h"
#include "gen/sql_queries.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    FOLLOW_EVERY_MS = 300,
    SHOW_EVERY_MS = 200,
    DATABASE_MAX_MS = 30000, /* a command in the foreground does not wait for ever */
};

struct wish {
    struct pull_run *run;
    char *org_nr;
    int64_t order_id; /* of what another daemon does; 0 = done here */
    int64_t changes;  /* of the pulls so far */
    int requests;
    int is_done, is_failed;
    struct loop_timer *follow;
};

struct pull_run {
    struct app app;
    const struct command_args *args;
    struct wish *wishes;
    int count, left;
    int is_applied, is_collected, is_begun, exit_status;
    struct loop_timer *show, *patience;
};

/* --- telling --- */

static void clear_progress(void)
{
    if (isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r\033[K");
}

static void stop_now(void *ctx)
{
    struct pull_run *run = ctx;
    loop_stop(run->app.loop);
}

/* What the pulls left is stored first: an order that is done, a session that was made. */
static void finish(void *ctx)
{
    struct pull_run *run = ctx;
    pool_close(run->app.pool, stop_now, run);
    loop_timer_start(run->patience, DATABASE_MAX_MS);
}

static void wish_end(struct wish *wish, int is_failed, const char *text, const char *remedy)
{
    struct pull_run *run = wish->run;
    if (wish->is_done)
        return;
    clear_progress();
    (void)fprintf(is_failed ? stderr : stdout, "%s: %s%s%s\n", wish->org_nr, text,
                  remedy && *remedy ? ". " : "", remedy ? remedy : "");
    (void)fflush(stdout);
    wish->is_done = 1;
    wish->is_failed = is_failed;
    if (is_failed)
        run->exit_status = COMMAND_FAILED;
    if (--run->left == 0)
        loop_defer(run->app.loop, finish, run);
}

static void show_progress(void *ctx)
{
    struct pull_run *run = ctx;
    for (int i = 0; i < run->count; i++) {
        const struct client *client = registry_find_org_nr(run->app.registry,
                                                           run->wishes[i].org_nr);
        int year = 0;
        const char *phase = client ? schedule_phase(client, &year) : NULL;
        if (!phase)
            continue;
        clear_progress();
        (void)fprintf(stderr, "%d of %d done; %s: %s", run->count - run->left, run->count,
                      run->wishes[i].org_nr, phase);
        if (year)
            (void)fprintf(stderr, ", year %d", year);
        (void)fflush(stderr);
        break;
    }
    loop_timer_start(run->show, SHOW_EVERY_MS);
}

/* --- here --- */

static struct wish *find_wish(struct pull_run *run, const char *org_nr)
{
    for (int i = 0; i < run->count; i++) {
        if (strcmp(run->wishes[i].org_nr, org_nr) == 0)
            return &run->wishes[i];
    }
    return NULL;
}

static void pull_ended(void *ctx, struct client *client, const struct pull_result *result)
{
    struct wish *wish = find_wish(ctx, client->org_nr);
    if (!wish || !result)
        return;
    wish->changes += result->changes;
    wish->requests += result->requests;
    if (result->end == PULL_MORE)
        return;
    if (result->end == PULL_UP_TO_DATE) {
        AUTO_FREE char *text = mem_printf("up to date, %" PRId64 " postings changed, %d requests",
                                          wish->changes, wish->requests);
        wish_end(wish, 0, text, NULL);
        return;
    }
    wish_end(wish, 1, result->err ? result->err->text : "failed",
             result->err ? result->err->remedy : NULL);
}

/* --- by the daemon that owns the token --- */

static int take_order(void *ctx, const struct pg_result *result, struct err *err)
{
    struct wish *wish = ctx;
    (void)err;
    wish->order_id = pg_result_int(result, 0, "order_id", 0);
    return 0;
}

static int take_follow(void *ctx, const struct pg_result *result, struct err *err)
{
    struct wish *wish = ctx;
    (void)err;
    if (pg_result_rows(result) == 0) {
        wish_end(wish, 1, "the client is no longer registered", NULL);
    } else if (pg_result_bool(result, 0, "is_done")) {
        const char *outcome = pg_result_text(result, 0, "outcome");
        int is_failed = !outcome || strcmp(outcome, "done") != 0;
        wish_end(wish, is_failed,
                 is_failed ? (outcome ? outcome : "failed") : "up to date (by the running daemon)",
                 is_failed ? "See: saldod status" : NULL);
    } else if (isatty(STDERR_FILENO)) {
        (void)fprintf(stderr, "\r\033[K%s: %s, %s of %s years (by the running daemon)",
                      wish->org_nr, pg_result_text(result, 0, "state"),
                      pg_result_text(result, 0, "complete_years"),
                      pg_result_text(result, 0, "years"));
        (void)fflush(stderr);
    }
    return 0;
}

static void followed(void *ctx, const struct err *err)
{
    struct wish *wish = ctx;
    if (err)
        wish_end(wish, 1, err->text, err->remedy);
    if (!wish->is_done)
        loop_timer_start(wish->follow, FOLLOW_EVERY_MS);
}

static void follow(void *ctx)
{
    struct wish *wish = ctx;
    AUTO_FREE char *id = mem_printf("%" PRId64, wish->order_id);
    const char *values[] = { id };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_pull_order_follow, 1, values, take_follow);
    pool_run(wish->run->app.pool, batch, followed, wish);
}

static void hand_over(struct wish *wish)
{
    const char *values[] = { wish->org_nr };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    wish->follow = loop_timer_new(wish->run->app.loop, follow, wish);
    batch_add_query(batch, SQL_pull_order, 1, values, take_order);
    pool_run(wish->run->app.pool, batch, followed, wish);
}

/* --- beginning --- */

static void begin_wish(struct pull_run *run, struct wish *wish)
{
    static const struct pull_order ORDER = { .is_urgent = 1 };
    struct client *client = registry_find_org_nr(run->app.registry, wish->org_nr);
    if (!client)
        wish_end(wish, 1, "no such client is registered", "See: saldod status");
    else if (!client->is_enabled)
        wish_end(wish, 1, "the client is disabled",
                 "Enable it in bureau.client or in the configuration");
    else if (!client->token || !client->token->token)
        wish_end(wish, 1, client->token ? client->token->fault : "it has no employee token",
                 client->token ? client->token->remedy : NULL);
    else if (client->token->is_owned)
        schedule_order(run->app.schedule, client, 0, &ORDER);
    else
        hand_over(wish);
}

static void add_wish(struct pull_run *run, const char *org_nr)
{
    if (find_wish(run, org_nr))
        return;
    run->wishes = mem_grow(run->wishes, (size_t)run->count + 1, sizeof(*run->wishes));
    run->wishes[run->count++] = (struct wish){ .run = run, .org_nr = mem_strdup(org_nr) };
}

static void collect_wishes(struct pull_run *run)
{
    const struct client *client;
    for (int i = 0; i < run->args->operands_count; i++)
        add_wish(run, run->args->operands[i]);
    if (run->args->operands_count == 0) {
        TAILQ_FOREACH(client, registry_clients(run->app.registry), entry)
        {
            if (client->is_enabled)
                add_wish(run, client->org_nr);
        }
    }
    run->left = run->count;
    for (int i = 0; i < run->count; i++) {
        const struct client *wanted = registry_find_org_nr(run->app.registry,
                                                           run->wishes[i].org_nr);
        if (wanted && wanted->token)
            wanted->token->is_wanted = 1;
    }
}

static void begin(void *ctx)
{
    struct pull_run *run = ctx;
    if (run->count == 0) {
        (void)printf("no client is registered\n");
        loop_stop(run->app.loop);
    }
    for (int i = 0; i < run->count; i++)
        begin_wish(run, &run->wishes[i]);
    if (isatty(STDERR_FILENO))
        loop_timer_start(run->show, SHOW_EVERY_MS);
}

static void fail(struct pull_run *run, const char *text, const char *remedy)
{
    clear_progress();
    (void)fprintf(stderr, "saldod: %s%s%s\n", text, remedy && *remedy ? ". " : "",
                  remedy ? remedy : "");
    run->exit_status = COMMAND_FAILED;
    loop_stop(run->app.loop);
}

/* What the configuration brought is in the register now: it is read once more. */
static void rows_applied(void *ctx, int faults)
{
    struct pull_run *run = ctx;
    if (faults > 0)
        run->exit_status = COMMAND_FAILED;
    run->is_applied = 1;
    listener_read_registry(run->app.listener);
}

static void listener_event(void *ctx, enum listener_event event, const struct err *err)
{
    struct pull_run *run = ctx;
    if (event == LISTENER_READY) {
        loop_timer_stop(run->patience);
        config_rows_apply(&run->app, rows_applied, run);
    } else if (event != LISTENER_UPDATED) {
        fail(run, err->text, err->remedy);
    } else if (run->is_applied && !run->is_collected) {
        run->is_collected = 1;
        collect_wishes(run);
        listener_read_registry(run->app.listener); /* and now their tokens are taken */
    } else if (run->is_collected && !run->is_begun) {
        run->is_begun = 1;
        loop_defer(run->app.loop, begin, run);
    }
}

static void patience_ended(void *ctx)
{
    fail(ctx, "the database did not answer in time", "See that PostgreSQL runs");
}

static void interrupted(void *ctx, int signal_number)
{
    (void)signal_number;
    fail(ctx, "interrupted; what was published stays", NULL);
}

static void release(struct pull_run *run)
{
    for (int i = 0; i < run->count; i++) {
        loop_timer_free(run->wishes[i].follow);
        free(run->wishes[i].org_nr);
    }
    free(run->wishes);
    loop_timer_free(run->show);
    loop_timer_free(run->patience);
    app_release(&run->app);
}

int command_pull(const struct command_args *args)
{
    struct pull_run run = { .args = args };
    int ret = app_init(&run.app, args->config_file);
    if (ret < 0) {
        app_release(&run.app);
        return ret == -EINVAL ? COMMAND_WRONG_CONFIGURATION : COMMAND_FAILED;
    }
    if (run.app.settings->log_level == LOG_LEVEL_INFO)
        log_set_level(run.app.log, LOG_LEVEL_ERROR); /* outcomes are told on the terminal */
    schedule_set_manual(run.app.schedule);
    owner_set_command(run.app.owner);
    schedule_watch(run.app.schedule, pull_ended, &run);
    run.show = loop_timer_new(run.app.loop, show_progress, &run);
    run.patience = loop_timer_new(run.app.loop, patience_ended, &run);
    loop_timer_start(run.patience, DATABASE_MAX_MS);
    run.app.listener = listener_new(&run.app, listener_event, &run);
    if (loop_on_signal(run.app.loop, SIGINT, interrupted, &run) < 0 ||
        loop_on_signal(run.app.loop, SIGTERM, interrupted, &run) < 0)
        run.exit_status = COMMAND_FAILED;
    listener_start(run.app.listener);
    if (loop_run(run.app.loop) < 0)
        run.exit_status = COMMAND_FAILED;
    release(&run);
    return run.exit_status;
}
