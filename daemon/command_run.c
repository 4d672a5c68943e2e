/* The daemon: signals, readiness, reload and a clean end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "daemon/alert.h"
#include "daemon/app.h"
#include "daemon/command.h"
#include "daemon/config_rows.h"
#include "daemon/event.h"
#include "daemon/health.h"
#include "daemon/listener.h"
#include "daemon/owner.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/registry_secret.h"
#include "daemon/schedule.h"
#include "daemon/service.h"
#include "daemon/settings.h"
#include "daemon/status.h"
#include "gen/sql_queries.h"
#include "daemon/webhook.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    STATUS_EVERY_MS = 1000, /* at least; a hundred times what it took to ask, where that is more */
    START_EXTENSION_MS = 60000,
    DRAIN_MAX_MS = 20000,          /* of the 30 s of TimeoutStopSec */
    STALL_MAX_MS = 30 * 60 * 1000, /* the schedule ends a pull that does not move before that */
};

/* The subject of a line that is about the whole daemon. */
#define EVENT(id) ((const struct log_subject){ .message_id = (id) })

struct run {
    struct app app;
    struct health health;
    struct status *page;
    struct alert *alert;
    struct loop_timer *status, *watchdog, *drain;
    int64_t status_asked_ms;
    int is_ready, is_reloading, is_ending, exit_status;
    struct settings *coming; /* of a reload under way */
    int is_key_change_told;
    int is_reload_asked;       /* once more, while one is under way */
    char told[ERR_TEXT_BYTES]; /* the last failure that was logged: a lasting one is told once */
};

/* --- status line and watchdog --- */

/* The service manager hears what /readyz says. */
static void tell_health(struct run *run, enum health_state state, const char *why)
{
    char line[HEALTH_LINE_BYTES];
    health_set(&run->health, state, why);
    health_describe(&run->health, &run->app, line);
    service_status(line);
}

static int take_status(void *ctx, const struct pg_result *result, struct err *err)
{
    const struct run *run = ctx;
    (void)err;
    if (health_is_ready(&run->health)) /* not meanwhile away, or ending */
        service_status(pg_result_text(result, 0, "line"));
    return 0;
}

/* A failure is the listener's to tell. */
static void status_asked(void *ctx, const struct err *err)
{
    const struct run *run = ctx;
    int64_t seldom_ms = 100 * (loop_now_ms(run->app.loop) - run->status_asked_ms);
    (void)err;
    loop_timer_start(run->status, seldom_ms < STATUS_EVERY_MS ? STATUS_EVERY_MS : seldom_ms);
}

/* While all is well, the states of the clients, which only the database knows. */
static void status_due(void *ctx)
{
    struct run *run = ctx;
    char line[HEALTH_LINE_BYTES];
    if (!run->is_ready)
        service_extend_start(START_EXTENSION_MS);
    if (health_is_ready(&run->health) && service_is_there()) {
        struct pg_batch *batch = batch_new(BATCH_PLAIN);
        batch_add_query(batch, SQL_status_line, 0, NULL, take_status);
        run->status_asked_ms = loop_now_ms(run->app.loop);
        pool_run(run->app.pool, batch, status_asked, run);
        return;
    }
    health_describe(&run->health, &run->app, line);
    service_status(line);
    loop_timer_start(run->status, STATUS_EVERY_MS);
}

/* Fed only while the schedule makes progress, or has nothing to do, or waits for the database. That
 * the loop turns is shown by the timer itself. */
static void watchdog_due(void *ctx)
{
    struct run *run = ctx;
    struct schedule_report report;
    schedule_describe(run->app.schedule, &report);
    int64_t still_ms = loop_now_ms(run->app.loop) - report.progress_ms;
    if (report.running + report.waiting == 0 || still_ms < STALL_MAX_MS ||
        !listener_is_ready(run->app.listener))
        service_alive();
    loop_timer_start(run->watchdog, service_watchdog_ms() / 2);
}

/* --- the database --- */

static void reload(void *ctx);

/* Asked to reload while a reload was under way: the file may have changed since. */
static void reload_again(struct run *run)
{
    if (run->is_reload_asked && !run->is_ending)
        loop_defer(run->app.loop, reload, run);
}

