#include "daemon/schedule_outcome.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/event.h"
#include "daemon/metrics.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/settings.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"

enum {
    RETRY_FIRST_MS = 1000,
    RETRY_EARLY_MAX_MS = 30000, /* during the first 10 minutes */
    RETRY_EARLY_MS = 10 * 60 * 1000,
    RETRY_LATE_MAX_MS = 10 * 60 * 1000,
    RETRY_NO_ACCESS_FIRST_MS = 15000,
    REST_SPREAD = 8,       /* the eighth part of a rest more, so that none comes before its end */
    SLOT_STEP_PERCENT = 4, /* of an interval, by which one pull may come early */
};

/* Doubles with every failure, up to a limit that is wider once it has lasted. */
static int64_t backoff_ms(int64_t first_ms, int failures, int64_t failing_ms)
{
    int64_t limit_ms = failing_ms < RETRY_EARLY_MS ? RETRY_EARLY_MAX_MS : RETRY_LATE_MAX_MS;
    int64_t wait_ms = first_ms;
    for (int i = 1; i < failures && wait_ms < limit_ms; i++)
        wait_ms *= 2;
    return wait_ms < limit_ms ? wait_ms : limit_ms;
}

/* Until the token's session has rested, however often the client has tried; 0 where it does not
 * rest. No request is made meanwhile. */
static int64_t session_wait_ms(const struct client *client)
{
    struct token_report report;
    if (!client->token)
        return 0;
    token_describe(client->token->token, &report);
    if (!report.is_refused || report.rest_ms == 0)
        return 0;
    return report.rest_ms + report.rest_ms / REST_SPREAD + RETRY_FIRST_MS;
}

int64_t schedule_outcome_slot_ms(const struct app *app, const struct client *client, int64_t now_ms,
                                 int64_t wait_ms)
{
    int64_t interval_ms = client_interval_ms(client, app->settings);
    int64_t step_ms = interval_ms * SLOT_STEP_PERCENT / 100;
    /* Any function that spreads neighbours: the golden ratio does. */
    uint64_t place = (uint64_t)client->client_id * UINT64_C(0x9E3779B97F4A7C15) >> 32;
    int64_t slot_ms = (int64_t)(place * (uint64_t)interval_ms >> 32);
    int64_t past_ms = (now_ms + wait_ms - slot_ms) % interval_ms;
    if (wait_ms <= step_ms)
        return wait_ms;
    if (past_ms < 0)
        past_ms += interval_ms;
    return wait_ms - (past_ms < step_ms ? past_ms : step_ms);
}

int64_t schedule_outcome_wait_ms(const struct app *app, const struct client *client,
                                 const struct pull_result *result, int64_t failing_ms)
{
    switch (result->end) {
    case PULL_MORE:
    case PULL_STOPPED:
        return 0;
    case PULL_UP_TO_DATE:
        return result->next_in_ms > 0 ? result->next_in_ms : 0;
    case PULL_HELD:
        return client_interval_ms(client, app->settings);
    case PULL_NO_ACCESS:
        return backoff_ms(RETRY_NO_ACCESS_FIRST_MS, client->failures, failing_ms);
    case PULL_FAILED:
        break;
    }
    int64_t rest_ms = result->class == ANSWER_UNAUTHORIZED ? session_wait_ms(client) : 0;
    return rest_ms > 0 ? rest_ms : backoff_ms(RETRY_FIRST_MS, client->failures, failing_ms);
}

const char *schedule_outcome_text(const struct pull_result *result)
{
    static const char *const TEXTS[] = {
        [PULL_UP_TO_DATE] = "done",     [PULL_MORE] = "loading",  [PULL_HELD] = "held",
        [PULL_NO_ACCESS] = "no access", [PULL_FAILED] = "failed", [PULL_STOPPED] = "stopped",
    };
    return result->err && result->end == PULL_FAILED ? result->err->text : TEXTS[result->end];
}

