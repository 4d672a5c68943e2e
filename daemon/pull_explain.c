/* Vouchers whose mirrored postings do not sum to 0: whether the rest of them lies beyond the
 * horizon, where nothing is mirrored. Until that is known they count as differences. */
#include <stdlib.h>

#include "daemon/app.h"
#include "daemon/ask.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum { EXPLAIN_BODY_BYTES_MAX = 4 * 1024 * 1024 };

int pull_take_unexplained(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    free(pull->unexplained_ids);
    pull->unexplained_ids = NULL;
    if (pg_result_rows(result) > 0)
        pull->unexplained_ids = mem_strdup(pg_result_text(result, 0, "ids"));
    return 0;
}

/* They are asked for again where that failed: until then they count. */
static void saved(void *ctx, const struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    if (!pull_was_stopped(pull))
        pull_step(pull, PULL_EVENT_EXPLAINED);
}

static void save(struct pull *pull, const char *body)
{
    char id[24], from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    const struct fiscal_horizon *horizon = &pull->horizon;
    const char *client[] = { pull_client_id(pull, id) };
    const char *org_nr[] = { pull->client->org_nr };
    const char *values[] = { id, pull->unexplained_ids, body,
                             clock_format_date(horizon->years[0].start_day, from),
                             clock_format_date(horizon->years[horizon->count - 1].next_day, to) };
    struct pg_batch *batch = batch_new(BATCH_TRANSACTION);
    pull->is_visible = 0;
    pull_add_lock(pull, batch);
    batch_add_query(batch, SQL_explain_save, 5, values, NULL);
    batch_add_query(batch, SQL_publish_voucher_counted, 1, client, pull_note_visible);
    batch_add_query(batch, SQL_publish_differences, 1, client, pull_note_visible);
    batch_add_query(batch, SQL_publish_notify, 1, org_nr, NULL);
    batch_only_if(batch, &pull->is_visible);
    pull_run_batch(pull, batch, saved);
}

static void answered(void *ctx, const struct token_answer *answer)
{
    struct pull *pull = ctx;
    AUTO_FREE char *body = mem_printf("%.*s", (int)answer->body_len, answer->body);
    pull->ask = NULL;
    switch (answer->class) {
    case ANSWER_OK:
        save(pull, body);
        return;
    case ANSWER_FORBIDDEN:
    case ANSWER_REFUSED:
    case ANSWER_GONE:
    case ANSWER_TOO_LARGE:
        save(pull, NULL); /* nothing explains them */
        return;
    case ANSWER_SAME:
    case ANSWER_PASSING:
    case ANSWER_UNAUTHORIZED:
    case ANSWER_OVER_BUDGET:
        break;
    }
    pull_step(pull, PULL_EVENT_EXPLAINED);
}

void pull_explain(struct pull *pull)
{
    if (!pull->unexplained_ids) {
        pull_step(pull, PULL_EVENT_EXPLAINED);
        return;
    }
    AUTO_FREE char *query = mem_printf("id=%s&dateFrom=1900-01-01&dateTo=2200-01-01&from=0&"
                                       "count=1000&fields=id,postings(date,amount)",
                                       pull->unexplained_ids);
    pull->requests++;
    pull->ask = ask_start(pull->app, pull->client->token->token,
                          &(struct token_request){
                              .company = pull->client->company_id,
                              .path = "/ledger/voucher",
                              .query = query,
                              .resource = "voucher",
                              .is_urgent = pull->order.is_urgent,
                              .max_body_bytes = EXPLAIN_BODY_BYTES_MAX,
                          },
                          pull_check_list, answered, pull);
}
