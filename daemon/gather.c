#include "daemon/gather.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/fetch.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/settings.h"
#include "daemon/stage.h"
#include "gen/sql_queries.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"
#include "lib/tripletex/resource.h"

enum {
    GATHER_PARTS_MAX = 50, /* as the statements parts_NAME limit themselves */
    GATHER_REQUESTS_MAX = 1000,
    GATHER_FAILURES_MAX = 3,
    GATHER_MOVES_MAX = 5,
    GATHER_MOVES_WITH_DIGEST = 2,
    GATHER_HANDFUL = 5, /* so many rows may vanish at once without a word */
    GATHER_RETRY_MS = 60000,
    GATHER_GO_ON_MS = 1, /* with the next pull */
    GATHER_LIMIT_MS = 10000,
};

/* One list, or a part of one, that is due. */
struct gather_part {
    char *variant, *filter, *digest, *state;
    int64_t rows; /* mirrored of it */
    int can_split;
};

struct gather {
    struct app *app;
    const struct client *client;
    struct stage *stage;
    const struct settings *settings;
    struct gather_order order;
    gather_done_fn *done;
    void *ctx;
    struct loop_timer *next;  /* the next step, from the loop */
    struct loop_timer *limit; /* the ledger is not to wait for these lists */
    int64_t begun_ms, asked_ms;
    int64_t turn_ms;  /* after so long the ledger is asked again before the next list is */
    int64_t limit_ms; /* so long at most, whatever the list in hand does */
    int is_late, is_cancelled;

    const struct resource *resource; /* in hand; its name NULL = all are done */
    struct gather_part parts[GATHER_PARTS_MAX];
    int parts_count, part;

    struct fetch *fetch, *waiting; /* waiting: for the stage */
    int moves;                     /* of the part in hand */
    int is_staged, is_in_database, is_merged, is_dead;
    int64_t rows, sent_us;
    char digest[256];
    int requests, failures;
};

static void ask(struct gather *gather);

/* --- life --- */

static void forget_parts(struct gather *gather)
{
    for (int i = 0; i < gather->parts_count; i++) {
        free(gather->parts[i].variant);
        free(gather->parts[i].filter);
        free(gather->parts[i].digest);
        free(gather->parts[i].state);
    }
    gather->parts_count = 0;
    gather->part = 0;
}

static void gather_free(struct gather *gather)
{
    forget_parts(gather);
    loop_timer_free(gather->next);
    loop_timer_free(gather->limit);
    free(gather);
}

static void finish(struct gather *gather, int64_t retry_in_ms)
{
    gather_done_fn *done = gather->done;
    void *ctx = gather->ctx;
    int from = gather->resource->name ? (int)(gather->resource - RESOURCE_EXTRAS) : 0;
    gather_free(gather);
    done(ctx, retry_in_ms, from);
}

/* The first list from there on that the settings want; its name is NULL where there is none. */
static const struct resource *find_chosen(const struct gather *gather,
                                          const struct resource *resource)
{
    while (resource->name && !settings_has_resource(gather->settings, resource->name))
        resource++;
    return resource;
}

static struct gather_part *part_in_hand(struct gather *gather)
{
    return &gather->parts[gather->part];
}

static void next_part(struct gather *gather)
{
    gather->part++;
    gather->moves = 0;
    loop_timer_start(gather->next, 0);
}

/* What the database has against it is nobody's fault of the list. */
static void give_up(struct gather *gather, const struct err *err)
{
    const struct log_subject subject = { .client = gather->client->org_nr,
                                         .resource = gather->resource->name };
    char why[ERR_FULL_BYTES];
    if (err && !gather->is_dead)
        log_warning(gather->app->log, &subject,
                    "The lists beyond the ledger are left for a minute: %s", err_full(err, why));
    finish(gather, GATHER_RETRY_MS);
}

/* --- which parts are due --- */

static int take_parts(void *ctx, const struct pg_result *result, struct err *err)
{
    struct gather *gather = ctx;
    (void)err;
    for (int i = 0; i < pg_result_rows(result) && i < GATHER_PARTS_MAX; i++)
        gather->parts[gather->parts_count++] = (struct gather_part){
            .variant = mem_strdup(pg_result_text(result, i, "variant")),
            .filter = mem_strdup(pg_result_text(result, i, "filter")),
            .digest = mem_strdup(pg_result_text(result, i, "digest")),
            .state = mem_strdup(pg_result_text(result, i, "state")),
            .rows = pg_result_int(result, i, "row_count", 0),
            .can_split = pg_result_bool(result, i, "can_split"),
        };
    return 0;
}

