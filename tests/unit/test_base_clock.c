/* Tests of lib/base/clock.h. The C library's timegm() is the second opinion. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"

static int32_t date(const char *text)
{
    int32_t day = INT32_MIN;
    assert_int_equal(clock_parse_date(text, strlen(text), &day), 0);
    return day;
}

/* "2026-03-29T00:59:59" in UTC */
static int64_t moment(const char *text)
{
    struct tm parts = { 0 };
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    assert_true(end && *end == '\0');
    return (int64_t)timegm(&parts) * CLOCK_US_PER_S;
}

static void assert_date(int32_t day, const char *expected)
{
    char text[CLOCK_DATE_BYTES];
    assert_string_equal(clock_format_date(day, text), expected);
}

static void agrees_with_the_c_library_on_every_day(void **state)
{
    (void)state;
    for (int32_t day = date("1900-01-01"); day <= date("2199-12-31"); day++) {
        time_t seconds = (time_t)day * 86400;
        struct tm parts;
        assert_non_null(gmtime_r(&seconds, &parts));
        int year;
        int month;
        int day_of_month;
        clock_split_day(day, &year, &month, &day_of_month);
        assert_int_equal(year, parts.tm_year + 1900);
        assert_int_equal(month, parts.tm_mon + 1);
        assert_int_equal(day_of_month, parts.tm_mday);
        assert_int_equal(clock_day_of(year, month, day_of_month), day);
        char text[CLOCK_DATE_BYTES];
        assert_int_equal(date(clock_format_date(day, text)), day);
    }
}

static void splits_days_far_away(void **state)
{
    (void)state;
    static const int32_t DAYS[] = { INT32_MIN, -719469, -719468, 0, 2932896, INT32_MAX };
    for (size_t i = 0; i < ARRAY_LEN(DAYS); i++) {
        int year;
        int month;
        int day_of_month;
        clock_split_day(DAYS[i], &year, &month, &day_of_month);
        assert_int_equal(clock_day_of(year, month, day_of_month), DAYS[i]);
    }
    assert_date(INT32_MIN, "0000-00-00");
    assert_date(INT32_MAX, "0000-00-00");
    assert_date(date("1900-01-01") - 1, "0000-00-00");
    assert_date(date("2199-12-31") + 1, "0000-00-00");
    assert_date(date("2199-12-31"), "2199-12-31");
}

static void refuses_what_is_not_a_date(void **state)
{
    (void)state;
    static const char *const WRONG[] = {
        "",
        "2026-1-01",
        "2026-01-1",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-01-32",
        "2026-02-29",
        "2100-02-29",
        "2026-04-31",
        "1899-12-31",
        "2200-01-01",
        "2026/01/01",
        "2026-01-0x",
        " 2026-01-01",
        "2026-01-01 ",
        "+026-01-01",
        "0026-01-01",
        "2026-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        int32_t day = 42;
        assert_int_equal(clock_parse_date(WRONG[i], strlen(WRONG[i]), &day), -EINVAL);
        assert_int_equal(day, 42);
    }
    assert_int_equal(date("2000-02-29") + 1, date("2000-03-01"));
    int32_t day = 0;
    assert_int_equal(clock_parse_date("2026-01-01, and more", 10, &day), 0);
}

static void moves_by_months(void **state)
{
    (void)state;
    assert_date(clock_month_start(date("2024-02-29")), "2024-02-01");
    assert_date(clock_month_start(date("1969-12-31")), "1969-12-01");
    assert_date(clock_add_months(date("2026-01-31"), 1), "2026-02-28");
    assert_date(clock_add_months(date("2024-01-31"), 1), "2024-02-29");
    assert_date(clock_add_months(date("2026-03-31"), -1), "2026-02-28");
    assert_date(clock_add_months(date("2026-01-15"), -1), "2025-12-15");
    assert_date(clock_add_months(date("2026-12-15"), 1), "2027-01-15");
    assert_date(clock_add_months(date("2024-02-29"), 12), "2025-02-28");
    assert_date(clock_add_months(date("2024-02-29"), -48), "2020-02-29");
    assert_date(clock_add_months(date("2026-05-05"), 0), "2026-05-05");
    assert_date(clock_add_months(date("2026-05-05"), INT32_MAX), "2199-12-31");
    assert_date(clock_add_months(date("2026-05-05"), INT32_MIN), "1900-01-01");
}

