/* Tripletex's own balances of the months that changed, and opening balances that are due. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/fetch.h"
#include "daemon/oddity.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "daemon/stage.h"
#include "gen/sql_queries.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"
#include "lib/tripletex/resource.h"

static void ask(struct pull *pull);

/* --- which sheets --- */

static int is_first_opening_due(const struct pull *pull)
{
    return pull->opening_age_ms < 0 || pull->opening_age_ms >= pull->settings->cold_interval_ms;
}

int pull_has_sheets_due(const struct pull *pull)
{
    return pull->load < 0 &&
           (pull->is_all_openings || is_first_opening_due(pull) || pull->doubtful_count > 0);
}

int pull_is_read_again(const struct pull *pull, int year)
{
    for (int i = 0; i < pull->again_count; i++) {
        if (pull->again[i] == year)
            return 1;
    }
    return 0;
}

static int has_sheet(const struct pull *pull, int year, int32_t month)
{
    for (int i = 0; i < pull->sheets_count; i++) {
        if (pull->sheets[i].year == year && pull->sheets[i].month == month)
            return 1;
    }
    return 0;
}

static void add_sheet(struct pull *pull, const struct pull_sheet *sheet)
{
    if (pull->sheets_count < (int)ARRAY_LEN(pull->sheets) &&
        !has_sheet(pull, sheet->year, sheet->month))
        pull->sheets[pull->sheets_count++] = *sheet;
}

static void add_opening(struct pull *pull, int index, int is_asked_by_digest)
{
    const struct fiscal_year *year = &pull->horizon.years[index];
    add_sheet(pull, &(struct pull_sheet){
                        .year = year->year,
                        .from_day = year->start_day,
                        .to_day = year->next_day,
                        .is_asked_by_digest = is_asked_by_digest,
                    });
}

static void add_months(struct pull *pull, const struct fiscal_year *year)
{
    int32_t month = clock_month_start(year->start_day);
    for (; month < year->next_day; month = clock_add_months(month, 1)) {
        int32_t end = clock_add_months(month, 1);
        add_sheet(pull, &(struct pull_sheet){
                            .year = year->year,
                            .month = month,
                            .from_day = month > year->start_day ? month : year->start_day,
                            .to_day = end < year->next_day ? end : year->next_day,
                        });
    }
}

/* Of the months that changed, those of years that readers can see: a posting that moved from there
 * into the year that is loaded. */
static void keep_visible(struct pull *pull)
{
    int kept = 0;
    for (int i = 0; i < pull->sheets_count; i++) {
        if (pull->sheets[i].year != pull->horizon.years[pull->load].year)
            pull->sheets[kept++] = pull->sheets[i];
    }
    pull->sheets_count = kept;
}

/* A year that is loaded for the first time: its opening first, which also tells whether anything
 * moved in it. What moved moves the openings of later years too. */
static void plan_load(struct pull *pull)
{
    keep_visible(pull);
    int has_moved = pull->sheets_count > 0;
    add_opening(pull, pull->load, 0);
    for (int i = pull->load + 1; has_moved && i < pull->horizon.count; i++)
        add_opening(pull, i, 0);
}

static void plan_due(struct pull *pull)
{
    for (int i = 0; i < pull->horizon.count; i++) {
        int is_again = pull_is_read_again(pull, pull->horizon.years[i].year);
        if (pull->is_recheck || is_again)
            add_months(pull, &pull->horizon.years[i]);
        if (is_again)
            add_opening(pull, i, i == 0);
    }
    for (int i = 0; i < pull->doubtful_count; i++)
        add_sheet(pull, &pull->doubtful[i]);
    if (pull->is_all_openings) {
        for (int i = 0; i < pull->horizon.count; i++)
            add_opening(pull, i, i == 0);
        return;
    }
    /* What changed may have come from before the horizon, gone there, or have a part there. */
    if (is_first_opening_due(pull) || pull->changes > 0)
        add_opening(pull, 0, 1);
}