static void parts_found(void *ctx, const struct err *err)
{
    struct gather *gather = ctx;
    gather->is_in_database = 0;
    if (err || gather->is_dead) {
        give_up(gather, err);
        return;
    }
    if (gather->parts_count == 0)
        gather->resource++;
    loop_timer_start(gather->next, 0);
}

/* Where all is asked, due is what was asked before this began. */
static void find_parts(struct gather *gather)
{
    AUTO_FREE char *client_id = mem_printf("%" PRId64, gather->client->client_id);
    AUTO_FREE char *interval = mem_printf(
        "%" PRId64, gather->order.is_all ? loop_now_ms(gather->app->loop) - gather->begun_ms
                                         : gather->settings->master_interval_ms);
    AUTO_FREE char *daily = mem_printf(
        "%" PRId64, gather->order.is_all ? loop_now_ms(gather->app->loop) - gather->begun_ms
                                         : gather->settings->recheck_interval_ms);
    const char *values[] = { client_id, interval, gather->resource->name, daily };
    const struct sql_query *parts = gather->resource->has_parts
                                        ? sql_query_find("parts", gather->resource->name)
                                        : &SQL_list_parts;
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, *parts, 4, values, take_parts);
    gather->is_in_database = 1;
    pool_run(gather->app->pool, batch, parts_found, gather);
}

/* Something was asked in each turn, so that it comes to an end however short a turn is. */
static int is_turn_over(const struct gather *gather)
{
    return gather->requests > 0 && !gather->order.is_all &&
           loop_now_ms(gather->app->loop) - gather->begun_ms >= gather->turn_ms;
}

static void next_ran(void *ctx)
{
    struct gather *gather = ctx;
    if (gather->failures >= GATHER_FAILURES_MAX || gather->requests >= GATHER_REQUESTS_MAX) {
        finish(gather, GATHER_RETRY_MS);
        return;
    }
    if (gather->is_late || is_turn_over(gather)) {
        /* A list that hangs again would hold the ledger back again. */
        int is_hanging = gather->is_late && gather->failures > 0;
        finish(gather, is_hanging ? GATHER_RETRY_MS : GATHER_GO_ON_MS);
        return;
    }
    if (gather->part < gather->parts_count) {
        ask(gather);
        return;
    }
    forget_parts(gather);
    gather->resource = find_chosen(gather, gather->resource);
    if (gather->resource->name)
        find_parts(gather);
    else
        finish(gather, gather->failures > 0 ? GATHER_RETRY_MS : 0);
}

/* --- the end of a part --- */

static void stored(void *ctx, const struct err *err)
{
    struct gather *gather = ctx;
    gather->is_in_database = 0;
    if (err || gather->is_dead)
        give_up(gather, err);
    else
        next_part(gather);
}

static int note_merged(void *ctx, const struct pg_result *result, struct err *err)
{
    struct gather *gather = ctx;
    (void)err;
    gather->is_merged = pg_result_int(result, 0, "changed", 0) > 0;
    return 0;
}

/* `is_read` 0: the list is what it was. */
static void store(struct gather *gather, int is_read)
{
    const struct gather_part *part = part_in_hand(gather);
    AUTO_FREE char *client_id = mem_printf("%" PRId64, gather->client->client_id);
    AUTO_FREE char *sent_us = mem_printf("%" PRId64, gather->sent_us);
    AUTO_FREE char *rows = mem_printf("%" PRId64, is_read ? gather->rows : part->rows);
    const char *merge[] = { client_id, part->variant };
    const char *org_nr[] = { gather->client->org_nr };
    const char *digest = is_read ? gather->digest : part->digest;
    const char *read[] = { client_id,     gather->resource->name,
                           part->variant, digest && *digest ? digest : NULL,
                           sent_us,       rows };
    struct pg_batch *batch = batch_new(BATCH_TRANSACTION);
    struct err err = ERR_NONE;
    gather->is_merged = 0;
    batch_add_query(batch, SQL_client_lock, 1, merge, NULL);
    if (is_read) {
        batch_add_query(batch, *sql_query_find("merge", gather->resource->name), 2, merge,
                        note_merged);
        batch_add_query(batch, SQL_publish_notify, 1, org_nr, NULL);
        batch_only_if(batch, &gather->is_merged);
    }
    batch_add_query(batch, SQL_list_read, 6, read, NULL);
    gather->is_in_database = 1;
    if (!is_read)
        pool_run(gather->app->pool, batch, stored, gather);
    else if (batch_start(batch, stage_pg(gather->stage), stored, gather, &err) < 0)
        stored(gather, &err);
}

