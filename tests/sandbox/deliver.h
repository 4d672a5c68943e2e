/*
 * deliver.h - sends events of what changed to those who subscribed.
 *
 * After each request the books are compared with what was told last: where the ledger of a company
 * moved, its subscriptions to voucher events hear of it, once for each request that moved it. The
 * voucher named is the newest one: an event is only a hint. Signed as the specification says.
 */
#ifndef SANDBOX_DELIVER_H
#define SANDBOX_DELIVER_H

struct deliver;
struct event_base;
struct world;

struct deliver *deliver_new(struct event_base *base, struct world *world);

/* Something may have changed. */
void deliver_changes(struct deliver *deliver);

void deliver_free(struct deliver *deliver);

#endif
