/*
 * Fuzzer of lib/base/clock.h: any text is a date or a duration, or refused; what is taken reads the
 * same when it is written and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int is_true)
{
    if (!is_true)
        abort();
}

static void try_date(const char *text, size_t len)
{
    int32_t day = 1, again = 2;
    int year = 0, month = 0, day_of_month = 0;
    char out[CLOCK_DATE_BYTES];
    if (clock_parse_date(text, len, &day) < 0) {
        must(day == 1);
        return;
    }
    must(len == CLOCK_DATE_BYTES - 1 && memcmp(clock_format_date(day, out), text, len) == 0);
    must(clock_parse_date(out, strlen(out), &again) == 0 && again == day);
    clock_split_day(day, &year, &month, &day_of_month);
    must(clock_day_of(year, month, day_of_month) == day);
    must(clock_month_start(day) == day - day_of_month + 1);
    must(clock_oslo_day(clock_oslo_midnight_us(day)) == day);
    must(clock_oslo_day(clock_oslo_midnight_us(day) - 1) == day - 1);
}

static void try_months(const uint8_t *data, size_t size)
{
    int32_t day = 0, months = 0;
    if (size < sizeof(day) + sizeof(months))
        return;
    memcpy(&day, data, sizeof(day));
    memcpy(&months, data + sizeof(day), sizeof(months));
    int32_t first = clock_day_of(1900, 1, 1), last = clock_day_of(2199, 12, 31);
    if (day < first || day > last)
        return;
    int32_t moved = clock_add_months(day, months);
    must(moved >= first && moved <= last);
    must(months < 0 ? moved <= day : moved >= day);
}

static void try_duration(const char *text)
{
    struct err err = ERR_NONE;
    int64_t ms = -1, again = -2;
    char out[CLOCK_MOMENT_BYTES];
    if (clock_parse_duration(text, &ms, &err) < 0) {
        must(ms == -1 && err.code != 0);
        return;
    }
    must(ms >= 0);
    must(clock_parse_duration(clock_format_duration(ms, out), &again, &err) == 0 && again == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, size);
    try_date((const char *)data, size);
    try_months(data, size);
    try_duration(text);
    free(text);
    return 0;
}