/* What is told once in the log stands in bureau.resource for as long as it lasts. */
static void note_fault(struct gather *gather, const char *state, const struct err *fault)
{
    const struct gather_part *part = part_in_hand(gather);
    const struct log_subject subject = { .client = gather->client->org_nr,
                                         .resource = gather->resource->name,
                                         .request_id = fault->request_id };
    AUTO_FREE char *client_id = mem_printf("%" PRId64, gather->client->client_id);
    const char *values[] = { client_id, gather->resource->name, part->variant, fault->text, state };
    char why[ERR_FULL_BYTES];
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_list_not_read, 5, values, NULL);
    if (!part->state || strcmp(part->state, state) != 0)
        log_notice(gather->app->log, &subject,
                   "A list beyond the ledger is not read, what was mirrored of it stands: %s",
                   err_full(fault, why));
    gather->is_in_database = 1;
    pool_run(gather->app->pool, batch, stored, gather);
}

/* --- the stage --- */

static void stage_ready(void *ctx, struct pg *pg, const struct err *err)
{
    struct gather *gather = ctx;
    struct fetch *fetch = gather->waiting;
    if (gather->is_cancelled)
        return; /* who waited for it is gone */
    gather->waiting = NULL;
    gather->is_staged = pg != NULL;
    if (fetch) {
        fetch_give_stage(fetch, pg, err);
        return;
    }
    gather->is_in_database = 0;
    if (pg && !gather->is_dead)
        store(gather, 1);
    else
        give_up(gather, err);
}

static void stage_opened(void *ctx, struct pg *pg, const struct err *err)
{
    struct gather *gather = ctx;
    if (pg)
        stage_prepare(gather->stage, gather->resource, stage_ready, gather);
    else
        stage_ready(ctx, NULL, err);
}

static void prepare_stage(struct gather *gather)
{
    if (stage_pg(gather->stage))
        stage_prepare(gather->stage, gather->resource, stage_ready, gather);
    else
        stage_open(gather->stage, stage_opened, gather);
}

static void want_stage(void *ctx, struct fetch *fetch)
{
    struct gather *gather = ctx;
    gather->waiting = fetch;
    if (gather->is_staged)
        stage_ready(gather, stage_pg(gather->stage), NULL);
    else
        prepare_stage(gather);
}

/* --- answers --- */

/* An empty list after many rows is rather a module that was switched off, or an access withdrawn,
 * than the end of all of them. */
static int has_run_dry(struct gather *gather)
{
    return gather->rows == 0 && part_in_hand(gather)->rows > GATHER_HANDFUL &&
           !gather->resource->may_run_dry && !gather->order.is_all;
}

static void hold(struct gather *gather)
{
    struct err err = ERR_NONE;
    err_set(&err, ESTALE, "%s: the list is empty, although it had %" PRId64 " rows: those are kept",
            gather->resource->path, part_in_hand(gather)->rows);
    err_set_remedy(&err,
                   "Have access and modules restored in Tripletex, or, if they are really gone: "
                   "SELECT bureau.resync('%s')",
                   gather->client->org_nr);
    note_fault(gather, "held", &err);
}

static void take_read(struct gather *gather, const struct fetch_result *result)
{
    gather->rows = result->rows;
    gather->sent_us = result->sent_us;
    (void)snprintf(gather->digest, sizeof(gather->digest), "%s", result->digest);
    if (has_run_dry(gather)) {
        hold(gather);
    } else if (gather->is_staged) {
        store(gather, 1);
    } else {
        gather->is_in_database = 1; /* an empty list has no stage yet; the merge needs one */
        prepare_stage(gather);
    }
}

