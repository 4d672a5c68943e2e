/*
 * ask.h - one small answer of Tripletex that is no list to be mirrored: asked again where it fails
 * in passing, or where its body is not what it should be.
 *
 * Owns its request, and the wait between two tries.
 */
#ifndef SALDOD_DAEMON_ASK_H
#define SALDOD_DAEMON_ASK_H

#include <stddef.h>

#include "daemon/token.h"
#include "lib/base/cleanup.h"

struct app;
struct ask;
struct err;

/* Whether the body of an answer 200 to 299 is what was asked for; otherwise -errno with `err`. */
typedef int ask_check_fn(const char *body, size_t len, struct err *err);

/* `request` as for token_call_start, its body gathered. Never fails at once. `done` runs exactly
 * once: a body that was refused to the end is ANSWER_PASSING with the error of `check`. */
struct ask *ask_start(struct app *app, struct token *token, const struct token_request *request,
                      ask_check_fn *check, token_done_fn *done, void *ctx) MUST_USE;
int ask_is_sent(const struct ask *ask) MUST_USE; /* it waits for its answer */
void ask_cancel(struct ask *ask);                /* `done` does not run */

#endif
