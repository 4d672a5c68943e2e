/*
 * loop.c - the event loop: timers, descriptors, signals, deferred calls.
 *
 * Freeing a timer or a watch inside its own callback is safe because libevent copies what it
 * needs before it calls, and does not look at the event again; and because the functions named
 * _cb below do nothing after they have called.
 */
#include "lib/base/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <time.h>

#include "lib/base/mem.h"

/* A deferred call that always defers another would keep loop_free() for ever. */
enum { LOOP_LAST_ROUNDS = 1000 };

struct loop_deferred {
    STAILQ_ENTRY(loop_deferred) link;
    loop_fn *fn;
    void *ctx;
};
STAILQ_HEAD(loop_deferred_list, loop_deferred);

struct loop_signal {
    SLIST_ENTRY(loop_signal) link;
    struct event event;
    loop_signal_fn *fn;
    void *ctx;
};
SLIST_HEAD(loop_signal_list, loop_signal);

struct loop {
    struct event_base *base;
    struct event round; /* runs what is deferred */
    struct loop_deferred_list deferred;
    struct loop_signal_list signals;
    bool stopping;
};

struct loop_timer {
    struct event event;
    struct loop *loop;
    loop_fn *fn;
    void *ctx;
};

struct loop_watch {
    struct event event;
    struct loop *loop;
    int fd;
    int interest;
    loop_watch_fn *fn;
    void *ctx;
};

/* --- Deferred calls -----------------------------------------------------------------------------
 */

/* Takes the list away first: what these calls defer belongs to the next round, so that
 * descriptors and timers have their turn in between. */
static void loop_run_round(struct loop *loop)
{
    struct loop_deferred_list round = STAILQ_HEAD_INITIALIZER(round);
    STAILQ_CONCAT(&round, &loop->deferred);
    while (!STAILQ_EMPTY(&round)) {
        struct loop_deferred *call = STAILQ_FIRST(&round);
        STAILQ_REMOVE_HEAD(&round, link);
        loop_fn *fn = call->fn;
        void *ctx = call->ctx;
        free(call);
        fn(ctx);
    }
}

static void loop_round_cb(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    loop_run_round(ctx);
}

/* A timer of libevent can only fail for want of memory, which ends the process here as in mem.c. */
static void loop_add_timer(struct event *event, const struct timeval *delay)
{
    if (event_add(event, delay) != 0)
        abort();
}

void loop_defer(struct loop *loop, loop_fn *fn, void *ctx)
{
    struct loop_deferred *call = mem_new(1, sizeof(*call));
    call->fn = fn;
    call->ctx = ctx;
    /* A timer of zero rather than event_active(): an event made active inside a callback runs
     * before descriptors are looked at again. */
    if (STAILQ_EMPTY(&loop->deferred))
        loop_add_timer(&loop->round, &(struct timeval){ 0 });
    STAILQ_INSERT_TAIL(&loop->deferred, call, link);
}

/* --- The loop -----------------------------------------------------------------------------------
 */

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    if (!config)
        return NULL;
    /* The coarse clock would let timers run some milliseconds early. */
    struct event_base *base = NULL;
    if (event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0)
        base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