static void rows_applied(void *ctx, int faults)
{
    struct run *run = ctx;
    char line[HEALTH_LINE_BYTES];
    if (run->is_ending)
        return;
    if (faults > 0)
        log_error(run->app.log, NULL,
                  "%d bureaus or clients of the configuration could not be taken over", faults);
    if (!run->is_ending && listener_is_ready(run->app.listener))
        tell_health(run, HEALTH_READY, NULL);
    health_describe(&run->health, &run->app, line);
    if (!run->is_ready || run->is_reloading)
        service_ready(line);
    if (!run->is_ready)
        log_notice(run->app.log, &EVENT(EVENT_READY), "saldod %s is ready", SALDOD_VERSION);
    if (run->is_reloading)
        log_notice(run->app.log, NULL, "The configuration was reloaded");
    run->is_ready = 1;
    run->is_reloading = 0;
    if (loop_timer_is_armed(run->status)) /* otherwise it is being asked for */
        loop_timer_start(run->status, 0);
    reload_again(run);
}

/* `saldod seal` ran beside us: told once. */
static void tell_key_change(struct run *run)
{
    int is_changed = registry_secret_is_rotated(registry_tokens(run->app.registry));
    if (is_changed && !run->is_key_change_told)
        log_error(run->app.log, NULL,
                  "Tokens were sealed under a new key (saldod seal); those in memory serve until "
                  "the end. Put the new seal key in place and restart saldod");
    run->is_key_change_told = is_changed;
}

static void listener_event(void *ctx, enum listener_event event, const struct err *err)
{
    struct run *run = ctx;
    char why[ERR_FULL_BYTES];
    if (event != LISTENER_LOST)
        tell_key_change(run);
    if (event == LISTENER_LEFT)
        loop_stop(run->app.loop);
    if (event == LISTENER_UPDATED || run->is_ending)
        return;
    if (event == LISTENER_READY) {
        if (run->is_ready)
            log_notice(run->app.log, NULL, "The database is back");
        run->told[0] = '\0';
        config_rows_apply(&run->app, rows_applied, run);
        return;
    }
    if (!run->is_ending)
        tell_health(run, run->is_ready ? HEALTH_AWAY : HEALTH_STARTING, err->text);
    if (strcmp(run->told, err->text) != 0)
        log_error(run->app.log, &EVENT(EVENT_DATABASE_LOST), "%s: %s",
                  event == LISTENER_LOST ? "The database is lost" : "The database cannot be used",
                  err_full(err, why));
    (void)snprintf(run->told, sizeof(run->told), "%s", err->text);
    if (event == LISTENER_SCHEMA_TOO_NEW) {
        run->exit_status = COMMAND_FAILED;
        loop_stop(run->app.loop);
    }
}

/* --- signals --- */

static void stop_now(void *ctx)
{
    struct run *run = ctx;
    loop_stop(run->app.loop);
}

/* The end, step by step: pulls have ended; what they left is stored; the locks are given back. Each
 * token is given back as soon as nothing of it runs, so that other daemons take over at once. */
static void settled(void *ctx)
{
    struct run *run = ctx;
    listener_leave(run->app.listener);
}

static void drained(void *ctx)
{
    struct run *run = ctx;
    pool_close(run->app.pool, settled, run);
}

static void on_end(void *ctx, int signal_number)
{
    struct run *run = ctx;
    (void)signal_number;
    if (run->is_ending) {
        log_notice(run->app.log, NULL, "Asked to end a second time: leaving at once");
        loop_stop(run->app.loop);
        return;
    }
    run->is_ending = 1;
    alert_end(run->alert);
    service_stopping();
    tell_health(run, HEALTH_ENDING, NULL);
    log_notice(run->app.log, NULL,
               "Ending: what is being published is finished, everything else is left");
    loop_timer_start(run->drain, DRAIN_MAX_MS);
    schedule_drain(run->app.schedule, drained, run);
}

/* Before the start is over, a reload says nothing: READY would end the start. */
static void tell_ready(const struct run *run, const char *status)
{
    if (run->is_ready)
        service_ready(status);
}

/* A reload is all or nothing: the settings in force change only once nothing speaks against it. */
static void refuse_reload(struct run *run)
{
    settings_unref(run->coming);
    run->coming = NULL;
    if (run->is_ending)
        return;
    log_error(
        run->app.log, &EVENT(EVENT_RELOAD_REFUSED),
        "The configuration was not reloaded, the settings stay as they were: put right what the "
        "lines before this one name, and reload again");
    tell_ready(run, "running with the earlier settings: the reload was refused");
    reload_again(run);
}

