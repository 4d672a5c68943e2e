/*
 * access.h - which companies a token has access to in Tripletex.
 *
 * The list /company/>withLoginAccess of one token: read on a schedule of its own while the token is
 * ours, and when somebody asks and it is older than allowed, in single flight; stored for
 * bureau.available_client. A list that is suddenly empty, or has lost most of its companies, is
 * believed only when it says so twice. Owned by the token's entry.
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
 * could not be had, or several companies have the number (ENOTUNIQ). */
typedef void access_answer_fn(void *ctx, const char *company_id, const struct err *err);

/* The list has been read, and differs from the one before. From the loop. */
typedef void access_changed_fn(void *ctx);

struct access_options {
    struct token *token; /* borrowed */
    const char *label;   /* for the log; borrowed */
    int64_t bureau_id;   /* 0 = the token of a single company, whose list nobody needs to read */
    access_changed_fn *changed;
    void *ctx;
};

struct access *access_new(struct app *app, const struct access_options *options) MUST_USE;

/* The token is ours: the list is read within `within_ms` and then now and again. */
void access_own(struct access *access, int64_t within_ms);
void access_disown(struct access *access);

enum access_need {
    ACCESS_KNOWN,  /* a list of the usual age will do */
    ACCESS_RECENT, /* something failed, or the company was missing: a recent one */
    ACCESS_NOW,    /* an administrator asks: a new one */
};

/* Of several companies with that number the one with `known_id` is meant; NULL = none is known. The
 * answer comes from the loop. */
struct access_question *access_ask(struct access *access, const char *org_nr, const char *known_id,
                                   enum access_need need, access_answer_fn *answer,
                                   void *ctx) MUST_USE;
void access_cancel(struct access_question *question);

/* The user name for the company; NULL = not in the list, or there are several and none of them is
 * the known one. 0 where no list has been read. */
int access_find(const struct access *access, const char *org_nr, const char *known_id,
                const char **ret_company_id);

/* Another token takes its place: questions go there. */
void access_hand_over(struct access *access, struct access *heir);

void access_free(struct access *access); /* NULL is fine; questions must have been cancelled */

#endif
