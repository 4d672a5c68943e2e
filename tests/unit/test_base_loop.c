/* Tests of lib/base/loop.h. Run them under the address sanitizer too: it proves that a callback
 * may free its own timer or watch. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/base/loop.h"

/* What happened, one letter each, and what the callbacks play with. */
struct world {
    struct loop *loop;
    char story[64];
    struct loop_timer *timer;
    struct loop_timer *other_timer;
    struct loop_watch *watch;
    struct loop_watch *other_watch;
    int ends[2];
    int rounds;
    int64_t started_ms;
    int64_t ended_ms;
};

static void tell(struct world *world, char letter)
{
    size_t len = strlen(world->story);
    assert_true(len + 1 < sizeof(world->story));
    world->story[len] = letter;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    world->loop = loop_new();
    if (!world->loop)
        return -1;
    *state = world;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, world->ends);
}

static int tear_down(void **state)
{
    struct world *world = *state;
    loop_timer_free(world->timer);
    loop_timer_free(world->other_timer);
    loop_watch_free(world->watch);
    loop_watch_free(world->other_watch);
    (void)close(world->ends[0]);
    (void)close(world->ends[1]);
    loop_free(world->loop);
    free(world);
    return 0;
}

static void run(struct world *world)
{
    assert_int_equal(loop_run(world->loop), 0);
}

static void tell_a(void *ctx)
{
    tell(ctx, 'a');
}

static void tell_b(void *ctx)
{
    tell(ctx, 'b');
}

static void tell_c(void *ctx)
{
    tell(ctx, 'c');
}

static void stop(void *ctx)
{
    struct world *world = ctx;
    tell(world, '.');
    loop_stop(world->loop);
}

/* --- Deferred calls -----------------------------------------------------------------------------
 */

static void runs_deferred_calls_in_order_and_later(void **state)
{
    struct world *world = *state;
    loop_defer(world->loop, tell_a, world);
    loop_defer(world->loop, tell_b, world);
    loop_defer(world->loop, tell_a, world);
    loop_defer(world->loop, stop, world);
    assert_string_equal(world->story, "");
    run(world);
    assert_string_equal(world->story, "aba.");
}

static void defer_two(void *ctx)
{
    struct world *world = ctx;
    loop_defer(world->loop, tell_c, world);
    loop_defer(world->loop, stop, world);
    tell(world, 'd');
}

static void runs_what_is_deferred_meanwhile_in_the_next_round(void **state)
{
    struct world *world = *state;
    loop_defer(world->loop, defer_two, world);
    loop_defer(world->loop, tell_a, world);
    run(world);
    assert_string_equal(world->story, "dac.");
}

static void defer_for_ever(void *ctx)
{
    struct world *world = ctx;
    world->rounds++;
    loop_defer(world->loop, defer_for_ever, world);
}

static void stop_on_events(void *ctx, int events)
{
    (void)events;
    stop(ctx);
}

static void starves_neither_descriptors_nor_timers(void **state)
{
    struct world *world = *state;
    loop_defer(world->loop, defer_for_ever, world);
    world->timer = loop_timer_new(world->loop, stop, world);
    loop_timer_start(world->timer, 5);
    run(world);
    assert_true(world->rounds > 0);

    world->watch = loop_watch_new(world->loop, world->ends[0], stop_on_events, world);
    loop_watch_set(world->watch, LOOP_READ);
    assert_int_equal(write(world->ends[1], "x", 1), 1);
    run(world);
    assert_string_equal(world->story, "..");
    /* tear_down frees the loop, which must end although the call defers for ever. */
}

static void stop_now(void *ctx)
{
    struct world *world = ctx;
    loop_stop(world->loop);
}

static void runs_what_is_left_when_freed(void **state)
{
    (void)state;
    struct world world = { .loop = loop_new() };
    assert_non_null(world.loop);
    loop_defer(world.loop, stop_now, &world);
    assert_int_equal(loop_run(world.loop), 0);
    loop_defer(world.loop, defer_two, &world);
    loop_free(world.loop);
    assert_string_equal(world.story, "dc.");
    loop_free(NULL);
}

static void remembers_a_stop_before_the_run(void **state)
{
    struct world *world = *state;
    loop_defer(world->loop, tell_a, world);
    loop_stop(world->loop);
    run(world);
    assert_string_equal(world->story, "");
    loop_defer(world->loop, stop, world);
    run(world);
    assert_string_equal(world->story, "a.");
}

/* --- Timers -------------------------------------------------------------------------------------
 */

static void note_end(void *ctx)
{
    struct world *world = ctx;
    world->ended_ms = loop_now_ms(world->loop);
    stop(world);
}

static void start_after_a_long_callback(void *ctx)
{
    struct world *world = ctx;
    int64_t until_ms = loop_now_ms(world->loop) + 20;
    while (loop_now_ms(world->loop) < until_ms)
        continue;
    world->started_ms = loop_now_ms(world->loop);
    loop_timer_start(world->timer, 30);
}

