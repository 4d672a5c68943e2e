#include "tests/sandbox/day.h"

#include <stdio.h>
#include <string.h>

/* Civil calendar by eras of 400 years that begin on the first of March. */
int32_t day_of(int year, int month, int mday)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + mday - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void day_split(int32_t day, int *ret_year, int *ret_month, int *ret_mday)
{
    int z = day + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int of_era = z - era * 146097;
    int year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (5 * of_year + 2) / 153;
    *ret_mday = of_year - (153 * shifted + 2) / 5 + 1;
    *ret_month = shifted < 10 ? shifted + 3 : shifted - 9;
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

int32_t day_month_start(int32_t day)
{
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    return day - mday + 1;
}

static int day_month_length(int year, int month)
{
    int next_year = month == 12 ? year + 1 : year;
    return day_of(next_year, month == 12 ? 1 : month + 1, 1) - day_of(year, month, 1);
}

int32_t day_add_months(int32_t day, int months)
{
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    int total = year * 12 + month - 1 + months;
    year = total / 12;
    month = total % 12 + 1;
    int longest = day_month_length(year, month);
    return day_of(year, month, mday > longest ? longest : mday);
}

int32_t day_months_between(int32_t from, int32_t to)
{
    int y1, m1, y2, m2, mday;
    day_split(from, &y1, &m1, &mday);
    day_split(to, &y2, &m2, &mday);
    return (y2 - y1) * 12 + m2 - m1;
}

/* The number of `digits` digits at `text`, or -1. */
static int day_digits(const char *text, int digits)
{
    int number = 0;
    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + text[i] - '0';
    }
    return number;
}

bool day_parse(const char *text, int32_t *ret_day)
{
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
        return false;
    int year = day_digits(text, 4), month = day_digits(text + 5, 2), mday = day_digits(text + 8, 2);
    if (year < 1 || month < 1 || month > 12 || mday < 1 || mday > day_month_length(year, month))
        return false;
    *ret_day = day_of(year, month, mday);
    return true;
}

void day_format(int32_t day, char out[11])
{
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    out[4] = out[7] = '-';
    out[10] = '\0';
    for (int i = 3; i >= 0; i--, year /= 10)
        out[i] = (char)('0' + year % 10);
    out[5] = (char)('0' + month / 10);
    out[6] = (char)('0' + month % 10);
    out[8] = (char)('0' + mday / 10);
    out[9] = (char)('0' + mday % 10);
}

static bool day_parse_zone(const char *zone, int64_t *ret_offset_s)
{
    *ret_offset_s = 0;
    if (*zone == '\0' || strcmp(zone, "Z") == 0)
        return true;
    if ((*zone != '+' && *zone != '-') || strlen(zone) != 6 || zone[3] != ':')
        return false;
    int hours = day_digits(zone + 1, 2), minutes = day_digits(zone + 4, 2);
    if (hours < 0 || minutes < 0)
        return false;
    *ret_offset_s = (*zone == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool day_parse_moment(const char *text, int64_t *ret_unix_s)
{
    char date[11];
    int32_t day;
    if (strlen(text) < 16 || text[10] != 'T' || text[13] != ':')
        return false;
    memcpy(date, text, 10);
    date[10] = '\0';
    int hour = day_digits(text + 11, 2), minute = day_digits(text + 14, 2), second = 0;
    const char *rest = text + 16;
    if (*rest == ':') {
        second = day_digits(rest + 1, 2);
        rest += 3;
    }
    int64_t offset_s;
    if (!day_parse(date, &day) || hour < 0 || hour > 23 || minute < 0 || second < 0 ||
        !day_parse_zone(rest, &offset_s))
        return false;
    *ret_unix_s = (int64_t)day * 86400 + hour * 3600 + minute * 60 + second - offset_s;
    return true;
}

static int32_t day_last_sunday(int year, int month)
{
    int32_t last = day_of(year, month, 31);
    return last - (last + 4) % 7; /* 1970-01-01 was a Thursday */
}

/* Summer time of the European Union: the switch is at 01:00 UTC on both days. */
static int64_t day_oslo_offset_s(int64_t unix_s)
{
    int year, month, mday;
    day_split((int32_t)(unix_s / 86400), &year, &month, &mday);
    int64_t begins = (int64_t)day_last_sunday(year, 3) * 86400 + 3600;
    int64_t ends = (int64_t)day_last_sunday(year, 10) * 86400 + 3600;
    return unix_s >= begins && unix_s < ends ? 7200 : 3600;
}

int32_t day_in_oslo(int64_t unix_s)
{
    return (int32_t)((unix_s + day_oslo_offset_s(unix_s)) / 86400);
}

int64_t day_begins_in_oslo(int32_t day)
{
    int64_t midnight_utc = (int64_t)day * 86400;
    return midnight_utc - day_oslo_offset_s(midnight_utc - 3600);
}
