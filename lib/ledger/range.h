/*
 * range.h - a range of postings: days, and where one day is too large, accounts and voucher
 * numbers.
 *
 * Ranges form a tree by a fixed rule, so that the digest kept for a range is found again: at the
 * fiscal year that begins nearest the middle, then at the month nearest the middle, then at the
 * middle day. A value type.
 */
#ifndef SALDOD_LEDGER_RANGE_H
#define SALDOD_LEDGER_RANGE_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct range {
    int32_t from_day; /* inclusive, clock.h */
    int32_t to_day;   /* exclusive */
};

/* The halves of a range, in order. Returns 2, or 0 where it is one day. `year_starts` are the first
 * days of the fiscal years, rising. */
int range_split(const struct range *range, const int32_t *year_starts, int years,
                struct range ret_halves[2]) MUST_USE;

int range_equals(const struct range *a, const struct range *b) MUST_USE;
/* Whether `outer` holds all of `inner`; a range holds itself. */
int range_holds(const struct range *outer, const struct range *inner) MUST_USE;

#endif
