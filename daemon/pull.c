#include "daemon/pull.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/access.h"
#include "daemon/app.h"
#include "daemon/ask.h"
#include "daemon/fetch.h"
#include "daemon/gather.h"
#include "daemon/pool.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "daemon/stage.h"
#include "daemon/token.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum { LOAD_READ_PERCENT = 90 }; /* of a first load: the rest is its saldo */

/* The life of a pull. A pair that is not listed cannot happen; if it does, it is told and ends that
 * pull. */
static const struct pull_rule {
    enum pull_state from;
    enum pull_event event;
    enum pull_state to;
    void (*action)(struct pull *pull);
    const char *because;
} RULES[] = {
    { PULL_REMEMBERING, PULL_EVENT_REMEMBERED, PULL_RESOLVING, pull_resolve, "memory is read" },
    { PULL_RESOLVING, PULL_EVENT_RESOLVED, PULL_LISTING, pull_list, "the company is known" },
    { PULL_LISTING, PULL_EVENT_LISTED, PULL_SETTLING, pull_settle, "lists are up to date" },
    { PULL_LISTING, PULL_EVENT_RELISTED, PULL_REMEMBERING, pull_remember, "lists have changed" },
    { PULL_LISTING, PULL_EVENT_COMPARED, PULL_COMPARING, pull_compare,
      "the lists were asked again" },
    { PULL_SETTLING, PULL_EVENT_SETTLED, PULL_HEADING, pull_head, "the horizon is settled" },
    { PULL_HEADING, PULL_EVENT_HEADED, PULL_WALKING, pull_walk, "voucher headers are up to date" },
    { PULL_WALKING, PULL_EVENT_ROUND_MOVED, PULL_COMPARING, pull_compare, "something differs" },
    { PULL_WALKING, PULL_EVENT_COMPARED, PULL_WEIGHING, pull_weigh, "balances are due" },
    { PULL_WALKING, PULL_EVENT_ROUND_QUIET, PULL_PUBLISHING, pull_publish,
      "nothing moved meanwhile" },
    { PULL_WALKING, PULL_EVENT_UNCHANGED, PULL_PUBLISHING, pull_confirm, "nothing has changed" },
    { PULL_COMPARING, PULL_EVENT_COMPARED, PULL_WEIGHING, pull_weigh, "changes are known" },
    { PULL_COMPARING, PULL_EVENT_GREW, PULL_WALKING, pull_walk_on, "another range is concerned" },
    { PULL_COMPARING, PULL_EVENT_UNKNOWN, PULL_LISTING, pull_list_unknown, "a name is new" },
    { PULL_COMPARING, PULL_EVENT_DOUBTED, PULL_PROBING, pull_probe, "many postings vanish" },
    { PULL_COMPARING, PULL_EVENT_LOST, PULL_TRACING, pull_trace, "whole vouchers vanish" },
    { PULL_TRACING, PULL_EVENT_TRACED, PULL_COMPARING, pull_decide, "it is known which live on" },
    { PULL_PROBING, PULL_EVENT_PROBED, PULL_WEIGHING, pull_weigh, "nothing is hidden" },
    { PULL_WEIGHING, PULL_EVENT_WEIGHED, PULL_WALKING, pull_walk_on, "balances are read" },
    { PULL_PUBLISHING, PULL_EVENT_PUBLISHED, PULL_EXPLAINING, pull_explain, "it is published" },
    { PULL_EXPLAINING, PULL_EVENT_EXPLAINED, PULL_GATHERING, pull_gather, "differences are known" },
    { PULL_GATHERING, PULL_EVENT_GATHERED, PULL_CLOSING, pull_close, "nothing is left to read" },
};

static const char *const PHASES[] = {
    [PULL_REMEMBERING] = "preparing",
    [PULL_RESOLVING] = "finding the company",
    [PULL_LISTING] = "reading accounts and other lists",
    [PULL_SETTLING] = "preparing",
    [PULL_HEADING] = "reading voucher headers",
    [PULL_WALKING] = "reading postings",
    [PULL_COMPARING] = "comparing",
    [PULL_TRACING] = "looking for vouchers that vanished",
    [PULL_PROBING] = "looking into vanished postings",
    [PULL_WEIGHING] = "reading saldo",
    [PULL_PUBLISHING] = "publishing",
    [PULL_EXPLAINING] = "looking into differences",
    [PULL_GATHERING] = "reading what lies beyond the ledger",
    [PULL_CLOSING] = "ending",
};

