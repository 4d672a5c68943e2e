/*
 * draft.h - a voucher being written, row by row, before it enters the ledger.
 */
#ifndef SANDBOX_DRAFT_H
#define SANDBOX_DRAFT_H

#include <stdint.h>

#include "tests/sandbox/money.h"

struct company;
struct posting;
struct rng;
struct voucher;

enum draft_type {
    DRAFT_OPENING,
    DRAFT_SALE,
    DRAFT_PURCHASE,
    DRAFT_PAYMENT,
    DRAFT_SALARY,
    DRAFT_MEMO
};

/* A voucher with the next number of its fiscal year; takes a copy of `description`. */
struct voucher *draft_voucher(struct company *company, enum draft_type type, int32_t day,
                              const char *description);

/* A row in company currency without VAT, dated as the voucher. */
struct posting *draft_row(struct company *company, struct voucher *voucher, int account,
                          money_t amount, const char *description);

/* Texts that a reader of JSON, CSV or SQL may stumble over; some are empty or NULL. */
const char *draft_text(struct rng *rng);

#endif
