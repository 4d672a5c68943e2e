/*
 * answer.h - what an answer of Tripletex means for us.
 *
 * Turns status, headers and the error envelope into one class and a `struct err` that names the
 * request id. Sources: openapi.json 2.74 (error envelope, codes), the vendor's documentation of
 * statuses.
 */
#ifndef SALDOD_TRIPLETEX_ANSWER_H
#define SALDOD_TRIPLETEX_ANSWER_H

#include "lib/base/cleanup.h"

struct err;
struct http_answer;

enum answer_class {
    ANSWER_OK,           /* 200 to 299 */
    ANSWER_SAME,         /* 304 */
    ANSWER_UNAUTHORIZED, /* 401: session or token not valid */
    ANSWER_FORBIDDEN,    /* 403: no entitlement, or no access to the company */
    ANSWER_GONE,         /* 404, 410 */
    ANSWER_TOO_LARGE,    /* code 23000 (with 422): more than 10,000 rows; split */
    ANSWER_OVER_BUDGET,  /* 429 */
    ANSWER_REFUSED,      /* any other 4xx: our request is wrong, or something passing */
    ANSWER_PASSING,      /* 5xx, 408, 409, 425, 3xx, transport faults: try later */
};

/* `http_err` is what the transport said. For other classes than OK and SAME `err` is filled, the
 * path of the request (`what`, e.g. "GET /ledger/posting") before it. */
enum answer_class answer_classify(const struct http_answer *answer, const struct err *http_err,
                                  const char *what, struct err *err) MUST_USE;

/* "X-Rate-Limit-*" and "Retry-After" as whole numbers; -1 = absent or no number. */
struct answer_budget {
    int limit;
    int remaining;
    int reset_s;
    int retry_after_s;
};
struct answer_budget answer_read_budget(const struct http_answer *answer) MUST_USE;

/* Whether the server, or the way to it, has trouble: fewer requests at once may help. Not what the
 * receiver of a body refused. */
int answer_is_trouble(const struct http_answer *http, const struct err *err) MUST_USE;

#endif
