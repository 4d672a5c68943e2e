/* Tests of daemon/skew.h: clocks that are apart are told once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/skew.h"

enum { NOW_S = 1795715000, S = 1000 };

static int64_t us(int64_t s)
{
    return s * 1000000;
}

static void a_slow_answer_is_no_difference(void **state)
{
    struct skew skew = { 0 };
    (void)state;
    assert_int_equal(skew_note(&skew, us(NOW_S), us(NOW_S + 100), us(NOW_S + 50)), SKEW_NO_NEWS);
    assert_int_equal(skew.apart_ms, 0);
    assert_int_equal(skew_note(&skew, us(NOW_S), us(NOW_S), us(NOW_S + 30)), SKEW_NO_NEWS);
    assert_int_equal(skew.apart_ms, -30 * S);
}

static void a_difference_is_told_once_and_its_end_too(void **state)
{
    struct skew skew = { 0 };
    (void)state;
    assert_int_equal(skew_note(&skew, us(NOW_S), us(NOW_S + 1), us(NOW_S + 300)), SKEW_BEGUN);
    assert_int_equal(skew.apart_ms, -299 * S);
    assert_int_equal(skew_note(&skew, us(NOW_S), us(NOW_S + 1), us(NOW_S + 400)), SKEW_NO_NEWS);
    assert_int_equal(skew_note(&skew, us(NOW_S), us(NOW_S + 1), us(NOW_S + 9000)), SKEW_BEGUN);
    assert_int_equal(skew_note(&skew, us(NOW_S), us(NOW_S + 1), us(NOW_S + 8999)), SKEW_NO_NEWS);
    assert_int_equal(skew_note(&skew, us(NOW_S), us(NOW_S + 1), us(NOW_S + 20)), SKEW_NO_NEWS);
    assert_int_equal(skew_note(&skew, us(NOW_S), us(NOW_S + 1), us(NOW_S)), SKEW_ENDED);
    assert_int_equal(skew_note(&skew, us(NOW_S), us(NOW_S + 1), us(NOW_S - 31)), SKEW_BEGUN);
    assert_int_equal(skew.apart_ms, 31 * S);
}

static void the_years_1970_and_2106_are_told(void **state)
{
    struct skew skew = { 0 }, late = { 0 };
    (void)state;
    assert_int_equal(skew_note(&skew, 0, us(1), us(NOW_S)), SKEW_BEGUN);
    assert_int_equal(skew.apart_ms, -(int64_t)(NOW_S - 1) * S);
    assert_int_equal(skew_note(&late, us(4294967296), us(4294967297), us(NOW_S)), SKEW_BEGUN);
    assert_int_equal(late.apart_ms, (4294967296 - NOW_S) * S);
}

static void moments_are_told_by_the_clock_of_the_database(void **state)
{
    struct skew skew = { 0 };
    (void)state;
    assert_true(skew_moment_us(&skew, us(NOW_S)) == us(NOW_S));
    (void)!skew_note(&skew, us(NOW_S), us(NOW_S), us(NOW_S + 300));
    assert_true(skew_moment_us(&skew, us(NOW_S + 7)) == us(NOW_S + 307));
    (void)!skew_note(&skew, 0, us(1), us(NOW_S));
    assert_true(skew_moment_us(&skew, us(1)) == us(NOW_S));
    assert_true(skew_moment_us(&skew, 0) == 0);
}

static void a_difference_is_told_in_words(void **state)
{
    char text[SKEW_TEXT_BYTES];
    (void)state;
    assert_string_equal(skew_text(-61 * 60 * S, text),
                        "the clock of this machine is 61min behind that of the database");
    assert_string_equal(skew_text(INT64_C(50) * 3600 * S, text),
                        "the clock of this machine is 2d ahead of that of the database");
    assert_string_equal(skew_text(31 * S, text),
                        "the clock of this machine is 31s ahead of that of the database");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_answer_is_no_difference),
        cmocka_unit_test(a_difference_is_told_once_and_its_end_too),
        cmocka_unit_test(the_years_1970_and_2106_are_told),
        cmocka_unit_test(moments_are_told_by_the_clock_of_the_database),
        cmocka_unit_test(a_difference_is_told_in_words),
    };
    return cmocka_run_group_tests_name("skew", tests, NULL, NULL);
}