static void a_timer_never_runs_early(void **state)
{
    struct world *world = *state;
    world->timer = loop_timer_new(world->loop, note_end, world);
    loop_defer(world->loop, start_after_a_long_callback, world);
    run(world);
    assert_true(world->ended_ms - world->started_ms >= 30);
}

static void timers_run_by_their_time(void **state)
{
    struct world *world = *state;
    world->timer = loop_timer_new(world->loop, stop, world);
    world->other_timer = loop_timer_new(world->loop, tell_a, world);
    assert_false(loop_timer_is_armed(world->timer));
    loop_timer_start(world->timer, 20);
    loop_timer_start(world->other_timer, -1);
    assert_true(loop_timer_is_armed(world->timer));
    run(world);
    assert_string_equal(world->story, "a.");
    assert_false(loop_timer_is_armed(world->timer));
    assert_false(loop_timer_is_armed(world->other_timer));
}

static void a_timer_can_be_moved_and_stopped(void **state)
{
    struct world *world = *state;
    world->timer = loop_timer_new(world->loop, stop, world);
    world->other_timer = loop_timer_new(world->loop, tell_a, world);
    loop_timer_start(world->timer, INT64_MAX);
    loop_timer_start(world->timer, 20);
    loop_timer_start(world->other_timer, 1);
    loop_timer_stop(world->other_timer);
    loop_timer_stop(world->other_timer);
    assert_false(loop_timer_is_armed(world->other_timer));
    run(world);
    assert_string_equal(world->story, ".");
}

static void free_both_timers(void *ctx)
{
    struct world *world = ctx;
    loop_timer_free(world->timer);
    loop_timer_free(world->other_timer);
    world->timer = NULL;
    world->other_timer = NULL;
    loop_defer(world->loop, stop, world);
    tell(world, 'f');
}

/* Both are due in the same turn; the first to run frees itself and the other. */
static void a_timer_may_free_itself_and_others_that_are_due(void **state)
{
    struct world *world = *state;
    world->timer = loop_timer_new(world->loop, free_both_timers, world);
    world->other_timer = loop_timer_new(world->loop, free_both_timers, world);
    loop_timer_start(world->timer, 0);
    loop_timer_start(world->other_timer, 0);
    run(world);
    assert_string_equal(world->story, "f.");
    loop_timer_free(NULL);
}

static void restart(void *ctx)
{
    struct world *world = ctx;
    tell(world, 'r');
    assert_false(loop_timer_is_armed(world->timer));
    if (++world->rounds < 3)
        loop_timer_start(world->timer, 1);
    else
        loop_stop(world->loop);
}

static void a_timer_may_start_itself_again(void **state)
{
    struct world *world = *state;
    world->timer = loop_timer_new(world->loop, restart, world);
    loop_timer_start(world->timer, 0);
    run(world);
    assert_string_equal(world->story, "rrr");
}

/* --- Descriptors --------------------------------------------------------------------------------
 */

static void tell_events(void *ctx, int events)
{
    struct world *world = ctx;
    tell(world, (char)('0' + events));
    loop_watch_set(world->watch, 0);
    loop_defer(world->loop, stop, world);
}

static void watches_what_it_is_asked_to(void **state)
{
    struct world *world = *state;
    world->watch = loop_watch_new(world->loop, world->ends[0], tell_events, world);
    loop_watch_set(world->watch, LOOP_READ | LOOP_WRITE);
    run(world);
    assert_string_equal(world->story, "2.");
    assert_int_equal(write(world->ends[1], "x", 1), 1);
    loop_watch_set(world->watch, LOOP_READ);
    run(world);
    assert_string_equal(world->story, "2.1.");
    loop_watch_set(world->watch, LOOP_READ | LOOP_WRITE);
    loop_watch_set(world->watch, LOOP_READ | LOOP_WRITE);
    run(world);
    assert_string_equal(world->story, "2.1.3.");
}

static void asks_for_nothing_where_interest_is_none(void **state)
{
    struct world *world = *state;
    world->watch = loop_watch_new(world->loop, world->ends[0], tell_events, world);
    world->timer = loop_timer_new(world->loop, stop, world);
    loop_timer_start(world->timer, 5);
    run(world);
    loop_watch_set(world->watch, LOOP_WRITE);
    loop_watch_set(world->watch, 0);
    loop_timer_start(world->timer, 5);
    run(world);
    assert_string_equal(world->story, "..");
}

static void a_hang_up_counts_as_ready(void **state)
{
    struct world *world = *state;
    world->watch = loop_watch_new(world->loop, world->ends[0], tell_events, world);
    loop_watch_set(world->watch, LOOP_READ);
    assert_int_equal(shutdown(world->ends[1], SHUT_RDWR), 0);
    run(world);
    assert_string_equal(world->story, "1.");
}

static void keep_telling(void *ctx, int events)
{
    struct world *world = ctx;
    (void)events;
    tell(world, 'k');
    if (++world->rounds == 3)
        loop_stop(world->loop);
}

