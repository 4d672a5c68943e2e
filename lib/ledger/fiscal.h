/*
 * fiscal.h - the fiscal years of a client and the horizon that is mirrored.
 *
 * From the annual accounts that Tripletex gives; a year that it does not have yet continues the
 * last known one by 12 months, as the contract says. A company without any has calendar years. A
 * value type.
 */
#ifndef SALDOD_LEDGER_FISCAL_H
#define SALDOD_LEDGER_FISCAL_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct err;

enum { FISCAL_YEARS_MAX = 32 };

struct fiscal_year {
    int year;          /* as Tripletex numbers it */
    int32_t start_day; /* inclusive */
    int32_t next_day;  /* first day after */
};

struct fiscal_horizon {
    struct fiscal_year years[FISCAL_YEARS_MAX]; /* rising, without gaps */
    int count;
    int current; /* index of the year that holds today */
};

struct fiscal_rule {
    int history_years;
    int future_months;
    int32_t today;        /* in Oslo */
    int32_t history_from; /* begin with the fiscal year that holds this day; 0 = by history_years */
};

/* `known` are annual accounts in rising order, `next_day` as the API's `end` gave it: the first day
 * after, or the last day itself (both are seen; a fiscal year ends with a month, which tells them
 * apart). -EINVAL with `err` where years overlap, are empty or leave gaps, or the horizon would
 * pass FISCAL_YEARS_MAX. */
int fiscal_make_horizon(const struct fiscal_year *known, int count, const struct fiscal_rule *rule,
                        struct fiscal_horizon *ret_horizon, struct err *err) MUST_USE;

#endif
