/*
 * mutate.h - random changes to a company's books, the same for the same seed.
 */
#ifndef SANDBOX_MUTATE_H
#define SANDBOX_MUTATE_H

#include <stdbool.h>
#include <stdint.h>

struct company;
struct rng;

enum mutation {
    MUTATE_NEW,
    MUTATE_AMOUNT,
    MUTATE_TEXT,
    MUTATE_ACCOUNT,
    MUTATE_DATE,
    MUTATE_ROW_DATE,
    MUTATE_DELETE,
    MUTATE_CLOSE,
    MUTATE_OPEN,
    MUTATE_HEADER,
    MUTATE_VAT,
    MUTATE_KINDS
};

bool mutate_kind_named(const char *name, enum mutation *ret_kind);

/* `kinds` is a set of 1 << enum mutation. Adds to done[kind] how many of each were made. */
void mutate(struct company *company, struct rng *rng, uint32_t count, uint32_t kinds,
            bool quiet_groups, uint32_t done[MUTATE_KINDS]);
const char *mutate_kind_name(enum mutation kind);

#endif
