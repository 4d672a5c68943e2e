/*
 * session_make.h - one attempt to make a session at Tripletex: /token/session/:create.
 *
 * POST, or the older PUT (with the secrets in its query) where POST is not there. And the calendar
 * of sessions: what day to ask for, and when to renew. A session dies at 00:00 in Oslo at the start
 * of its expirationDate (the vendor's documentation, and seen by integrators).
 */
#ifndef SALDOD_DAEMON_SESSION_MAKE_H
#define SALDOD_DAEMON_SESSION_MAKE_H

#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/tripletex/answer.h"

struct app;
struct err;
struct http_answer;
struct session_make;

struct session_made {
    const char *text;   /* NULL: none was made; borrowed, wiped afterwards */
    int64_t expires_us; /* as answered, never later than asked for */
    enum answer_class class;
    int status; /* 0 = no answer */
    const struct err *err;
    const struct http_answer *answer; /* for its headers */
};

/* Runs exactly once, from the loop. */
typedef void session_made_fn(void *ctx, const struct session_made *made);

/* Expires at the start of `day`. On -errno nothing was started. */
int session_make_start(struct app *app, const char *employee_token, int32_t day, int is_by_put,
                       session_made_fn *done, void *ctx, struct session_make **ret_make,
                       struct err *err) MUST_USE;
void session_make_cancel(struct session_make *make); /* NULL is fine; `done` does not run */

/* The expirationDate to ask for now: so many days ahead, and more where the session would have to
 * be renewed at once. */
int32_t session_day_to_ask(int64_t now_us, int lifetime_days, int64_t renew_before_ms) MUST_USE;

/* When to renew a session that ends at `expires_us`. `spread` (0 to 1) tells tokens apart, so that
 * they do not all renew at one moment; one that is late already is renewed within minutes. */
int64_t session_renewal_us(int64_t now_us, int64_t expires_us, int64_t renew_before_ms,
                           double spread) MUST_USE;

#endif
