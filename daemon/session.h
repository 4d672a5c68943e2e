/*
 * session.h - the session of one employee token: made, kept sealed, renewed, ended.
 *
 * One session serves all clients of a token. It is made when first needed, renewed ahead of its end
 * (00:00 in Oslo) and after a 401, in single flight. An old one is deleted at Tripletex when its
 * last request is done. A refused employee token rests for hours and says why.
 */
#ifndef SALDOD_DAEMON_SESSION_H
#define SALDOD_DAEMON_SESSION_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct app;
struct err;
struct session;

/* A session token in use by a request; shared. */
struct session_key;

enum session_state {
    SESSION_NONE, /* nothing yet; session_want starts making one */
    SESSION_MAKING,
    SESSION_READY,
    SESSION_RESTING, /* making failed: waits before the next try; session_failure says why */
};

struct session_options {
    const char *token_id;       /* copied */
    const char *employee_token; /* copied, wiped */
    const char *label;          /* bureau name or organisation number, for the log; copied */
};

/* Called from the loop whenever the state has changed. */
typedef void session_changed_fn(void *ctx);

struct session *session_new(struct app *app, const struct session_options *options,
                            session_changed_fn *changed, void *ctx) MUST_USE;

/* Takes up the sealed session of an earlier life, unless one is there or being made. */
void session_hold(struct session *session, const char *sealed, int64_t expires_us);

enum session_state session_state(const struct session *session) MUST_USE;

/* Somebody needs a session: starts making one unless one is there, under way, or resting. */
void session_want(struct session *session);

/* NULL unless READY. Every use is ended by session_key_drop. */
struct session_key *session_key_use(struct session *session) MUST_USE;
const char *session_key_text(const struct session_key *key) MUST_USE;
void session_key_drop(struct session_key *key);

/* Tripletex did not accept `key`: if it is still the current one, it is thrown away. */
void session_reject(struct session *session, const struct session_key *key);

/* Why it rests; code 0 = it does not. `ret_is_refused`: the credentials are wrong, not the network.
 */
const struct err *session_failure(const struct session *session, int *ret_is_refused) MUST_USE;

int64_t session_expires_us(const struct session *session) MUST_USE; /* 0 = none */

void session_free(struct session *session); /* NULL is fine; sessions at Tripletex live on */

#endif
