/*
 * clock.c - dates, moments and durations, and where they meet in Oslo.
 *
 * Everything is computed: neither TZ nor the zone files of the machine have a say.
 */
#include "lib/base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/err.h"
#include "lib/base/utf8.h"

enum {
    FIRST_YEAR = 1900,
    LAST_YEAR = 2199,
    FIRST_DAY = -25567, /* 1900-01-01 */
    LAST_DAY = 84005,   /* 2199-12-31 */
    DAYS_PER_400_YEARS = 146097,
    /* From 0000-03-01, where the years counted below begin, to 1970-01-01. */
    DAYS_BEFORE_1970 = 719468,
    MAX_DURATION_DAYS = 36500,
    SHOWN_BYTES = 60, /* of a faulty text */
};

#define US_PER_HOUR (INT64_C(3600) * CLOCK_US_PER_S)
#define US_PER_DAY (INT64_C(86400) * CLOCK_US_PER_S)

/* Longest first. */
static const struct duration_unit {
    const char *name;
    int64_t ms;
} DURATION_UNITS[] = {
    { "d", CLOCK_MS_PER_DAY }, { "h", 3600000 }, { "min", 60000 }, { "s", 1000 }, { "ms", 1 },
};

int64_t clock_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * CLOCK_US_PER_S + now.tv_nsec / 1000;
}

/* Division that rounds down, also below zero. */
static int64_t floor_div(int64_t number, int64_t by)
{
    int64_t whole = number / by;
    return number % by < 0 ? whole - 1 : whole;
}

static int64_t floor_mod(int64_t number, int64_t by)
{
    int64_t rest = number % by;
    return rest < 0 ? rest + by : rest;
}

/* --- Dates --------------------------------------------------------------------------------------
 */

/* Years are counted from March, so that the leap day is the last of its year and the lengths of
 * the months before it follow one line: 153 days in five months. */
int32_t clock_day_of(int year, int month, int day_of_month)
{
    int64_t march_year = month > 2 ? year : (int64_t)year - 1;
    int64_t march_month = month > 2 ? month - 3 : month + 9;
    int64_t leap_days = floor_div(march_year, 4) - floor_div(march_year, 100) +
                        floor_div(march_year, 400);
    int64_t day_of_year = (153 * march_month + 2) / 5 + day_of_month - 1;
    return (int32_t)(march_year * 365 + leap_days + day_of_year - DAYS_BEFORE_1970);
}

void clock_split_day(int32_t day, int *ret_year, int *ret_month, int *ret_day_of_month)
{
    int64_t since_start = (int64_t)day + DAYS_BEFORE_1970;
    int64_t cycle = floor_div(since_start, DAYS_PER_400_YEARS);
    int64_t in_cycle = floor_mod(since_start, DAYS_PER_400_YEARS);
    /* Without the leap days before it, each year has 365 days: one leap day ends every 1461 days,
     * but not those of a century, except the last of the cycle. */
    int64_t year_of_cycle = (in_cycle - in_cycle / 1460 + in_cycle / 36524 -
                             in_cycle / (DAYS_PER_400_YEARS - 1)) /
                            365;
    int64_t day_of_year = in_cycle -
                          (year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);

    *ret_year = (int)(cycle * 400 + year_of_cycle + (month <= 2 ? 1 : 0));
    *ret_month = month;
    *ret_day_of_month = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    if (month == 2)
        return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Reads exactly `count` digits; false where one is something else. */
static bool read_digits(const char *text, int count, int *ret_number)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (text[i] - '0');
    }
    *ret_number = number;
    return true;
}

int clock_parse_date(const char *text, size_t len, int32_t *ret_day)
{
    int year;
    int month;
    int day_of_month;
    if (len != CLOCK_DATE_BYTES - 1 || text[4] != '-' || text[7] != '-')
        return -EINVAL;
    if (!read_digits(text, 4, &year) || !read_digits(text + 5, 2, &month) ||
        !read_digits(text + 8, 2, &day_of_month))
        return -EINVAL;
    if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12)
        return -EINVAL;
    if (day_of_month < 1 || day_of_month > days_in_month(year, month))
        return -EINVAL;
    *ret_day = clock_day_of(year, month, day_of_month);
    return 0;
}

const char *clock_format_date(int32_t day, char out[CLOCK_DATE_BYTES])
{
    int year = 0;
    int month = 0;
    int day_of_month = 0;
    if (day >= FIRST_DAY && day <= LAST_DAY)
        clock_split_day(day, &year, &month, &day_of_month);
    (void)snprintf(out, CLOCK_DATE_BYTES, "%04u-%02u-%02u", (unsigned)year % 10000,
                   (unsigned)month % 100, (unsigned)day_of_month % 100);
    return out;
}

int32_t clock_month_start(int32_t day)
{
    int year;
    int month;
    int day_of_month;
    clock_split_day(day, &year, &month, &day_of_month);
    return day - (day_of_month - 1);
}

