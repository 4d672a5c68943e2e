/* Tests of lib/ledger/fiscal.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/ledger/fiscal.h"

static int32_t day(const char *text)
{
    int32_t value = 0;
    assert_int_equal(clock_parse_date(text, strlen(text), &value), 0);
    return value;
}

static struct fiscal_rule rule_at(const char *today, int history_years, int future_months)
{
    return (struct fiscal_rule){ history_years, future_months, day(today), 0 };
}

/* "2024: 2024-01-01 2025-01-01; ..." with a star at the current year. */
static void check_horizon(const struct fiscal_year *known, int count,
                          const struct fiscal_rule *rule, const char *expected)
{
    struct err err = ERR_NONE;
    struct fiscal_horizon horizon;
    char text[2048] = "", start[CLOCK_DATE_BYTES], end[CLOCK_DATE_BYTES];
    int len = 0;
    int ret = fiscal_make_horizon(known, count, rule, &horizon, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(ret, 0);
    for (int i = 0; i < horizon.count; i++)
        len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%d%s %s %s", i > 0 ? "; " : "",
                        horizon.years[i].year, i == horizon.current ? "*" : "",
                        clock_format_date(horizon.years[i].start_day, start),
                        clock_format_date(horizon.years[i].next_day, end));
    assert_string_equal(text, expected);
    assert_true(horizon.years[horizon.current].start_day <= rule->today);
    assert_true(horizon.years[horizon.current].next_day > rule->today);
}

static void check_refused(const struct fiscal_year *known, int count,
                          const struct fiscal_rule *rule, const char *message)
{
    struct err err = ERR_NONE;
    struct fiscal_horizon horizon = { .count = -7 };
    assert_int_equal(fiscal_make_horizon(known, count, rule, &horizon, &err), -EINVAL);
    assert_string_equal(err.text, message);
    assert_int_equal(horizon.count, -7);
}

static void has_calendar_years_where_none_is_known(void **state)
{
    (void)state;
    struct fiscal_rule rule = rule_at("2026-05-17", 2, 12);
    check_horizon(NULL, 0, &rule,
                  "2024 2024-01-01 2025-01-01; 2025 2025-01-01 2026-01-01; "
                  "2026* 2026-01-01 2027-01-01; 2027 2027-01-01 2028-01-01");
    rule = rule_at("2026-12-31", 0, 0);
    check_horizon(NULL, 0, &rule, "2026* 2026-01-01 2027-01-01");
    rule = rule_at("2026-01-01", 0, 0);
    check_horizon(NULL, 0, &rule, "2026* 2026-01-01 2027-01-01");
}

static void begins_with_history_from_where_none_is_known(void **state)
{
    (void)state;
    struct fiscal_rule rule = rule_at("2026-05-17", 1, 0);
    rule.history_from = day("2023-11-30");
    check_horizon(NULL, 0, &rule,
                  "2023 2023-01-01 2024-01-01; 2024 2024-01-01 2025-01-01; "
                  "2025 2025-01-01 2026-01-01; 2026* 2026-01-01 2027-01-01");
    rule.history_from = day("2026-02-01");
    check_horizon(NULL, 0, &rule, "2026* 2026-01-01 2027-01-01");
}

static void takes_the_end_inclusive_or_exclusive(void **state)
{
    (void)state;
    const struct fiscal_rule rule = rule_at("2026-05-17", 2, 0);
    const struct fiscal_year known[] = {
        { 2025, day("2025-01-01"), day("2025-12-31") },
        { 2026, day("2026-01-01"), day("2027-01-01") },
    };
    check_horizon(known, 2, &rule, "2025 2025-01-01 2026-01-01; 2026* 2026-01-01 2027-01-01");
}

static void follows_deviating_years(void **state)
{
    (void)state;
    const struct fiscal_rule rule = rule_at("2026-05-17", 1, 6);
    const struct fiscal_year known[] = {
        { 2023, day("2023-07-01"), day("2024-07-01") },
        { 2024, day("2024-07-01"), day("2025-07-01") },
        { 2025, day("2025-07-01"), day("2026-06-30") },
    };
    check_horizon(known, 3, &rule,
                  "2024 2024-07-01 2025-07-01; 2025* 2025-07-01 2026-07-01; "
                  "2026 2026-07-01 2027-07-01");
}

