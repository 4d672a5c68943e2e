/* What was read against what is mirrored: what differs, and which months are touched. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "daemon/stage.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum { RANGES_JSON_BYTES_MAX = 1024 * 1024 };

/* --- results of the comparison --- */

static int take_facts(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->changes = pg_result_int(result, 0, "changes", 0);
    pull->gone = pg_result_int(result, 0, "gone", 0);
    pull->doubles = pg_result_int(result, 0, "doubles", 0);
    pull->is_astray = pg_result_bool(result, 0, "is_astray");
    pull->is_all_new = pg_result_bool(result, 0, "is_all_new");
    return 0;
}

static int take_unknown(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->unknown_lists = 0;
    pull->unknown_account = 0;
    for (int i = 0; i < pg_result_rows(result); i++) {
        uint64_t bit = master_bit(pg_result_text(result, i, "resource"));
        pull->unknown_lists |= bit;
        if (bit != master_bit("account"))
            continue;
        pull->unknown_account = pg_result_int(result, i, "id", 0);
        pull->unknown_account_posting = pg_result_int(result, i, "posting_id", 0);
    }
    return 0;
}

static int take_outside(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->has_grown = 0;
    for (int i = 0; i < pg_result_rows(result); i++)
        pull->has_grown |= tree_walk_add(pull->tree, pull_read_day(result, i, "day"));
    return 0;
}

static int take_months(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    pull->sheets_count = 0;
    for (int i = 0; i < pg_result_rows(result); i++) {
        if (pull->sheets_count == PULL_MONTHS_MAX)
            return err_set(err, ERANGE, "more than %d months have changed", PULL_MONTHS_MAX);
        pull->sheets[pull->sheets_count++] = (struct pull_sheet){
            .year = (int)pg_result_int(result, i, "year", 0),
            .month = pull_read_day(result, i, "month"),
            .from_day = pull_read_day(result, i, "month_from"),
            .to_day = pull_read_day(result, i, "month_to"),
        };
    }
    return 0;
}

/* --- deciding --- */

/* A posting that left its range may have moved to one that was not due: all are asked, once. */
static int look_everywhere(struct pull *pull)
{
    const struct fiscal_horizon *horizon = &pull->horizon;
    int has_grown = 0;
    if (!pull->is_astray || pull->is_looked_everywhere)
        return 0;
    pull->is_looked_everywhere = 1;
    for (int32_t day = horizon->years[0].start_day;
         day < horizon->years[horizon->count - 1].next_day; day++)
        has_grown |= tree_walk_add(pull->tree, day);
    return has_grown;
}

/* An account may be made between the reading of the list and that of the postings, again and again.
 * Other names can wait for their interval. */
static int has_names_to_ask(const struct pull *pull)
{
    return pull->unknown_lists != 0 &&
           pull->names_asked < (pull->unknown_account != 0 ? PULL_NAMES_MAX : 1);
}

static void fail_unknown(struct pull *pull)
{
    struct err err = ERR_NONE;
    err_set(&err, ENOKEY,
            "posting %" PRId64 " is on the account with id %" PRId64 ", which is not in "
            "Tripletex's list of accounts, asked for %d times",
            pull->unknown_account_posting, pull->unknown_account, pull->names_asked);
    pull_fail_unknown_account(pull, &err);
}

void pull_decide(struct pull *pull)
{
    pull->is_compared = 1;
    if (has_names_to_ask(pull)) {
        pull_step(pull, PULL_EVENT_UNKNOWN);
    } else if (pull->unknown_account != 0) {
        fail_unknown(pull);
    } else if (pull->has_grown || pull->doubles > 0 || look_everywhere(pull)) {
        /* A posting that was read in two ranges moved between the readings: the next round tells
         * where it is. */
        pull_step(pull, PULL_EVENT_GREW);
    } else if (pull->lost_ids) {
        pull_step(pull, PULL_EVENT_LOST);
    } else if (pull_is_doubted(pull)) {
        pull_step(pull, PULL_EVENT_DOUBTED);
    } else {
        pull_step(pull, PULL_EVENT_COMPARED);
    }
}

static void start_comparing(struct pull *pull)
{
    char id[24];
    AUTO_BUF struct buf ranges;
    struct err err = ERR_NONE;
    buf_init(&ranges, RANGES_JSON_BYTES_MAX);
    if (tree_append_read(pull->tree, &ranges) < 0) {
        err_set(&err, ERANGE, "the ranges read are too many to be told");
        pull_fail(pull, ANSWER_PASSING, &err);
        return;
    }
    const char *client[] = { pull_client_id(pull, id) };
    const char *json[] = { buf_text(&ranges) };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_stage_forget_diff, 0, NULL, NULL);
    batch_add_query(batch, SQL_stage_ranges, 1, json, NULL);
    batch_add_query(batch, SQL_stage_analyze, 0, NULL, NULL);
    batch_add_query(batch, SQL_stage_diff, 1, client, NULL);
    batch_add_query(batch, SQL_stage_gone_vouchers, 1, client, NULL);
    batch_add_query(batch, SQL_stage_gone_ids, 0, NULL, pull_take_lost);
    batch_add_query(batch, SQL_stage_analyze_change, 0, NULL, NULL);
    batch_add_query(batch, SQL_stage_facts, 1, client, take_facts);
    batch_add_query(batch, SQL_stage_unknown, 1, client, take_unknown);
    batch_add_query(batch, SQL_stage_outside, 0, NULL, take_outside);
    batch_add_query(batch, SQL_stage_months, 1, client, take_months);
    pull_add_guard(pull, batch, client[0]);
    pull_run(pull, batch, pull_decide);
}

static void stage_opened(void *ctx, struct pg *pg, const struct err *err)
{
    struct pull *pull = ctx;
    if (pg)
        start_comparing(pull);
    else
        pull_fail(pull, ANSWER_PASSING, err);
}

void pull_compare(struct pull *pull)
{
    if (!tree_has_read(pull->tree)) {
        pull->is_compared = 1;
        pull->sheets_count = 0;
        pull_step(pull, PULL_EVENT_COMPARED);
    } else if (stage_pg(pull->stage)) {
        start_comparing(pull);
    } else {
        stage_open(pull->stage, stage_opened, pull);
    }
}
