/*
 * schedule_internal.h - what the parts of the schedule share. Included by schedule*.c only.
 *
 * schedule.c holds the beginning of pulls and the interface, schedule_end.c what comes of them.
 */
#ifndef SALDOD_DAEMON_SCHEDULE_INTERNAL_H
#define SALDOD_DAEMON_SCHEDULE_INTERNAL_H

#include <sys/queue.h>

#include "daemon/schedule.h"
#include "daemon/turns.h"
#include "lib/base/heap.h"

struct loop_timer;

enum {
    ORDERS_MAX = 32, /* waiting for one client; more of them say the same */
    HINT_MS = 150,   /* events come in bursts: the pull waits for the rest of one */
};

enum task_state { TASK_IDLE, TASK_READY, TASK_RUNNING, TASK_STOPPING };

struct task_orders {
    int64_t ids[ORDERS_MAX];
    int count, running;
};

struct client_task {
    struct turn turn; /* first */
    struct heap_node due;
    struct schedule *schedule;
    struct client *client;
    enum task_state state;
    struct pull *pull;
    int is_forgotten, is_due_after;
    int64_t started_ms;
    int64_t failing_since_ms; /* 0 = the last pull went well */
    enum pull_end last_end;
    enum answer_class last_class;
    int64_t work;                   /* of a load: requests and thousands of rows so far */
    uint64_t progress;              /* of the pull under way, when it was last looked at */
    int64_t moved_ms;               /* when that last changed */
    struct pull_order order;        /* what waits, all orders together */
    struct pull_order running;      /* what the pull under way was given */
    struct task_orders *orders;     /* NULL = none */
    TAILQ_ENTRY(client_task) entry; /* of the list of its state */
};

TAILQ_HEAD(task_list, client_task);

struct schedule {
    struct app *app;
    struct turns *turns;
    struct task_list lists[TASK_STOPPING + 1];
    int counts[TASK_STOPPING + 1];
    int ends[PULL_STOPPED + 1]; /* how many clients' last pull ended so */
    struct heap due;
    struct loop_timer *clock; /* the first one in `due` */
    struct loop_timer *start; /* looks at whose turn it is, from the loop */
    struct loop_timer *look;  /* at the pulls under way */
    schedule_drained_fn *drained;
    void *drained_ctx;
    schedule_ended_fn *ended;
    void *ended_ctx;
    int is_draining, is_manual;
    int64_t progress_ms;
};

/* The only function that moves a task: a task is in the list of its state. */
void task_set_state(struct client_task *task, enum task_state state);

/* Only an idle one becomes due. */
void task_set_due(struct client_task *task, int64_t due_in_ms);
void task_free(struct client_task *task);

int task_has_orders(const struct client_task *task) MUST_USE;
/* What the pull under way was given is for the next one. */
void task_keep_orders(struct client_task *task);

/* A moment within so many milliseconds. */
int64_t schedule_within(int64_t ms) MUST_USE;

/* Looks at whose turn it is, soon. */
void schedule_wake(struct schedule *schedule);
void schedule_check_drained(struct schedule *schedule);
void schedule_tell_ended(struct schedule *schedule, struct client *client,
                         const struct pull_result *result);

/* pull_done_fn of every pull; ctx is the task. */
void schedule_pull_ended(void *ctx, const struct pull_result *result);

#endif
