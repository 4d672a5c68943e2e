/* The end of a pull: everything that was read becomes visible in one transaction, or only the
 * moments move. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "daemon/app.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "daemon/stage.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum { NODES_JSON_BYTES_MAX = 4 * 1024 * 1024 };

/* --- results within the transaction --- */

static int check_lock(void *ctx, const struct pg_result *result, struct err *err)
{
    const struct pull *pull = ctx;
    if (pg_result_rows(result) == 1)
        return 0;
    return err_set(
        err, EOWNERDEAD,
        "client %s was removed, or another daemon owns its token by now; nothing was published",
        pull->client->org_nr);
}

int pull_note_visible(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    if (pg_result_affected(result) > 0)
        pull->is_visible = 1;
    return 0;
}

static int note_changed(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    if (pg_result_int(result, 0, "changed", 0) > 0)
        pull->is_visible = 1;
    return 0;
}

static int note_wanted(void *ctx, const struct pg_result *result, struct err *err)
{
    struct pull *pull = ctx;
    (void)err;
    if (pg_result_affected(result) > 0)
        pull->client->gather_due_ms = 0;
    return 0;
}

/* A sheet without rows means "no data" only where nothing says otherwise. */
static int take_sheets(void *ctx, const struct pg_result *result, struct err *err)
{
    int64_t hollow = pg_result_int(result, 0, "hollow", 0);
    if (hollow == 0)
        return note_changed(ctx, result, err);
    err_set(err, ENODATA,
            "Tripletex's own saldo came without rows for %" PRId64
            " month(s) or year(s) that have postings",
            hollow);
    err_set_remedy(err, "Nothing to do: it is asked for again. If it lasts, the token may not see "
                        "the saldo: give it the template \"Standardrettigheter for "
                        "regnskapsførere\" in Tripletex");
    return -ENODATA;
}

/* Where postings vanish and a proof that held would fail, they are hidden rather than gone. */
static int check_vanish(void *ctx, const struct pg_result *result, struct err *err)
{
    (void)ctx;
    int64_t broken = pg_result_int(result, 0, "broken", 0);
    if (broken == 0)
        return 0;
    return err_set(err, ESTALE, "%" PRId64 " account-months that were proven would no longer be",
                   broken);
}

static int check_named(void *ctx, const struct pg_result *result, struct err *err)
{
    (void)ctx;
    if (pg_result_int(result, 0, "unknown", 0) == 0)
        return 0;
    err_set(err, ENOKEY,
            "saldo is on the account with id %" PRId64 ", which is not in Tripletex's list of "
            "accounts",
            pg_result_int(result, 0, "account_id", 0));
    return -ENOKEY;
}

/* --- the transaction --- */

static void published(void *ctx, const struct err *err)
{
    struct pull *pull = ctx;
    if (pull_was_stopped(pull))
        return;
    if (err && err->code == ESTALE) {
        pull_hold_hidden(pull);
    } else if (err && err->code == ENOKEY) {
        pull_fail_unknown_account(pull, err);
    } else if (err) {
        pull_fail(pull, ANSWER_PASSING, err);
    } else {
        pull->end = pull->load >= 0 ? PULL_MORE : PULL_UP_TO_DATE;
        pull_step(pull, PULL_EVENT_PUBLISHED);
    }
}

void pull_add_lock(const struct pull *pull, struct pg_batch *batch)
{
    char id[24];
    AUTO_FREE char *epoch = mem_printf("%" PRId64, pull->client->token->epoch);
    const char *values[] = { pull_client_id(pull, id), pull->client->token->id, epoch };
    batch_add_query(batch, SQL_publish_lock, 3, values, check_lock);
}

static void add_openings(struct pull *pull, struct pg_batch *batch, const char *id)
{
    char first[16];
    (void)snprintf(first, sizeof(first), "%d", pull->horizon.years[0].year);
    const char *values[] = { id, first };
    batch_add_query(batch, SQL_publish_delta, 2, values, NULL);
    batch_add_query(batch, SQL_publish_openings, 1, values, take_sheets);
    batch_add_query(batch, SQL_publish_openings_later, 1, values, pull_note_visible);
}

static void add_year(struct pull *pull, struct pg_batch *batch, const char *id)
{
    char year[16];
    if (pull->load < 0)
        return;
    (void)snprintf(year, sizeof(year), "%d", pull->horizon.years[pull->load].year);
    const char *values[] = { id, year };
    batch_add_query(batch, SQL_publish_year, 2, values, pull_note_visible);
}

static void add_opening_memory(struct pull *pull, struct pg_batch *batch, const char *id,
                               const char *variant, const char *digest, int64_t sent_us)
{
    AUTO_FREE char *sent = mem_printf("%" PRId64, sent_us);
    const char *values[] = { id, "opening", variant, digest && *digest ? digest : NULL, sent };
    (void)pull;
    batch_add_query(batch, SQL_list_confirm, 5, values, NULL);
}

static void add_memory(struct pull *pull, struct pg_batch *batch, const char *id)
{
    pull_add_digest_faults(pull, batch, id);
    if (pull->is_first_opening_read)
        add_opening_memory(pull, batch, id, "first", pull->opening_seen, pull->opening_sent_us);
    if (pull->is_all_openings)
        add_opening_memory(pull, batch, id, "all", NULL, pull->due.now_us);
    if (pull->load < 0 && (pull->is_recheck || pull->recheck_age_ms < 0))
        add_opening_memory(pull, batch, id, "recheck", NULL, pull->due.now_us);
}

