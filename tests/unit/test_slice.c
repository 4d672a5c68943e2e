/* Tests of lib/ledger/slice.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/ledger/slice.h"

static void cuts_a_quarter_into_its_months(void **state)
{
    (void)state;
    struct slice parts[SLICE_PARTS_MAX];
    const struct slice quarter = slice_of_days(clock_day_of(2026, 1, 1), clock_day_of(2026, 4, 1));
    assert_int_equal(slice_split(&quarter, NULL, 0, parts), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(parts[i].days.from_day, clock_day_of(2026, 1 + i, 1));
        assert_int_equal(parts[i].days.to_day, clock_day_of(2026, 2 + i, 1));
    }
}

/* A fiscal year that begins within it comes first. */
static void cuts_at_a_year_before_months(void **state)
{
    (void)state;
    struct slice parts[SLICE_PARTS_MAX];
    const int32_t start = clock_day_of(2026, 2, 1);
    const struct slice quarter = slice_of_days(clock_day_of(2026, 1, 1), clock_day_of(2026, 4, 1));
    assert_int_equal(slice_split(&quarter, &start, 1, parts), 2);
    assert_int_equal(parts[1].days.from_day, start);
}

/* Down from `slice` every account and every number is met exactly once. */
static void check_cover(const struct slice *slice, int32_t account, int32_t number, int *found,
                        int depth)
{
    struct slice parts[SLICE_PARTS_MAX];
    int is_inside = 0, count = slice_split(slice, NULL, 0, parts);
    if (count == 0) {
        (*found)++;
        assert_int_equal(slice->account_from, account);
        assert_int_equal(slice->number_from, number);
        return;
    }
    assert_true(depth < 120);
    for (int i = 0; i < count; i++) {
        assert_true(slice_holds(slice, &parts[i]));
        assert_false(slice_equals(slice, &parts[i]));
        int has_number = parts[i].number_to == 0 ||
                         (number >= parts[i].number_from && number < parts[i].number_to);
        if (!slice_has_account(&parts[i], account) || !has_number)
            continue;
        is_inside++;
        check_cover(&parts[i], account, number, found, depth + 1);
    }
    assert_int_equal(is_inside, 1);
}

static void reaches_every_account_and_voucher_number(void **state)
{
    (void)state;
    static const int32_t ACCOUNTS[] = { 0,    999,  1920,  3999,    4000,
                                        8999, 9999, 10000, 1500001, 999999999 };
    static const int32_t NUMBERS[] = { 0, 1, 8191, 8192, 70000, 2000000000, 2147483646 };
    const struct slice day = slice_of_days(20000, 20001);
    for (size_t a = 0; a < sizeof(ACCOUNTS) / sizeof(*ACCOUNTS); a++) {
        for (size_t n = 0; n < sizeof(NUMBERS) / sizeof(*NUMBERS); n++) {
            int found = 0;
            check_cover(&day, ACCOUNTS[a], NUMBERS[n], &found, 0);
            assert_int_equal(found, 1);
        }
    }
}

static void tells_what_kind_it_is(void **state)
{
    (void)state;
    struct slice parts[SLICE_PARTS_MAX];
    struct slice day = slice_of_days(20000, 20001);
    assert_true(slice_is_in_day(&day));
    assert_false(slice_is_below_day(&day));
    assert_int_equal(slice_split(&day, NULL, 0, parts), 2);
    assert_true(slice_is_below_day(&parts[0]));
    assert_false(slice_is_by_number(&parts[0]));
    const struct slice one = { .days = day.days, .account_from = 1920, .account_to = 1921 };
    assert_int_equal(slice_split(&one, NULL, 0, parts), 1);
    assert_true(slice_is_by_number(&parts[0]));
    assert_int_equal(parts[0].number_to, SLICE_NO_END);
}

static void joins_only_neighbours_of_a_kind(void **state)
{
    (void)state;
    const struct slice a = slice_of_days(10, 20), b = slice_of_days(20, 21),
                       c = slice_of_days(22, 23);
    const struct slice low = { .days = { 20, 21 }, .account_from = 0, .account_to = 4000 };
    const struct slice high = { .days = { 20, 21 }, .account_from = 4000, .account_to = 5000 };
    const struct slice number = { .days = { 20, 21 },
                                  .account_from = 5000,
                                  .account_to = 5001,
                                  .number_from = 0,
                                  .number_to = 9 };
    assert_true(slice_can_join(&a, &b));
    assert_false(slice_can_join(&b, &c));
    assert_false(slice_can_join(&a, &low));
    assert_true(slice_can_join(&low, &high));
    assert_false(slice_can_join(&high, &number));
    struct slice both = slice_join(&low, &high);
    assert_int_equal(both.account_from, 0);
    assert_int_equal(both.account_to, 5000);
    both = slice_join(&a, &b);
    assert_int_equal(both.days.from_day, 10);
    assert_int_equal(both.days.to_day, 21);
    assert_int_equal(both.account_to, 0);
}

static void tells_what_meets_and_what_holds(void **state)
{
    (void)state;
    const struct slice day = slice_of_days(20, 21), other = slice_of_days(21, 22);
    const struct slice low = { .days = { 20, 21 }, .account_from = 0, .account_to = 4000 };
    const struct slice high = { .days = { 20, 21 }, .account_from = 4000, .account_to = 5000 };
    assert_true(slice_holds(&day, &low));
    assert_false(slice_holds(&low, &day));
    assert_true(slice_meets(&day, &low));
    assert_false(slice_meets(&low, &high));
    assert_false(slice_meets(&other, &low));
    assert_true(slice_has_account(&high, 4000));
    assert_false(slice_has_account(&high, 5000));
    assert_true(slice_has_account(&day, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_a_quarter_into_its_months),
        cmocka_unit_test(cuts_at_a_year_before_months),
        cmocka_unit_test(reaches_every_account_and_voucher_number),
        cmocka_unit_test(tells_what_kind_it_is),
        cmocka_unit_test(joins_only_neighbours_of_a_kind),
        cmocka_unit_test(tells_what_meets_and_what_holds),
    };
    return cmocka_run_group_tests_name("slice", tests, NULL, NULL);
}
