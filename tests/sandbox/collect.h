/*
 * collect.h - the rows that answer a query, chosen and in order, before they are paged.
 */
#ifndef SANDBOX_COLLECT_H
#define SANDBOX_COLLECT_H

#include <stdbool.h>

#include "tests/sandbox/mem.h"

struct company;
struct fail;
struct query;
struct token;
struct world;

struct rowset {
    struct vec rows;
    bool owns_rows; /* they were made for this answer */
};

/* `company` may be NULL for the list of clients. */
bool collect_rows(const struct world *world, const struct company *company,
                  const struct token *token, const struct query *query, struct rowset *ret_set,
                  struct fail *fail);
void collect_release(struct rowset *set);

#endif
