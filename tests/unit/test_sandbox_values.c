/* Tests of tests/sandbox/day.h and money.h: dates, Oslo midnights, exact decimals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/money.h"

static void dates_go_there_and_back(void **state)
{
    (void)state;
    for (int32_t day = day_of(1995, 1, 1); day < day_of(2045, 1, 1); day++) {
        char text[11];
        int32_t again = 0;
        day_format(day, text);
        assert_true(day_parse(text, &again));
        assert_int_equal(again, day);
    }
    assert_int_equal(day_of(1970, 1, 1), 0);
    assert_int_equal(day_add_months(day_of(2024, 1, 31), 1), day_of(2024, 2, 29));
    assert_int_equal(day_add_months(day_of(2024, 12, 31), -10), day_of(2024, 2, 29));
}

static void what_is_no_date_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = { "", "2025-02-29", "2025-13-01", "2025-1-01", "2025-01-01 ", "x" };
    int32_t day = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(day_parse(bad[i], &day));
    assert_int_equal(day, 7);
}

static void midnight_is_that_of_oslo(void **state)
{
    static const struct {
        const char *moment;
        int year, month, mday;
    } CASES[] = {
        { "2026-01-31T22:59:59Z", 2026, 1, 31 },  { "2026-01-31T23:00:00Z", 2026, 2, 1 },
        { "2026-07-01T21:59:59Z", 2026, 7, 1 },   { "2026-07-01T22:00:00Z", 2026, 7, 2 },
        { "2026-03-28T23:00:00Z", 2026, 3, 29 },  { "2026-03-29T22:00:00Z", 2026, 3, 30 },
        { "2026-10-24T22:00:00Z", 2026, 10, 25 }, { "2026-10-25T22:59:59Z", 2026, 10, 25 },
        { "2026-10-25T23:00:00Z", 2026, 10, 26 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        int64_t unix_s = 0;
        assert_true(day_parse_moment(CASES[i].moment, &unix_s));
        int32_t day = day_of(CASES[i].year, CASES[i].month, CASES[i].mday);
        assert_int_equal(day_in_oslo(unix_s), day);
        assert_int_equal(day_in_oslo(day_begins_in_oslo(day)), day);
        assert_int_equal(day_in_oslo(day_begins_in_oslo(day) - 1), day - 1);
    }
}

static void expect_money(const char *text, const char *plain, const char *two, const char *exponent)
{
    money_t money = 0;
    char out[MONEY_TEXT_MAX];
    assert_true(money_parse(text, &money));
    money_format(money, MONEY_SHORT, out);
    assert_string_equal(out, plain);
    money_format(money, MONEY_TWO_DECIMALS, out);
    assert_string_equal(out, two);
    money_format(money, MONEY_EXPONENT, out);
    assert_string_equal(out, exponent);
}

static void money_is_exact(void **state)
{
    (void)state;
    expect_money("0", "0", "0.00", "0.0E0");
    expect_money("-0.01", "-0.01", "-0.01", "-1.0E-2");
    expect_money("1234.5", "1234.5", "1234.50", "1.2345E3");
    expect_money("9999999999.99", "9999999999.99", "9999999999.99", "9.99999999999E9");
    expect_money("-123456789012345678901234.000001", "-123456789012345678901234.000001",
                 "-123456789012345678901234.000001", "-1.23456789012345678901234000001E23");
    expect_money("100", "100", "100.00", "1.0E2");
}

static void what_is_no_money_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = { "", "-", "1.", ".5", "1e3", "1,5", "0.0000001", " 1", "1 " };
    money_t money = 5;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(money_parse(bad[i], &money));
    assert_true(money == 5);
}

static void control_digits_are_checked(void **state)
{
    (void)state;
    assert_true(company_org_nr_valid("974760673"));
    assert_true(company_org_nr_valid("811126489"));
    assert_false(company_org_nr_valid("974760674"));
    assert_false(company_org_nr_valid("97476067"));
    assert_false(company_org_nr_valid("9747606733"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_go_there_and_back),     cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(midnight_is_that_of_oslo),    cmocka_unit_test(money_is_exact),
        cmocka_unit_test(what_is_no_money_is_refused), cmocka_unit_test(control_digits_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
