/*
 * pool.h - the writers: a few connections to PostgreSQL, lent one at a time.
 *
 * Connects when first needed and again after a loss, with backoff. Who waits gets a connection in
 * the order of asking, or an error after POOL_WAIT_MS. A lent connection that is lost is the
 * borrower's to give back as any other.
 *
 * A batch has its connection for milliseconds, a pull that stages rows for as long as Tripletex
 * takes to send them. Such long loans leave one connection to the batches, loads among them leave
 * one to the looks (turns.h) where there are any, and where several tokens are in use one of them
 * gets half at most, of each kind: a bureau that hangs, or loads for hours, does not keep the
 * others from the database.
 */
#ifndef SALDOD_DAEMON_POOL_H
#define SALDOD_DAEMON_POOL_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct app;
struct err;
struct pg;
struct pg_batch;
struct pool;
struct pool_wait;

enum { POOL_WAIT_MS = 60000, POOL_LONG_WAIT_MS = 10 * 60000 };

/* `pg` is connected and idle, and belongs to the borrower until pool_give(); or NULL and `err`.
 * From the loop. */
typedef void pool_taken_fn(void *ctx, struct pg *pg, const struct err *err);

/* `err` NULL = committed. From the loop. */
typedef void pool_done_fn(void *ctx, const struct err *err);

struct pool *pool_new(struct app *app, int connections) MUST_USE;

/* How many connections may be open from now on; those beyond are closed as they come back. */
void pool_resize(struct pool *pool, int connections);

/* The settings lead elsewhere: connections are closed, those that are lent as they come back. */
void pool_reconnect(struct pool *pool);

/* The database is back: connects at once, whatever the backoff. */
void pool_hurry(struct pool *pool);

/* More than one token is in use. */
void pool_set_shared(struct pool *pool, int is_shared);

/* A long loan. `borrower` tells tokens apart and is never looked into. */
struct pool_loan {
    const void *borrower;
    int is_load;
};
struct pool_wait *pool_take_long(struct pool *pool, const struct pool_loan *loan,
                                 pool_taken_fn *taken, void *ctx) MUST_USE;
void pool_cancel(struct pool_wait *wait); /* only while it waits */

/* Somebody has waited for a long loan for some seconds. */
int pool_is_short(const struct pool *pool) MUST_USE;

/* Gives back; a connection that is down or busy is closed and made anew. */
void pool_give(struct pool *pool, struct pg *pg);

/* Takes a connection, runs the batch (which it takes), gives back. `ctx` also goes to the batch's
 * result functions. What runs cannot be taken back. */
void pool_run(struct pool *pool, struct pg_batch *batch, pool_done_fn *done, void *ctx);

/* From now on there are no long loans: who waits for one, and who comes, is told that the daemon
 * ends. `settled` runs once, from the loop, when no batch waits or runs any more and all that was
 * lent has come back, or the database cannot be reached. */
typedef void pool_settled_fn(void *ctx);
void pool_close(struct pool *pool, pool_settled_fn *settled, void *ctx);

/* Lent connections must have come back; waiting ones are forgotten. */
void pool_free(struct pool *pool); /* NULL is fine */

#endif
