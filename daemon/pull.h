/*
 * pull.h - brings one client up to date: one year of a first load, or all that is due.
 *
 * A pull finds what changed, reads it into a stage, reads the saldo beside it, proves that nothing
 * moved meanwhile, and publishes all of it in one transaction. It waits for one thing at a time,
 * owns its stage, borrows the client, and frees itself after `done` has run. Readers see nothing of
 * a pull that fails.
 */
#ifndef SALDOD_DAEMON_PULL_H
#define SALDOD_DAEMON_PULL_H

#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/tripletex/answer.h"

struct app;
struct client;
struct err;
struct pull;

enum pull_end {
    PULL_UP_TO_DATE, /* all that was due equals Tripletex */
    PULL_MORE,       /* one year is published, others wait */
    PULL_HELD,       /* a mass disappearance is held back; nothing was published */
    PULL_NO_ACCESS,  /* the token has no access to this company, or it is another one */
    PULL_FAILED,
    PULL_STOPPED, /* by pull_stop, while the database was at work */
};

/* What was ordered by an administrator. */
struct pull_order {
    int is_urgent;    /* pull_now: due or not, with a part of the reserve */
    int is_hint;      /* an event told of a change: due or not, within the budget */
    int is_resync;    /* whatever the digests say: all of it, or ... */
    int year;         /* ... this fiscal year; 0 = all */
    char account[24]; /* ... the years that hold this account; "" = all */
};

/* Both together; of two resyncs that differ, all is read. */
void pull_order_add(struct pull_order *to, const struct pull_order *order);

struct pull_result {
    enum pull_end end;
    enum answer_class class; /* of PULL_FAILED */
    int64_t next_in_ms;      /* of PULL_UP_TO_DATE: when the next range is due */
    int requests;
    int64_t changes; /* postings that differed, those that are gone included */
    int64_t gone;
    const char *held_detail; /* of PULL_HELD: JSON */
    const struct err *err;   /* NULL where all went well */
};

/* Runs exactly once, from the loop. */
typedef void pull_done_fn(void *ctx, const struct pull_result *result);

struct pull *pull_start(struct app *app, struct client *client, const struct pull_order *order,
                        pull_done_fn *done, void *ctx) MUST_USE;

/* What it is doing, for the log and the progress of a terminal. */
const char *pull_phase(const struct pull *pull) MUST_USE;
int pull_year(const struct pull *pull) MUST_USE; /* being loaded; 0 = none */

/* How far a first load has come: of the year that it reads. 0: it is none. */
struct pull_load {
    int64_t rows;
    int percent; /* 0 to 99 */
};
int pull_describe_load(const struct pull *pull, struct pull_load *ret_load) MUST_USE;

/* A number that changes with every step forward: a request sent, a page read, a state. */
uint64_t pull_progress(const struct pull *pull) MUST_USE;

/* It waits for the answer to a request that was sent, and for nothing else. */
int pull_is_asking(const struct pull *pull) MUST_USE;
/* It waits for the database, which has time-outs of its own. */
int pull_is_in_database(const struct pull *pull) MUST_USE;
int pull_has_stage(const struct pull *pull) MUST_USE;

/* Ends it. 1: it is gone and `done` does not run. 0: something runs in the database; `done` will
 * run with PULL_STOPPED, and no other pull of this client may begin before. */
int pull_stop(struct pull *pull) MUST_USE;

#endif