/* --- one sheet after the other --- */

static void next(struct pull *pull)
{
    pull->moves = 0;
    if (pull->sheet < pull->sheets_count)
        ask(pull);
    else
        pull_step(pull, PULL_EVENT_WEIGHED);
}

/* A list without rows means "no data" only where the saldo says so too. */
static void fail_empty(struct pull *pull)
{
    struct err err = ERR_NONE;
    err_set(&err, ENODATA,
            "zero rows with a saldo: no posting came of year %d, though Tripletex's own saldo has "
            "movement in it",
            pull->horizon.years[pull->load].year);
    err_set_remedy(&err,
                   "The token may not see the postings: give it the template \"Standardrettigheter "
                   "for regnskapsførere\" in Tripletex");
    pull_fail(pull, ANSWER_PASSING, &err);
}

static int is_load_opening(const struct pull *pull, const struct pull_sheet *sheet)
{
    return pull->load >= 0 && sheet->month == 0 &&
           sheet->year == pull->horizon.years[pull->load].year;
}

/* The list moved while it was read: what came of it is dropped, and it is asked for again. */
static void take_moved(struct pull *pull, const struct err *err)
{
    if (++pull->moves >= PULL_MOVES_MAX) {
        pull_fail(pull, ANSWER_PASSING, err);
    } else if (!stage_pg(pull->stage)) {
        ask(pull);
    } else {
        struct pg_batch *batch = batch_new(BATCH_PLAIN);
        batch_add_query(batch, SQL_stage_balance_drop, 0, NULL, NULL);
        pull_run(pull, batch, ask);
    }
}

static void taken(void *ctx, const struct err *err)
{
    struct pull *pull = ctx;
    int is_load = is_load_opening(pull, &pull->sheets[pull->sheet]);
    if (pull_was_stopped(pull))
        return;
    if (err && err->code == EAGAIN) {
        take_moved(pull, err);
        return;
    }
    if (err) {
        pull_fail(pull, ANSWER_PASSING, err);
        return;
    }
    if (is_load && pull->has_movement && !pull->has_rows) {
        fail_empty(pull);
        return;
    }
    if (is_load && pull->has_rows)
        add_months(pull, &pull->horizon.years[pull->load]);
    pull->sheet++;
    next(pull);
}

static int take_movement(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->has_movement = pg_result_bool(result, 0, "has_movement");
    pull->has_rows |= pg_result_bool(result, 0, "has_postings");
    return 0;
}

/* An account has one row in a sheet. Where it has two, what lies before the days asked for changed
 * between two pages, and moved the rows: nothing in the postings of these days tells. */
static int check_repeats(void *ctx, const struct pg_result *result, struct err *err)
{
    (void)ctx;
    int64_t repeats = pg_result_int(result, 0, "repeats", 0);
    if (repeats == 0)
        return 0;
    err_set(err, EAGAIN, "balance: %" PRId64 " account(s) came twice in one sheet", repeats);
    err_set_remedy(err, "Nothing to do: it is asked for again");
    return -EAGAIN;
}

static void take_sheet(struct pull *pull)
{
    const struct pull_sheet *sheet = &pull->sheets[pull->sheet];
    char month[CLOCK_DATE_BYTES], from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES], year[16], id[24];
    (void)snprintf(year, sizeof(year), "%d", sheet->year);
    const char *values[] = { year, clock_format_date(sheet->month, month),
                             clock_format_date(sheet->from_day, from),
                             clock_format_date(sheet->to_day, to) };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_stage_balance_repeats, 0, NULL, check_repeats);
    if (sheet->month != 0) {
        batch_add_query(batch, SQL_stage_saldo_take, 2, values, NULL);
        batch_add_query(batch, SQL_stage_month_add, 4, values, NULL);
    } else {
        batch_add_query(batch, SQL_stage_opening_take, 1, values, NULL);
        batch_add_query(batch, SQL_stage_opening_year_add, 1, values, NULL);
    }
    if (is_load_opening(pull, sheet)) {
        const char *of_client[] = { year, pull_client_id(pull, id) };
        batch_add_query(batch, SQL_stage_opening_moves, 2, of_client, take_movement);
    }
    pull_run_batch(pull, batch, taken);
}

