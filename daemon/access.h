/*
 * access.h - which companies a token has access to in Tripletex.
 *
 * The list /company/>withLoginAccess of one token, read when somebody asks and it is older than
 * allowed, in single flight, and stored for bureau.available_client. Owned by the token's entry.
 */
#ifndef SALDOD_DAEMON_ACCESS_H
#define SALDOD_DAEMON_ACCESS_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct access;
struct access_question;
struct app;
struct err;
struct token;

/* `company_id` is the user name for the company; NULL: not in the list (err NULL), or the list
 * could not be had. */
typedef void access_answer_fn(void *ctx, const char *company_id, const struct err *err);

struct access *access_new(struct app *app, struct token *token, int64_t bureau_id) MUST_USE;

/* The answer comes from the loop. A list read within `max_age_ms` serves. */
struct access_question *access_ask(struct access *access, const char *org_nr, int64_t max_age_ms,
                                   access_answer_fn *answer, void *ctx) MUST_USE;
void access_cancel(struct access_question *question);

void access_free(struct access *access); /* NULL is fine; questions must have been cancelled */

#endif
