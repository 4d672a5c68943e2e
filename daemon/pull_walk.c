/* The walk over the digests of a client, and the reading of the postings that changed. */
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
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/json/list.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"
#include "lib/tripletex/page.h"
#include "lib/tripletex/resource.h"

enum { FILTER_BYTES_MAX = 256 };

/* The step in hand of the tree; kept here since a list that moves is asked again. */
static void ask(struct pull *pull);

static void next(struct pull *pull)
{
    if (tree_next(pull->tree, &pull->hand) == 0) {
        pull->moves = 0;
        ask(pull);
        return;
    }
    int is_first = pull->rounds == 1;
    if (!tree_round_was_quiet(pull->tree))
        pull_step(pull, PULL_EVENT_ROUND_MOVED);
    else if (!is_first)
        pull_step(pull, PULL_EVENT_ROUND_QUIET);
    else if (pull_has_sheets_due(pull))
        pull_step(pull, PULL_EVENT_COMPARED);
    else
        pull_step(pull, PULL_EVENT_UNCHANGED);
}

/* --- rows --- */

static int find_column(const char *name)
{
    int column = 0;
    while (strcmp(RESOURCE_POSTING.columns[column].name, name) != 0)
        column++;
    return column;
}

/* Account numbers are text in the API's lists; those by which a day is cut have up to 9 digits. */
static int read_account(const struct json_value *value, int32_t *ret_account)
{
    int32_t account = 0;
    if (!value->text || value->len == 0 || value->len > 9)
        return -EPROTO;
    for (size_t i = 0; i < value->len; i++) {
        if (value->text[i] < '0' || value->text[i] > '9')
            return -EPROTO;
        account = account * 10 + (value->text[i] - '0');
    }
    *ret_account = account;
    return 0;
}

/* Whether the upper bound is meant to be included may not be known yet: what belongs to the next
 * slice is left out here. */
static int check_account(struct pull *pull, const struct json_value *values, int32_t day,
                         struct err *err)
{
    const struct slice *slice = &pull->hand.slice;
    const struct json_value *value = &values[pull->account_column];
    int32_t account = 0;
    if (read_account(value, &account) < 0)
        return err_set(err, EPROTO,
                       "a posting of a day that is read by account has no account number: \"%.*s\"",
                       (int)value->len, value->text ? value->text : "");
    if (account == slice->account_to && !slice_is_by_number(slice))
        pull->app->account_to = ACCOUNT_TO_INCLUDED;
    if (!slice_has_account(slice, account))
        return PAGE_LEAVE_OUT;
    tree_note_row(pull->tree, day, account);
    return 0;
}

static void note_seen(struct pull *pull, const struct json_value *values, int32_t day)
{
    int32_t account = 0;
    if (pull->seen_account != 0 || read_account(&values[pull->account_column], &account) < 0)
        return;
    pull->seen_day = day;
    pull->seen_account = account;
}

/* A row from outside the slice asked for would later be taken for one that moved. A voucher may
 * have rows on other days and accounts than those it is read for. */
static int check_row(void *ctx, const struct json_value *values, struct err *err)
{
    struct pull *pull = ctx;
    const struct slice *slice = &pull->hand.slice;
    const struct json_value *value = &values[pull->date_column];
    int32_t day = 0;
    int is_inside = clock_parse_date(value->text, value->len, &day) == 0 &&
                    day >= slice->days.from_day && day < slice->days.to_day;
    if (!is_inside && slice_is_by_number(slice))
        return PAGE_LEAVE_OUT;
    if (!is_inside)
        return err_set(err, EPROTO, "a posting dated %.*s came for a range that does not hold it",
                       (int)value->len, value->text);
    if (slice_is_below_day(slice))
        return check_account(pull, values, day, err);
    note_seen(pull, values, day);
    tree_note_row(pull->tree, day, 0);
    return 0;
}

/* --- the stage --- */

static void give_stage(void *ctx, const struct err *err)
{
    struct pull *pull = ctx;
    if (pull_was_stopped(pull))
        return;
    fetch_give_stage(pull->fetch, err ? NULL : stage_pg(pull->stage), err);
}

static struct pg_batch *make_clearing(const struct pull *pull)
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    const struct slice *slice = &pull->hand.slice;
    AUTO_FREE char *account_from = mem_printf("%" PRId32, slice->account_from);
    AUTO_FREE char *account_to = mem_printf("%" PRId32, slice->account_to);
    AUTO_FREE char *number_from = mem_printf("%" PRId32, slice->number_from);
    AUTO_FREE char *number_to = mem_printf("%" PRId32, slice->number_to);
    const char *values[] = { clock_format_date(slice->days.from_day, from),
                             clock_format_date(slice->days.to_day, to),
                             account_from,
                             account_to,
                             number_from,
                             number_to };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_stage_range_clear, (int)ARRAY_LEN(values), values, NULL);
    return batch;
}

