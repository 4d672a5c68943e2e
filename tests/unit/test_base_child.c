/* Tests of lib/base/child.h with real programs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/child.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"

enum { GUARD_MS = 20000 };

struct world {
    struct loop *loop;
    struct loop_timer *guard;
    int done_count;
    struct err err;
};

static void late(void *ctx)
{
    (void)ctx;
    fail_msg("the program did not end");
}

static int set_up(void **state)
{
    struct world *world = mem_new(1, sizeof(*world));
    world->loop = loop_new();
    world->guard = loop_timer_new(world->loop, late, world);
    loop_timer_start(world->guard, GUARD_MS);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    loop_timer_free(world->guard);
    loop_free(world->loop);
    free(world);
    return 0;
}

static void done(void *ctx, const struct err *err)
{
    struct world *world = ctx;
    world->done_count++;
    err_copy(&world->err, err);
    loop_stop(world->loop);
}

static void run(struct world *world, const char *script, const char *input, int64_t timeout_ms)
{
    const char *words[] = { "/bin/sh", "-c", script, "name", "two words", NULL };
    struct err err = ERR_NONE;
    struct child *child = child_start(
        world->loop,
        &(struct child_options){ .words = words, .input = input, .timeout_ms = timeout_ms }, done,
        world, &err);
    if (!child)
        fail_msg("%s", err.text);
    assert_int_equal(world->done_count, 0);
    assert_int_equal(loop_run(world->loop), 0);
    assert_int_equal(world->done_count, 1);
}

static void gets_words_input_and_little_else(void **state)
{
    struct world *world = *state;
    (void)setenv("CREDENTIALS_DIRECTORY", "/secret", 1);
    run(world,
        "read -r line; test \"$line\" = '{\"a\": 1}' && test \"$1\" = 'two words' && "
        "test -z \"$CREDENTIALS_DIRECTORY\" && test -n \"$PATH\" && "
        "test ! -e /proc/self/fd/3",
        "{\"a\": 1}\n", 10000);
    assert_int_equal(world->err.code, 0);
}

static void tells_how_it_failed(void **state)
{
    struct world *world = *state;
    run(world, "exit 3", "", 10000);
    assert_string_equal(world->err.text, "/bin/sh ended with status 3");
}

static void tells_the_signal_that_ended_it(void **state)
{
    struct world *world = *state;
    run(world, "kill -9 $$", "", 10000);
    assert_string_equal(world->err.text, "/bin/sh was ended by signal 9");
}

static void kills_what_takes_too_long_and_its_children(void **state)
{
    struct world *world = *state;
    int64_t begun_ms = loop_now_ms(world->loop);
    run(world, "sleep 60 & sleep 60", "", 200);
    assert_int_equal(world->err.code, ETIMEDOUT);
    assert_true(loop_now_ms(world->loop) - begun_ms < 10000);
}

static void a_program_that_reads_nothing_does_no_harm(void **state)
{
    struct world *world = *state;
    AUTO_FREE char *much = mem_new(CHILD_INPUT_BYTES_MAX + 10, 1);
    memset(much, 'x', CHILD_INPUT_BYTES_MAX + 9);
    run(world, "exec <&-; exit 0", much, 10000);
    assert_int_equal(world->err.code, 0);
}

static void says_that_there_is_no_such_program(void **state)
{
    struct world *world = *state;
    static const char *const WORDS[] = { "/nowhere/nothing", NULL };
    struct err err = ERR_NONE;
    const struct child_options options = { .words = WORDS, .input = "", .timeout_ms = 1000 };
    assert_null(child_start(world->loop, &options, done, world, &err));
    assert_int_equal(err.code, ENOENT);
    assert_non_null(strstr(err.text, "/nowhere/nothing"));
    assert_int_equal(world->done_count, 0);
}

static void can_be_given_up(void **state)
{
    struct world *world = *state;
    static const char *const WORDS[] = { "/bin/sleep", "60", NULL };
    struct err err = ERR_NONE;
    const struct child_options options = { .words = WORDS, .input = "", .timeout_ms = 60000 };
    struct child *child = child_start(world->loop, &options, done, world, &err);
    assert_non_null(child);
    child_free(child);
    child_free(NULL);
    assert_int_equal(world->done_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gets_words_input_and_little_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_how_it_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_the_signal_that_ended_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kills_what_takes_too_long_and_its_children, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_program_that_reads_nothing_does_no_harm, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(says_that_there_is_no_such_program, set_up, tear_down),
        cmocka_unit_test_setup_teardown(can_be_given_up, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
