/*
 * pool.h - the writers: a few connections to PostgreSQL, lent one at a time.
 *
 * Connects when first needed and again after a loss, with backoff. Who waits gets a connection in
 * the order of asking, or an error after POOL_WAIT_MS. A lent connection that is lost is the
 * borrower's to give back as any other.
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

enum { POOL_WAIT_MS = 60000 };

/* `pg` is connected and idle, and belongs to the borrower until pool_give(); or NULL and `err`.
 * From the loop. */
typedef void pool_taken_fn(void *ctx, struct pg *pg, const struct err *err);

/* `err` NULL = committed. From the loop. */
typedef void pool_done_fn(void *ctx, const struct err *err);

struct pool *pool_new(struct app *app, int connections) MUST_USE;

/* How many connections may be open from now on; those beyond are closed as they come back. */
void pool_resize(struct pool *pool, int connections);

struct pool_wait *pool_take(struct pool *pool, pool_taken_fn *taken, void *ctx) MUST_USE;
void pool_cancel(struct pool_wait *wait); /* only while it waits */

/* Gives back; a connection that is down or busy is closed and made anew. */
void pool_give(struct pool *pool, struct pg *pg);

/* Takes a connection, runs the batch (which it takes), gives back. `ctx` also goes to the batch's
 * result functions. What runs cannot be taken back. */
void pool_run(struct pool *pool, struct pg_batch *batch, pool_done_fn *done, void *ctx);

/* From now on nobody waits: who does, and who comes, is told that the daemon ends. What is lent
 * goes on. */
void pool_close(struct pool *pool);

/* Lent connections must have come back; waiting ones are forgotten. */
void pool_free(struct pool *pool); /* NULL is fine */

#endif
