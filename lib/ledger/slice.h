/*
 * slice.h - a part of the postings of a client: days, and below a day accounts, and below an
 * account the numbers of vouchers.
 *
 * Slices form a tree by a fixed rule, so that what is remembered of one is found again: several
 * years and months as range.h has it (a quarter into its months), a day by account number, one
 * account of a day by voucher number. A value type.
 */
#ifndef SALDOD_LEDGER_SLICE_H
#define SALDOD_LEDGER_SLICE_H

#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/ledger/range.h"

enum {
    SLICE_PARTS_MAX = 3,
    SLICE_NO_END = INT32_MAX, /* the last of its kind has no upper bound */
};

struct slice {
    struct range days;
    int32_t account_from, account_to; /* to before; 0 and 0 = all */
    int32_t number_from, number_to;   /* to before; 0 and 0 = not by voucher */
};

/* All that is dated from `from_day` to before `to_day`. */
struct slice slice_of_days(int32_t from_day, int32_t to_day) MUST_USE;

/* The parts of a slice, in order; how many, or 0 where it is one voucher number. `year_starts` as
 * in range_split. */
int slice_split(const struct slice *slice, const int32_t *year_starts, int years,
                struct slice ret_parts[SLICE_PARTS_MAX]) MUST_USE;

/* Only a part of the postings of one day. */
int slice_is_below_day(const struct slice *slice) MUST_USE;
/* One day or a part of it: it is cut no further by date. */
int slice_is_in_day(const struct slice *slice) MUST_USE;
/* Read by the vouchers of the day rather than as a list of postings. */
int slice_is_by_number(const struct slice *slice) MUST_USE;

int slice_equals(const struct slice *a, const struct slice *b) MUST_USE;
/* Whether `outer` holds all of `inner`; a slice holds itself. */
int slice_holds(const struct slice *outer, const struct slice *inner) MUST_USE;
/* Whether something can lie in both. */
int slice_meets(const struct slice *a, const struct slice *b) MUST_USE;

/* Whether one slice can be made of both, `b` following `a`. Slices by number are not joined. */
int slice_can_join(const struct slice *a, const struct slice *b) MUST_USE;
struct slice slice_join(const struct slice *a, const struct slice *b) MUST_USE;

int slice_has_account(const struct slice *slice, int32_t account) MUST_USE;

#endif
