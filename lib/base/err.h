/*
 * err.h - an error as a value: what happened, and what to do about it.
 *
 * The caller owns a `struct err` (usually a local) and passes it down; who detects the fault fills
 * it once. Texts are full sentences without a trailing period, name the place, and never hold a
 * secret. Too long a text is cut with an ellipsis, never refused.
 */
#ifndef SALDOD_BASE_ERR_H
#define SALDOD_BASE_ERR_H

#include "lib/base/cleanup.h"

enum {
    ERR_TEXT_BYTES = 512,
    ERR_REMEDY_BYTES = 320,
    ERR_REQUEST_ID_BYTES = 80,
    ERR_FULL_BYTES = ERR_TEXT_BYTES + ERR_REMEDY_BYTES + 2,
};

struct err {
    int code;                              /* positive errno value; 0 = no error */
    char text[ERR_TEXT_BYTES];             /* what happened, and where */
    char remedy[ERR_REMEDY_BYTES];         /* what a person can do; may be empty */
    char request_id[ERR_REQUEST_ID_BYTES]; /* Tripletex's x-tlx-request-id; may be empty */
    int is_outage; /* the database is away or only read: no fault of what was to be done */
};

#define ERR_NONE ((struct err){ .code = 0 })

/* Fills `err` afresh (all else in it becomes empty) and returns -code, so that `return
 * err_set(...)` reads well. `err` may be NULL. The result is never 0: code 0 counts as EIO, and a
 * negative code as its positive one. Arguments may point into `err`. */
int err_set(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "prefix: " before the text that is there: where it happened, seen from one level up. Where
 * no error is set, nothing happens. */
void err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What to do about it, as an imperative sentence. */
void err_set_remedy(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* NULL empties it. */
void err_set_request_id(struct err *err, const char *request_id);

/* What happened and what to do, as one text: "text. remedy". */
const char *err_full(const struct err *err, char out[ERR_FULL_BYTES]);

/* Copies `from` into `to`; where either is NULL, nothing happens. */
void err_copy(struct err *to, const struct err *from);

#endif
