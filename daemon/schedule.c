#include "daemon/schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/queue.h>

#include <sodium.h>

#include "daemon/app.h"
#include "daemon/registry.h"
#include "daemon/schedule_outcome.h"
#include "daemon/settings.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"

enum {
    PULLS_MAX = 32, /* at once in all */
    PULLS_PER_TOKEN_MAX = 4,
    ORDERS_MAX = 32, /* waiting for one client; more of them say the same */
    DUE_LEAST_MS = 100,
    HINT_MS = 150, /* events come in bursts: the pull waits for the rest of one */
};

enum task_state { TASK_IDLE, TASK_READY, TASK_RUNNING, TASK_STOPPING };

struct client_task {
    struct schedule *schedule;
    struct client *client;
    enum task_state state;
    struct loop_timer *due;
    struct pull *pull;
    int is_forgotten;
    int is_due_after_stop;
    int64_t started_ms;
    int64_t failing_since_ms; /* 0 = the last pull went well */
    enum pull_end last_end;
    struct pull_order order;   /* what waits, all orders together */
    struct pull_order running; /* what the pull under way was given */
    int64_t orders[ORDERS_MAX];
    int orders_count, orders_running;
    TAILQ_ENTRY(client_task) entry; /* of the list of its state */
};

TAILQ_HEAD(task_list, client_task);

struct schedule {
    struct app *app;
    struct task_list lists[TASK_STOPPING + 1];
    int counts[TASK_STOPPING + 1];
    struct loop_timer *start; /* looks at who is ready, from the loop */
    schedule_drained_fn *drained;
    void *drained_ctx;
    schedule_ended_fn *ended;
    void *ended_ctx;
    int is_draining, is_manual;
    int64_t progress_ms;
};

/* The only function that moves a task: a task is in the list of its state. */
static void set_state(struct client_task *task, enum task_state state)
{
    struct schedule *schedule = task->schedule;
    TAILQ_REMOVE(&schedule->lists[task->state], task, entry);
    schedule->counts[task->state]--;
    task->state = state;
    TAILQ_INSERT_TAIL(&schedule->lists[state], task, entry);
    schedule->counts[state]++;
}

static void task_free(struct client_task *task)
{
    TAILQ_REMOVE(&task->schedule->lists[task->state], task, entry);
    task->schedule->counts[task->state]--;
    loop_timer_free(task->due);
    client_unref(task->client);
    free(task);
}

static void wake(struct schedule *schedule)
{
    if (!loop_timer_is_armed(schedule->start))
        loop_timer_start(schedule->start, 0);
}

static void due_came(void *ctx)
{
    struct client_task *task = ctx;
    if (task->state != TASK_IDLE)
        return;
    set_state(task, TASK_READY);
    wake(task->schedule);
}

static void set_due(struct client_task *task, int64_t due_in_ms)
{
    int is_wanted = !task->schedule->is_manual || task->orders_count > 0;
    if (task->client->is_enabled && is_wanted)
        loop_timer_start(task->due, due_in_ms);
    else
        loop_timer_stop(task->due);
}

/* --- the end of a pull --- */

static int64_t spread(int64_t ms)
{
    return ms - ms / 10 + (int64_t)randombytes_uniform((uint32_t)(ms / 5) + 1);
}

static void finish_orders(struct client_task *task, const char *outcome)
{
    schedule_outcome_orders(task->schedule->app, task->orders, task->orders_running, outcome);
    task->orders_count -= task->orders_running;
    memmove(task->orders, task->orders + task->orders_running,
            (size_t)task->orders_count * sizeof(task->orders[0]));
    task->orders_running = 0;
}

static void check_drained(struct schedule *schedule)
{
    if (!schedule->drained || schedule->counts[TASK_RUNNING] + schedule->counts[TASK_STOPPING] > 0)
        return;
    schedule_drained_fn *drained = schedule->drained;
    schedule->drained = NULL;
    loop_defer(schedule->app->loop, drained, schedule->drained_ctx);
}

static void end_stopped(struct client_task *task)
{
    struct schedule *schedule = task->schedule;
    set_state(task, TASK_IDLE);
    if (task->is_forgotten)
        task_free(task);
    else if (task->is_due_after_stop)
        set_due(task, 0);
    check_drained(schedule);
}

