/*
 * subscriber.h - keeps the webhook subscriptions of the clients of one token alive.
 *
 * One client after the other: reads what Tripletex lists, removes what is ours and stale, makes
 * what is missing, and notes in the client whether its events can be relied on; again every hour.
 * A client that is disabled, or enabled again, does not wait for that.
 * What clients that are gone have left is removed between two of them (leftover.h). Besides the
 * session these are the only things that are ever written at Tripletex. Owned by the
 * token's entry in the registry; owns its requests.
 */
#ifndef SALDOD_DAEMON_SUBSCRIBER_H
#define SALDOD_DAEMON_SUBSCRIBER_H

#include "lib/base/cleanup.h"

struct app;
struct subscriber;
struct token_entry;

/* Borrows the entry, whose token must outlive it. */
struct subscriber *subscriber_new(struct app *app, struct token_entry *entry) MUST_USE;

/* NULL is fine. */
void subscriber_free(struct subscriber *subscriber);

#endif
