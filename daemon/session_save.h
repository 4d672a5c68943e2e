/*
 * session_save.h - stores a new session, sealed, before it is used.
 *
 * Only its owner stores: a daemon that has lost the token stores nothing. Tried again while the
 * database is away. Holds a reference of the key.
 */
#ifndef SALDOD_DAEMON_SESSION_SAVE_H
#define SALDOD_DAEMON_SESSION_SAVE_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct app;
struct session_key;
struct session_save;

struct session_save_options {
    const char *token_id; /* copied */
    const char *label;    /* for the log; copied */
    int64_t epoch;
    struct session_key *key;
    int64_t expires_us;
};

/* `sealed`: as it stands in the database now; NULL: it is not stored, since the token belongs to
 * another daemon. From the loop. */
typedef void session_saved_fn(void *ctx, const char *sealed);

struct session_save *session_save_start(struct app *app, const struct session_save_options *options,
                                        session_saved_fn *saved, void *ctx) MUST_USE;

/* Nobody waits for it any more. `is_to_end`: the session is ended at Tripletex, and forgotten. */
void session_save_abandon(struct session_save *save, int is_to_end);

/* Forgets a stored session, unless another one stands there. */
void session_save_forget(struct app *app, const char *token_id, const char *sealed);

#endif
