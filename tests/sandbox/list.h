/*
 * list.h - a list as the API answers it: limit, page, checksum, envelope.
 */
#ifndef SANDBOX_LIST_H
#define SANDBOX_LIST_H

#include <stdbool.h>

struct company;
struct fail;
struct out;
struct query;
struct token;
struct world;

enum list_twist { LIST_PLAIN, LIST_REPEATS_PAGE, LIST_SHORT_PAGE, LIST_LACKS_FIRST, LIST_SHIFTED };

struct list_ask {
    const struct company *company; /* NULL for the list of clients */
    const struct token *token;
    const struct query *query;
    const char *if_none_match;
    enum list_twist twist;
};

/* True: `out` holds the body, which is not sent where 304 applies. */
bool list_answer(struct world *world, const struct list_ask *ask, struct out *out,
                 bool *ret_unchanged, struct fail *fail);

/* All rows of a register, as an array; `fields` NULL = all of them. */
struct endpoint;
bool list_truth(const struct endpoint *endpoint, const struct company *company, const char *fields,
                struct out *out, struct fail *fail);

#endif
