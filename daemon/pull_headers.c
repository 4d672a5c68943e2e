/* Voucher headers: they come with their postings, but a header that changes alone moves no digest
 * of postings. So the list of vouchers of each complete year has a digest of its own, asked every
 * master_interval. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/fetch.h"
#include "daemon/oddity.h"
#include "daemon/owner.h"
#include "daemon/pool.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "daemon/stage.h"
#include "gen/sql_queries.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"
#include "lib/tripletex/resource.h"

enum { HEADER_MOVES_MAX = 5, HEADER_MOVES_WITH_DIGEST = 2 };

static void next(struct pull *pull);

static const struct range *range_in_hand(const struct pull *pull)
{
    return &pull->headers[pull->headers_count - 1];
}

static void variant_of(const struct range *range, char out[PULL_VARIANT_BYTES])
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    (void)snprintf(out, PULL_VARIANT_BYTES, "%s/%s", clock_format_date(range->from_day, from),
                   clock_format_date(range->to_day, to));
}

static const struct pull_header_memory *remembered(const struct pull *pull,
                                                   const struct range *range)
{
    char variant[PULL_VARIANT_BYTES];
    variant_of(range, variant);
    for (int i = 0; i < pull->header_memory_count; i++) {
        if (strcmp(pull->header_memory[i].variant, variant) == 0)
            return &pull->header_memory[i];
    }
    return NULL;
}

void pull_remember_header(struct pull *pull, const char *variant, const char *digest,
                          int64_t age_ms)
{
    if (pull->header_memory_count == (int)ARRAY_LEN(pull->header_memory))
        return; /* asked once more than needed */
    struct pull_header_memory *memory = &pull->header_memory[pull->header_memory_count++];
    (void)snprintf(memory->variant, sizeof(memory->variant), "%s", variant);
    (void)snprintf(memory->digest, sizeof(memory->digest), "%s", digest ? digest : "");
    memory->age_ms = age_ms;
}

/* --- the end of a range --- */

static void stored(struct pull *pull)
{
    pull->headers_count--;
    pull->moves = 0;
    next(pull);
}

static int note_merged(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->is_header_changed = pg_result_int(result, 0, "changed", 0) > 0;
    return 0;
}

static void store(struct pull *pull, int is_read)
{
    char id[24], from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES], variant[PULL_VARIANT_BYTES];
    const struct range *range = range_in_hand(pull);
    AUTO_FREE char *sent_us = mem_printf("%" PRId64, pull->hand_sent_us);
    variant_of(range, variant);
    const char *merge[] = { pull_client_id(pull, id), clock_format_date(range->from_day, from),
                            clock_format_date(range->to_day, to) };
    const char *confirm[] = { id, RESOURCE_VOUCHER.name, variant,
                              *pull->hand_digest ? pull->hand_digest : NULL, sent_us };
    const char *org_nr[] = { pull->client->org_nr };
    struct pg_batch *batch = batch_new(BATCH_TRANSACTION);
    pull->is_header_changed = 0;
    batch_add_query(batch, SQL_client_lock, 1, merge, NULL);
    if (is_read)
        batch_add_query(batch, SQL_merge_voucher, 3, merge, note_merged);
    batch_add_query(batch, SQL_list_confirm, 5, confirm, NULL);
    batch_add_query(batch, SQL_publish_notify, 1, org_nr, NULL);
    batch_only_if(batch, &pull->is_header_changed);
    pull_run(pull, batch, stored);
}

/* --- the stage --- */

static void stage_ready(void *ctx, struct pg *pg, const struct err *err)
{
    struct pull *pull = ctx;
    pull->is_header_staged = pg != NULL;
    fetch_give_stage(pull->fetch, pg, err);
}

static void stage_opened(void *ctx, struct pg *pg, const struct err *err)
{
    struct pull *pull = ctx;
    if (pg)
        stage_prepare(pull->stage, &RESOURCE_VOUCHER, stage_ready, pull);
    else
        stage_ready(pull, NULL, err);
}

static void want_stage(void *ctx, struct fetch *fetch)
{
    struct pull *pull = ctx;
    (void)fetch;
    if (pull->is_header_staged)
        fetch_give_stage(pull->fetch, stage_pg(pull->stage), NULL);
    else if (stage_pg(pull->stage))
        stage_prepare(pull->stage, &RESOURCE_VOUCHER, stage_ready, pull);
    else
        stage_open(pull->stage, stage_opened, pull);
}