int32_t clock_add_months(int32_t day, int months)
{
    int year;
    int month;
    int day_of_month;
    clock_split_day(day, &year, &month, &day_of_month);
    int64_t month_count = (int64_t)year * 12 + (month - 1) + months;
    int64_t new_year = floor_div(month_count, 12);
    if (new_year < FIRST_YEAR)
        return FIRST_DAY;
    if (new_year > LAST_YEAR)
        return LAST_DAY;
    int new_month = (int)floor_mod(month_count, 12) + 1;
    int last = days_in_month((int)new_year, new_month);
    return clock_day_of((int)new_year, new_month, day_of_month < last ? day_of_month : last);
}

/* --- Oslo ---------------------------------------------------------------------------------------
 */

/* The dates of a year on which summer time begins and ends. March and October have 31 days. */
static int32_t last_sunday(int year, int month)
{
    int32_t last = clock_day_of(year, month, 31);
    return last - (int32_t)floor_mod((int64_t)last + 4, 7); /* 1970-01-01 was a Thursday */
}

/* Whether summer time holds at a moment, given as a day and the time since its midnight, UTC. */
static bool is_summer_at(int32_t utc_day, int64_t of_day_us)
{
    int year;
    int month;
    int day_of_month;
    clock_split_day(utc_day, &year, &month, &day_of_month);
    int32_t begins = last_sunday(year, 3);
    int32_t ends = last_sunday(year, 10);
    if (utc_day == begins)
        return of_day_us >= US_PER_HOUR;
    if (utc_day == ends)
        return of_day_us < US_PER_HOUR;
    return utc_day > begins && utc_day < ends;
}

int32_t clock_oslo_day(int64_t moment_us)
{
    int32_t utc_day = (int32_t)floor_div(moment_us, US_PER_DAY);
    int64_t of_day_us = floor_mod(moment_us, US_PER_DAY);
    int64_t offset_us = (is_summer_at(utc_day, of_day_us) ? 2 : 1) * US_PER_HOUR;
    return of_day_us + offset_us >= US_PER_DAY ? utc_day + 1 : utc_day;
}

int64_t clock_oslo_midnight_us(int32_t day)
{
    int year;
    int month;
    int day_of_month;
    clock_split_day(day, &year, &month, &day_of_month);
    /* The clocks move after midnight, so the day of the change still begins by the old time. */
    bool is_summer = day > last_sunday(year, 3) && day <= last_sunday(year, 10);
    return day * US_PER_DAY - (is_summer ? 2 : 1) * US_PER_HOUR;
}

/* --- Moments and durations ----------------------------------------------------------------------
 */

const char *clock_format_moment(int64_t moment_us, char out[CLOCK_MOMENT_BYTES])
{
    int year;
    int month;
    int day_of_month;
    clock_split_day((int32_t)floor_div(moment_us, US_PER_DAY), &year, &month, &day_of_month);
    unsigned ms = (unsigned)(floor_mod(moment_us, US_PER_DAY) / 1000);
    (void)snprintf(out, CLOCK_MOMENT_BYTES, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ", year,
                   (unsigned)month % 100, (unsigned)day_of_month % 100, ms / 3600000 % 100,
                   ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
    return out;
}

static int refuse_duration(struct err *err, int code, const char *text, const char *why)
{
    size_t shown = strnlen(text, SHOWN_BYTES);
    return err_set(err, code,
                   "\"%.*s\" is not a duration: %s; write a whole number and a unit, "
                   "such as 500ms, 30s, 5min, 6h or 2d",
                   (int)utf8_cut_bytes(text, shown), text, why);
}

static const struct duration_unit *find_unit(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(DURATION_UNITS); i++) {
        if (strcmp(DURATION_UNITS[i].name, name) == 0)
            return &DURATION_UNITS[i];
    }
    return NULL;
}

int clock_parse_duration(const char *text, int64_t *ret_ms, struct err *err)
{
    if (text[0] == '\0')
        return refuse_duration(err, EINVAL, text, "it is empty");
    size_t digits = strspn(text, "0123456789");
    if (digits == 0)
        return refuse_duration(err, EINVAL, text, "it does not begin with a digit");
    if (text[digits] == '\0')
        return refuse_duration(err, EINVAL, text, "the unit is missing");
    const struct duration_unit *unit = find_unit(text + digits);
    if (!unit)
        return refuse_duration(err, EINVAL, text, "what follows the number is not a unit");

    const int64_t max_count = MAX_DURATION_DAYS * CLOCK_MS_PER_DAY / unit->ms;
    int64_t count = 0;
    for (size_t i = 0; i < digits; i++) {
        count = count * 10 + (text[i] - '0');
        if (count > max_count)
            return refuse_duration(err, ERANGE, text, "it is longer than 36500 days");
    }
    *ret_ms = count * unit->ms;
    return 0;
}

const char *clock_format_duration(int64_t ms, char out[CLOCK_MOMENT_BYTES])
{
    size_t unit = 0;
    while (ms % DURATION_UNITS[unit].ms != 0)
        unit++;
    if (ms == 0)
        (void)snprintf(out, CLOCK_MOMENT_BYTES, "0s");
    else
        (void)snprintf(out, CLOCK_MOMENT_BYTES, "%lld%s", (long long)(ms / DURATION_UNITS[unit].ms),
                       DURATION_UNITS[unit].name);
    return out;
}
