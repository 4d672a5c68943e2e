/*
 * edit.h - changes to the books as a user of Tripletex makes them; versions and indexes follow.
 */
#ifndef SANDBOX_EDIT_H
#define SANDBOX_EDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/money.h"

struct account;
struct company;
struct posting;
struct voucher;

/* Adds `delta` to the amount and the gross, and in company currency to the other two. */
void edit_posting_amount(struct company *company, struct posting *posting, money_t delta);
void edit_posting_text(struct company *company, struct posting *posting, const char *text);
void edit_posting_account(struct company *company, struct posting *posting,
                          struct account *account);
void edit_posting_day(struct company *company, struct posting *posting, int32_t day);

/* Moves the voucher and its rows; in another fiscal year it gets that year's next number. */
void edit_voucher_day(struct company *company, struct voucher *voucher, int32_t day);
void edit_voucher_text(struct company *company, struct voucher *voucher, const char *text);

/* System-generated rows (or all) are thrown away and made again under new ids. */
uint32_t edit_voucher_new_ids(struct company *company, struct voucher *voucher, bool all);
void edit_voucher_delete(struct company *company, struct voucher *voucher);

#endif
