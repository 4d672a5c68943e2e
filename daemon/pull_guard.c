/* The vanish guard: whether what is gone from the lists was deleted in Tripletex, left the horizon
 * or is merely hidden from us, and what is held back until that is clear. */
#include <errno.h>
#include <inttypes.h>

#include "daemon/app.h"
#include "daemon/ask.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "daemon/stage.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/json/list.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    HANDFUL_POSTINGS = 20, /* so few may vanish without a question */
    PROBE_BODY_BYTES_MAX = 1024 * 1024,
    TRACE_BODY_BYTES_MAX = 4 * 1024 * 1024,
    PROBE_TRIES = 3, /* pulls in a row whose question gets no answer, before that counts as one */
};

/* --- what vanishes --- */

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
    return 0;
}

static int take_probes(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    pull->probes_count = pull->probes_asked = 0;
    for (int i = 0; i < pg_result_rows(result) && i < PULL_PROBES_MAX; i++)
        pull->probes[pull->probes_count++] = (struct range){ pull_read_day(result, i, "day_from"),
                                                             pull_read_day(result, i, "day_to") };
    return 0;
}

void pull_add_guard(struct pull *pull, struct pg_batch *batch, const char *client_id)
{
    (void)pull;
    batch_add_query(batch, SQL_stage_vanish, 1, &client_id, take_vanish);
    batch_add_query(batch, SQL_stage_probes, 1, &client_id, take_probes);
}

int pull_is_doubted(const struct pull *pull)
{
    return pull->vanished_postings > HANDFUL_POSTINGS;
}

static int pass_over(void *ctx, const struct json_value *values, struct err *err)
{
    (void)ctx;
    (void)values;
    (void)err;
    return 0;
}

/* A page of some gateway is no answer. Numbers and texts that jansson refuses are. */
int pull_check_list(const char *body, size_t len, struct err *err)
{
    static const struct json_column COLUMNS[] = { { .path = "id", .type = JSON_ID } };
    struct json_list_head head;
    struct json_list *list = json_list_new(COLUMNS, (int)ARRAY_LEN(COLUMNS), pass_over, NULL);
    int ret = json_list_feed(list, body, len, err);
    if (ret == 0)
        ret = json_list_finish(list, &head, err);
    json_list_free(list);
    return ret;
}

/* --- vouchers that left the horizon --- */

int pull_take_lost(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    free(pull->lost_ids);
    pull->lost_ids = NULL;
    if (pg_result_rows(result) > 0)
        pull->lost_ids = mem_strdup(pg_result_text(result, 0, "ids"));
    return 0;
}

static void forget_lost(struct pull *pull)
{
    free(pull->lost_ids);
    pull->lost_ids = NULL;
}

static void marked(struct pull *pull)
{
    pull_step(pull, PULL_EVENT_TRACED);
}

static void mark_moved(struct pull *pull, const struct token_answer *answer)
{
    char id[24], from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    const struct fiscal_horizon *horizon = &pull->horizon;
    AUTO_FREE char *body = mem_printf("%.*s", (int)answer->body_len, answer->body);
    const char *values[] = { body, clock_format_date(horizon->years[0].start_day, from),
                             clock_format_date(horizon->years[horizon->count - 1].next_day, to) };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_stage_gone_moved, (int)ARRAY_LEN(values), values, NULL);
    batch_add_query(batch, SQL_stage_gone_ids, 0, NULL, pull_take_lost);
    pull_add_guard(pull, batch, pull_client_id(pull, id));
    pull_run(pull, batch, marked);
}

static void traced(void *ctx, const struct token_answer *answer)
{
    struct pull *pull = ctx;
    pull->ask = NULL;
    forget_lost(pull);
    switch (answer->class) {
    case ANSWER_OK:
        mark_moved(pull, answer);
        return;
    case ANSWER_FORBIDDEN:
    case ANSWER_REFUSED:
    case ANSWER_GONE:
    case ANSWER_TOO_LARGE:
        pull_step(pull, PULL_EVENT_TRACED); /* they count as vanished, and the guard looks on */
        return;
    case ANSWER_PASSING:
        if (pull->client->failures < PROBE_TRIES - 1)
            break;
        pull_step(pull, PULL_EVENT_TRACED);
        return;
    case ANSWER_SAME:
    case ANSWER_UNAUTHORIZED:
    case ANSWER_OVER_BUDGET:
        break;
    }
    pull_fail(pull, answer->class, answer->err ? answer->err : &ERR_NONE);
}

/* A voucher whose postings are dated before the horizon now is in no list that is read any more. */
void pull_trace(struct pull *pull)
{
    AUTO_FREE char *query = mem_printf(
        "id=%s&dateFrom=1900-01-01&dateTo=2200-01-01&from=0&count=1000&fields=id,postings(date)",
        pull->lost_ids);
    pull->requests++;
    pull->ask = ask_start(pull->app, pull->client->token->token,
                          &(struct token_request){
                              .company = pull->client->company_id,
                              .path = "/ledger/voucher",
                              .query = query,
                              .resource = "voucher",
                              .is_urgent = pull->order.is_urgent,
                              .max_body_bytes = TRACE_BODY_BYTES_MAX,
                          },
                          pull_check_list, traced, pull);
}

