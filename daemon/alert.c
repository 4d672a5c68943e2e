#include "daemon/alert.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "daemon/app.h"
#include "daemon/listener.h"
#include "daemon/pool.h"
#include "daemon/settings.h"
#include "gen/sql_queries.h"
#include "lib/base/child.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    LOOK_LEAST_MS = 5000,
    LOOK_MOST_MS = 30000,
    LOOK_SHARE = 20, /* at most one part in so many of the time is spent on looking */
    RUNS_MAX = 4,
    COMMAND_MS = 30000,
};

/* One run of the command. */
struct alert_run {
    struct alert *alert;
    struct child *child;
    char *client_id, *kind, *began_at;
    int is_over;
    LIST_ENTRY(alert_run) entry;
};

struct alert {
    struct app *app;
    struct loop_timer *tick;
    LIST_HEAD(, alert_run) runs;
    int running, is_looking, is_ending;
    int64_t begun_ms;
};

static void look_in(struct alert *alert, int64_t wait_ms)
{
    if (!alert->is_ending)
        loop_timer_start(alert->tick, wait_ms);
}

/* --- the command --- */

static void run_free(struct alert_run *run)
{
    LIST_REMOVE(run, entry);
    run->alert->running--;
    child_free(run->child);
    free(run->client_id);
    free(run->kind);
    free(run->began_at);
    free(run);
}

static void stored(void *ctx, const struct err *err)
{
    struct app *app = ctx;
    if (err)
        log_warning(app->log, NULL, "That somebody was told of an alert could not be stored: %s",
                    err->text);
}

static void store(const struct alert_run *run, int is_told)
{
    const char *values[] = { run->client_id, run->kind, run->began_at,
                             run->is_over ? "true" : "false", is_told ? "true" : "false" };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_alert_told, 5, values, NULL);
    pool_run(run->alert->app->pool, batch, stored, run->alert->app);
}

static void run_failed(const struct alert_run *run, const struct err *err)
{
    char why[ERR_FULL_BYTES];
    log_error(run->alert->app->log, NULL, "An alert (%s) reached nobody, it is tried again: %s",
              run->kind, err_full(err, why));
}

static void run_ended(void *ctx, const struct err *err)
{
    struct alert_run *run = ctx;
    struct alert *alert = run->alert;
    run->child = NULL;
    if (err)
        run_failed(run, err);
    store(run, err == NULL);
    run_free(run);
    if (!alert->is_looking)
        look_in(alert, err ? LOOK_LEAST_MS : 0);
}

/* The command and its words, taken apart at blanks: no shell reads them. */
static int split_command(char *command, const char *words[CHILD_WORDS_MAX + 1])
{
    int count = 0;
    char *rest = command, *word;
    while ((word = strsep(&rest, " \t")) && count < CHILD_WORDS_MAX) {
        if (*word)
            words[count++] = word;
    }
    words[count] = NULL;
    return count;
}

static void start_run(struct alert *alert, const struct pg_result *result, int row)
{
    const char *words[CHILD_WORDS_MAX + 1];
    struct err err = ERR_NONE;
    AUTO_FREE char *command = mem_strdup(alert->app->settings->alert_command);
    if (!command || split_command(command, words) == 0)
        return;
    struct alert_run *run = mem_new(1, sizeof(*run));
    run->alert = alert;
    run->client_id = mem_strdup(pg_result_text(result, row, "client_id"));
    run->kind = mem_strdup(pg_result_text(result, row, "kind"));
    run->began_at = mem_strdup(pg_result_text(result, row, "began_at"));
    run->is_over = pg_result_bool(result, row, "is_over");
    LIST_INSERT_HEAD(&alert->runs, run, entry);
    alert->running++;
    const struct child_options options = { .words = words,
                                           .input = pg_result_text(result, row, "document"),
                                           .timeout_ms = COMMAND_MS };
    run->child = child_start(alert->app->loop, &options, run_ended, run, &err);
    if (run->child)
        return;
    run_failed(run, &err);
    store(run, 0);
    run_free(run);
}

static int take_claimed(void *ctx, const struct pg_result *result, struct err *err)
{
    struct alert *alert = ctx;
    (void)err;
    for (int i = 0; i < pg_result_rows(result); i++)
        start_run(alert, result, i);
    return 0;
}

/* --- looking --- */

/* What took long may have waited for others; however long, nobody stays untold for it. */
static int64_t look_wait_ms(int64_t took_ms)
{
    int64_t wait_ms = took_ms * LOOK_SHARE;
    if (wait_ms < LOOK_LEAST_MS)
        return LOOK_LEAST_MS;
    return wait_ms < LOOK_MOST_MS ? wait_ms : LOOK_MOST_MS;
}

static void looked(void *ctx, const struct err *err)
{
    struct alert *alert = ctx;
    int64_t took_ms = loop_now_ms(alert->app->loop) - alert->begun_ms;
    alert->is_looking = 0;
    if (err)
        log_warning(alert->app->log, NULL,
                    "Alerts could not be looked for, which is tried again in some seconds: %s",
                    err->text);
    look_in(alert, err ? LOOK_LEAST_MS : look_wait_ms(took_ms));
}

static void look(void *ctx)
{
    struct alert *alert = ctx;
    const struct settings *settings = alert->app->settings;
    if (!listener_is_ready(alert->app->listener)) {
        loop_timer_start(alert->tick, LOOK_LEAST_MS);
        return;
    }
    AUTO_FREE char *after = mem_printf("%" PRId64, settings->alert_after_ms);
    AUTO_FREE char *interval = mem_printf("%" PRId64, settings->pull_interval_ms);
    AUTO_FREE char *heard = mem_printf("%" PRId64, settings->webhook_poll_interval_ms);
    AUTO_FREE char *most = mem_printf("%d", RUNS_MAX - alert->running);
    const char *afters[] = { after, interval, heard }, *mosts[] = { most };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_alert_look, 3, afters, NULL);
    if (settings->alert_command && alert->running < RUNS_MAX)
        batch_add_query(batch, SQL_alert_claim, 1, mosts, take_claimed);
    alert->is_looking = 1;
    alert->begun_ms = loop_now_ms(alert->app->loop);
    pool_run(alert->app->pool, batch, looked, alert);
}

struct alert *alert_new(struct app *app)
{
    struct alert *alert = mem_new(1, sizeof(*alert));
    alert->app = app;
    alert->tick = loop_timer_new(app->loop, look, alert);
    LIST_INIT(&alert->runs);
    loop_timer_start(alert->tick, LOOK_LEAST_MS);
    return alert;
}

void alert_end(struct alert *alert)
{
    alert->is_ending = 1;
    loop_timer_stop(alert->tick);
}

void alert_free(struct alert *alert)
{
    struct alert_run *run;
    if (!alert)
        return;
    while ((run = LIST_FIRST(&alert->runs)))
        run_free(run);
    loop_timer_free(alert->tick);
    free(alert);
}
