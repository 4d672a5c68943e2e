/* Tests of lib/ledger/range.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/ledger/range.h"

enum { YEARS = 6 };

static int32_t day(const char *text)
{
    int32_t value = 0;
    assert_int_equal(clock_parse_date(text, strlen(text), &value), 0);
    return value;
}

static void year_starts(int32_t starts[YEARS])
{
    for (int i = 0; i < YEARS; i++)
        starts[i] = clock_day_of(2024 + i, 1, 1);
}

static void check_split(const char *from, const char *at, const char *to)
{
    int32_t starts[YEARS];
    struct range halves[2];
    const struct range range = { day(from), day(to) };
    year_starts(starts);
    assert_int_equal(range_split(&range, starts, YEARS, halves), 2);
    assert_int_equal(halves[0].from_day, range.from_day);
    assert_int_equal(halves[0].to_day, day(at));
    assert_int_equal(halves[1].from_day, day(at));
    assert_int_equal(halves[1].to_day, range.to_day);
}

static void splits_at_the_middle_year(void **state)
{
    (void)state;
    check_split("2024-01-01", "2027-01-01", "2030-01-01");
    check_split("2024-01-01", "2025-01-01", "2026-01-01");
    check_split("2024-12-31", "2025-01-01", "2025-01-02");
    check_split("2023-06-01", "2024-01-01", "2024-02-01");
}

static void splits_a_year_at_the_middle_month(void **state)
{
    (void)state;
    check_split("2026-01-01", "2026-07-01", "2027-01-01");
    check_split("2026-01-01", "2026-04-01", "2026-07-01");
    check_split("2026-01-01", "2026-02-01", "2026-03-01");
    check_split("2026-01-15", "2026-02-01", "2026-02-02");
}

static void splits_a_month_at_the_middle_day(void **state)
{
    (void)state;
    check_split("2026-02-01", "2026-02-15", "2026-03-01");
    check_split("2026-02-01", "2026-02-02", "2026-02-03");
}

static void does_not_split_a_day(void **state)
{
    (void)state;
    struct range halves[2] = { { 1, 2 }, { 3, 4 } };
    const struct range one = { day("2026-02-01"), day("2026-02-02") };
    assert_int_equal(range_split(&one, NULL, 0, halves), 0);
    assert_int_equal(halves[0].from_day, 1);
    assert_int_equal(halves[1].to_day, 4);
}

static void follows_years_that_begin_in_another_month(void **state)
{
    (void)state;
    struct range halves[2];
    const int32_t starts[] = { day("2024-07-01"), day("2025-07-01") };
    const struct range range = { day("2024-07-01"), day("2026-07-01") };
    assert_int_equal(range_split(&range, starts, 2, halves), 2);
    assert_int_equal(halves[0].to_day, day("2025-07-01"));
}

/* Down to single days the halves cover everything once, and each year and month is met on the way.
 */
static void check_tree(const struct range *range, const int32_t *starts, int32_t *next, int *years,
                       int *months)
{
    struct range halves[2];
    *years += clock_day_of(2024, 1, 1) <= range->from_day &&
              range->to_day - range->from_day >= 365 && range->to_day - range->from_day <= 366;
    *months += clock_month_start(range->from_day) == range->from_day &&
               clock_add_months(range->from_day, 1) == range->to_day;
    if (range_split(range, starts, YEARS, halves) == 0) {
        assert_int_equal(range->from_day, *next);
        *next = range->to_day;
        return;
    }
    for (int i = 0; i < 2; i++) {
        assert_true(halves[i].to_day > halves[i].from_day);
        assert_true(range_holds(range, &halves[i]));
        assert_false(range_equals(range, &halves[i]));
        check_tree(&halves[i], starts, next, years, months);
    }
}

static void reaches_every_year_month_and_day(void **state)
{
    (void)state;
    int32_t starts[YEARS];
    year_starts(starts);
    const struct range whole = { starts[0], clock_day_of(2024 + YEARS, 1, 1) };
    int32_t next = whole.from_day;
    int years = 0, months = 0;
    check_tree(&whole, starts, &next, &years, &months);
    assert_int_equal(next, whole.to_day);
    assert_int_equal(years, YEARS);
    assert_int_equal(months, 12 * YEARS);
}

static void compares_ranges(void **state)
{
    (void)state;
    const struct range a = { 10, 20 }, same = { 10, 20 }, inner = { 12, 20 }, beyond = { 12, 21 };
    assert_true(range_equals(&a, &same));
    assert_false(range_equals(&a, &inner));
    assert_true(range_holds(&a, &same));
    assert_true(range_holds(&a, &inner));
    assert_false(range_holds(&inner, &a));
    assert_false(range_holds(&a, &beyond));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_at_the_middle_year),
        cmocka_unit_test(splits_a_year_at_the_middle_month),
        cmocka_unit_test(splits_a_month_at_the_middle_day),
        cmocka_unit_test(does_not_split_a_day),
        cmocka_unit_test(follows_years_that_begin_in_another_month),
        cmocka_unit_test(reaches_every_year_month_and_day),
        cmocka_unit_test(compares_ranges),
    };
    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
