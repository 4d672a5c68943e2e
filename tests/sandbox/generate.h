/*
 * generate.h - a company's vouchers, the same for the same seed.
 */
#ifndef SANDBOX_GENERATE_H
#define SANDBOX_GENERATE_H

#include <stdint.h>

struct company;
struct rng;
struct voucher;

void generate_vouchers(struct company *company);

/* One random voucher dated that day, not yet in the ledger. */
struct voucher *generate_voucher(struct company *company, struct rng *rng, int32_t day);

#endif