/* --- answers --- */

static void halve(struct pull *pull, const struct err *err)
{
    struct range halves[2];
    int32_t start = pull->horizon.years[0].start_day;
    struct err full = *err;
    if (range_split(range_in_hand(pull), &start, 1, halves) == 0 ||
        pull->headers_count == (int)ARRAY_LEN(pull->headers)) {
        pull_fail(pull, ANSWER_REFUSED, &full);
        return;
    }
    pull->headers[pull->headers_count - 1] = halves[0];
    pull->headers[pull->headers_count++] = halves[1];
    next(pull);
}

/* Headers are not worth a failed pull where the token may not list them: those of the postings
 * stand. */
static void skip(struct pull *pull, const struct err *err)
{
    const struct log_subject subject = { .client = pull->client->org_nr,
                                         .resource = "voucher",
                                         .request_id = err->request_id };
    log_warning(pull->app->log, &subject,
                "The list of vouchers cannot be read, their headers come with the "
                "postings alone: %s",
                err->text);
    pull->hand_digest[0] = '\0';
    pull->hand_sent_us = owner_database_us(pull->app->owner, clock_now_us());
    store(pull, 0);
}

static void answered(void *ctx, const struct fetch_result *result)
{
    struct pull *pull = ctx;
    struct err err = result->err ? *result->err : ERR_NONE;
    const struct pull_header_memory *memory = remembered(pull, range_in_hand(pull));
    pull->fetch = NULL;
    oddity_tell(pull->app, pull->client, &RESOURCE_VOUCHER, result);
    pull->hand_sent_us = result->sent_us;
    (void)snprintf(pull->hand_digest, sizeof(pull->hand_digest), "%s",
                   result->end == FETCH_SAME && memory ? memory->digest : result->digest);
    if (result->end == FETCH_TOO_LARGE)
        halve(pull, &err);
    else if (result->end == FETCH_SAME || (result->end == FETCH_READ && !pull->is_header_staged))
        store(pull, 0);
    else if (result->end == FETCH_READ)
        store(pull, 1);
    else if (result->end == FETCH_MOVED && ++pull->moves < HEADER_MOVES_MAX)
        next(pull); /* the same range again */
    else if (result->class == ANSWER_FORBIDDEN || result->class == ANSWER_REFUSED)
        skip(pull, &err);
    else
        pull_fail(pull, result->end == FETCH_MOVED ? ANSWER_PASSING : result->class, &err);
}

static void ask(struct pull *pull)
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    const struct range *range = range_in_hand(pull);
    const struct pull_header_memory *memory = remembered(pull, range);
    AUTO_FREE char *filter = mem_printf("dateFrom=%s&dateTo=%s",
                                        clock_format_date(range->from_day, from),
                                        clock_format_date(range->to_day, to));
    pull->requests++;
    pull->is_header_staged = 0;
    pull->fetch = fetch_start(pull->app,
                              &(struct fetch_options){
                                  .token = pull->client->token->token,
                                  .company = pull->client->company_id,
                                  .resource = &RESOURCE_VOUCHER,
                                  .filter = filter,
                                  .asks_digest = pull->moves < HEADER_MOVES_WITH_DIGEST,
                                  .digest = memory && *memory->digest ? memory->digest : NULL,
                                  .want_stage = want_stage,
                                  .want_ctx = pull,
                              },
                              answered, pull);
}

static void next(struct pull *pull)
{
    if (pull->headers_count > 0)
        ask(pull);
    else
        pull_step(pull, PULL_EVENT_HEADED);
}

/* One moment for all of them ("all"), so that a year split in parts is not told overdue for ever.
 */
static int is_due(const struct pull *pull)
{
    const struct pull_header_memory *newest = NULL;
    for (int i = 0; i < pull->header_memory_count; i++) {
        if (!newest || pull->header_memory[i].age_ms < newest->age_ms)
            newest = &pull->header_memory[i];
    }
    return !newest || newest->age_ms >= pull->settings->master_interval_ms ||
           pull->order.is_resync || pull_is_recheck_due(pull);
}

void pull_head(struct pull *pull)
{
    pull->headers_count = 0;
    pull->moves = 0;
    if (pull->load < 0 && is_due(pull)) {
        for (int i = 0; i < pull->horizon.count; i++)
            pull->headers[pull->headers_count++] = (struct range){
                pull->horizon.years[i].start_day, pull->horizon.years[i].next_day
            };
    }
    next(pull);
}
