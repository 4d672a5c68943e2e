/* What the database remembers of the client, and the horizon that follows from it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum { YEARS_JSON_BYTES_MAX = 16384 };

int32_t pull_read_day(const struct pg_result *result, int row, const char *column)
{
    int32_t day = 0;
    const char *text = pg_result_text(result, row, column);
    if (text)
        (void)!clock_parse_date(text, strlen(text), &day);
    return day;
}

static int take_begin(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    if (pg_result_rows(result) == 0)
        return err_set(err, ENOENT, "the client is no longer registered");
    pull->is_held_before = pg_result_bool(result, 0, "is_held");
    pull->begun_us = pg_result_int(result, 0, "now_us", 0);
    return 0;
}

static int take_annual_accounts(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    int rows = pg_result_rows(result);
    if (rows > (int)ARRAY_LEN(pull->known))
        return err_set(err, ERANGE, "%d annual accounts are more than can be handled", rows);
    for (int i = 0; i < rows; i++)
        pull->known[i] = (struct fiscal_year){
            .year = (int)pg_result_int(result, i, "year", 0),
            .start_day = pull_read_day(result, i, "start_date"),
            .next_day = pull_read_day(result, i, "end_date"),
        };
    pull->known_count = rows;
    return 0;
}

static int take_years(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->years_count = 0;
    for (int i = 0; i < pg_result_rows(result) && i < (int)ARRAY_LEN(pull->years); i++)
        pull->years[pull->years_count++] = (struct pull_year_memory){
            .year = (int)pg_result_int(result, i, "year", 0),
            .start_day = pull_read_day(result, i, "start_date"),
            .next_day = pull_read_day(result, i, "next_start_date"),
            .is_complete = pg_result_bool(result, i, "complete"),
        };
    return 0;
}

/* Digests of opening balances are kept beside those of the master lists. */
static void take_opening(struct pull *pull, const char *variant, const char *digest, int64_t age_ms)
{
    if (strcmp(variant, "all") == 0) {
        pull->openings_age_ms = age_ms;
    } else if (strcmp(variant, "recheck") == 0) {
        pull->recheck_age_ms = age_ms;
    } else if (strcmp(variant, "first") == 0) {
        pull->opening_age_ms = age_ms;
        free(pull->opening_digest);
        pull->opening_digest = mem_strdup(digest);
    }
}

/* Checksums that do not serve for postings are not trusted for anything else. */
static void forget_digests(struct pull *pull)
{
    master_memory_forget(&pull->lists);
    for (int i = 0; i < pull->header_memory_count; i++)
        pull->header_memory[i].digest[0] = '\0';
}

int pull_order_is_partial(const struct pull_order *order)
{
    return order->is_resync && (order->year != 0 || *order->account);
}

int pull_is_recheck_due(const struct pull *pull)
{
    return (pull->order.is_resync && !pull_order_is_partial(&pull->order)) ||
           pull->recheck_age_ms > pull->settings->recheck_interval_ms;
}

/* In the database: not used at all, or compared with those in the answers. */
#define BLIND ""
#define UNSAID "unsaid"

static void take_fault(struct pull *pull, const char *variant, const char *fault)
{
    if (strcmp(variant, UNSAID) == 0) {
        pull->was_unsaid = fault != NULL;
        return;
    }
    pull->was_blind = fault != NULL;
    pull->were_alike = fault && strcmp(fault, PULL_DIGESTS_ALIKE) == 0;
}

static int take_lists(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    master_memory_release(&pull->lists);
    pull->header_memory_count = 0;
    take_fault(pull, BLIND, NULL);
    take_fault(pull, UNSAID, NULL);
    pull->openings_age_ms = pull->recheck_age_ms = pull->opening_age_ms = -1;
    for (int i = 0; i < pg_result_rows(result); i++) {
        const char *resource = pg_result_text(result, i, "resource");
        const char *variant = pg_result_text(result, i, "variant");
        const char *digest = pg_result_text(result, i, "digest");
        int64_t age_ms = pg_result_int(result, i, "age_ms", -1);
        if (strcmp(resource, "digest") == 0)
            take_fault(pull, variant, pg_result_text(result, i, "fault"));
        else if (strcmp(resource, "opening") == 0)
            take_opening(pull, variant, digest, age_ms);
        else if (strcmp(resource, "voucher") == 0)
            pull_remember_header(pull, variant, digest, age_ms);
        else
            (void)master_memory_take(&pull->lists, resource, variant, digest, age_ms);
    }
    if (pull->was_blind || pull_is_recheck_due(pull))
        forget_digests(pull);
    return 0;
}