static const struct pull_rule *find_rule(enum pull_state from, enum pull_event event)
{
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
        if (RULES[i].from == from && RULES[i].event == event)
            return &RULES[i];
    }
    return NULL;
}

void pull_step(struct pull *pull, enum pull_event event)
{
    const struct log_subject subject = { .client = pull->client->org_nr };
    const struct pull_rule *rule = find_rule(pull->state, event);
    if (event == PULL_EVENT_ENDED) {
        pull->state = PULL_CLOSING;
        pull_close(pull);
        return;
    }
    if (!rule) {
        log_error(pull->app->log, &subject,
                  "Bug: event %d in state %d of a pull; the pull is given up", event, pull->state);
        err_set(&pull->err, EINVAL, "the pull lost its way (event %d in state %d)", event,
                pull->state);
        pull->end = PULL_FAILED;
        pull->state = PULL_CLOSING;
        pull_close(pull);
        return;
    }
    log_debug(pull->app->log, &subject, "pull: %s", rule->because);
    pull->state = rule->to;
    rule->action(pull);
}

void pull_fail(struct pull *pull, enum answer_class class, const struct err *err)
{
    pull->end = PULL_FAILED;
    pull->class = class;
    pull->err = *err;
    pull_step(pull, PULL_EVENT_ENDED);
}

void pull_order_add(struct pull_order *to, const struct pull_order *order)
{
    int is_other = to->year != order->year || strcmp(to->account, order->account) != 0;
    to->is_urgent |= order->is_urgent;
    to->is_hint |= order->is_hint;
    if (!order->is_resync)
        return;
    if (!to->is_resync) {
        to->year = order->year;
        memcpy(to->account, order->account, sizeof(to->account));
    } else if (is_other) {
        to->year = 0;
        to->account[0] = '\0';
    }
    to->is_resync = 1;
}

static void pull_free(struct pull *pull)
{
    stage_free(pull->stage);
    tree_free(pull->tree);
    master_memory_release(&pull->lists);
    loop_timer_free(pull->later);
    settings_unref(pull->settings);
    free(pull->opening_digest);
    free(pull->held_detail);
    free(pull->lost_ids);
    free(pull->unexplained_ids);
    free(pull->company_id);
    client_unref(pull->client);
    free(pull);
}

int64_t pull_next_in_ms(const struct pull *pull)
{
    if (!pull->tree)
        return 0;
    int64_t took_ms = loop_now_ms(pull->app->loop) - pull->began_ms;
    return (tree_next_due_us(pull->tree, &pull->due) - pull->due.now_us) / 1000 - took_ms;
}

void pull_close(struct pull *pull)
{
    struct pull_result result = {
        .end = pull->end,
        .class = pull->class,
        .next_in_ms = pull_next_in_ms(pull),
        .requests = pull->requests,
        .changes = pull->changes,
        .gone = pull->gone,
        .held_detail = pull->held_detail,
        .err = pull->err.code != 0 ? &pull->err : NULL,
    };
    stage_free(pull->stage);
    pull->stage = NULL;
    pull->done(pull->ctx, &result);
    pull_free(pull);
}

int pull_was_stopped(struct pull *pull)
{
    pull->is_in_database = 0;
    if (!pull->is_dead)
        return 0;
    pull->done(pull->ctx, &(struct pull_result){ .end = PULL_STOPPED });
    pull_free(pull);
    return 1;
}

void pull_run_batch(struct pull *pull, struct pg_batch *batch,
                    void (*done)(void *, const struct err *))
{
    struct err err = ERR_NONE;
    struct pg *pg = stage_pg(pull->stage);
    pull->is_in_database = 1;
    if (!pg)
        pool_run(pull->app->pool, batch, done, pull);
    else if (batch_start(batch, pg, done, pull, &err) < 0)
        done(pull, &err);
}

