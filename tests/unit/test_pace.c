/* Tests of daemon/pace.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/pace.h"

enum { NOW_MS = 1000000 };

static void grows_while_all_goes_well_and_more_are_waiting(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace);
    assert_int_equal(pace.allowed, PACE_FIRST);
    pace_note(&pace, PACE_GOOD, 1, NOW_MS, NOW_MS + 10);
    assert_int_equal(pace.allowed, 2);
    pace_note(&pace, PACE_GOOD, 1, NOW_MS, NOW_MS + 10);
    assert_int_equal(pace.allowed, 3);
    for (int i = 0; i < 1000; i++)
        pace_note(&pace, PACE_GOOD, 1, NOW_MS, NOW_MS + 10);
    assert_int_equal(pace.allowed, PACE_MAX);
}

static void does_not_grow_where_nobody_waits(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace);
    for (int i = 0; i < 1000; i++)
        pace_note(&pace, PACE_GOOD, 0, NOW_MS, NOW_MS + 10);
    assert_int_equal(pace.allowed, PACE_FIRST);
}

static void halves_once_for_what_ran_together(void **state)
{
    (void)state;
    struct pace pace = { .allowed = 8 };
    for (int i = 0; i < 8; i++)
        pace_note(&pace, PACE_BAD, 1, NOW_MS, NOW_MS + 10 + i);
    assert_int_equal(pace.allowed, 4);
    pace_note(&pace, PACE_BAD, 1, NOW_MS + 20, NOW_MS + 30);
    pace_note(&pace, PACE_BAD, 1, NOW_MS + 40, NOW_MS + 50);
    pace_note(&pace, PACE_BAD, 1, NOW_MS + 60, NOW_MS + 70);
    assert_int_equal(pace.allowed, 1);
}

static void knows_how_long_a_request_takes(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace);
    for (int i = 0; i < 100; i++)
        pace_note(&pace, PACE_GOOD, 1, NOW_MS, NOW_MS + 800);
    assert_in_range(pace.request_ms, 780, 800);
    for (int i = 0; i < 100; i++)
        pace_note(&pace, PACE_GOOD, 1, NOW_MS, NOW_MS + 80);
    assert_in_range(pace.request_ms, 70, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_while_all_goes_well_and_more_are_waiting),
        cmocka_unit_test(does_not_grow_where_nobody_waits),
        cmocka_unit_test(halves_once_for_what_ran_together),
        cmocka_unit_test(knows_how_long_a_request_takes),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