/* The next year of a first load follows at once; otherwise when the first range is due. */
static void add_success(struct pull *pull, struct pg_batch *batch, const char *id)
{
    int64_t next_ms = pull_next_in_ms(pull);
    AUTO_FREE char *next = mem_printf("%" PRId64, pull->load >= 0 || next_ms < 0 ? 0 : next_ms);
    const char *values[] = { id, next, pull->load < 0 ? "true" : "false" };
    batch_add_query(batch, SQL_client_succeeded, 3, values, NULL);
    if (pull->load < 0 && pull->is_held_before)
        batch_add_query(batch, SQL_held_clear, 1, values, NULL);
}

static int add_ranges(struct pull *pull, struct pg_batch *batch, const char *id, struct err *err)
{
    AUTO_BUF struct buf json;
    buf_init(&json, NODES_JSON_BYTES_MAX);
    if (tree_append_nodes(pull->tree, &pull->due, &json) < 0)
        return err_set(err, ERANGE, "the ranges of the client are too many to be stored");
    const char *values[] = { id, buf_text(&json) };
    batch_add_query(batch, SQL_publish_ranges, 2, values, NULL);
    return 0;
}

static void start_publishing(struct pull *pull)
{
    char id[24];
    struct err err = ERR_NONE;
    const char *values[] = { pull_client_id(pull, id) };
    const char *org_nr[] = { pull->client->org_nr };
    struct pg_batch *batch = batch_new(BATCH_TRANSACTION);
    pull_add_lock(pull, batch);
    batch_add_query(batch, SQL_publish_unnamed, 1, values, check_named);
    batch_add_query(batch, SQL_publish_gone, 1, values, pull_note_visible);
    batch_add_query(batch, SQL_publish_vouchers, 1, values, pull_note_visible);
    batch_add_query(batch, pull->is_all_new ? SQL_publish_postings_new : SQL_publish_postings, 1,
                    values, pull_note_visible);
    batch_add_query(batch, SQL_publish_vouchers_gone, 1, values, pull_note_visible);
    batch_add_query(batch, SQL_publish_headers_forget, 1, values, NULL);
    if (pull->gone > 0)
        batch_add_query(batch, SQL_publish_vanish_check, 1, values, check_vanish);
    add_openings(pull, batch, id);
    batch_add_query(batch, SQL_publish_saldo, 1, values, take_sheets);
    add_year(pull, batch, id);
    batch_add_query(batch, SQL_publish_voucher_differences, 1, values, NULL);
    batch_add_query(batch, SQL_publish_voucher_counted, 1, values, pull_note_visible);
    batch_add_query(batch, SQL_publish_opening_differences, 1, values, note_changed);
    batch_add_query(batch, SQL_publish_differences, 1, values, pull_note_visible);
    batch_add_query(batch, SQL_publish_counts, 1, values, NULL);
    batch_add_query(batch, SQL_explain_due, 1, values, pull_take_unexplained);
    batch_add_query(batch, SQL_publish_wanted, 1, values, note_wanted);
    if (pull->load >= 0)
        batch_add_query(batch, SQL_publish_analyze, 0, NULL, NULL);
    if (add_ranges(pull, batch, id, &err) < 0) {
        batch_free(batch);
        pull_fail(pull, ANSWER_PASSING, &err);
        return;
    }
    add_memory(pull, batch, id);
    add_success(pull, batch, id);
    const char *signed_off[] = { id, pull->client->org_nr };
    batch_add_query(batch, SQL_publish_sign_off, 2, signed_off, NULL);
    batch_only_if(batch, &pull->is_visible);
    batch_add_query(batch, SQL_publish_notify, 1, org_nr, NULL);
    batch_only_if(batch, &pull->is_visible);
    pull_run_batch(pull, batch, published);
}

static void stage_opened(void *ctx, struct pg *pg, const struct err *err)
{
    struct pull *pull = ctx;
    if (pg)
        start_publishing(pull);
    else
        pull_fail(pull, ANSWER_PASSING, err);
}

void pull_publish(struct pull *pull)
{
    if (stage_pg(pull->stage))
        start_publishing(pull);
    else
        stage_open(pull->stage, stage_opened, pull);
}

/* Nothing differs: one small statement that readers do not notice but for `fresh_as_of`. */
void pull_confirm(struct pull *pull)
{
    char id[24];
    struct err err = ERR_NONE;
    int64_t next_ms = pull_next_in_ms(pull);
    AUTO_BUF struct buf json;
    buf_init(&json, NODES_JSON_BYTES_MAX);
    if (tree_append_tops(pull->tree, &pull->due, &json) < 0) {
        err_set(&err, ERANGE, "the ranges of the client are too many to be stored");
        pull_fail(pull, ANSWER_PASSING, &err);
        return;
    }
    AUTO_FREE char *epoch = mem_printf("%" PRId64, pull->client->token->epoch);
    AUTO_FREE char *next = mem_printf("%" PRId64, next_ms < 0 ? 0 : next_ms);
    const char *values[] = { pull_client_id(pull, id), pull->client->token->id, epoch,
                             buf_text(&json), next };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_confirm, 5, values, check_lock);
    pull_add_digest_faults(pull, batch, values[0]);
    pull_run_batch(pull, batch, published);
}
