/*
 * master.h - the lists that change seldom: accounts, voucher types, departments, customers and the
 * like.
 *
 * Asks each list that is due by its digest, reads the changed ones, and merges each in a
 * transaction of its own. A list that cannot be had for lack of entitlement is noted and does not
 * hold the ledger back, but for those without which no posting can be understood (fiscal years,
 * accounts).
 */
#ifndef SALDOD_DAEMON_MASTER_H
#define SALDOD_DAEMON_MASTER_H

#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/tripletex/answer.h"

struct app;
struct client;
struct err;
struct master;
struct stage;

enum { MASTER_LISTS_MAX = 16, MASTER_VARIANTS_MAX = 4 };

/* What is remembered of the lists (sync.list). */
struct master_memory {
    struct {
        char *digest;   /* NULL = none */
        int64_t age_ms; /* < 0 = never asked */
    } lists[MASTER_LISTS_MAX][MASTER_VARIANTS_MAX];
    int64_t refused_age_ms[MASTER_LISTS_MAX]; /* where it has variants, and could not be had as a
                                                 whole; 0 = it could */
};
/* Takes a row of sync.list; one that is no master list is left alone (returns 0). */
int master_memory_take(struct master_memory *memory, const char *resource, const char *variant,
                       const char *digest, int64_t age_ms);
/* Whether one of the lists has this very digest, as no other list can. */
int master_memory_has(const struct master_memory *memory, const char *digest) MUST_USE;
/* Forgets the digests, keeps when each list was asked. */
void master_memory_forget(struct master_memory *memory);
void master_memory_release(struct master_memory *memory);

struct master_result {
    int is_changed;          /* something was merged */
    enum answer_class class; /* of the failure */
    const struct err *err;   /* NULL = all went well, or well enough */
};
typedef void master_done_fn(void *ctx, const struct master_result *result);

/* The bit of a list in a set of lists; 0 where there is no such list. */
uint64_t master_bit(const char *resource) MUST_USE;
#define MASTER_ALL UINT64_MAX

/* Those of `lists` that are older than `interval_ms` (0 = all) are asked. Borrows the memory and
 * the stage until `done`, which runs once, from the loop. NULL: nothing is due. */
struct master *master_start(struct app *app, struct client *client, struct stage *stage,
                            const struct master_memory *memory, int64_t interval_ms, uint64_t lists,
                            master_done_fn *done, void *ctx) MUST_USE;

/* As pull_progress and pull_is_asking have it. */
uint64_t master_progress(const struct master *master) MUST_USE;
int master_is_asking(const struct master *master) MUST_USE;

/* 0: it is gone and `done` does not run. -EBUSY: something runs in the database; `done` will run
 * soon. */
int master_cancel(struct master *master) MUST_USE;

#endif
