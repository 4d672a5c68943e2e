/* What was read against what is mirrored: which months are touched, and whether too much vanishes.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "daemon/stage.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    HANDFUL_POSTINGS = 20, /* so few may vanish without a question */
    RANGES_JSON_BYTES_MAX = 1024 * 1024,
    PROBE_BODY_BYTES_MAX = 1024 * 1024,
};

/* --- results of the comparison --- */

static int take_facts(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->changes = pg_result_int(result, 0, "changes", 0);
    pull->gone = pg_result_int(result, 0, "gone", 0);
    pull->doubles = pg_result_int(result, 0, "doubles", 0);
    pull->has_unknown_account = pg_result_bool(result, 0, "has_unknown_account");
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

static int is_over_limit(const struct pull *pull, int64_t vanished, int64_t postings)
{
    return vanished > HANDFUL_POSTINGS &&
           vanished * 100 > postings * pull->settings->vanish_limit_percent;
}

static int take_vanish(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->vanished_postings = pull->vanished_vouchers = 0;
    pull->is_over_limit = 0;
    for (int i = 0; i < pg_result_rows(result); i++) {
        int64_t vanished = pg_result_int(result, i, "vanished", 0);
        pull->vanished_postings += vanished;
        pull->vanished_vouchers += pg_result_int(result, i, "vouchers", 0);
        if (!is_over_limit(pull, vanished, pg_result_int(result, i, "postings", 0)))
            continue;
        pull->is_over_limit = 1;
        pull->vanish_year = (int)pg_result_int(result, i, "year", 0);
    }
    pull->has_vanished = pull->vanished_postings > 0;
    return 0;
}

/* --- holding back --- */

static void hold(struct pull *pull, const char *why)
{
    AUTO_FREE char *detail = mem_printf(
        "{\"postings\":%" PRId64 ",\"vouchers\":%" PRId64 ",\"year\":%d,\"why\":\"%s\"}",
        pull->vanished_postings, pull->vanished_vouchers, pull->vanish_year, why);
    pull_hold(pull, detail);
}

void pull_hold_hidden(struct pull *pull)
{
    err_set(&pull->err, ESTALE,
            "%" PRId64 " postings of %" PRId64 " vouchers vanished from the list, but "
            "Tripletex's own saldo still counts them",
            pull->vanished_postings, pull->vanished_vouchers);
    err_set_remedy(&pull->err,
                   "A module was switched off or the token lost an entitlement (salary, for "
                   "instance): switch it on again in Tripletex, and the client goes on by itself. "
                   "If they are really gone: SELECT bureau.confirm_vanish('%s')",
                   pull->client->org_nr);
    hold(pull, "hidden");
}

static void hold_mass(struct pull *pull)
{
    err_set(&pull->err, ESTALE,
            "%" PRId64 " postings of %" PRId64 " vouchers vanished, more than %d %% of "
            "year %d",
            pull->vanished_postings, pull->vanished_vouchers, pull->settings->vanish_limit_percent,
            pull->vanish_year);
    err_set_remedy(&pull->err,
                   "See in Tripletex whether they were really deleted. If so: "
                   "SELECT bureau.confirm_vanish('%s'). If not, restore the entitlements of the "
                   "token, and the client goes on by itself",
                   pull->client->org_nr);
    hold(pull, "mass");
}

/* --- /ledger/postingByDate fails where /ledger/posting leaves out in silence --- */

static void probed(void *ctx, const struct token_answer *answer)
{
    struct pull *pull = ctx;
    pull->call = NULL;
    if (answer->class == ANSWER_OK || answer->class == ANSWER_TOO_LARGE) {
        if (pull->is_over_limit)
            hold_mass(pull);
        else
            pull_step(pull, PULL_EVENT_PROBED);
    } else if (answer->class == ANSWER_FORBIDDEN || answer->class == ANSWER_REFUSED ||
               answer->class == ANSWER_GONE) {
        pull_hold_hidden(pull);
    } else {
        pull_fail(pull, answer->class, answer->err ? answer->err : &ERR_NONE);
    }
}

void pull_probe(struct pull *pull)
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    int32_t first = pull->sheets_count > 0 ? pull->sheets[0].from_day
                                           : pull->horizon.years[0].start_day;
    AUTO_FREE char *query = mem_printf("dateFrom=%s&dateTo=%s&from=0&count=1",
                                       clock_format_date(first, from),
                                       clock_format_date(first + 1, to));
    pull->requests++;
    pull->call = token_call_start(pull->client->token->token,
                                  &(struct token_request){
                                      .company = pull->client->company_id,
                                      .path = "/ledger/postingByDate",
                                      .query = query,
                                      .resource = "postingByDate",
                                      .max_body_bytes = PROBE_BODY_BYTES_MAX,
                                  },
                                  probed, pull);
}

/* --- deciding --- */

static void decide(struct pull *pull)
{
    int is_guarded = !pull->order.is_vanish_confirmed && pull->load < 0;
    pull->is_compared = 1;
    if (pull->has_unknown_account && !pull->is_account_asked) {
        pull_step(pull, PULL_EVENT_UNKNOWN);
    } else if (pull->has_grown || pull->doubles > 0) {
        /* A posting that was read in two ranges moved between the readings: the next round tells
         * where it is. */
        pull_step(pull, PULL_EVENT_GREW);
    } else if (is_guarded && pull->vanished_postings > HANDFUL_POSTINGS) {
        pull_step(pull, PULL_EVENT_DOUBTED);
    } else {
        pull_step(pull, PULL_EVENT_COMPARED);
    }
}

static void compared(void *ctx, const struct err *err)
{
    struct pull *pull = ctx;
    if (pull_was_stopped(pull))
        return;
    if (err)
        pull_fail(pull, ANSWER_PASSING, err);
    else
        decide(pull);
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
    batch_add_query(batch, SQL_stage_analyze_change, 0, NULL, NULL);
    batch_add_query(batch, SQL_stage_facts, 1, client, take_facts);
    batch_add_query(batch, SQL_stage_outside, 0, NULL, take_outside);
    batch_add_query(batch, SQL_stage_months, 1, client, take_months);
    batch_add_query(batch, SQL_stage_vanish, 1, client, take_vanish);
    pull_run_batch(pull, batch, compared);
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

void pull_note_oddity(struct pull *pull, const char *unknown_path, int was_nul_replaced)
{
    struct client *client = pull->client;
    const struct log_subject subject = { .client = client->org_nr, .resource = "posting" };
    if (unknown_path && *unknown_path && !client->is_oddity_told) {
        client->is_oddity_told = 1;
        log_notice(pull->app->log, &subject, "Tripletex gives a field that is not mirrored: %s",
                   unknown_path);
    }
    if (was_nul_replaced && !client->is_nul_told) {
        client->is_nul_told = 1;
        log_notice(pull->app->log, &subject,
                   "A text holds U+0000, which PostgreSQL cannot store; "
                   "it is mirrored as U+FFFD");
    }
}
