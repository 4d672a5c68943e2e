/*
 * leftover.h - removes at Tripletex the subscriptions of clients that are gone.
 *
 * A client that is deleted leaves ids of subscriptions and of its company, and nothing else, in
 * sync.leftover. They are removed with the token that made them; it stays there, sealed, where its
 * bureau or client has gone too. What cannot be removed in seven days (the token is refused, or has
 * no access any more) is forgotten, and so is what was entered in the clear and never sealed: then
 * the subscriptions stay at Tripletex until it gives them up, for nobody answers them.
 */
#ifndef SALDOD_DAEMON_LEFTOVER_H
#define SALDOD_DAEMON_LEFTOVER_H

#include "lib/base/cleanup.h"

struct app;
struct leftover;
struct token_entry;

/* Once, from the loop: whether nothing is left that could be removed with this token. */
typedef void leftover_done_fn(void *ctx, int is_all);

/* Borrows the entry, whose token must outlive it; is gone once `done` has run. */
struct leftover *leftover_start(struct app *app, struct token_entry *entry, leftover_done_fn *done,
                                void *ctx) MUST_USE;

/* `done` does not run. NULL is fine. */
void leftover_cancel(struct leftover *leftover);

#endif
