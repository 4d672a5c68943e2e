/*
 * stage.h - where a pull puts what it reads: temporary tables on a writer connection of its own.
 *
 * The connection is taken when the first row is to be staged, so that an idle pull needs none, and
 * given back at the end. No transaction is open while anything waits for Tripletex.
 */
#ifndef SALDOD_DAEMON_STAGE_H
#define SALDOD_DAEMON_STAGE_H

#include "lib/base/cleanup.h"

struct app;
struct err;
struct pg;
struct stage;

/* `pg` is ready and the stage is empty, or NULL and why. From the loop. */
typedef void stage_ready_fn(void *ctx, struct pg *pg, const struct err *err);

/* `borrower` (a token) and `is_load` decide when it gets a connection: see pool_take_long. */
struct stage *stage_new(struct app *app, const void *borrower, int is_load) MUST_USE;

/* NULL until stage_open has succeeded. */
struct pg *stage_pg(const struct stage *stage) MUST_USE;

/* Takes a connection and empties the stage. Not while one open is under way. */
void stage_open(struct stage *stage, stage_ready_fn *ready, void *ctx);

/* The table of one list of the catalogue, made or emptied. The stage must be open. */
struct resource;
void stage_prepare(struct stage *stage, const struct resource *resource, stage_ready_fn *ready,
                   void *ctx);

/* Gives the connection back; what is under way is forgotten with its connection. */
void stage_free(struct stage *stage); /* NULL is fine */

#endif
