/*
 * token_internal.h - what the two parts of a token share. Included by token*.c only.
 *
 * token.c holds the token: its queue, when something may be sent, who owns it. token_call.c holds
 * one request from its start to its answer.
 */
#ifndef SALDOD_DAEMON_TOKEN_INTERNAL_H
#define SALDOD_DAEMON_TOKEN_INTERNAL_H

#include <sys/queue.h>

#include "daemon/budget.h"
#include "daemon/pace.h"
#include "daemon/token.h"
#include "daemon/token_queue.h"

struct token_call {
    struct token *token;
    struct token_item item; /* of the queue, while it waits */
    enum http_method method;
    char *company, *path, *query, *digest, *resource, *body;
    http_body_fn *on_body;
    void *on_body_ctx;
    size_t max_body_bytes;
    token_done_fn *done;
    void *ctx;
    int replays;     /* after a 401 */
    int is_question; /* of the budget */
    int64_t sent_ms;
    int64_t left_ms; /* since when nobody wants the answer; 0 = somebody does */
    struct session_key *key;
    struct http_call *http;        /* NULL while it waits */
    TAILQ_ENTRY(token_call) entry; /* of those that run */
};

TAILQ_HEAD(call_list, token_call);

struct token {
    int refs; /* one of each call whose answer is wanted, too */
    struct app *app;
    char *id, *label;
    struct session *session;
    struct budget budget;
    struct pace pace;
    struct token_queue *queue;
    struct http_group *group;
    struct call_list running;
    struct loop_timer *wake, *left;
    int is_owned, is_retired;
    struct token *heir; /* of a retired one; a reference; NULL = none */
};

/* Sends what may be sent, from the loop; `ctx` is the token. */
void token_dispatch_later(void *ctx);
/* At once; never from inside a caller of the interface. */
void token_dispatch(struct token *token);

/* Who has the requests of a token that was retired. */
struct token *token_last_heir(struct token *token) MUST_USE;

/* Hands it to a connection. 0: there was no session for it, since the clock may have ended it just
 * now. */
int token_call_run(struct token_call *call, int64_t now_ms) MUST_USE;
void token_call_fail(struct token_call *call, enum answer_class class, const struct err *err);
/* It waits for that token, its own or another. */
void token_call_move(struct token_call *call, struct token *heir);

/* What was taken back before that moment, and is not answered, ends. */
void token_calls_drop(struct token *token, int64_t before_ms);
/* Of the timer `left`. */
void token_calls_left_too_long(void *ctx);

#endif