/* Whether rows of the slice in hand may have been staged before. A first load goes from day to day
 * and clears nothing, or each of its slices would look through all that is staged. */
static int may_be_staged(const struct pull *pull)
{
    const struct range *days = &pull->hand.slice.days;
    return days->from_day < pull->staged.to_day && days->to_day > pull->staged.from_day;
}

static void note_staged(struct pull *pull)
{
    const struct range *days = &pull->hand.slice.days;
    struct range *staged = &pull->staged;
    int is_first = staged->from_day == staged->to_day;
    if (is_first || days->from_day < staged->from_day)
        staged->from_day = days->from_day;
    if (is_first || days->to_day > staged->to_day)
        staged->to_day = days->to_day;
}

static void use_stage(struct pull *pull)
{
    int is_clean = !may_be_staged(pull);
    note_staged(pull);
    if (is_clean)
        fetch_give_stage(pull->fetch, stage_pg(pull->stage), NULL);
    else
        pull_run_batch(pull, make_clearing(pull), give_stage);
}

static void stage_opened(void *ctx, struct pg *pg, const struct err *err)
{
    struct pull *pull = ctx;
    if (!pg)
        fetch_give_stage(pull->fetch, NULL, err);
    else
        use_stage(pull);
}

static void want_stage(void *ctx, struct fetch *fetch)
{
    struct pull *pull = ctx;
    (void)fetch;
    if (stage_pg(pull->stage))
        use_stage(pull);
    else
        stage_open(pull->stage, stage_opened, pull);
}

/* --- checksums that do not serve --- */

static const char WAS_BLIND[] = "they did not serve before";

static void tell_blind(const struct pull *pull, const char *why)
{
    const struct log_subject subject = { .client = pull->client->org_nr, .resource = "posting" };
    log_warning(pull->app->log, &subject,
                "The checksums of Tripletex do not serve: %s. Everything is read in full "
                "instead, until they do",
                why);
}

/* From here on everything that is due is read, and compared by digests of our own. Right as before,
 * only dearer. */
static void go_blind(struct pull *pull, const char *why, int is_proven)
{
    if (is_proven)
        tell_blind(pull, why);
    pull->is_only_doubted = !is_proven;
    pull->blind_reason = why;
    pull->rounds = 1;
    tree_set_blind(pull->tree);
    tree_start_round(pull->tree);
    next(pull);
}

/* What is read by voucher is known by a digest of our own. Where rows of a neighbour were left out,
 * the digest may change while what is kept does not. */
static const char *find_fault(struct pull *pull, const struct fetch_result *result)
{
    int is_read = pull->hand.kind == TREE_READ;
    if (result->rows == 0 || slice_is_by_number(&pull->hand.slice))
        return NULL;
    if (*result->digest == '\0')
        return "a list that is not empty has none";
    if (master_memory_has(&pull->lists, result->digest) ||
        (is_read && tree_has_digest_elsewhere(pull->tree, result->digest, (int)result->rows)))
        return PULL_DIGESTS_ALIKE;
    if (is_read && result->left_out == 0 &&
        tree_note_content(pull->tree, result->digest, result->own_digest))
        return "they change while the list does not";
    return NULL;
}

/* A list that changed between its pages, time after time, looks the same as checksums that change
 * by themselves, until the same rows come under two of them. */
static void prove_doubt(struct pull *pull, const struct fetch_result *result)
{
    int is_whole = result->rows > 0 && result->left_out == 0 &&
                   !slice_is_by_number(&pull->hand.slice) && pull->hand.kind == TREE_READ;
    if (!is_whole || !tree_note_content(pull->tree, result->digest, result->own_digest))
        return;
    pull->is_only_doubted = 0;
    tell_blind(pull, pull->blind_reason);
}

/* --- answers --- */

static void take_read(struct pull *pull)
{
    tree_answer_read(pull->tree, pull->hand_digest, (int)pull->hand_rows, pull->hand_sent_us);
    next(pull);
}

