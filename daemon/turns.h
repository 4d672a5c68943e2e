/*
 * turns.h - whose turn it is: clients of a token, and tokens among each other.
 *
 * Two kinds of work wait at each token. A look (a client whose years are all loaded: usually one
 * request) goes by the time since which it is due, so that every client is pulled once before any
 * is pulled twice. A load (a first load, a reading in full) goes by the work done for that client
 * so far, least first, so that small clients do not wait for large ones. While both wait, loads
 * have one place of the token and looks have the others: a first load of any size never keeps the
 * other clients of its token from being fresh, and never stands still. Tokens take turns round
 * robin. All is O(log n); nothing is scanned.
 *
 * A token whose requests time out has one place until something goes well again, and what has been
 * silent for a while does not count in the whole: a bureau whose server hangs takes no place from
 * the others.
 *
 * Knows neither clients nor pulls: the schedule embeds a struct turn in each of its tasks.
 */
#ifndef SALDOD_DAEMON_TURNS_H
#define SALDOD_DAEMON_TURNS_H

#include <stdint.h>
#include <sys/queue.h>

#include "lib/base/cleanup.h"
#include "lib/base/heap.h"

enum {
    TURNS_MAX = 64,        /* at once in all */
    TURNS_LOADS_MAX = 16,  /* of them loads */
    TURNS_QUIET_MAX = 448, /* silent ones beside them */
    TURNS_PER_TOKEN_MAX = 8,
};

enum turn_kind { TURN_LOOK, TURN_LOAD, TURN_KINDS };

enum turn_end { TURN_WENT_WELL, TURN_TIMED_OUT, TURN_ENDED };

struct turns;
struct turn_queue; /* of a token */

struct turn {
    struct heap_node node; /* first: while it waits */
    struct turn_queue *queue;
    enum turn_kind kind;
    int is_running, is_quiet;
};

struct turns *turns_new(void) MUST_USE;
void turns_free(struct turns *turns); /* NULL is fine; all queues are gone */

/* A token, closed at first. Turns that wait or run keep it alive. */
struct turn_queue *turn_queue_new(struct turns *turns) MUST_USE;
void turn_queue_drop(struct turn_queue *queue); /* NULL is fine */

/* Whether the token may be used at all now. */
void turn_queue_open(struct turn_queue *queue, int is_open);

int turn_queue_running(const struct turn_queue *queue) MUST_USE;

/* Joins those who wait: smaller keys first, among those of its kind. */
void turn_wait(struct turn *turn, struct turn_queue *queue, enum turn_kind kind, int64_t key);

/* Leaves them, or does nothing. */
void turn_leave(struct turn *turn);

/* Whose turn it is; it runs from now on. NULL = nobody's. */
struct turn *turns_next(struct turns *turns) MUST_USE;

/* It runs no more. */
void turn_end(struct turn *turn, enum turn_end end);

/* It has been silent for a while, or has moved again. */
void turn_set_quiet(struct turn *turn, int is_quiet);

#endif
