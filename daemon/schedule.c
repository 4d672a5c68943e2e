#include "daemon/schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#include <sodium.h>

#include "daemon/app.h"
#include "daemon/loading.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/schedule_internal.h"
#include "daemon/schedule_outcome.h"
#include "daemon/settings.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"

enum {
    SOON_MS = 1000,
    LOOK_MS = 1000,              /* how often pulls under way are looked at */
    QUIET_MS = 5000,             /* silent for so long, a pull takes no place from others */
    GIVE_UP_MS = 20 * 60 * 1000, /* longer than any wait of a request */
};

/* Before all that is due by itself. */
static const int64_t KEY_URGENT = -1;

/* --- states and due times --- */

void task_set_state(struct client_task *task, enum task_state state)
{
    struct schedule *schedule = task->schedule;
    TAILQ_REMOVE(&schedule->lists[task->state], task, entry);
    schedule->counts[task->state]--;
    task->state = state;
    TAILQ_INSERT_TAIL(&schedule->lists[state], task, entry);
    schedule->counts[state]++;
}

void task_free(struct client_task *task)
{
    struct schedule *schedule = task->schedule;
    TAILQ_REMOVE(&schedule->lists[task->state], task, entry);
    schedule->counts[task->state]--;
    schedule->ends[task->last_end]--;
    heap_remove(&schedule->due, &task->due);
    turn_leave(&task->turn);
    client_unref(task->client);
    free(task->orders);
    free(task);
}

void schedule_wake(struct schedule *schedule)
{
    if (!loop_timer_is_armed(schedule->start))
        loop_timer_start(schedule->start, 0);
}

static void set_clock(struct schedule *schedule)
{
    const struct heap_node *first = heap_first(&schedule->due);
    if (first)
        loop_timer_start(schedule->clock, first->key - loop_now_ms(schedule->app->loop));
    else
        loop_timer_stop(schedule->clock);
}

static void forget_due(struct client_task *task)
{
    heap_remove(&task->schedule->due, &task->due);
}

int64_t schedule_within(int64_t ms)
{
    return ms > 0 ? (int64_t)randombytes_uniform((uint32_t)ms) : 0;
}

int task_has_orders(const struct client_task *task)
{
    return task->orders && task->orders->count > 0;
}

static int is_load(const struct client_task *task)
{
    return !task->client->is_loaded || task->order.is_resync;
}

static void join_queue(struct client_task *task, int64_t due_ms)
{
    enum turn_kind kind = is_load(task) ? TURN_LOAD : TURN_LOOK;
    int64_t key = task->order.is_urgent ? KEY_URGENT : kind == TURN_LOAD ? task->work : due_ms;
    turn_wait(&task->turn, task->client->token->queue, kind, key);
}

static void clock_rang(void *ctx)
{
    struct schedule *schedule = ctx;
    int64_t now_ms = loop_now_ms(schedule->app->loop);
    struct heap_node *first;
    while ((first = heap_first(&schedule->due)) && first->key <= now_ms) {
        struct client_task *task = (struct client_task *)((char *)first -
                                                          offsetof(struct client_task, due));
        heap_remove(&schedule->due, first);
        task_set_state(task, TASK_READY);
        join_queue(task, first->key);
    }
    set_clock(schedule);
    schedule_wake(schedule);
}

void task_set_due(struct client_task *task, int64_t due_in_ms)
{
    struct schedule *schedule = task->schedule;
    int is_wanted = !schedule->is_manual || task_has_orders(task);
    forget_due(task);
    if (task->state == TASK_IDLE && task->client->is_enabled && task->client->token && is_wanted) {
        int64_t now_ms = loop_now_ms(schedule->app->loop);
        heap_put(&schedule->due, &task->due, now_ms + (due_in_ms > 0 ? due_in_ms : 0));
        if (heap_first(&schedule->due) == &task->due)
            set_clock(schedule);
    }
}

/* --- the beginning --- */

static void start_pull(struct client_task *task)
{
    struct schedule *schedule = task->schedule;
    task->running = task->order;
    task->order = (struct pull_order){ 0 };
    task->is_due_after = 0;
    if (task->orders)
        task->orders->running = task->orders->count;
    task_set_state(task, TASK_RUNNING);
    task->started_ms = task->moved_ms = loop_now_ms(schedule->app->loop);
    schedule->progress_ms = task->started_ms;
    task->progress = 0;
    task->pull = pull_start(schedule->app, task->client, &task->running, schedule_pull_ended, task);
    if (!loop_timer_is_armed(schedule->look))
        loop_timer_start(schedule->look, LOOK_MS);
}

static void start_ready(void *ctx)
{
    struct schedule *schedule = ctx;
    struct turn *turn;
    if (schedule->counts[TASK_RUNNING] + schedule->counts[TASK_READY] == 0)
        schedule->progress_ms = loop_now_ms(schedule->app->loop);
    while (!schedule->is_draining && (turn = turns_next(schedule->turns)))
        start_pull((struct client_task *)turn); /* its first member */
}