static void stage_opened_for_taking(void *ctx, struct pg *pg, const struct err *err)
{
    struct pull *pull = ctx;
    if (pg)
        take_sheet(pull);
    else
        pull_fail(pull, ANSWER_PASSING, err);
}

static void note_first_opening(struct pull *pull, const char *digest, int64_t sent_us)
{
    (void)snprintf(pull->opening_seen, sizeof(pull->opening_seen), "%s", digest ? digest : "");
    pull->opening_sent_us = sent_us;
    pull->is_first_opening_read = 1;
}

static void fetched(void *ctx, const struct fetch_result *result)
{
    struct pull *pull = ctx;
    const struct pull_sheet *sheet = &pull->sheets[pull->sheet];
    struct err err = result->err ? *result->err : ERR_NONE;
    pull->fetch = NULL;
    oddity_tell(pull->app, pull->client, &RESOURCE_BALANCE, result);
    if (result->end == FETCH_SAME) {
        note_first_opening(pull, pull->opening_digest, result->sent_us);
        pull->sheet++;
        next(pull);
    } else if (result->end == FETCH_READ) {
        if (sheet->is_asked_by_digest)
            note_first_opening(pull, result->digest, result->sent_us);
        if (stage_pg(pull->stage))
            take_sheet(pull);
        else
            stage_open(pull->stage, stage_opened_for_taking, pull);
    } else if (result->end == FETCH_MOVED) {
        take_moved(pull, &err);
    } else {
        pull_fail(pull, result->class, &err);
    }
}

static void stage_opened(void *ctx, struct pg *pg, const struct err *err)
{
    struct pull *pull = ctx;
    fetch_give_stage(pull->fetch, pg, err);
}

static void want_stage(void *ctx, struct fetch *fetch)
{
    struct pull *pull = ctx;
    if (stage_pg(pull->stage))
        fetch_give_stage(fetch, stage_pg(pull->stage), NULL);
    else
        stage_open(pull->stage, stage_opened, pull);
}

static void ask(struct pull *pull)
{
    const struct pull_sheet *sheet = &pull->sheets[pull->sheet];
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    /* An account with an opening balance and no movement must be there as well, whatever the API
     * takes it for. */
    AUTO_FREE char *filter = mem_printf(
        "dateFrom=%s&dateTo=%s%s", clock_format_date(sheet->from_day, from),
        clock_format_date(sheet->to_day, to),
        sheet->month == 0 ? "&includeActiveAccountsWithoutMovements=true" : "");
    pull->requests++;
    pull->fetch = fetch_start(
        pull->app,
        &(struct fetch_options){
            .token = pull->client->token->token,
            .company = pull->client->company_id,
            .resource = &RESOURCE_BALANCE,
            .filter = filter,
            .asks_digest = !pull->blind_reason,
            .digest = sheet->is_asked_by_digest && !pull->is_all_openings && !pull->blind_reason
                          ? pull->opening_digest
                          : NULL,
            .is_urgent = pull->order.is_urgent,
            .want_stage = want_stage,
            .want_ctx = pull,
        },
        fetched, pull);
}

void pull_weigh(struct pull *pull)
{
    pull->sheet = 0;
    pull->is_weighed = 1;
    pull->is_first_opening_read = 0;
    if (pull->load >= 0)
        plan_load(pull);
    else
        plan_due(pull);
    if (!stage_pg(pull->stage)) {
        next(pull); /* nothing is staged yet */
        return;
    }
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_stage_month_forget, 0, NULL, NULL);
    pull_run(pull, batch, next);
}