struct loop *loop_new(void)
{
    /* A peer that goes away is told by EPIPE, where it can be handled. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return NULL;
    errno = 0;
    struct event_base *base = new_base();
    if (!base) {
        if (errno == 0)
            errno = ENOMEM;
        return NULL;
    }
    struct loop *loop = mem_new(1, sizeof(*loop));
    loop->base = base;
    STAILQ_INIT(&loop->deferred);
    SLIST_INIT(&loop->signals);
    (void)evtimer_assign(&loop->round, base, loop_round_cb, loop);
    return loop;
}

int loop_run(struct loop *loop)
{
    int rc = 0;
    errno = 0;
    /* libevent forgets a break that came before its loop began; we do not. */
    if (!loop->stopping && event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
        rc = errno != 0 ? -errno : -EIO;
    loop->stopping = false;
    return rc;
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
    (void)event_base_loopbreak(loop->base);
}

int64_t loop_now_ms(const struct loop *loop)
{
    (void)loop;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void drop_signals(struct loop *loop)
{
    while (!SLIST_EMPTY(&loop->signals)) {
        struct loop_signal *handled = SLIST_FIRST(&loop->signals);
        SLIST_REMOVE_HEAD(&loop->signals, link);
        (void)event_del(&handled->event);
        free(handled);
    }
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    for (int i = 0; i < LOOP_LAST_ROUNDS && !STAILQ_EMPTY(&loop->deferred); i++)
        loop_run_round(loop);
    while (!STAILQ_EMPTY(&loop->deferred)) {
        struct loop_deferred *call = STAILQ_FIRST(&loop->deferred);
        STAILQ_REMOVE_HEAD(&loop->deferred, link);
        free(call);
    }
    drop_signals(loop);
    (void)event_del(&loop->round);
    event_base_free(loop->base);
    free(loop);
}

/* --- Signals ------------------------------------------------------------------------------------
 */

static void loop_signal_cb(evutil_socket_t signal_number, short what, void *ctx)
{
    (void)what;
    struct loop_signal *handled = ctx;
    handled->fn(handled->ctx, (int)signal_number);
}

int loop_on_signal(struct loop *loop, int signal_number, loop_signal_fn *fn, void *ctx)
{
    if (signal_number <= 0 || signal_number >= NSIG)
        return -EINVAL;
    if (signal_number == SIGKILL || signal_number == SIGSTOP)
        return -EINVAL;
    struct loop_signal *handled = mem_new(1, sizeof(*handled));
    handled->fn = fn;
    handled->ctx = ctx;
    errno = 0;
    if (evsignal_assign(&handled->event, loop->base, signal_number, loop_signal_cb, handled) != 0 ||
        event_add(&handled->event, NULL) != 0) {
        free(handled);
        return errno != 0 ? -errno : -EINVAL;
    }
    SLIST_INSERT_HEAD(&loop->signals, handled, link);
    return 0;
}

/* --- Timers -------------------------------------------------------------------------------------
 */

static void loop_timer_cb(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    struct loop_timer *timer = ctx;
    timer->fn(timer->ctx);
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
    struct loop_timer *timer = mem_new(1, sizeof(*timer));
    timer->loop = loop;
    timer->fn = fn;
    timer->ctx = ctx;
    (void)evtimer_assign(&timer->event, loop->base, loop_timer_cb, timer);
    return timer;
}

void loop_timer_start(struct loop_timer *timer, int64_t delay_ms)
{
    if (delay_ms < 0)
        delay_ms = 0;
    struct timeval delay = {
        .tv_sec = delay_ms / 1000,
        .tv_usec = delay_ms % 1000 * 1000,
    };
    /* libevent counts from the start of the turn; after a long callback that is too early. */
    (void)event_base_update_cache_time(timer->loop->base);
    loop_add_timer(&timer->event, &delay);
}

void loop_timer_stop(struct loop_timer *timer)
{
    (void)event_del(&timer->event);
}

int loop_timer_is_armed(const struct loop_timer *timer)
{
    return event_pending(&timer->event, EV_TIMEOUT, NULL) != 0;
}

void loop_timer_free(struct loop_timer *timer)
{
    if (!timer)
        return;
    (void)event_del(&timer->event);
    free(timer);
}

/* --- Descriptors --------------------------------------------------------------------------------
 */

static void loop_watch_cb(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    struct loop_watch *watch = ctx;
    int events = (what & EV_READ ? LOOP_READ : 0) | (what & EV_WRITE ? LOOP_WRITE : 0);
    watch->fn(watch->ctx, events);
}

static short libevent_mask(int events)
{
    return (short)((events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0));
}

struct loop_watch *loop_watch_new(struct loop *loop, int fd, loop_watch_fn *fn, void *ctx)
{
    struct loop_watch *watch = mem_new(1, sizeof(*watch));
    watch->loop = loop;
    watch->fd = fd;
    watch->fn = fn;
    watch->ctx = ctx;
    (void)event_assign(&watch->event, loop->base, fd, EV_PERSIST, loop_watch_cb, watch);
    return watch;
}

void loop_watch_set(struct loop_watch *watch, int events)
{
    if (events == watch->interest)
        return;
    (void)event_del(&watch->event);
    watch->interest = events;
    short mask = libevent_mask(events);
    if (mask == 0)
        return;
    (void)event_assign(&watch->event, watch->loop->base, watch->fd, (short)(mask | EV_PERSIST),
                       loop_watch_cb, watch);
    if (event_add(&watch->event, NULL) != 0) {
        /* Not a descriptor that can be waited for (a plain file, a closed one): its owner's next
         * read or write says why, so we let it come to that. */
        watch->interest = 0;
        event_active(&watch->event, mask, 0);
    }
}

void loop_watch_free(struct loop_watch *watch)
{
    if (!watch)
        return;
    (void)event_del(&watch->event);
    free(watch);
}