/* --- pulls that do not move --- */

static int64_t quiet_ms(const struct client_task *task)
{
    return loop_now_ms(task->schedule->app->loop) - task->moved_ms;
}

static void note_progress(struct client_task *task)
{
    uint64_t progress = pull_progress(task->pull);
    if (progress != task->progress) {
        task->progress = progress;
        task->moved_ms = loop_now_ms(task->schedule->app->loop);
        task->schedule->progress_ms = task->moved_ms;
    }
    turn_set_quiet(&task->turn, quiet_ms(task) >= QUIET_MS);
}

/* Something runs in the database: the pull ends by itself, and what it was given still stands. */
static void await_stop(struct client_task *task, int is_due_after)
{
    task_keep_orders(task);
    task->is_due_after = is_due_after;
    task_set_state(task, TASK_STOPPING);
}

static void give_up(struct client_task *task, const char *why)
{
    struct err err = ERR_NONE;
    err_set(&err, ETIMEDOUT, "the pull was given up after %" PRId64 " s without a step (%s): %s",
            quiet_ms(task) / 1000, pull_phase(task->pull), why);
    err_set_remedy(&err,
                   "It is tried again by itself; if it lasts, look at the budget of the token "
                   "and at Tripletex's own status");
    if (pull_stop(task->pull))
        schedule_pull_ended(task, &(struct pull_result){
                                      .end = PULL_FAILED, .class = ANSWER_PASSING, .err = &err });
    else
        await_stop(task, 1);
}

/* While it waits for an answer, others may need the connection to the database that it holds. */
static int is_in_the_way(const struct client_task *task)
{
    const struct app *app = task->schedule->app;
    return pull_has_stage(task->pull) && pull_is_asking(task->pull) &&
           quiet_ms(task) >= app->settings->timeout_ms / 2 && quiet_ms(task) >= QUIET_MS &&
           pool_is_short(app->pool);
}

static void note_loading(const struct client_task *task)
{
    struct pull_load load;
    if (pull_describe_load(task->pull, &load))
        loading_note(task->schedule->app->loading, task->client->client_id, &load);
}

static void look_at_running(void *ctx)
{
    struct schedule *schedule = ctx;
    struct client_task *task, *next;
    for (task = TAILQ_FIRST(&schedule->lists[TASK_RUNNING]); task; task = next) {
        next = TAILQ_NEXT(task, entry);
        note_progress(task);
        if (pull_is_in_database(task->pull))
            continue;
        note_loading(task);
        if (quiet_ms(task) >= GIVE_UP_MS)
            give_up(task, "nothing came of what it waited for");
        else if (is_in_the_way(task))
            give_up(task, "Tripletex does not answer, and other clients wait for its connection to "
                          "the database");
    }
    loading_save(schedule->app->loading);
    if (schedule->counts[TASK_RUNNING] > 0)
        loop_timer_start(schedule->look, LOOK_MS);
    schedule_wake(schedule);
}

/* --- interface --- */

struct schedule *schedule_new(struct app *app)
{
    struct schedule *schedule = mem_new(1, sizeof(*schedule));
    schedule->app = app;
    schedule->turns = turns_new();
    schedule->clock = loop_timer_new(app->loop, clock_rang, schedule);
    schedule->start = loop_timer_new(app->loop, start_ready, schedule);
    schedule->look = loop_timer_new(app->loop, look_at_running, schedule);
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
    task->last_end = PULL_UP_TO_DATE;
    schedule->ends[task->last_end]++;
    TAILQ_INSERT_TAIL(&schedule->lists[TASK_IDLE], task, entry);
    schedule->counts[TASK_IDLE]++;
    client->task = task;
    return task;
}

/* At once; one that waits takes its place anew. */
static void make_urgent(struct client_task *task)
{
    if (task->state == TASK_IDLE) {
        task_set_due(task, 0);
    } else if (task->state == TASK_READY) {
        turn_leave(&task->turn);
        join_queue(task, 0);
    }
}

void schedule_client(struct schedule *schedule, struct client *client, int64_t due_in_ms)
{
    struct client_task *task = client->task ? client->task : task_new(schedule, client);
    if (client->token && !client->token->queue)
        client->token->queue = turn_queue_new(schedule->turns);
    if (task->state == TASK_RUNNING || task->state == TASK_STOPPING)
        task->is_due_after = 1;
    else if (task->state == TASK_IDLE)
        task_set_due(task, due_in_ms);
    else if (client->token && task->turn.queue != client->token->queue)
        make_urgent(task); /* another token: it waits there from now on */
}