static void takes_a_short_and_a_long_first_year(void **state)
{
    (void)state;
    const struct fiscal_rule rule = rule_at("2025-02-01", 2, 0);
    const struct fiscal_year brief[] = { { 2024, day("2024-11-01"), day("2025-01-01") } };
    check_horizon(brief, 1, &rule, "2024 2024-11-01 2025-01-01; 2025* 2025-01-01 2026-01-01");
    const struct fiscal_year lengthy[] = { { 2024, day("2023-07-01"), day("2025-01-01") } };
    check_horizon(lengthy, 1, &rule, "2024 2023-07-01 2025-01-01; 2025* 2025-01-01 2026-01-01");
    const struct fiscal_year odd[] = { { 2025, day("2024-08-15"), day("2025-12-31") } };
    check_horizon(odd, 1, &rule, "2025* 2024-08-15 2026-01-01");
}

static void continues_past_years_long_gone(void **state)
{
    (void)state;
    const struct fiscal_rule rule = rule_at("2026-05-17", 2, 0);
    const struct fiscal_year known[] = { { 2019, day("2019-01-01"), day("2020-01-01") } };
    check_horizon(known, 1, &rule,
                  "2024 2024-01-01 2025-01-01; 2025 2025-01-01 2026-01-01; "
                  "2026* 2026-01-01 2027-01-01");
}

static void goes_back_to_today_where_only_the_future_is_known(void **state)
{
    (void)state;
    const struct fiscal_rule rule = rule_at("2026-05-17", 2, 24);
    const struct fiscal_year known[] = { { 2028, day("2028-01-01"), day("2028-12-31") } };
    check_horizon(known, 1, &rule,
                  "2026* 2026-01-01 2027-01-01; 2027 2027-01-01 2028-01-01; "
                  "2028 2028-01-01 2029-01-01");
}

static void leaves_out_what_lies_beyond_the_future(void **state)
{
    (void)state;
    const struct fiscal_rule rule = rule_at("2026-05-17", 0, 6);
    const struct fiscal_year known[] = {
        { 2026, day("2026-01-01"), day("2027-01-01") },
        { 2027, day("2027-01-01"), day("2028-01-01") },
        { 2028, day("2028-01-01"), day("2029-01-01") },
    };
    check_horizon(known, 3, &rule, "2026* 2026-01-01 2027-01-01");
    check_horizon(known + 2, 1, &rule, "2026* 2026-01-01 2027-01-01");
}

static void begins_with_the_year_of_history_from(void **state)
{
    (void)state;
    struct fiscal_rule rule = rule_at("2026-05-17", 0, 0);
    struct fiscal_year known[6];
    for (int i = 0; i < 6; i++)
        known[i] = (struct fiscal_year){ 2021 + i, clock_day_of(2021 + i, 1, 1),
                                         clock_day_of(2022 + i, 1, 1) };
    rule.history_from = day("2024-12-31");
    check_horizon(known, 6, &rule,
                  "2024 2024-01-01 2025-01-01; 2025 2025-01-01 2026-01-01; "
                  "2026* 2026-01-01 2027-01-01");
    rule.history_from = day("2030-01-01"); /* not later than the current year */
    check_horizon(known, 6, &rule, "2026* 2026-01-01 2027-01-01");
    rule.history_from = day("2001-01-01"); /* not before the first */
    check_horizon(known + 5, 1, &rule, "2026* 2026-01-01 2027-01-01");
}

