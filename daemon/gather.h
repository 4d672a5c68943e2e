/*
 * gather.h - reads what the reporting tools need beyond the ledger: open posts, bank, assets,
 * budgets and the like, as the catalogue lists them.
 *
 * Runs once the ledger of a client is complete. Asks each list, or each part of one, that is due,
 * by its digest, and merges it in a transaction of its own. No trouble with a list is the ledger's:
 * one that is refused or cannot be had now is noted in sync.list and asked again later. A turn ends
 * after one pull interval, for the ledger is due then, and the next one goes on from there.
 */
#ifndef SALDOD_DAEMON_GATHER_H
#define SALDOD_DAEMON_GATHER_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct app;
struct client;
struct gather;
struct settings;
struct stage;

struct gather_order {
    int is_all;   /* due or not, and what vanished is really gone */
    int is_blind; /* the checksums of this client do not serve */
    int from;     /* the list of the catalogue that a turn before has come to */
};

/* `retry_in_ms`: when something is left to ask for, from the list `from` on; 0 = nothing is. Runs
 * once, from the loop. */
typedef void gather_done_fn(void *ctx, int64_t retry_in_ms, int from);

/* Borrows all until `done`. NULL: no list is chosen in [mirror] resources. */
struct gather *gather_start(struct app *app, const struct client *client, struct stage *stage,
                            const struct settings *settings, const struct gather_order *order,
                            gather_done_fn *done, void *ctx) MUST_USE;

/* 0: it is gone and `done` does not run. -EBUSY: something runs in the database; `done` will run
 * soon. */
int gather_cancel(struct gather *gather) MUST_USE;

#endif
