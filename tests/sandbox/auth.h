/*
 * auth.h - who asks, for which company, and whether there is budget left.
 */
#ifndef SANDBOX_AUTH_H
#define SANDBOX_AUTH_H

#include <stdbool.h>

struct call;
struct world;

/* Reads Basic authentication into the call, as far as it can be understood; never refuses. */
void auth_read(struct world *world, struct call *call);

/* Refuses, in call->fail, what has no living session, no access or no budget. */
bool auth_check(struct world *world, struct call *call);

/* Counts the call against its token's budget; true also where no token is known. */
bool auth_spend(struct world *world, struct call *call);

#endif
