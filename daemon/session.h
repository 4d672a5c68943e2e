/*
 * session.h - the session of one employee token: made, stored, used, renewed, ended.
 *
 * One session serves all clients of a token. It is made when first needed, stored sealed before it
 * is used, and taken up again after a restart or a take-over. It is renewed ahead of its end (00:00
 * in Oslo), while the old one still serves; that one is deleted at Tripletex when its last request
 * is done. A 401 ends it at once. What is refused rests, ever longer up to hours, and says why.
 *
 * It never sends by itself: its owner sees that it is due, when the budget allows, and lets it go.
 * Wall time decides about its end, monotonic time about rests; the clock is looked at before each
 * use and every minute, so that a clock that jumps is noticed.
 */
#ifndef SALDOD_DAEMON_SESSION_H
#define SALDOD_DAEMON_SESSION_H

#include <stdint.h>

#include "daemon/session_key.h"
#include "lib/base/cleanup.h"

struct app;
struct err;
struct http_answer;
struct session;

enum session_state {
    SESSION_NONE, /* there is none; due once it is wanted */
    SESSION_MAKING,
    SESSION_READY,
    SESSION_RESTING, /* making failed: waits before the next try; session_failure says why */
};

struct session_options {
    const char *token_id;       /* copied */
    const char *employee_token; /* copied, wiped */
    const char *label;          /* bureau name or organisation number, for the log; copied */
    void (*changed)(void *ctx); /* from the loop: the state has changed, or it is due */
    /* From the loop: what :create answered, for the budget. */
    void (*answered)(void *ctx, const struct http_answer *answer);
    void *ctx;
};

struct session *session_new(struct app *app, const struct session_options *options) MUST_USE;

/* The token is ours, by this epoch: sessions may be made and stored. */
void session_own(struct session *session, int64_t epoch);
/* It is another's now: forgets its session, which lives on in the database. */
void session_disown(struct session *session);

/* Takes up the sealed session of an earlier life, unless one is there or being made. */
void session_hold(struct session *session, const char *sealed, int64_t expires_us);

enum session_state session_state(const struct session *session) MUST_USE;

/* Somebody needs it: due unless one is there, under way, or resting. */
void session_want(struct session *session);

/* Whether :create is to be asked now, because there is none or it is time to renew. */
int session_is_due(const struct session *session) MUST_USE;
/* Asks. Only where it is due. */
void session_make(struct session *session);

/* Token or surroundings have changed: a rest is over, and it is tried at once. */
void session_retry(struct session *session);

/* NULL unless READY. Every use is ended by session_key_drop. */
struct session_key *session_key_use(struct session *session) MUST_USE;
int session_is_current(const struct session *session, const struct session_key *key) MUST_USE;

/* Tripletex took `key`: from now on a 401 means that it was ended since. */
void session_accept(struct session *session, const struct session_key *key);
int64_t session_age_ms(const struct session *session) MUST_USE; /* since it became current */

/* Tripletex did not take `key`: if it is the current one, it is thrown away and another one due;
 * after a rest, where sessions are refused that have never served. */
void session_reject(struct session *session, const struct session_key *key);

/* Why it rests; code 0 = it does not. `ret_is_refused`: the credentials are wrong, not the network.
 */
const struct err *session_failure(const struct session *session, int *ret_is_refused) MUST_USE;
/* Until another one is tried; 0 = it does not rest. */
int64_t session_rest_ms(const struct session *session) MUST_USE;
/* For how long no session could be made; 0 = it can. */
int64_t session_failing_ms(const struct session *session) MUST_USE;
/* 404 or 422, not often enough yet to be a refusal. */
int session_is_in_doubt(const struct session *session) MUST_USE;

int64_t session_expires_us(const struct session *session) MUST_USE; /* 0 = none */

/* The employee token is not used any more: the session ends at Tripletex with its last request, and
 * is forgotten in the database. */
void session_end(struct session *session);

void session_free(struct session *session); /* NULL is fine; sessions at Tripletex live on */

#endif
