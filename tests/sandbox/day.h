/*
 * day.h - dates as days since 1970-01-01, moments as Unix seconds, and the time of Oslo.
 */
#ifndef SANDBOX_DAY_H
#define SANDBOX_DAY_H

#include <stdbool.h>
#include <stdint.h>

#define DAY_NONE INT32_MIN

int32_t day_of(int year, int month, int mday);
void day_split(int32_t day, int *ret_year, int *ret_month, int *ret_mday);
int32_t day_month_start(int32_t day);
int32_t day_add_months(int32_t day, int months); /* the day of the month is kept, or clipped */
int32_t day_months_between(int32_t from, int32_t to);

/* "yyyy-mm-dd" alone is valid; false leaves the result untouched. */
bool day_parse(const char *text, int32_t *ret_day);
void day_format(int32_t day, char out[11]);

/* "yyyy-mm-ddThh:mm[:ss][Z|+hh:mm]"; without a zone it is UTC. */
bool day_parse_moment(const char *text, int64_t *ret_unix_s);

/* The date in Oslo at a moment, and the moment a date begins there. */
int32_t day_in_oslo(int64_t unix_s);
int64_t day_begins_in_oslo(int32_t day);

#endif