static void ran(void *ctx, const struct err *err)
{
    struct pull *pull = ctx;
    if (pull_was_stopped(pull))
        return;
    if (err)
        pull_fail(pull, ANSWER_PASSING, err);
    else
        pull->next(pull);
}

void pull_run(struct pull *pull, struct pg_batch *batch, pull_next_fn *next)
{
    pull->next = next;
    pull_run_batch(pull, batch, ran);
}

const char *pull_client_id(const struct pull *pull, char out[24])
{
    (void)snprintf(out, 24, "%" PRId64, pull->client->client_id);
    return out;
}

struct pull *pull_start(struct app *app, struct client *client, const struct pull_order *order,
                        pull_done_fn *done, void *ctx)
{
    struct pull *pull = mem_new(1, sizeof(*pull));
    pull->app = app;
    pull->client = client_ref(client);
    pull->settings = settings_ref(app->settings);
    pull->order = *order;
    pull->done = done;
    pull->ctx = ctx;
    pull->began_ms = loop_now_ms(app->loop);
    pull->load = -1;
    pull->stage = stage_new(app, client->token, !client->is_loaded || order->is_resync);
    pull->state = PULL_REMEMBERING;
    pull_remember(pull);
    return pull;
}

const char *pull_phase(const struct pull *pull)
{
    return PHASES[pull->state];
}

int pull_year(const struct pull *pull)
{
    return pull->load >= 0 ? pull->horizon.years[pull->load].year : 0;
}

/* By the days that were read, in their order; then by the sheets. */
static int load_percent(const struct pull *pull)
{
    const struct fiscal_year *year = &pull->horizon.years[pull->load];
    int32_t days = pull->hand.slice.days.from_day - year->start_day;
    if (pull->state < PULL_WALKING)
        return 0;
    if (pull->rounds > 1 || pull->state >= PULL_PUBLISHING)
        return 99;
    if (pull->state == PULL_WALKING)
        return days > 0 ? LOAD_READ_PERCENT * days / (year->next_day - year->start_day) : 0;
    if (pull->state == PULL_WEIGHING && pull->sheets_count > 0)
        return LOAD_READ_PERCENT + (99 - LOAD_READ_PERCENT) * pull->sheet / pull->sheets_count;
    return LOAD_READ_PERCENT;
}

int pull_describe_load(const struct pull *pull, struct pull_load *ret_load)
{
    if (pull->load < 0)
        return 0;
    *ret_load = (struct pull_load){ .rows = pull->loaded_rows, .percent = load_percent(pull) };
    return 1;
}

uint64_t pull_progress(const struct pull *pull)
{
    uint64_t pages = pull->fetch ? (uint64_t)fetch_pages(pull->fetch) : 0;
    if (pull->master)
        pages += master_progress(pull->master);
    return ((uint64_t)pull->requests << 32) + (pages << 8) + ((uint64_t)pull_is_asking(pull) << 7) +
           (uint64_t)pull->state;
}

int pull_is_asking(const struct pull *pull)
{
    return (pull->ask && ask_is_sent(pull->ask)) || (pull->fetch && fetch_is_asking(pull->fetch)) ||
           (pull->master && master_is_asking(pull->master));
}

int pull_is_in_database(const struct pull *pull)
{
    return pull->is_in_database;
}

int pull_has_stage(const struct pull *pull)
{
    return stage_pg(pull->stage) != NULL;
}

int pull_stop(struct pull *pull)
{
    if (pull->question)
        access_cancel(pull->question);
    if (pull->ask)
        ask_cancel(pull->ask);
    if (pull->fetch)
        fetch_cancel(pull->fetch);
    pull->question = NULL;
    pull->ask = NULL;
    pull->fetch = NULL;
    if (pull->is_in_database || (pull->master && master_cancel(pull->master) < 0) ||
        (pull->gather && gather_cancel(pull->gather) < 0)) {
        pull->is_dead = 1;
        return 0;
    }
    pull_free(pull);
    return 1;
}