static void answer_read(struct pull *pull, const struct fetch_result *result)
{
    const char *fault = pull->blind_reason ? NULL : find_fault(pull, result);
    if (fault) {
        go_blind(pull, fault, 1);
        return;
    }
    if (pull->is_only_doubted)
        prove_doubt(pull, result);
    int is_own = pull->blind_reason || slice_is_by_number(&pull->hand.slice);
    (void)snprintf(pull->hand_digest, sizeof(pull->hand_digest), "%s",
                   is_own ? result->own_digest : result->digest);
    pull->hand_rows = result->rows;
    pull->hand_sent_us = result->sent_us;
    pull->has_rows |= pull->hand.kind == TREE_READ && result->rows > 0;
    pull->loaded_rows += pull->hand.kind == TREE_READ ? result->rows : 0;
    oddity_tell(pull->app, pull->client, &RESOURCE_POSTING, result);
    if (pull->hand.kind == TREE_ASK && result->rows > 0) {
        tree_answer_digest(pull->tree, pull->hand_digest, result->sent_us);
        next(pull);
    } else if (result->rows == 0 && !pull->hand.is_learning && stage_pg(pull->stage) &&
               may_be_staged(pull)) {
        /* What an earlier try has staged of it. */
        pull_run(pull, make_clearing(pull), take_read);
    } else {
        take_read(pull);
    }
}

static void note_said(struct pull *pull, int is_unsaid)
{
    if (is_unsaid)
        pull->unsaid_count++;
    else
        pull->said_count++;
}

static void answered(void *ctx, const struct fetch_result *result)
{
    struct pull *pull = ctx;
    struct err err = result->err ? *result->err : ERR_NONE;
    pull->fetch = NULL;
    switch (result->end) {
    case FETCH_SAME:
        note_said(pull, result->is_unsaid);
        tree_answer_same(pull->tree, result->sent_us);
        next(pull);
        return;
    case FETCH_READ:
        answer_read(pull, result);
        return;
    case FETCH_TOO_LARGE:
        if (tree_answer_too_large(pull->tree, &err) == 0)
            next(pull);
        else
            pull_fail(pull, ANSWER_REFUSED, &err);
        return;
    case FETCH_MOVED:
        tree_restart_rows(pull->tree);
        if (++pull->moves < PULL_MOVES_MAX)
            ask(pull);
        else if (pull->blind_reason || slice_is_by_number(&pull->hand.slice))
            pull_fail(pull, ANSWER_PASSING, &err);
        else
            go_blind(pull, "they differ from page to page of one list", 0);
        return;
    case FETCH_FAILED:
        pull_fail(pull, result->class, &err);
        return;
    }
}

/* The last account is asked for as the API means it; as the one after the last, which brings too
 * much rather than too little, until that is known. */
static char *make_filter(const struct pull *pull, const struct slice *slice)
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    AUTO_BUF struct buf out;
    buf_init(&out, FILTER_BYTES_MAX);
    int is_number = slice_is_by_number(slice);
    int32_t lowest = is_number ? slice->number_from : slice->account_from;
    int32_t end = is_number ? slice->number_to : slice->account_to;
    int32_t meant = !is_number && pull->app->account_to == ACCOUNT_TO_INCLUDED ? end - 1 : end;
    int ret = buf_printf(&out, "dateFrom=%s&dateTo=%s",
                         clock_format_date(slice->days.from_day, from),
                         clock_format_date(slice->days.to_day, to));
    if (ret == 0 && lowest > 0)
        ret = buf_printf(&out, "&%s=%" PRId32, is_number ? "numberFrom" : "accountNumberFrom",
                         lowest);
    if (ret == 0 && end > 0 && end != SLICE_NO_END)
        ret = buf_printf(&out, "&%s=%" PRId32, is_number ? "numberTo" : "accountNumberTo", meant);
    if (ret < 0)
        abort(); /* a bug: four bounds are short */
    return buf_steal(&out);
}

static void ask_slice(struct pull *pull)
{
    const struct tree_step *hand = &pull->hand;
    int is_number = slice_is_by_number(&hand->slice);
    int is_by_digest = !pull->blind_reason && !is_number;
    AUTO_FREE char *filter = make_filter(pull, &hand->slice);
    pull->requests++;
    pull->fetch = fetch_start(
        pull->app,
        &(struct fetch_options){
            .token = pull->client->token->token,
            .company = pull->client->company_id,
            .resource = is_number ? &RESOURCE_VOUCHER_POSTING : &RESOURCE_POSTING,
            .filter = filter,
            .asks_digest = is_by_digest,
            .digest = is_by_digest ? hand->digest : NULL,
            .is_digest_only = hand->kind == TREE_ASK,
            .is_urgent = pull->order.is_urgent,
            .want_stage = want_stage,
            .want_ctx = pull,
            .row = hand->kind == TREE_READ ? check_row : NULL,
            .row_ctx = pull,
        },
        answered, pull);
}

/* --- what the API means by accountNumberTo --- */