static void take_failure(struct gather *gather, const struct fetch_result *result)
{
    struct err err = result->err ? *result->err : ERR_NONE;
    if (result->end == FETCH_MOVED && ++gather->moves < GATHER_MOVES_MAX) {
        ask(gather);
    } else if (result->end == FETCH_TOO_LARGE && part_in_hand(gather)->can_split) {
        note_fault(gather, "split", &err);
    } else if (result->class == ANSWER_FORBIDDEN || result->class == ANSWER_GONE ||
               result->class == ANSWER_REFUSED || result->class == ANSWER_TOO_LARGE) {
        note_fault(gather, "refused", &err);
    } else {
        gather->failures += result->class == ANSWER_UNAUTHORIZED ? GATHER_FAILURES_MAX : 1;
        note_fault(gather, "failing", &err);
    }
}

static void fetched(void *ctx, const struct fetch_result *result)
{
    struct gather *gather = ctx;
    gather->fetch = NULL;
    if (result->end == FETCH_READ) {
        take_read(gather, result);
    } else if (result->end == FETCH_SAME) {
        gather->sent_us = result->sent_us;
        store(gather, 0);
    } else {
        take_failure(gather, result);
    }
}

static void ask(struct gather *gather)
{
    const struct resource *resource = gather->resource;
    const struct gather_part *part = part_in_hand(gather);
    const char *const filters[] = { resource->filter, part->filter };
    AUTO_FREE char *filter = fetch_join_filters(filters, ARRAY_LEN(filters));
    int is_trusted = !gather->order.is_all && !gather->order.is_blind;
    gather->requests++;
    gather->asked_ms = loop_now_ms(gather->app->loop);
    gather->is_staged = 0;
    gather->fetch = fetch_start(gather->app,
                                &(struct fetch_options){
                                    .token = gather->client->token->token,
                                    .company = gather->client->company_id,
                                    .resource = resource,
                                    .part = part->variant,
                                    .filter = filter,
                                    .asks_digest = gather->moves < GATHER_MOVES_WITH_DIGEST,
                                    .digest = is_trusted ? part->digest : NULL,
                                    .want_stage = want_stage,
                                    .want_ctx = gather,
                                },
                                fetched, gather);
}

/* Time is up. What was asked long ago has failed; what was asked just now is asked again. */
static void limit_came(void *ctx)
{
    struct gather *gather = ctx;
    int64_t waited_ms = loop_now_ms(gather->app->loop) - gather->asked_ms;
    struct err err = ERR_NONE;
    gather->is_late = 1;
    if (!gather->fetch)
        return; /* the step under way is the last */
    fetch_cancel(gather->fetch);
    gather->fetch = NULL;
    gather->waiting = NULL;
    gather->is_cancelled = 1;
    if (waited_ms < gather->limit_ms / 2) {
        finish(gather, GATHER_GO_ON_MS);
        return;
    }
    gather->failures++;
    err_set(&err, ETIMEDOUT, "%s: no answer within %" PRId64 " s", gather->resource->path,
            waited_ms / 1000);
    note_fault(gather, "failing", &err);
}

struct gather *gather_start(struct app *app, const struct client *client, struct stage *stage,
                            const struct settings *settings, const struct gather_order *order,
                            gather_done_fn *done, void *ctx)
{
    struct gather *gather = mem_new(1, sizeof(*gather));
    gather->app = app;
    gather->client = client;
    gather->stage = stage;
    gather->settings = settings;
    gather->order = *order;
    gather->done = done;
    gather->ctx = ctx;
    gather->begun_ms = loop_now_ms(app->loop);
    gather->resource = find_chosen(gather, &RESOURCE_EXTRAS[order->from]);
    if (!gather->resource->name) /* the settings have changed since */
        gather->resource = find_chosen(gather, RESOURCE_EXTRAS);
    if (!gather->resource->name) {
        free(gather);
        return NULL;
    }
    gather->next = loop_timer_new(app->loop, next_ran, gather);
    gather->limit = loop_timer_new(app->loop, limit_came, gather);
    gather->turn_ms = client->pull_interval_ms > 0 ? client->pull_interval_ms
                                                   : settings->pull_interval_ms;
    gather->limit_ms = gather->turn_ms > GATHER_LIMIT_MS ? gather->turn_ms : GATHER_LIMIT_MS;
    loop_timer_start(gather->next, 0);
    loop_timer_start(gather->limit, gather->limit_ms);
    return gather;
}

int gather_cancel(struct gather *gather)
{
    if (gather->is_in_database) {
        gather->is_dead = 1;
        return -EBUSY;
    }
    if (gather->fetch)
        fetch_cancel(gather->fetch);
    gather_free(gather);
    return 0;
}