static void reports_as_long_as_it_is_ready(void **state)
{
    struct world *world = *state;
    world->watch = loop_watch_new(world->loop, world->ends[0], keep_telling, world);
    loop_watch_set(world->watch, LOOP_WRITE);
    run(world);
    assert_string_equal(world->story, "kkk");
}

static void free_both_watches(void *ctx, int events)
{
    struct world *world = ctx;
    (void)events;
    loop_watch_free(world->watch);
    loop_watch_free(world->other_watch);
    world->watch = NULL;
    world->other_watch = NULL;
    loop_defer(world->loop, stop, world);
    tell(world, 'f');
}

/* Both are ready in the same turn; the first to run frees itself and the other. */
static void a_watch_may_free_itself_and_others_that_are_ready(void **state)
{
    struct world *world = *state;
    world->watch = loop_watch_new(world->loop, world->ends[0], free_both_watches, world);
    world->other_watch = loop_watch_new(world->loop, world->ends[1], free_both_watches, world);
    loop_watch_set(world->watch, LOOP_WRITE);
    loop_watch_set(world->other_watch, LOOP_WRITE);
    run(world);
    assert_string_equal(world->story, "f.");
    loop_watch_free(NULL);
}

static void a_plain_file_is_ready_once_per_asking(void **state)
{
    struct world *world = *state;
    /* libevent says on stderr that it cannot wait for it; that is not what is tested. */
    FILE *file = tmpfile();
    assert_non_null(file);
    int saved_stderr = dup(STDERR_FILENO);
    assert_non_null(freopen("/dev/null", "w", stderr));
    world->watch = loop_watch_new(world->loop, fileno(file), tell_events, world);
    loop_watch_set(world->watch, LOOP_READ);
    run(world);
    loop_watch_set(world->watch, LOOP_READ);
    run(world);
    loop_watch_free(world->watch);
    world->watch = NULL;
    (void)fflush(stderr);
    (void)dup2(saved_stderr, STDERR_FILENO);
    (void)close(saved_stderr);
    (void)fclose(file);
    assert_string_equal(world->story, "1.1.");
}

/* --- Signals ------------------------------------------------------------------------------------
 */

static void note_signal(void *ctx, int signal_number)
{
    struct world *world = ctx;
    tell(world, signal_number == SIGUSR1 ? 'u' : 'h');
    if (strlen(world->story) == 2)
        loop_stop(world->loop);
}

static void raise_both(void *ctx)
{
    (void)ctx;
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(raise(SIGHUP), 0);
}

static void signals_are_ordinary_callbacks(void **state)
{
    struct world *world = *state;
    assert_int_equal(loop_on_signal(world->loop, SIGUSR1, note_signal, world), 0);
    assert_int_equal(loop_on_signal(world->loop, SIGHUP, note_signal, world), 0);
    loop_defer(world->loop, raise_both, world);
    run(world);
    assert_int_equal(strlen(world->story), 2);
    assert_non_null(strchr(world->story, 'u'));
    assert_non_null(strchr(world->story, 'h'));
}

static void refuses_what_is_no_signal(void **state)
{
    struct world *world = *state;
    assert_int_equal(loop_on_signal(world->loop, 0, note_signal, world), -EINVAL);
    assert_int_equal(loop_on_signal(world->loop, 1000, note_signal, world), -EINVAL);
    assert_int_equal(loop_on_signal(world->loop, SIGKILL, note_signal, world), -EINVAL);
}

static void a_closed_pipe_is_an_error_not_a_death(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    (void)close(ends[1]);
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(runs_deferred_calls_in_order_and_later),
        WITH_LOOP(runs_what_is_deferred_meanwhile_in_the_next_round),
        WITH_LOOP(starves_neither_descriptors_nor_timers),
        cmocka_unit_test(runs_what_is_left_when_freed),
        WITH_LOOP(remembers_a_stop_before_the_run),
        WITH_LOOP(a_timer_never_runs_early),
        WITH_LOOP(timers_run_by_their_time),
        WITH_LOOP(a_timer_can_be_moved_and_stopped),
        WITH_LOOP(a_timer_may_free_itself_and_others_that_are_due),
        WITH_LOOP(a_timer_may_start_itself_again),
        WITH_LOOP(watches_what_it_is_asked_to),
        WITH_LOOP(asks_for_nothing_where_interest_is_none),
        WITH_LOOP(a_hang_up_counts_as_ready),
        WITH_LOOP(reports_as_long_as_it_is_ready),
        WITH_LOOP(a_watch_may_free_itself_and_others_that_are_ready),
        WITH_LOOP(a_plain_file_is_ready_once_per_asking),
        WITH_LOOP(signals_are_ordinary_callbacks),
        WITH_LOOP(refuses_what_is_no_signal),
        WITH_LOOP(a_closed_pipe_is_an_error_not_a_death),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