static void knows_when_a_day_begins_in_oslo(void **state)
{
    (void)state;
    static const struct {
        const char *utc;
        const char *oslo_day;
    } CASES[] = {
        { "2026-01-15T22:59:59", "2026-01-15" },
        { "2026-01-15T23:00:00", "2026-01-16" },
        { "2026-07-15T21:59:59", "2026-07-15" },
        { "2026-07-15T22:00:00", "2026-07-16" },
        /* Summer time of 2026: 29 March to 25 October, at 01:00 UTC. */
        { "2026-03-28T22:59:59", "2026-03-28" },
        { "2026-03-28T23:00:00", "2026-03-29" },
        { "2026-03-29T21:59:59", "2026-03-29" },
        { "2026-03-29T22:00:00", "2026-03-30" },
        { "2026-10-24T21:59:59", "2026-10-24" },
        { "2026-10-24T22:00:00", "2026-10-25" },
        { "2026-10-25T22:59:59", "2026-10-25" },
        { "2026-10-25T23:00:00", "2026-10-26" },
        /* 2027: 28 March to 31 October; 2024: 31 March to 27 October. */
        { "2027-03-28T22:00:00", "2027-03-29" },
        { "2027-10-31T22:30:00", "2027-10-31" },
        { "2024-03-31T22:00:00", "2024-04-01" },
        { "2024-10-27T22:30:00", "2024-10-27" },
        { "2026-12-31T23:00:00", "2027-01-01" },
        { "1969-12-31T23:00:00", "1970-01-01" },
        { "1969-12-31T22:59:59", "1969-12-31" },
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        assert_date(clock_oslo_day(moment(CASES[i].utc)), CASES[i].oslo_day);
}

/* Every day begins where the day before ends, and lasts 23, 24 or 25 hours. */
static void leaves_no_gap_between_days_in_oslo(void **state)
{
    (void)state;
    int short_days = 0;
    int long_days = 0;
    for (int32_t day = date("1970-01-02"); day <= date("2199-12-30"); day++) {
        int64_t begins_us = clock_oslo_midnight_us(day);
        int64_t hours = (clock_oslo_midnight_us(day + 1) - begins_us) / CLOCK_US_PER_S / 3600;
        assert_in_range(hours, 23, 25);
        short_days += hours == 23;
        long_days += hours == 25;
        assert_int_equal(clock_oslo_day(begins_us), day);
        assert_int_equal(clock_oslo_day(begins_us - 1), day - 1);
    }
    assert_int_equal(short_days, 230);
    assert_int_equal(long_days, 230);
}

static void ignores_the_zone_of_the_machine(void **state)
{
    (void)state;
    int64_t then = moment("2026-07-15T21:59:59");
    assert_int_equal(setenv("TZ", "Pacific/Kiritimati", 1), 0);
    tzset();
    assert_date(clock_oslo_day(then), "2026-07-15");
    assert_int_equal(clock_oslo_midnight_us(date("2026-07-15")), moment("2026-07-14T22:00:00"));
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

static void survives_moments_far_away(void **state)
{
    (void)state;
    char text[CLOCK_MOMENT_BYTES];
    assert_int_equal(clock_oslo_day(INT64_MAX), INT64_MAX / CLOCK_US_PER_S / 86400);
    assert_int_equal(clock_oslo_day(INT64_MIN), INT64_MIN / CLOCK_US_PER_S / 86400 - 1);
    assert_string_equal(clock_format_moment(INT64_MAX, text), "294247-01-10T04:00:54.775Z");
    assert_in_range(strlen(clock_format_moment(INT64_MIN, text)), 1, CLOCK_MOMENT_BYTES - 1);
}

static void writes_moments_in_utc(void **state)
{
    (void)state;
    char text[CLOCK_MOMENT_BYTES];
    assert_string_equal(clock_format_moment(0, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(clock_format_moment(-1, text), "1969-12-31T23:59:59.999Z");
    int64_t then = moment("2026-11-25T06:30:09") + 125999;
    assert_string_equal(clock_format_moment(then, text), "2026-11-25T06:30:09.125Z");
    assert_true(clock_now_us() > moment("2024-01-01T00:00:00"));
}

static void reads_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } CASES[] = {
        { "500ms", 500 },
        { "30s", 30000 },
        { "5min", 300000 },
        { "6h", 21600000 },
        { "0s", 0 },
        { "007s", 7000 },
        { "2d", INT64_C(2) * CLOCK_MS_PER_DAY },
        { "36500d", INT64_C(36500) * CLOCK_MS_PER_DAY },
        { "3153600000000ms", INT64_C(3153600000000) },
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        int64_t ms = -1;
        struct err err = ERR_NONE;
        assert_int_equal(clock_parse_duration(CASES[i].text, &ms, &err), 0);
        assert_int_equal(ms, CASES[i].ms);
        assert_int_equal(err.code, 0);
    }
}

static void refuses_what_is_not_a_duration(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *says;
    } CASES[] = {
        { "", EINVAL, "it is empty" },
        { "s", EINVAL, "does not begin with a digit" },
        { "-5s", EINVAL, "does not begin with a digit" },
        { " 5s", EINVAL, "does not begin with a digit" },
        { "5", EINVAL, "the unit is missing" },
        { "5 s", EINVAL, "not a unit" },
        { "5m", EINVAL, "not a unit" },
        { "5S", EINVAL, "not a unit" },
        { "1.5h", EINVAL, "not a unit" },
        { "5s ", EINVAL, "not a unit" },
        { "1h30min", EINVAL, "not a unit" },
        { "36501d", ERANGE, "longer than 36500 days" },
        { "3153600000001ms", ERANGE, "longer than 36500 days" },
        { "99999999999999999999999999d", ERANGE, "longer than 36500 days" },
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        int64_t ms = 42;
        struct err err = ERR_NONE;
        assert_int_equal(clock_parse_duration(CASES[i].text, &ms, &err), -CASES[i].code);
        assert_int_equal(ms, 42);
        assert_non_null(strstr(err.text, CASES[i].says));
        assert_non_null(strstr(err.text, "500ms, 30s, 5min, 6h or 2d"));
    }
    int64_t ms = 42;
    assert_int_equal(clock_parse_duration("5x", &ms, NULL), -EINVAL);
}

static void writes_durations_in_the_longest_unit(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } CASES[] = {
        { 0, "0s" },         { 1, "1ms" },         { 1500, "1500ms" },   { 60000, "1min" },
        { 300000, "5min" },  { 90000, "90s" },     { 7200000, "2h" },    { 86400000, "1d" },
        { 172800000, "2d" }, { 129600000, "36h" }, { -300000, "-5min" }, { INT64_MIN, NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char text[CLOCK_MOMENT_BYTES];
        (void)clock_format_duration(CASES[i].ms, text);
        if (CASES[i].text)
            assert_string_equal(text, CASES[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_c_library_on_every_day),
        cmocka_unit_test(splits_days_far_away),
        cmocka_unit_test(refuses_what_is_not_a_date),
        cmocka_unit_test(moves_by_months),
        cmocka_unit_test(knows_when_a_day_begins_in_oslo),
        cmocka_unit_test(leaves_no_gap_between_days_in_oslo),
        cmocka_unit_test(ignores_the_zone_of_the_machine),
        cmocka_unit_test(survives_moments_far_away),
        cmocka_unit_test(writes_moments_in_utc),
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(refuses_what_is_not_a_duration),
        cmocka_unit_test(writes_durations_in_the_longest_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
