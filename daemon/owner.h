/*
 * owner.h - which tokens are ours: shared out among the daemons of a database, taken, given back.
 *
 * A token is used by the daemon that holds its advisory lock, on its listening connection. Each
 * daemon takes its share (all tokens by the number of daemons), and gives back what is beyond it
 * when another daemon comes: first the pulls of a token end and everything else that uses it, then
 * its lock is let go, then the others are told. With the connection all locks are gone, and all use
 * ends at once.
 *
 * A daemon that was stopped or cut off may have lost its locks without knowing. So it is sure of
 * them only for OWNER_SURE_MS after a heartbeat that was answered, counted from when it was sent;
 * no request begins while it is not. The server ends a listening connection that is silent for
 * longer (OWNER_SILENCE_MS), and only then can another daemon have the locks.
 *
 * Fills batches that the listener runs; results are told to functions that get the app.
 */
#ifndef SALDOD_DAEMON_OWNER_H
#define SALDOD_DAEMON_OWNER_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct app;
struct owner;
struct pg_batch;

enum {
    OWNER_BEAT_MS = 1000,
    OWNER_SURE_MS = 3000,
    OWNER_SILENCE_MS = 5000,
};

struct owner *owner_new(struct app *app) MUST_USE;

/* For a command: takes the tokens that are wanted (token_entry), and no part in the sharing. */
void owner_set_command(struct owner *owner);

/* The connection listens: counts as a daemon from now on. */
void owner_add_join(struct owner *owner, struct pg_batch *batch);

/* One heartbeat; owner_beaten() when it was answered. */
void owner_add_beat(struct owner *owner, struct pg_batch *batch);
void owner_beaten(struct owner *owner);

/* What is to be given back and taken now; 0 = nothing, the batch is as it was. */
int owner_add_moves(struct owner *owner, struct pg_batch *batch) MUST_USE;

/* The connection is lost, and all locks with it. */
void owner_lost(struct owner *owner);

/* What our tokens are used for has moved: all use ends, and begins anew. */
void owner_renew(struct owner *owner);

/* The daemon ends: takes nothing any more and gives everything back. */
void owner_leave(struct owner *owner);

int owner_has_left(const struct owner *owner) MUST_USE;

/* A token that has left the register. */
void owner_give_back(struct owner *owner, const char *token_id);

/* A moment by this machine's clock as the database's has it, by the last heartbeat; 0 stays 0. */
int64_t owner_database_us(const struct owner *owner, int64_t our_us) MUST_USE;

/* Whether the locks can be relied on at this moment. */
int owner_is_sure(const struct owner *owner) MUST_USE;

void owner_free(struct owner *owner); /* NULL is fine */

#endif