static void refuses_gaps_overlaps_and_odd_lengths(void **state)
{
    (void)state;
    const struct fiscal_rule rule = rule_at("2026-05-17", 2, 0);
    const struct fiscal_year gap[] = {
        { 2024, day("2024-01-01"), day("2025-01-01") },
        { 2026, day("2026-01-01"), day("2027-01-01") },
    };
    check_refused(gap, 2, &rule,
                  "annual account 2026 begins on 2026-01-01, but the one before ends elsewhere");
    const struct fiscal_year overlap[] = {
        { 2025, day("2025-01-01"), day("2026-02-01") },
        { 2026, day("2026-01-01"), day("2027-01-01") },
    };
    check_refused(overlap, 2, &rule,
                  "annual account 2026 begins on 2026-01-01, but the one before ends elsewhere");
    const struct fiscal_year empty[] = { { 2026, day("2026-02-01"), day("2026-02-01") } };
    check_refused(
        empty, 1, &rule,
        "annual account 2026 runs from 2026-02-01 to 2026-02-01, which is no fiscal year");
    const struct fiscal_year endless[] = { { 2026, day("2025-01-01"), day("2026-12-31") } };
    check_refused(
        endless, 1, &rule,
        "annual account 2026 runs from 2025-01-01 to 2027-01-01, which is no fiscal year");
}

static int many_years(struct fiscal_year known[60])
{
    for (int i = 0; i < 60; i++)
        known[i] = (struct fiscal_year){ 1967 + i, clock_day_of(1967 + i, 1, 1),
                                         clock_day_of(1967 + i, 12, 31) };
    return 60;
}

static void takes_more_years_than_it_mirrors(void **state)
{
    (void)state;
    struct fiscal_year known[60];
    const struct fiscal_rule rule = rule_at("2026-05-17", 1, 0);
    int count = many_years(known);
    check_horizon(known, count, &rule, "2025 2025-01-01 2026-01-01; 2026* 2026-01-01 2027-01-01");
}

static void refuses_a_horizon_of_too_many_years(void **state)
{
    (void)state;
    static const char TOO_MANY[] = "the horizon would pass 32 fiscal years";
    struct fiscal_year known[60];
    struct fiscal_rule rule = rule_at("2026-05-17", 40, 0);
    int count = many_years(known);
    check_refused(known, count, &rule, TOO_MANY);
    rule.history_years = 2;
    rule.history_from = day("1980-01-01");
    check_refused(known, count, &rule, TOO_MANY);
    rule = rule_at("2026-05-17", 0, 12 * 40);
    check_refused(known, count, &rule, TOO_MANY);
    check_refused(NULL, 0, &rule, TOO_MANY);
    rule = rule_at("2026-05-17", 40, 0);
    check_refused(NULL, 0, &rule, TOO_MANY);
    rule = rule_at("2026-05-17", 25, 12 * 10);
    check_refused(known, count, &rule, TOO_MANY);
}

static void takes_as_many_years_as_there_may_be(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    struct fiscal_year known[60];
    struct fiscal_horizon horizon;
    struct fiscal_rule rule = rule_at("2026-05-17", 31, 0);
    int count = many_years(known);
    assert_int_equal(fiscal_make_horizon(known, count, &rule, &horizon, &err), 0);
    assert_int_equal(horizon.count, FISCAL_YEARS_MAX);
    assert_int_equal(horizon.current, 31);
    assert_int_equal(horizon.years[0].year, 1995);
    assert_int_equal(fiscal_make_horizon(NULL, 0, &rule, &horizon, &err), 0);
    assert_int_equal(horizon.count, FISCAL_YEARS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_calendar_years_where_none_is_known),
        cmocka_unit_test(begins_with_history_from_where_none_is_known),
        cmocka_unit_test(takes_the_end_inclusive_or_exclusive),
        cmocka_unit_test(follows_deviating_years),
        cmocka_unit_test(takes_a_short_and_a_long_first_year),
        cmocka_unit_test(continues_past_years_long_gone),
        cmocka_unit_test(goes_back_to_today_where_only_the_future_is_known),
        cmocka_unit_test(leaves_out_what_lies_beyond_the_future),
        cmocka_unit_test(begins_with_the_year_of_history_from),
        cmocka_unit_test(refuses_gaps_overlaps_and_odd_lengths),
        cmocka_unit_test(takes_more_years_than_it_mirrors),
        cmocka_unit_test(refuses_a_horizon_of_too_many_years),
        cmocka_unit_test(takes_as_many_years_as_there_may_be),
    };
    return cmocka_run_group_tests_name("fiscal", tests, NULL, NULL);
}
