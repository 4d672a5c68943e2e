/* The end of a pull: what it means for the client's next one, and for its orders. */
#include <errno.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/registry.h"
#include "daemon/schedule_internal.h"
#include "daemon/schedule_outcome.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"

enum {
    DUE_LEAST_MS = 100,
    OUTAGE_MS = 1000,     /* at least so long after the database went away, twice at most */
    AGAIN_MS = 60 * 1000, /* clients of a token that is taken again are spread over it */
};

static void set_last_end(struct client_task *task, enum pull_end end)
{
    task->schedule->ends[task->last_end]--;
    task->last_end = end;
    task->schedule->ends[end]++;
}

static void finish_orders(struct client_task *task, const char *outcome)
{
    struct task_orders *orders = task->orders;
    if (!orders)
        return;
    schedule_outcome_orders(task->schedule->app, orders->ids, orders->running, outcome);
    orders->count -= orders->running;
    memmove(orders->ids, orders->ids + orders->running,
            (size_t)orders->count * sizeof(orders->ids[0]));
    orders->running = 0;
    if (orders->count == 0) {
        free(orders);
        task->orders = NULL;
    }
}

void schedule_check_drained(struct schedule *schedule)
{
    if (!schedule->drained || schedule->counts[TASK_RUNNING] + schedule->counts[TASK_STOPPING] > 0)
        return;
    schedule_drained_fn *drained = schedule->drained;
    schedule->drained = NULL;
    loop_defer(schedule->app->loop, drained, schedule->drained_ctx);
}

void schedule_tell_ended(struct schedule *schedule, struct client *client,
                         const struct pull_result *result)
{
    if (schedule->ended)
        schedule->ended(schedule->ended_ctx, client, result);
}

static void end_stopped(struct client_task *task)
{
    struct schedule *schedule = task->schedule;
    turn_end(&task->turn, TURN_ENDED);
    task_set_state(task, TASK_IDLE);
    schedule_tell_ended(schedule, task->client, NULL);
    if (task->is_forgotten)
        task_free(task);
    else if (task->is_due_after)
        task_set_due(task, 0);
    schedule_check_drained(schedule);
    schedule_wake(schedule);
}

/* The token is taken again: its other clients need not wait for hours. */
static void token_is_good(struct client_task *task)
{
    struct token_entry *entry = task->client->token;
    struct client_task *other;
    if (!entry || !entry->was_refused)
        return;
    entry->was_refused = 0;
    TAILQ_FOREACH(other, &task->schedule->lists[TASK_IDLE], entry)
    {
        if (other->client->token == entry && other->last_class == ANSWER_UNAUTHORIZED)
            task_set_due(other, schedule_within(AGAIN_MS));
    }
}

static void settle_failure(struct client_task *task, const struct pull_result *result)
{
    struct client *client = task->client;
    if (task->failing_since_ms == 0)
        task->failing_since_ms = loop_now_ms(task->schedule->app->loop);
    client->failures++;
    if (result->class == ANSWER_FORBIDDEN || result->end == PULL_NO_ACCESS)
        client->is_proven = 0;
    if (result->class == ANSWER_UNAUTHORIZED && client->token)
        client->token->was_refused = 1;
}

static int64_t settle_end(struct client_task *task, const struct pull_result *result)
{
    struct schedule *schedule = task->schedule;
    int64_t now_ms = loop_now_ms(schedule->app->loop);
    int is_failure = result->end == PULL_FAILED || result->end == PULL_NO_ACCESS;
    set_last_end(task, result->end);
    task->last_class = is_failure ? result->class : ANSWER_OK;
    if (is_failure) {
        settle_failure(task, result);
    } else {
        task->failing_since_ms = 0;
        task->client->failures = 0;
        task->client->is_loaded = result->end == PULL_MORE ? 0 : 1;
        token_is_good(task);
    }
    int64_t done = result->requests + result->changes / 1000;
    task->work = task->client->is_loaded ? 0 : task->work + done;
    int64_t wait_ms = schedule_outcome_wait_ms(schedule->app, task->client, result,
                                               now_ms - task->failing_since_ms);
    if (result->end == PULL_UP_TO_DATE)
        return schedule_outcome_slot_ms(schedule->app, task->client, now_ms, wait_ms);
    return wait_ms - wait_ms / 10 + schedule_within(wait_ms / 5 + 1);
}

/* The token was entered again while the pull was failing because of it. */
static int is_tried_again(const struct client_task *task, const struct pull_result *result)
{
    const struct token_entry *entry = task->client->token;
    return result->end == PULL_FAILED && result->class == ANSWER_UNAUTHORIZED && entry &&
           entry->tried_again_ms >= task->started_ms;
}

static enum turn_end turn_end_of(const struct pull_result *result)
{
    if (result->end == PULL_FAILED)
        return result->err && result->err->code == ETIMEDOUT ? TURN_TIMED_OUT : TURN_ENDED;
    return result->end == PULL_NO_ACCESS ? TURN_ENDED : TURN_WENT_WELL;
}

void task_keep_orders(struct client_task *task)
{
    pull_order_add(&task->order, &task->running);
    task->running = (struct pull_order){ 0 };
    if (task->orders)
        task->orders->running = 0;
}

/* The database went away in the middle: nobody's failure, and its orders still stand. */
static void end_by_outage(struct client_task *task, const struct pull_result *result)
{
    const struct log_subject subject = { .client = task->client->org_nr };
    log_debug(task->schedule->app->log, &subject, "Begun again: %s", result->err->text);
    task_keep_orders(task);
    task_set_due(task, OUTAGE_MS + schedule_within(OUTAGE_MS));
}

static void end_by_itself(struct client_task *task, const struct pull_result *result)
{
    struct schedule *schedule = task->schedule;
    schedule_outcome_note(schedule->app, task->client, result, task->moved_ms - task->started_ms);
    int64_t wait_ms = settle_end(task, result);
    schedule_outcome_store(schedule->app, task->client, result, wait_ms);
    if (result->end == PULL_MORE)
        pull_order_add(&task->order, &task->running);
    else
        finish_orders(task, schedule_outcome_text(result));
    if (result->end == PULL_MORE || task_has_orders(task) || task->is_due_after ||
        is_tried_again(task, result))
        wait_ms = 0;
    else if (task->order.is_hint && task->client->failures == 0)
        wait_ms = HINT_MS;
    task_set_due(task, result->end == PULL_MORE ? 0
                       : wait_ms < DUE_LEAST_MS ? DUE_LEAST_MS
                                                : wait_ms);
    schedule_tell_ended(schedule, task->client, result);
}

void schedule_pull_ended(void *ctx, const struct pull_result *result)
{
    struct client_task *task = ctx;
    struct schedule *schedule = task->schedule;
    task->pull = NULL;
    task->moved_ms = schedule->progress_ms = loop_now_ms(schedule->app->loop);
    if (result->end == PULL_STOPPED || task->state == TASK_STOPPING) {
        end_stopped(task);
        return;
    }
    turn_end(&task->turn, turn_end_of(result));
    task_set_state(task, TASK_IDLE);
    if (result->end == PULL_FAILED && result->err && result->err->is_outage)
        end_by_outage(task, result);
    else
        end_by_itself(task, result);
    schedule_check_drained(schedule);
    schedule_wake(schedule);
}