static void add_fault(struct pg_batch *batch, const char *client_id, const char *variant,
                      const char *fault)
{
    const char *values[] = { client_id, fault, variant };
    batch_add_query(batch, SQL_digest_fault, 3, values, NULL);
}

void pull_add_digest_faults(const struct pull *pull, struct pg_batch *batch, const char *client_id)
{
    int is_unsaid = pull->said_count == 0 && (pull->unsaid_count > 0 || pull->was_unsaid);
    const char *reason = pull->is_only_doubted ? NULL : pull->blind_reason;
    if ((reason != NULL) != pull->was_blind)
        add_fault(batch, client_id, BLIND, reason);
    if (is_unsaid != pull->was_unsaid)
        add_fault(batch, client_id, UNSAID,
                  is_unsaid ? "Tripletex never answers 304 (unchanged): the checksums in its "
                              "answers are compared"
                            : NULL);
}

static const struct fiscal_year *find_year(const struct fiscal_horizon *horizon, int year)
{
    for (int i = 0; i < horizon->count; i++) {
        if (horizon->years[i].year == year)
            return &horizon->years[i];
    }
    return NULL;
}

static int make_horizon(struct pull *pull, struct err *err)
{
    const struct fiscal_rule rule = {
        .history_years = pull->settings->history_years,
        .future_months = pull->settings->future_months,
        .today = clock_oslo_day(pull->begun_us),
        .history_from = pull->client->history_from,
    };
    return fiscal_make_horizon(pull->known, pull->known_count, &rule, &pull->horizon, err);
}

static void make_tree(struct pull *pull)
{
    int32_t starts[FISCAL_YEARS_MAX];
    const struct fiscal_horizon *horizon = &pull->horizon;
    struct range whole = { horizon->years[0].start_day,
                           horizon->years[horizon->count - 1].next_day };
    for (int i = 0; i < horizon->count; i++)
        starts[i] = horizon->years[i].start_day;
    tree_free(pull->tree);
    pull->tree = tree_new(&whole, starts, horizon->count);
}

static struct slice read_slice(const struct pg_result *result, int row)
{
    struct slice slice = slice_of_days(pull_read_day(result, row, "date_from"),
                                       pull_read_day(result, row, "date_to"));
    slice.account_from = (int32_t)pg_result_int(result, row, "account_from", 0);
    slice.account_to = (int32_t)pg_result_int(result, row, "account_to", 0);
    slice.number_from = (int32_t)pg_result_int(result, row, "number_from", 0);
    slice.number_to = (int32_t)pg_result_int(result, row, "number_to", 0);
    return slice;
}

static int take_ranges(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    int ret = make_horizon(pull, err);
    if (ret < 0)
        return ret;
    make_tree(pull);
    for (int i = 0; i < pg_result_rows(result); i++) {
        struct tree_memory memory = {
            .slice = read_slice(result, i),
            .digest = pg_result_text(result, i, "digest"),
            .rows = (int)pg_result_int(result, i, "row_count", -1),
            .is_top = pg_result_bool(result, i, "is_top"),
            .confirmed_us = pg_result_int(result, i, "confirmed_us", 0),
            .changed_us = pg_result_int(result, i, "changed_us", 0),
        };
        tree_load(pull->tree, &memory);
    }
    return 0;
}

static int take_differences(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->doubtful_count = 0;
    for (int i = 0; i < pg_result_rows(result) && i < (int)ARRAY_LEN(pull->doubtful); i++) {
        int32_t month = pull_read_day(result, i, "month"); /* 0 = the opening of the year */
        int year = (int)pg_result_int(result, i, "year", 0);
        const struct fiscal_year *fiscal = find_year(&pull->horizon, year);
        if (!fiscal)
            continue;
        int32_t end = month != 0 ? clock_add_months(month, 1) : fiscal->next_day;
        pull->doubtful[pull->doubtful_count++] = (struct pull_sheet){
            .year = year,
            .month = month,
            .from_day = month > fiscal->start_day ? month : fiscal->start_day,
            .to_day = end < fiscal->next_day ? end : fiscal->next_day,
        };
    }
    return 0;
}