static void stored(void *ctx, const struct err *err)
{
    struct app *app = ctx;
    if (err)
        log_warning(app->log, NULL, "The outcome of a pull could not be stored: %s", err->text);
}

static void store_failure(struct app *app, const struct client *client,
                          const struct pull_result *result, const char *id, const char *wait)
{
    const char *is_refused = result->class == ANSWER_UNAUTHORIZED ? "true" : "false";
    AUTO_FREE char *epoch = mem_printf("%" PRId64, client->token->epoch);
    const char *values[] = { id,
                             result->err->text,
                             result->err->remedy,
                             result->err->request_id,
                             is_refused,
                             wait,
                             client->token->id,
                             epoch };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_client_failed, 8, values, NULL);
    pool_run(app->pool, batch, stored, app);
}

static void store_no_access(struct app *app, const struct client *client,
                            const struct pull_result *result, const char *id, const char *wait)
{
    AUTO_FREE char *epoch = mem_printf("%" PRId64, client->token->epoch);
    const char *values[] = { id,
                             result->err->text,
                             result->err->remedy,
                             result->err->request_id,
                             wait,
                             client->token->id,
                             epoch };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_client_no_access, 7, values, NULL);
    pool_run(app->pool, batch, stored, app);
}

static void store_held(struct app *app, const struct client *client,
                       const struct pull_result *result, const char *id, const char *wait)
{
    AUTO_FREE char *epoch = mem_printf("%" PRId64, client->token->epoch);
    const char *values[] = {
        id,   result->err->text, result->err->remedy, result->held_detail, wait, client->token->id,
        epoch
    };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_client_held, 7, values, NULL);
    pool_run(app->pool, batch, stored, app);
}

/* Told at the first failure and then whenever it has doubled: the state says the rest. */
static int is_worth_a_line(const struct client *client)
{
    return (client->failures & (client->failures - 1)) == 0;
}

static const char *event_of(const struct pull_result *result)
{
    static const char *const EVENTS[] = {
        [PULL_HELD] = EVENT_HELD,
        [PULL_NO_ACCESS] = EVENT_NO_ACCESS,
        [PULL_FAILED] = EVENT_PULL_FAILED,
    };
    return (size_t)result->end < ARRAY_LEN(EVENTS) ? EVENTS[result->end] : NULL;
}

/* Held back or out of reach: told once, and again when the reason is another one, which names the
 * size. A pull that failed meanwhile does not end it. */
static int is_amiss_anew(struct client *client, const struct pull_result *result)
{
    if (result->end == PULL_FAILED || result->end == PULL_STOPPED)
        return 0;
    int is_amiss = result->end == PULL_HELD || result->end == PULL_NO_ACCESS;
    const char *why = is_amiss ? result->err->text : NULL;
    if (why && client->told && strcmp(client->told, why) == 0)
        return 0;
    free(client->told);
    client->told = mem_strdup(why);
    return why != NULL;
}

static void log_outcome(struct app *app, struct client *client, const struct pull_result *result)
{
    const struct log_subject subject = { .client = client->org_nr,
                                         .bureau = client->bureau,
                                         .request_id = result->err ? result->err->request_id : NULL,
                                         .message_id = event_of(result) };
    char why[ERR_FULL_BYTES] = "";
    int is_new = is_amiss_anew(client, result);
    if (result->err)
        err_full(result->err, why);
    switch (result->end) {
    case PULL_UP_TO_DATE:
    case PULL_MORE:
    case PULL_STOPPED:
        log_debug(app->log, &subject, "%s with %d requests, %" PRId64 " postings changed",
                  result->end == PULL_MORE ? "A year is complete" : "Up to date", result->requests,
                  result->changes);
        return;
    case PULL_HELD:
        if (is_new)
            log_error(app->log, &subject, "Held back: %s", why);
        return;
    case PULL_NO_ACCESS:
        if (is_new)
            log_error(app->log, &subject, "No access: %s", why);
        return;
    case PULL_FAILED:
        if (is_worth_a_line(client))
            log_warning(app->log, &subject, "A pull failed, what is mirrored stands: %s", why);
        return;
    }
}