static void stop_running(struct client_task *task)
{
    if (!pull_stop(task->pull)) {
        await_stop(task, 0);
        return;
    }
    task_keep_orders(task);
    task->pull = NULL;
    turn_end(&task->turn, TURN_ENDED);
    task_set_state(task, TASK_IDLE);
    schedule_tell_ended(task->schedule, task->client, NULL);
}

void schedule_pause(struct schedule *schedule, struct client *client)
{
    struct client_task *task = client->task;
    (void)schedule;
    if (!task)
        return;
    forget_due(task);
    task->is_due_after = 0;
    if (task->state == TASK_READY) {
        turn_leave(&task->turn);
        task_set_state(task, TASK_IDLE);
    }
    if (task->state == TASK_RUNNING)
        stop_running(task);
}

static void stop_token(struct schedule *schedule, const struct token_entry *entry)
{
    struct client_task *task, *next;
    for (task = TAILQ_FIRST(&schedule->lists[TASK_RUNNING]); task; task = next) {
        next = TAILQ_NEXT(task, entry);
        if (task->client->token != entry)
            continue;
        schedule_pause(schedule, task->client);
        schedule_client(schedule, task->client, 0);
    }
}

void schedule_token(struct schedule *schedule, struct token_entry *entry, int is_at_once)
{
    int is_usable = entry->token && entry->is_owned && !entry->is_leaving;
    if (!entry->queue)
        entry->queue = turn_queue_new(schedule->turns);
    turn_queue_open(entry->queue, is_usable);
    if (is_usable)
        schedule_wake(schedule);
    else if (is_at_once && turn_queue_running(entry->queue) > 0)
        stop_token(schedule, entry);
}

int schedule_token_pulls(const struct token_entry *entry)
{
    return entry->queue ? turn_queue_running(entry->queue) : 0;
}

void schedule_forget_token(struct token_entry *entry)
{
    turn_queue_drop(entry->queue);
    entry->queue = NULL;
}

/* An interval that is shorter now counts from the last pull; who failed may do better now. */
static void bring_forward(struct client_task *task)
{
    struct schedule *schedule = task->schedule;
    int64_t now_ms = loop_now_ms(schedule->app->loop);
    int64_t due_ms = now_ms;
    if (task->last_class == ANSWER_OK)
        due_ms = task->moved_ms + client_interval_ms(task->client, schedule->app->settings);
    if (task->due.place > 0 && due_ms < task->due.key)
        task_set_due(task, due_ms - now_ms + schedule_within(SOON_MS));
}

void schedule_reset(struct schedule *schedule)
{
    struct client_task *task;
    TAILQ_FOREACH(task, &schedule->lists[TASK_IDLE], entry)
    bring_forward(task);
    TAILQ_FOREACH(task, &schedule->lists[TASK_RUNNING], entry)
    task->is_due_after = 1;
}

void schedule_set_manual(struct schedule *schedule)
{
    schedule->is_manual = 1;
}

void schedule_order(struct schedule *schedule, struct client *client, int64_t order_id,
                    const struct pull_order *order)
{
    struct client_task *task = client->task;
    (void)schedule;
    if (!task->orders)
        task->orders = mem_new(1, sizeof(*task->orders));
    struct task_orders *orders = task->orders;
    for (int i = 0; i < orders->count; i++) {
        if (orders->ids[i] == order_id)
            return;
    }
    if (orders->count == ORDERS_MAX)
        return; /* it is found again when these are done */
    orders->ids[orders->count++] = order_id;
    pull_order_add(&task->order, order);
    make_urgent(task);
}

void schedule_hint(struct schedule *schedule, struct client *client)
{
    struct client_task *task = client->task;
    (void)schedule;
    if (!task || client->failures > 0 || task->order.is_hint)
        return; /* the first event of a burst has set the time */
    task->order.is_hint = 1;
    if (task->state == TASK_IDLE && !task_has_orders(task))
        task_set_due(task, HINT_MS);
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
    schedule_check_drained(schedule);
}

void schedule_watch(struct schedule *schedule, schedule_ended_fn *ended, void *ctx)
{
    schedule->ended = ended;
    schedule->ended_ctx = ctx;
}

void schedule_describe(const struct schedule *schedule, struct schedule_report *ret_report)
{
    struct schedule_report report = {
        .running = schedule->counts[TASK_RUNNING] + schedule->counts[TASK_STOPPING],
        .waiting = schedule->counts[TASK_READY],
        .failing = schedule->ends[PULL_FAILED],
        .held = schedule->ends[PULL_HELD],
        .no_access = schedule->ends[PULL_NO_ACCESS],
        .progress_ms = schedule->progress_ms,
    };
    for (size_t i = 0; i < ARRAY_LEN(schedule->counts); i++)
        report.clients += schedule->counts[i];
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
    loop_timer_free(schedule->clock);
    loop_timer_free(schedule->start);
    loop_timer_free(schedule->look);
    heap_release(&schedule->due);
    turns_free(schedule->turns);
    free(schedule);
}