/* Pulls under way end with the settings they began with, unless those lead elsewhere by now. */
static void take_reload(struct run *run)
{
    struct settings *before = settings_ref(run->app.settings);
    app_take_settings(&run->app, run->coming);
    run->coming = NULL;
    if (strcmp(before->base_url, run->app.settings->base_url) != 0)
        owner_renew(run->app.owner);
    if (strcmp(before->conninfo, run->app.settings->conninfo) != 0) {
        pool_reconnect(run->app.pool);
        listener_reconnect(run->app.listener);
    }
    settings_unref(before);
    schedule_reset(run->app.schedule);
    status_configure(run->page);
    webhook_configure(run->app.webhook);
}

static void reload_checked(void *ctx, int faults)
{
    struct run *run = ctx;
    if (faults > 0 || run->is_ending) {
        refuse_reload(run);
        return;
    }
    take_reload(run);
    run->is_reloading = 1;
    if (listener_is_ready(run->app.listener))
        config_rows_apply(&run->app, rows_applied, run);
    /* Otherwise the database is another one, and they are applied once it is there. */
}

static void reload(void *ctx)
{
    struct run *run = ctx;
    run->is_reload_asked = 0;
    if (run->is_ready)
        service_reloading();
    if (app_read_settings(&run->app, &run->coming) < 0) {
        refuse_reload(run);
    } else if (listener_is_ready(run->app.listener)) {
        config_rows_check(&run->app, run->coming, reload_checked, run);
    } else {
        take_reload(run); /* its bureaus and clients follow once the database is back */
        tell_ready(run, "reloaded; the database is away");
    }
}

static void on_reload(void *ctx, int signal_number)
{
    struct run *run = ctx;
    (void)signal_number;
    run->is_reload_asked = 1;
    if (!run->is_ending && !run->coming && !run->is_reloading)
        reload(run);
}

static int handle_signals(struct run *run)
{
    struct loop *loop = run->app.loop;
    if (loop_on_signal(loop, SIGTERM, on_end, run) < 0 ||
        loop_on_signal(loop, SIGINT, on_end, run) < 0 ||
        loop_on_signal(loop, SIGHUP, on_reload, run) < 0)
        return -EINVAL;
    return 0;
}

static void release(struct run *run)
{
    loop_timer_free(run->status);
    loop_timer_free(run->watchdog);
    loop_timer_free(run->drain);
    settings_unref(run->coming);
    alert_free(run->alert);
    status_free(run->page);
    app_release(&run->app);
}

/* A reload that is asked for while the configuration is being read comes after it; unheld, it would
 * end the process. */
static void hold_reload(int how)
{
    sigset_t reload;
    (void)sigemptyset(&reload);
    (void)sigaddset(&reload, SIGHUP);
    (void)sigprocmask(how, &reload, NULL);
}

int command_run(const struct command_args *args)
{
    struct run run = { .exit_status = COMMAND_DONE };
    hold_reload(SIG_BLOCK);
    int ret = app_init(&run.app, args->config_file);
    if (ret < 0 || handle_signals(&run) < 0) {
        app_release(&run.app);
        return ret == -EINVAL ? COMMAND_WRONG_CONFIGURATION : COMMAND_FAILED;
    }
    hold_reload(SIG_UNBLOCK);
    run.status = loop_timer_new(run.app.loop, status_due, &run);
    run.watchdog = loop_timer_new(run.app.loop, watchdog_due, &run);
    run.drain = loop_timer_new(run.app.loop, stop_now, &run);
    run.app.listener = listener_new(&run.app, listener_event, &run);
    run.page = status_new(&run.app, &run.health);
    status_configure(run.page);
    run.alert = alert_new(&run.app);
    webhook_configure(run.app.webhook);
    listener_start(run.app.listener);
    loop_timer_start(run.status, 0);
    if (service_watchdog_ms() > 0)
        loop_timer_start(run.watchdog, 0);
    if (loop_run(run.app.loop) < 0)
        run.exit_status = COMMAND_FAILED;
    log_notice(run.app.log, NULL, "saldod has ended");
    release(&run);
    return run.exit_status;
}