static int64_t settle_end(struct client_task *task, const struct pull_result *result)
{
    struct schedule *schedule = task->schedule;
    int64_t now_ms = loop_now_ms(schedule->app->loop);
    int is_failure = result->end == PULL_FAILED || result->end == PULL_NO_ACCESS;
    if (!is_failure)
        task->failing_since_ms = 0;
    else if (task->failing_since_ms == 0)
        task->failing_since_ms = now_ms;
    task->client->failures = is_failure ? task->client->failures + 1 : 0;
    if (is_failure && (result->class == ANSWER_FORBIDDEN || result->end == PULL_NO_ACCESS))
        task->client->is_proven = 0;
    task->last_end = result->end;
    return spread(schedule_outcome_wait_ms(schedule->app, task->client, result,
                                           now_ms - task->failing_since_ms));
}

static void pull_ended(void *ctx, const struct pull_result *result)
{
    struct client_task *task = ctx;
    struct schedule *schedule = task->schedule;
    task->pull = NULL;
    schedule->progress_ms = loop_now_ms(schedule->app->loop);
    if (result->end == PULL_STOPPED) {
        end_stopped(task);
        wake(schedule);
        return;
    }
    schedule_outcome_note(schedule->app, task->client, result,
                          schedule->progress_ms - task->started_ms);
    int64_t wait_ms = settle_end(task, result);
    schedule_outcome_store(schedule->app, task->client, result, wait_ms);
    set_state(task, TASK_IDLE);
    if (result->end == PULL_MORE)
        pull_order_add(&task->order, &task->running);
    else
        finish_orders(task, schedule_outcome_text(result));
    if (result->end == PULL_MORE || task->orders_count > 0)
        wait_ms = 0;
    else if (task->order.is_hint && task->client->failures == 0)
        wait_ms = HINT_MS;
    set_due(task, result->end == PULL_MORE ? 0 : wait_ms < DUE_LEAST_MS ? DUE_LEAST_MS : wait_ms);
    if (schedule->ended)
        schedule->ended(schedule->ended_ctx, task->client, result);
    check_drained(schedule);
    wake(schedule);
}

/* --- the beginning --- */

static int running_of(const struct schedule *schedule, const struct token_entry *token)
{
    const struct client_task *task;
    int running = 0;
    TAILQ_FOREACH(task, &schedule->lists[TASK_RUNNING], entry)
    running += task->client->token == token;
    return running;
}

static int may_start(const struct schedule *schedule, const struct client_task *task)
{
    const struct token_entry *token = task->client->token;
    return task->client->is_enabled && token && token->token && token->is_owned &&
           running_of(schedule, token) < PULLS_PER_TOKEN_MAX;
}

static void start_pull(struct client_task *task)
{
    struct schedule *schedule = task->schedule;
    task->running = task->order;
    task->order = (struct pull_order){ 0 };
    task->orders_running = task->orders_count;
    set_state(task, TASK_RUNNING);
    schedule->progress_ms = task->started_ms = loop_now_ms(schedule->app->loop);
    task->pull = pull_start(schedule->app, task->client, &task->running, pull_ended, task);
}

/* Who has waited longest goes first; who cannot start yet keeps its place. */
static void start_ready(void *ctx)
{
    struct schedule *schedule = ctx;
    struct client_task *task, *next;
    if (schedule->is_draining)
        return;
    if (schedule->counts[TASK_READY] == 0)
        schedule->progress_ms = loop_now_ms(schedule->app->loop);
    for (task = TAILQ_FIRST(&schedule->lists[TASK_READY]); task; task = next) {
        next = TAILQ_NEXT(task, entry);
        if (schedule->counts[TASK_RUNNING] >= PULLS_MAX)
            return;
        if (may_start(schedule, task))
            start_pull(task);
    }
}

/* --- interface --- */

struct schedule *schedule_new(struct app *app)
{
    struct schedule *schedule = mem_new(1, sizeof(*schedule));
    schedule->app = app;
    schedule->start = loop_timer_new(app->loop, start_ready, schedule);
    schedule->progress_ms = loop_now_ms(app->loop);
    for (size_t i = 0; i < ARRAY_LEN(schedule->lists); i++)
        TAILQ_INIT(&schedule->lists[i]);
    return schedule;
}

static struct client_task *task_new(struct schedule *schedule, struct client *client)
{
    struct client_task *task = mem_new(1, sizeof(*task));
    task->schedule = schedule;
    task->client = client_ref(client);
    task->due = loop_timer_new(schedule->app->loop, due_came, task);
    task->last_end = PULL_UP_TO_DATE;
    TAILQ_INSERT_TAIL(&schedule->lists[TASK_IDLE], task, entry);
    schedule->counts[TASK_IDLE]++;
    client->task = task;
    return task;
}