static int take_again(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->again_count = 0;
    for (int i = 0; i < pg_result_rows(result) && pull->again_count < FISCAL_YEARS_MAX; i++)
        pull->again[pull->again_count++] = (int)pg_result_int(result, i, "year", 0);
    return 0;
}

static void add_again(struct pull *pull, struct pg_batch *batch, const char *id)
{
    char year[16];
    const struct pull_order *order = &pull->order;
    if (!pull_order_is_partial(order))
        return;
    (void)snprintf(year, sizeof(year), "%d", order->year);
    const char *values[] = { id, order->year ? year : NULL,
                             *order->account ? order->account : NULL };
    batch_add_query(batch, SQL_pull_again, 3, values, take_again);
}

static void remembered(struct pull *pull)
{
    pull_step(pull, PULL_EVENT_REMEMBERED);
}

void pull_remember(struct pull *pull)
{
    char id[24];
    const char *values[] = { pull_client_id(pull, id) };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_pull_begin, 1, values, take_begin);
    batch_add_query(batch, SQL_pull_annual_accounts, 1, values, take_annual_accounts);
    batch_add_query(batch, SQL_pull_years, 1, values, take_years);
    batch_add_query(batch, SQL_pull_lists, 1, values, take_lists);
    batch_add_query(batch, SQL_pull_ranges, 1, values, take_ranges);
    batch_add_query(batch, SQL_pull_differences, 1, values, take_differences);
    add_again(pull, batch, id);
    pull_run(pull, batch, remembered);
}

/* --- the horizon --- */

static int is_remembered(const struct pull *pull, const struct fiscal_year *year, int *ret_complete)
{
    for (int i = 0; i < pull->years_count; i++) {
        const struct pull_year_memory *memory = &pull->years[i];
        if (memory->year == year->year && memory->start_day == year->start_day &&
            memory->next_day == year->next_day) {
            *ret_complete = memory->is_complete;
            return 1;
        }
    }
    *ret_complete = 0;
    return 0;
}

/* The newest year that is not complete is loaded first. Returns whether the stored years are those
 * of the horizon. */
static int choose_load(struct pull *pull)
{
    int is_stored = pull->years_count == pull->horizon.count;
    pull->load = -1;
    for (int i = 0; i < pull->horizon.count; i++) {
        int is_complete = 0;
        if (!is_remembered(pull, &pull->horizon.years[i], &is_complete))
            is_stored = 0;
        if (!is_complete)
            pull->load = i;
    }
    return is_stored;
}

static int append_year(const struct fiscal_year *year, struct buf *out)
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    return buf_printf(out, "%s{\"y\":%d,\"f\":\"%s\",\"t\":\"%s\"}", out->len_bytes > 1 ? "," : "",
                      year->year, clock_format_date(year->start_day, from),
                      clock_format_date(year->next_day, to));
}

static void settled(struct pull *pull)
{
    pull_step(pull, PULL_EVENT_SETTLED);
}

void pull_settle(struct pull *pull)
{
    char id[24], from[CLOCK_DATE_BYTES];
    if (choose_load(pull)) {
        pull_step(pull, PULL_EVENT_SETTLED);
        return;
    }
    AUTO_BUF struct buf json;
    buf_init(&json, YEARS_JSON_BYTES_MAX);
    int ret = buf_append_byte(&json, '[');
    for (int i = 0; ret == 0 && i < pull->horizon.count; i++)
        ret = append_year(&pull->horizon.years[i], &json);
    if (ret < 0 || buf_append_byte(&json, ']') < 0)
        abort(); /* a bug: FISCAL_YEARS_MAX of them fit */
    const char *values[] = { pull_client_id(pull, id), buf_text(&json) };
    const char *org_nr[] = { pull->client->org_nr };
    const char *start[] = { id, clock_format_date(pull->horizon.years[0].start_day, from) };
    struct pg_batch *batch = batch_new(BATCH_TRANSACTION);
    batch_add_query(batch, SQL_client_lock, 1, values, NULL);
    batch_add_query(batch, SQL_years_save, 2, values, NULL);
    batch_add_query(batch, SQL_years_forget, 2, start, NULL);
    if (pull->years_count > 0)
        batch_add_query(batch, SQL_publish_notify, 1, org_nr, NULL);
    pull_run(pull, batch, settled);
}
