/*
 * token.h - one employee token: its session, its budget, and the requests made with it.
 *
 * All clients of a bureau share one token. Requests wait here for the session and the budget, and
 * take turns between companies; a 401 renews the session once and each request is made again once;
 * a 429 waits for the next window. Nothing is sent before the token is ours (the advisory lock).
 * Counted: the registry holds a reference, and so does who keeps it for several requests.
 */
#ifndef SALDOD_DAEMON_TOKEN_H
#define SALDOD_DAEMON_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/http/http.h"
#include "lib/tripletex/answer.h"

struct app;
struct err;
struct token;
struct token_call;

struct token_options {
    const char *token_id;       /* copied */
    const char *employee_token; /* copied, wiped */
    const char *label;          /* bureau name or organisation number, for the log; copied */
};

/* One reference. */
struct token *token_new(struct app *app, const struct token_options *options) MUST_USE;
struct token *token_ref(struct token *token) MUST_USE;

const char *token_id(const struct token *token) MUST_USE;
const char *token_label(const struct token *token) MUST_USE;

/* The token is ours by this epoch, or another daemon's: then nothing is sent, what waits goes on
 * waiting, and the session is left to that other one. */
void token_own(struct token *token, int64_t epoch);
void token_disown(struct token *token);

/* Takes up a session of an earlier life, sealed, unless there is one. */
void token_hold_session(struct token *token, const char *sealed, int64_t expires_us);

/* The row or a secret has changed: where it is refused, it is tried at once. */
void token_retry(struct token *token);

/* --- requests --- */

struct token_request {
    enum http_method method; /* GET, unless it is a subscription that is made or removed */
    const char *body;        /* JSON; NULL = none */
    const char *company;     /* user name: "0", or the id of a client */
    const char *path;        /* "/ledger/posting"; also what errors name */
    const char *query;       /* encoded, without "?"; may be NULL */
    const char *digest;      /* value of If-None-Match; NULL = no such header */
    const char *resource;    /* for the log */
    int is_urgent;           /* may use a part of what is left to other programs */
    http_body_fn *on_body;   /* as in http.h; NULL: gathered */
    void *on_body_ctx;
    size_t max_body_bytes;
};

struct token_answer {
    enum answer_class class;
    const char *body; /* gathered; borrowed */
    size_t body_len;
    int64_t sent_us;
    const char *request_id; /* x-tlx-request-id, "" = none; borrowed */
    const struct err *err;  /* NULL for ANSWER_OK and ANSWER_SAME */
};

/* Runs exactly once, from the loop. */
typedef void token_done_fn(void *ctx, const struct token_answer *answer);

/* All of `request` is copied but the contexts. Never fails at once; ends with ANSWER_UNAUTHORIZED
 * where no session can be had, ANSWER_PASSING where it waited too long. */
struct token_call *token_call_start(struct token *token, const struct token_request *request,
                                    token_done_fn *done, void *ctx) MUST_USE;
void token_call_cancel(struct token_call *call);                /* `done` does not run */
int token_call_is_sent(const struct token_call *call) MUST_USE; /* it waits for its answer */

/* What the log and bureau.status show. */
struct token_report {
    int limit, remaining;
    int64_t budget_reset_in_ms;
    int64_t session_expires_us;
    int waiting, running;
    const struct err *failure; /* NULL = all is well */
    int is_refused;
    int64_t rest_ms; /* until another session is tried */
};
void token_describe(const struct token *token, struct token_report *ret_report);

/* The employee token is not used any more: its session ends with the last request that runs. What
 * waits, and what has to be made again, goes to `heir`, and so does what is started here later;
 * NULL: it fails. Drops the reference. */
void token_retire(struct token *token, struct token *heir);

/* With the last reference requests end without telling; the session lives on in the database. NULL
 * is fine. */
void token_unref(struct token *token);

#endif