static void probed(void *ctx, const struct fetch_result *result)
{
    struct pull *pull = ctx;
    struct err err = result->err ? *result->err : ERR_NONE;
    pull->fetch = NULL;
    if (result->end != FETCH_READ && result->end != FETCH_TOO_LARGE) {
        pull_fail(pull, result->class, &err);
        return;
    }
    pull->app->account_to = result->end == FETCH_TOO_LARGE || result->rows > 0
                                ? ACCOUNT_TO_INCLUDED
                                : ACCOUNT_TO_EXCLUDED;
    ask_slice(pull);
}

/* From and to the account of a posting that was read: it comes where `to` is included. Should it be
 * gone by now, more is asked for than needed, and left out. */
static void probe_account_to(struct pull *pull)
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    AUTO_FREE char *filter = mem_printf(
        "dateFrom=%s&dateTo=%s&accountNumberFrom=%" PRId32 "&accountNumberTo=%" PRId32,
        clock_format_date(pull->seen_day, from), clock_format_date(pull->seen_day + 1, to),
        pull->seen_account, pull->seen_account);
    pull->requests++;
    pull->fetch = fetch_start(pull->app,
                              &(struct fetch_options){
                                  .token = pull->client->token->token,
                                  .company = pull->client->company_id,
                                  .resource = &RESOURCE_POSTING,
                                  .filter = filter,
                                  .is_digest_only = 1,
                                  .is_urgent = pull->order.is_urgent,
                              },
                              probed, pull);
}

static void ask(struct pull *pull)
{
    const struct slice *slice = &pull->hand.slice;
    int is_by_account = slice_is_below_day(slice) && !slice_is_by_number(slice);
    if (is_by_account && pull->seen_account != 0 && pull->app->account_to == ACCOUNT_TO_UNKNOWN)
        probe_account_to(pull);
    else
        ask_slice(pull);
}

/* --- the walk --- */

static void plan_due(struct pull *pull)
{
    const struct settings *settings = pull->settings;
    pull->due = (struct tree_due){
        .now_us = pull->begun_us,
        .living_from = pull->horizon.years[pull->horizon.current].start_day,
        .living_ms = client_interval_ms(pull->client, settings),
        .cold_ms = settings->cold_interval_ms,
        /* What is held back must be seen again, wherever it lies, or it would seem to be back. */
        .is_forced = pull->order.is_urgent || pull->order.is_hint || pull->order.is_resync ||
                     pull->is_held_before,
    };
}

static void walk_again(struct pull *pull)
{
    for (int i = 0; i < pull->horizon.count; i++) {
        const struct fiscal_year *year = &pull->horizon.years[i];
        if (pull_is_read_again(pull, year->year))
            tree_walk_year(pull->tree, &(struct range){ year->start_day, year->next_day });
    }
}

/* A saldo that is asked again is published beside postings of the same moment. */
static void walk_doubtful(struct pull *pull)
{
    for (int i = 0; i < pull->doubtful_count; i++) {
        const struct pull_sheet *sheet = &pull->doubtful[i];
        for (int32_t day = sheet->from_day; sheet->month != 0 && day < sheet->to_day; day++)
            (void)!tree_walk_add(pull->tree, day);
    }
    tree_start_round(pull->tree);
}

void pull_walk(struct pull *pull)
{
    pull->date_column = find_column("posting_date");
    pull->account_column = find_column("account_number");
    plan_due(pull);
    pull->is_recheck = pull->load < 0 && pull_is_recheck_due(pull);
    pull->is_all_openings = pull->load < 0 && (pull->is_recheck || pull->openings_age_ms < 0);
    if (pull->load >= 0) {
        const struct fiscal_year *year = &pull->horizon.years[pull->load];
        tree_walk_year(pull->tree, &(struct range){ year->start_day, year->next_day });
    } else if (!pull->is_recheck && pull->again_count > 0) {
        walk_again(pull);
    } else {
        if (pull->is_recheck) {
            tree_forget(pull->tree);
            pull->due.is_forced = 1;
        }
        (void)!tree_walk_due(pull->tree, &pull->due);
    }
    if (pull->load < 0)
        walk_doubtful(pull);
    pull->rounds = 1;
    if (pull->was_blind && (!pull->is_recheck || pull->were_alike)) {
        pull->blind_reason = pull->were_alike ? PULL_DIGESTS_ALIKE : WAS_BLIND;
        tree_set_blind(pull->tree);
    }
    next(pull);
}

void pull_walk_on(struct pull *pull)
{
    struct err err = ERR_NONE;
    if (++pull->rounds > PULL_ROUNDS_MAX) {
        err_set(&err, EAGAIN, "the postings changed while they were read, %d times in a row",
                PULL_ROUNDS_MAX);
        err_set_remedy(&err, "Nothing to do: the pull is tried again");
        pull_fail(pull, ANSWER_PASSING, &err);
        return;
    }
    tree_start_round(pull->tree);
    next(pull);
}
