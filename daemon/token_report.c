#include "daemon/token_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"

enum {
    REPORT_EVERY_MS = 10000,
    REPORT_TOGETHER = 20, /* tokens in one transaction, three statements each */
    REPORT_AT_ONCE = 100,
};

static void saved(void *ctx, const struct err *err)
{
    struct app *app = ctx;
    if (err)
        log_debug(app->log, NULL, "The state of a token could not be stored: %s", err->text);
}

static const char *state_name(const struct token_entry *entry, const struct token_report *report)
{
    if (!entry->token)
        return "unreadable";
    if (report->is_refused)
        return "refused";
    return report->session_expires_us != 0 ? "ready" : "new";
}

static char *whole(int64_t value)
{
    return value < 0 ? NULL : mem_printf("%" PRId64, value);
}

/* Clients that are not due for a while are told at once, too. `values` are those of the state. */
static void mark_clients(struct pg_batch *batch, const char *const *values)
{
    const char *state = values[3];
    int is_refused = strcmp(state, "refused") == 0 || strcmp(state, "unreadable") == 0;
    const char *marks[] = { values[1], values[2], is_refused ? "true" : "false",
                            values[4], values[5], values[6] };
    if (is_refused || strcmp(state, "ready") == 0)
        batch_add_query(batch, SQL_token_clients_mark, 6, marks, NULL);
}

static void add_save(struct pg_batch *batch, const struct token_entry *entry,
                     const struct token_report *report, int is_new_state)
{
    char expires[CLOCK_MOMENT_BYTES];
    const struct err *failure = report->failure;
    AUTO_FREE char *bureau_id = entry->bureau_id ? whole(entry->bureau_id) : NULL;
    AUTO_FREE char *client_id = entry->client_id ? whole(entry->client_id) : NULL;
    AUTO_FREE char *limit = whole(report->limit);
    AUTO_FREE char *remaining = whole(report->remaining);
    AUTO_FREE char *reset = whole(report->budget_reset_in_ms);
    const char *values[] = {
        entry->id,
        bureau_id,
        client_id,
        state_name(entry, report),
        failure ? failure->text : entry->fault,
        failure ? failure->remedy : entry->remedy,
        failure && *failure->request_id ? failure->request_id : NULL,
        limit,
        remaining,
        reset,
        report->session_expires_us ? clock_format_moment(report->session_expires_us, expires)
                                   : NULL,
    };
    const char *holder[] = { bureau_id, client_id, entry->id };
    batch_add_query(batch, SQL_token_state_clear, 3, holder, NULL);
    batch_add_query(batch, SQL_token_state_save, 11, values, NULL);
    if (is_new_state)
        mark_clients(batch, values);
}

/* Whether the database is to be told, which is noted as done. */
static int is_news(struct token_entry *entry, const struct token_report *report, int64_t now_ms,
                   int *ret_is_new_state)
{
    const char *state = state_name(entry, report);
    int is_new_state = strcmp(entry->reported, state) != 0;
    int is_time = entry->token && report->remaining != entry->reported_remaining &&
                  now_ms - entry->reported_ms >= REPORT_EVERY_MS;
    *ret_is_new_state = is_new_state;
    if (!is_new_state && !is_time)
        return 0;
    (void)snprintf(entry->reported, sizeof(entry->reported), "%s", state);
    entry->reported_remaining = report->remaining;
    entry->reported_ms = now_ms;
    return 1;
}

/* Owned tokens, and those that nobody can use; a few in one transaction. */
void token_report_save_all(struct app *app)
{
    struct token_entry *entry;
    struct pg_batch *batch = NULL;
    int count = 0;
    int64_t now_ms = loop_now_ms(app->loop);
    TAILQ_FOREACH(entry, registry_tokens(app->registry), entry)
    {
        struct token_report report = { .limit = -1, .remaining = -1 };
        if (count == REPORT_AT_ONCE)
            break; /* the others at the next heartbeat: pulls need the database too */
        if (entry->token && !entry->is_owned)
            continue;
        if (entry->token)
            token_describe(entry->token, &report);
        int is_new_state = 0;
        if (!is_news(entry, &report, now_ms, &is_new_state))
            continue;
        if (!batch)
            batch = batch_new(BATCH_TRANSACTION);
        add_save(batch, entry, &report, is_new_state);
        if (++count % REPORT_TOGETHER == 0) {
            pool_run(app->pool, batch, saved, app);
            batch = NULL;
        }
    }
    if (batch)
        pool_run(app->pool, batch, saved, app);
}