void schedule_client(struct schedule *schedule, struct client *client, int64_t due_in_ms)
{
    struct client_task *task = client->task ? client->task : task_new(schedule, client);
    if (task->state == TASK_STOPPING)
        task->is_due_after_stop = 1;
    else
        set_due(task, due_in_ms);
}

void schedule_pause(struct schedule *schedule, struct client *client)
{
    struct client_task *task = client->task;
    (void)schedule;
    if (!task)
        return;
    loop_timer_stop(task->due);
    task->is_due_after_stop = 0;
    if (task->state == TASK_READY)
        set_state(task, TASK_IDLE);
    if (task->state != TASK_RUNNING)
        return;
    pull_order_add(&task->order, &task->running);
    if (pull_stop(task->pull)) {
        task->pull = NULL;
        set_state(task, TASK_IDLE);
    } else {
        set_state(task, TASK_STOPPING);
    }
}

void schedule_pause_all(struct schedule *schedule)
{
    struct client_task *task;
    while ((task = TAILQ_FIRST(&schedule->lists[TASK_RUNNING]))) {
        schedule_pause(schedule, task->client);
        schedule_client(schedule, task->client, 0);
    }
}

void schedule_reset(struct schedule *schedule)
{
    struct client_task *task;
    TAILQ_FOREACH(task, &schedule->lists[TASK_IDLE], entry)
    set_due(task, randombytes_uniform(1000));
}

void schedule_set_manual(struct schedule *schedule)
{
    schedule->is_manual = 1;
}

void schedule_wake(struct schedule *schedule)
{
    wake(schedule);
}

void schedule_order(struct schedule *schedule, struct client *client, int64_t order_id,
                    const struct pull_order *order)
{
    struct client_task *task = client->task;
    (void)schedule;
    for (int i = 0; i < task->orders_count; i++) {
        if (task->orders[i] == order_id)
            return;
    }
    if (task->orders_count == ORDERS_MAX)
        return; /* it is found again when these are done */
    task->orders[task->orders_count++] = order_id;
    pull_order_add(&task->order, order);
    if (task->state == TASK_IDLE)
        set_due(task, 0);
}

void schedule_hint(struct schedule *schedule, struct client *client)
{
    struct client_task *task = client->task;
    (void)schedule;
    if (!task || client->failures > 0 || task->order.is_hint)
        return; /* the first event of a burst has set the time */
    task->order.is_hint = 1;
    if (task->state == TASK_IDLE && task->orders_count == 0)
        set_due(task, HINT_MS);
}

void schedule_forget(struct schedule *schedule, struct client *client)
{
    struct client_task *task = client->task;
    if (!task)
        return;
    schedule_pause(schedule, client);
    client->task = NULL;
    task->is_forgotten = 1;
    if (task->state != TASK_STOPPING)
        task_free(task);
}

void schedule_drain(struct schedule *schedule, schedule_drained_fn *drained, void *ctx)
{
    struct client_task *task;
    schedule->is_draining = 1;
    schedule->drained = drained;
    schedule->drained_ctx = ctx;
    while ((task = TAILQ_FIRST(&schedule->lists[TASK_RUNNING])))
        schedule_pause(schedule, task->client);
    check_drained(schedule);
}

void schedule_watch(struct schedule *schedule, schedule_ended_fn *ended, void *ctx)
{
    schedule->ended = ended;
    schedule->ended_ctx = ctx;
}

void schedule_describe(const struct schedule *schedule, struct schedule_report *ret_report)
{
    struct schedule_report report = {
        .running = schedule->counts[TASK_RUNNING],
        .waiting = schedule->counts[TASK_READY],
        .progress_ms = schedule->progress_ms,
    };
    for (size_t i = 0; i < ARRAY_LEN(schedule->lists); i++) {
        const struct client_task *task;
        TAILQ_FOREACH(task, &schedule->lists[i], entry)
        {
            report.clients++;
            report.failing += task->last_end == PULL_FAILED;
            report.held += task->last_end == PULL_HELD;
            report.no_access += task->last_end == PULL_NO_ACCESS;
        }
    }
    *ret_report = report;
}

const char *schedule_phase(const struct client *client, int *ret_year)
{
    *ret_year = 0;
    if (!client->task || !client->task->pull)
        return NULL;
    *ret_year = pull_year(client->task->pull);
    return pull_phase(client->task->pull);
}

void schedule_free(struct schedule *schedule)
{
    if (!schedule)
        return;
    loop_timer_free(schedule->start);
    free(schedule);
}
