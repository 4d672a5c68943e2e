/*
 * clock.h - dates, moments and durations, and where they meet in Oslo.
 *
 * A date is a count of days since 1970-01-01 (int32_t, named *_day): business dates have no time
 * zone and are never shifted by one. A moment is microseconds since 1970-01-01 UTC (int64_t, *_us).
 * Oslo time (EU rule: last Sundays of March and October, 01:00 UTC) serves sessions and "today".
 */
#ifndef SALDOD_BASE_CLOCK_H
#define SALDOD_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct err;

enum { CLOCK_DATE_BYTES = 11, CLOCK_MOMENT_BYTES = 32 };

#define CLOCK_MS_PER_DAY INT64_C(86400000)
#define CLOCK_US_PER_S INT64_C(1000000)

/* Now, by the system's clock. */
int64_t clock_now_us(void) MUST_USE;

/* "yyyy-mm-dd", years 1900 to 2199, nothing before or after. 0 or -EINVAL. */
int clock_parse_date(const char *text, size_t len, int32_t *ret_day) MUST_USE;
/* A day outside those years reads 0000-00-00, which nothing takes for a date. */
const char *clock_format_date(int32_t day, char out[CLOCK_DATE_BYTES]);

int32_t clock_day_of(int year, int month, int day_of_month) MUST_USE; /* month 1 to 12 */
void clock_split_day(int32_t day, int *ret_year, int *ret_month, int *ret_day_of_month);
int32_t clock_month_start(int32_t day) MUST_USE;
/* Same day of the month, or the last one where that month is shorter; months may be negative.
 * Stops at 1900-01-01 and 2199-12-31. */
int32_t clock_add_months(int32_t day, int months) MUST_USE;

int32_t clock_oslo_day(int64_t moment_us) MUST_USE;   /* the date in Oslo at that moment */
int64_t clock_oslo_midnight_us(int32_t day) MUST_USE; /* 00:00 in Oslo, where that date begins */

/* ISO 8601 in UTC with milliseconds and Z, for logs and documents. */
const char *clock_format_moment(int64_t moment_us, char out[CLOCK_MOMENT_BYTES]);

/* "500ms", "30s", "5min", "6h", "2d": a whole number and a unit. The message names what is wrong
 * and shows the five forms. 0 or -EINVAL/-ERANGE (over 36500 days). */
int clock_parse_duration(const char *text, int64_t *ret_ms, struct err *err) MUST_USE;

/* The longest unit that divides it: 300000 -> "5min"; 0 -> "0s". */
const char *clock_format_duration(int64_t ms, char out[CLOCK_MOMENT_BYTES]);

#endif
