/*
 * loop.h - the event loop: timers, descriptors, signals, deferred calls.
 *
 * The only file that sees libevent. One thread. Objects are owned by who made them and borrow the
 * loop. Callbacks of this module may free any object but the loop itself, their own included.
 */
#ifndef SALDOD_BASE_LOOP_H
#define SALDOD_BASE_LOOP_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct loop;
struct loop_timer;
struct loop_watch;

enum loop_event { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void loop_fn(void *ctx);
typedef void loop_watch_fn(void *ctx, int events); /* a mask of enum loop_event */
typedef void loop_signal_fn(void *ctx, int signal_number);

/* NULL: libevent could not start (errno tells). From here on the process ignores SIGPIPE. */
struct loop *loop_new(void) MUST_USE;

/* Runs until loop_stop(), also while nothing is waited for; returns 0, or -errno. */
int loop_run(struct loop *loop) MUST_USE;
/* Ends the run after the callback in hand; before loop_run(), that one returns at once. What was
 * due by then is kept for the next run. */
void loop_stop(struct loop *loop);

/* Calls fn(ctx) once, later, from the loop, in the order of asking. Cannot be taken back:
 * ctx must live until then. What a deferred call defers runs in the next turn, so that timers and
 * descriptors are never starved. */
void loop_defer(struct loop *loop, loop_fn *fn, void *ctx);

/* fn runs as an ordinary callback, with no restrictions. Handled until the loop is freed. 0, or
 * -EINVAL for a signal that does not exist or cannot be handled. */
int loop_on_signal(struct loop *loop, int signal_number, loop_signal_fn *fn, void *ctx) MUST_USE;

/* Monotonic milliseconds, read afresh; only differences mean anything. */
int64_t loop_now_ms(const struct loop *loop) MUST_USE;

/* A one-shot timer, not armed yet. Starting an armed timer moves it. It never runs early. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx) MUST_USE;
void loop_timer_start(struct loop_timer *timer, int64_t delay_ms); /* < 0 counts as 0 */
void loop_timer_stop(struct loop_timer *timer);
int loop_timer_is_armed(const struct loop_timer *timer) MUST_USE;
void loop_timer_free(struct loop_timer *timer); /* NULL is fine */

/* Watches a descriptor, which it borrows; interest is set with loop_watch_set, 0 = none. Hang-ups
 * and errors count as ready. A descriptor that cannot be waited for (a plain file, a closed one) is
 * reported ready once per loop_watch_set(), so that its owner's next read or write tells why. */
struct loop_watch *loop_watch_new(struct loop *loop, int fd, loop_watch_fn *fn, void *ctx) MUST_USE;
void loop_watch_set(struct loop_watch *watch, int events);
void loop_watch_free(struct loop_watch *watch); /* NULL is fine; before the descriptor is closed */

/* Runs what is deferred (and what that defers, up to 1000 rounds), ends signal handling, frees.
 * Timers and watches must be freed before, or by what is deferred. NULL is fine. */
void loop_free(struct loop *loop);

#endif
