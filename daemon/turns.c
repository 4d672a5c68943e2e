#include "daemon/turns.h"

#include <stdlib.h>

#include "lib/base/mem.h"

struct turn_queue {
    struct turns *turns;
    int refs; /* its maker's, and one of each turn that waits or runs */
    int is_open, limit;
    enum turn_kind last; /* that began */
    struct heap waiting[TURN_KINDS];
    int running[TURN_KINDS];
    int is_listed[TURN_KINDS]; /* something of this kind may begin */
    TAILQ_ENTRY(turn_queue) entry[TURN_KINDS];
};

TAILQ_HEAD(queue_list, turn_queue);

struct turns {
    struct queue_list lists[TURN_KINDS];
    int running[TURN_KINDS], quiet[TURN_KINDS];
};

struct turns *turns_new(void)
{
    struct turns *turns = mem_new(1, sizeof(*turns));
    for (int i = 0; i < TURN_KINDS; i++)
        TAILQ_INIT(&turns->lists[i]);
    return turns;
}

void turns_free(struct turns *turns)
{
    free(turns);
}

/* --- the queue of a token --- */

static int may_look(const struct turn_queue *queue)
{
    int running = queue->running[TURN_LOOK] + queue->running[TURN_LOAD];
    int is_load_owed = queue->waiting[TURN_LOAD].count > 0 && queue->running[TURN_LOAD] == 0;
    int places = is_load_owed && queue->limit > 1 ? queue->limit - 1 : queue->limit;
    return queue->is_open && queue->waiting[TURN_LOOK].count > 0 && running < places;
}

static int may_load(const struct turn_queue *queue)
{
    int running = queue->running[TURN_LOOK] + queue->running[TURN_LOAD];
    int is_look_waiting = queue->waiting[TURN_LOOK].count > 0;
    int places = is_look_waiting || queue->limit < 2 ? 1 : queue->limit / 2;
    /* With a single place the two kinds take it by turns. */
    int is_its_turn = !is_look_waiting || queue->limit > 1 || queue->last == TURN_LOOK;
    return queue->is_open && queue->waiting[TURN_LOAD].count > 0 && running < queue->limit &&
           queue->running[TURN_LOAD] < places && is_its_turn;
}

static void list_kind(struct turn_queue *queue, enum turn_kind kind, int is_wanted)
{
    if (queue->is_listed[kind] == is_wanted)
        return;
    queue->is_listed[kind] = is_wanted;
    if (is_wanted)
        TAILQ_INSERT_TAIL(&queue->turns->lists[kind], queue, entry[kind]);
    else
        TAILQ_REMOVE(&queue->turns->lists[kind], queue, entry[kind]);
}

/* After every change: in a list exactly while something of that kind may begin. */
static void relist(struct turn_queue *queue)
{
    list_kind(queue, TURN_LOOK, may_look(queue));
    list_kind(queue, TURN_LOAD, may_load(queue));
}

struct turn_queue *turn_queue_new(struct turns *turns)
{
    struct turn_queue *queue = mem_new(1, sizeof(*queue));
    queue->turns = turns;
    queue->refs = 1;
    queue->limit = TURNS_PER_TOKEN_MAX;
    return queue;
}

static void queue_unref(struct turn_queue *queue)
{
    if (--queue->refs > 0)
        return;
    for (int i = 0; i < TURN_KINDS; i++) {
        list_kind(queue, i, 0);
        heap_release(&queue->waiting[i]);
    }
    free(queue);
}

void turn_queue_drop(struct turn_queue *queue)
{
    if (!queue)
        return;
    turn_queue_open(queue, 0);
    queue_unref(queue);
}

void turn_queue_open(struct turn_queue *queue, int is_open)
{
    queue->is_open = is_open;
    relist(queue);
}

int turn_queue_running(const struct turn_queue *queue)
{
    return queue->running[TURN_LOOK] + queue->running[TURN_LOAD];
}

/* --- turns --- */

void turn_wait(struct turn *turn, struct turn_queue *queue, enum turn_kind kind, int64_t key)
{
    turn->queue = queue;
    turn->kind = kind;
    queue->refs++;
    heap_put(&queue->waiting[kind], &turn->node, key);
    relist(queue);
}

void turn_leave(struct turn *turn)
{
    struct turn_queue *queue = turn->queue;
    if (!queue || turn->is_running)
        return;
    heap_remove(&queue->waiting[turn->kind], &turn->node);
    turn->queue = NULL;
    relist(queue);
    queue_unref(queue);
}

static struct turn *begin(struct turn_queue *queue, enum turn_kind kind)
{
    struct turns *turns = queue->turns;
    struct turn *turn = (struct turn *)heap_first(&queue->waiting[kind]); /* its first member */
    heap_remove(&queue->waiting[kind], &turn->node);
    turn->is_running = 1;
    queue->running[kind]++;
    queue->last = kind;
    turns->running[kind]++;
    list_kind(queue, kind, 0); /* to the end of the list, where it stays in it */
    relist(queue);
    return turn;
}

struct turn *turns_next(struct turns *turns)
{
    int quiet = turns->quiet[TURN_LOOK] + turns->quiet[TURN_LOAD];
    int running = turns->running[TURN_LOOK] + turns->running[TURN_LOAD];
    int moving = running - quiet;
    int moving_loads = turns->running[TURN_LOAD] - turns->quiet[TURN_LOAD];
    struct turn_queue *load = TAILQ_FIRST(&turns->lists[TURN_LOAD]);
    struct turn_queue *look = TAILQ_FIRST(&turns->lists[TURN_LOOK]);
    if (moving >= TURNS_MAX || running >= TURNS_MAX + TURNS_QUIET_MAX)
        return NULL;
    if (load && moving_loads < TURNS_LOADS_MAX)
        return begin(load, TURN_LOAD);
    return look ? begin(look, TURN_LOOK) : NULL;
}

void turn_set_quiet(struct turn *turn, int is_quiet)
{
    if (!turn->is_running || turn->is_quiet == is_quiet)
        return;
    turn->is_quiet = is_quiet;
    turn->queue->turns->quiet[turn->kind] += is_quiet ? 1 : -1;
}

void turn_end(struct turn *turn, enum turn_end end)
{
    struct turn_queue *queue = turn->queue;
    turn_set_quiet(turn, 0);
    turn->is_running = 0;
    turn->queue = NULL;
    queue->running[turn->kind]--;
    queue->turns->running[turn->kind]--;
    if (end == TURN_TIMED_OUT)
        queue->limit = 1;
    else if (end == TURN_WENT_WELL && queue->limit < TURNS_PER_TOKEN_MAX)
        queue->limit++;
    relist(queue);
    queue_unref(queue);
}