void schedule_outcome_store(struct app *app, struct client *client,
                            const struct pull_result *result, int64_t wait_ms)
{
    struct err unknown = ERR_NONE;
    struct pull_result told = *result;
    AUTO_FREE char *id = mem_printf("%" PRId64, client->client_id);
    AUTO_FREE char *wait = mem_printf("%" PRId64, wait_ms);
    if (!told.err &&
        (told.end == PULL_FAILED || told.end == PULL_HELD || told.end == PULL_NO_ACCESS)) {
        err_set(&unknown, 1, "the pull failed without saying why");
        told.err = &unknown;
    }
    log_outcome(app, client, &told);
    if (!client->token)
        return;
    if (told.end == PULL_FAILED)
        store_failure(app, client, &told, id, wait);
    else if (told.end == PULL_NO_ACCESS)
        store_no_access(app, client, &told, id, wait);
    else if (told.end == PULL_HELD)
        store_held(app, client, &told, id, wait);
}

/* --- history --- */

static const struct outcome_name {
    enum metrics_outcome counted;
    const char *kept;
} OUTCOME_NAMES[] = {
    [PULL_UP_TO_DATE] = { METRICS_PULL_DONE, "done" },
    [PULL_MORE] = { METRICS_PULL_LOADED, "loaded" },
    [PULL_HELD] = { METRICS_PULL_HELD, "held" },
    [PULL_NO_ACCESS] = { METRICS_PULL_NO_ACCESS, "no_access" },
    [PULL_FAILED] = { METRICS_PULL_FAILED, "failed" },
    [PULL_STOPPED] = { METRICS_PULL_STOPPED, NULL },
};

static void keep(struct app *app, const struct client *client, const struct pull_result *result,
                 int64_t duration_ms)
{
    AUTO_FREE char *id = mem_printf("%" PRId64, client->client_id);
    AUTO_FREE char *duration = mem_printf("%" PRId64, duration_ms);
    AUTO_FREE char *requests = mem_printf("%d", result->requests);
    AUTO_FREE char *changes = mem_printf("%" PRId64, result->changes);
    const char *values[] = { id,
                             duration,
                             OUTCOME_NAMES[result->end].kept,
                             requests,
                             changes,
                             result->err ? result->err->text : NULL,
                             result->err ? result->err->request_id : NULL };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_history_save, 7, values, NULL);
    pool_run(app->pool, batch, stored, app);
}

void schedule_outcome_note(struct app *app, const struct client *client,
                           const struct pull_result *result, int64_t duration_ms)
{
    int is_quiet = result->end == PULL_STOPPED ||
                   (result->end == PULL_UP_TO_DATE && result->changes == 0);
    metrics_pull(app->metrics, OUTCOME_NAMES[result->end].counted, duration_ms);
    if (result->end == PULL_UP_TO_DATE || result->end == PULL_MORE)
        metrics_rows(app->metrics, result->changes - result->gone, result->gone);
    if (!is_quiet)
        keep(app, client, result, duration_ms);
}

void schedule_outcome_orders(struct app *app, const int64_t *orders, int count, const char *outcome)
{
    AUTO_BUF struct buf ids;
    buf_init(&ids, 4096);
    if (count == 0)
        return;
    int ret = buf_append_byte(&ids, '{');
    for (int i = 0; ret == 0 && i < count; i++)
        ret = buf_printf(&ids, "%s%" PRId64, i > 0 ? "," : "", orders[i]);
    if (ret < 0 || buf_append_byte(&ids, '}') < 0)
        return;
    const char *values[] = { buf_text(&ids), outcome };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_order_done, 2, values, NULL);
    pool_run(app->pool, batch, stored, app);
}
