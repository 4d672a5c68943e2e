/*
 * truth.h - what the mirror must hold, straight from the ledger and under the mirror's own names.
 */
#ifndef SANDBOX_TRUTH_H
#define SANDBOX_TRUTH_H

#include <stdint.h>

struct company;
struct out;

/* Arrays of objects. Amounts are texts. Dates: from and including, to and excluding. */
void truth_postings(const struct company *company, int32_t from, int32_t to, struct out *out);
void truth_vouchers(const struct company *company, int32_t from, int32_t to, struct out *out);
void truth_accounts(const struct company *company, struct out *out);
void truth_saldo(const struct company *company, int32_t from, int32_t to, struct out *out);
void truth_open_posts(const struct company *company, int32_t to, struct out *out);
void truth_years(const struct company *company, struct out *out);

#endif