/* --- holding back --- */

static int take_detail(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    free(pull->held_detail);
    pull->held_detail = mem_strdup(pg_result_text(result, 0, "detail"));
    return 0;
}

static void held(struct pull *pull)
{
    pull->end = PULL_HELD;
    pull_step(pull, PULL_EVENT_ENDED);
}

/* What is held back is kept row by row, so that a confirmation means these and no others. */
static void hold(struct pull *pull, const char *why)
{
    char id[24];
    const char *client[] = { pull_client_id(pull, id) };
    const char *described[] = { id, why };
    struct pg_batch *batch = batch_new(BATCH_TRANSACTION);
    batch_add_query(batch, SQL_client_lock, 1, client, NULL);
    batch_add_query(batch, SQL_held_save, 1, client, NULL);
    batch_add_query(batch, SQL_held_describe, 2, described, take_detail);
    pull_run(pull, batch, held);
}

void pull_hold_hidden(struct pull *pull)
{
    err_set(&pull->err, ESTALE,
            "%" PRId64 " postings vanished from the list, but Tripletex's own saldo still counts "
            "them",
            pull->gone);
    err_set_remedy(&pull->err,
                   "A module was switched off or the token lost an entitlement (salary, for "
                   "instance): switch it on again in Tripletex, and the client goes on by itself. "
                   "If they are really gone: SELECT bureau.confirm_vanish('%s')",
                   pull->client->org_nr);
    hold(pull, "hidden");
}

static void hold_refused(struct pull *pull, const struct err *answer)
{
    err_set(&pull->err, ESTALE,
            "%" PRId64 " postings of %" PRId64 " vouchers vanished, and it cannot be seen whether "
            "they were deleted: %s",
            pull->vanished_postings, pull->vanished_vouchers, answer ? answer->text : "no answer");
    err_set_remedy(&pull->err,
                   "The token may not see all vouchers (salary, for instance): restore its "
                   "entitlements in Tripletex, and the client goes on by itself. If they are "
                   "really gone: SELECT bureau.confirm_vanish('%s')",
                   pull->client->org_nr);
    err_set_request_id(&pull->err, answer ? answer->request_id : NULL);
    hold(pull, "refused");
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

static void probe_next(struct pull *pull);

/* Too long a list says nothing of entitlements: its halves are asked, down to a day. */
static void split_probe(struct pull *pull)
{
    struct range *top = &pull->probes[pull->probes_count - 1];
    int32_t middle = top->from_day + (top->to_day - top->from_day) / 2;
    if (middle == top->from_day || pull->probes_count == PULL_PROBES_MAX) {
        pull->probes_count--;
        return;
    }
    pull->probes[pull->probes_count++] = (struct range){ middle, top->to_day };
    top->to_day = middle;
}

static void probed(void *ctx, const struct token_answer *answer)
{
    struct pull *pull = ctx;
    pull->ask = NULL;
    switch (answer->class) {
    case ANSWER_OK:
        pull->probes_count--;
        probe_next(pull);
        return;
    case ANSWER_TOO_LARGE:
        split_probe(pull);
        probe_next(pull);
        return;
    case ANSWER_FORBIDDEN:
    case ANSWER_REFUSED:
    case ANSWER_GONE:
        hold_refused(pull, answer->err);
        return;
    case ANSWER_PASSING:
        if (pull->client->failures >= PROBE_TRIES - 1) {
            hold_refused(pull, answer->err);
            return;
        }
        break;
    case ANSWER_SAME:
    case ANSWER_UNAUTHORIZED:
    case ANSWER_OVER_BUDGET:
        break;
    }
    pull_fail(pull, answer->class, answer->err ? answer->err : &ERR_NONE);
}

static void probe_next(struct pull *pull)
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    if (pull->probes_count == 0 || pull->probes_asked == PULL_PROBES_MAX) {
        if (pull->is_over_limit)
            hold_mass(pull);
        else
            pull_step(pull, PULL_EVENT_PROBED);
        return;
    }
    const struct range *range = &pull->probes[pull->probes_count - 1];
    AUTO_FREE char *query = mem_printf("dateFrom=%s&dateTo=%s&from=0&count=1",
                                       clock_format_date(range->from_day, from),
                                       clock_format_date(range->to_day, to));
    pull->requests++;
    pull->probes_asked++;
    pull->ask = ask_start(pull->app, pull->client->token->token,
                          &(struct token_request){
                              .company = pull->client->company_id,
                              .path = "/ledger/postingByDate",
                              .query = query,
                              .resource = "postingByDate",
                              .is_urgent = pull->order.is_urgent,
                              .max_body_bytes = PROBE_BODY_BYTES_MAX,
                          },
                          pull_check_list, probed, pull);
}

void pull_probe(struct pull *pull)
{
    probe_next(pull);
}
