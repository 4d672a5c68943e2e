/*
 * ledger.h - vouchers and postings of one company, found by day, and summed by month.
 *
 * A posting or voucher is taken out before its date, account or amount changes, and put in again
 * afterwards: that keeps the indexes right. The ledger owns the vouchers and their postings.
 */
#ifndef SANDBOX_LEDGER_H
#define SANDBOX_LEDGER_H

#include <stdint.h>

#include "tests/sandbox/mem.h"
#include "tests/sandbox/money.h"

struct posting;
struct voucher;

#define LEDGER_ACCOUNTS_MAX 1024

/* Rows by day, each day in order of id. */
struct calendar {
    struct vec *day;
    int32_t first;
    uint32_t n;
};

struct ledger {
    struct calendar postings, vouchers;
    struct vec all; /* vouchers, in no order */
    money_t *sums;  /* [month][account ordinal] */
    int32_t first_month;
    uint32_t months;
    uint64_t n_postings, revision;
};

void ledger_add_voucher(struct ledger *ledger, struct voucher *voucher);  /* with its postings */
void ledger_drop_voucher(struct ledger *ledger, struct voucher *voucher); /* and frees it */
void ledger_put_voucher(struct ledger *ledger, struct voucher *voucher);
void ledger_take_voucher(struct ledger *ledger, struct voucher *voucher);
void ledger_put(struct ledger *ledger, struct posting *posting);
void ledger_take(struct ledger *ledger, struct posting *posting);
void ledger_free_posting(struct posting *posting);
void ledger_release(struct ledger *ledger);

/* The rows of one day; empty where there are none. */
const struct vec *ledger_day(const struct calendar *calendar, int32_t day);
int32_t ledger_first_day(const struct calendar *calendar);
int32_t ledger_end_day(const struct calendar *calendar);

struct voucher *ledger_voucher(const struct ledger *ledger, int64_t id);

/* Adds to sums[account ordinal] what is dated from and including `from` to and excluding `to`. */
void ledger_sum(const struct ledger *ledger, int32_t from, int32_t to, money_t *sums);

#endif
