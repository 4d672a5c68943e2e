/*
 * retry.h - whether one request is worth another try within its pull, and after what wait.
 *
 * A pull makes hundreds of requests: if each passing fault ended it, a first load would never end.
 * So what may pass is asked again a few times, soon; only then the pull fails, and is itself tried
 * again later. What a repetition can hardly change is asked once more, since a gateway may have
 * spoilt it. A value type; retries go through the token like any request and keep to its budget.
 */
#ifndef SALDOD_DAEMON_RETRY_H
#define SALDOD_DAEMON_RETRY_H

#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/tripletex/answer.h"

enum {
    RETRY_TRIES_MAX = 4,  /* of one page, the first one counted */
    RETRY_FIRST_MS = 250, /* doubles; a quarter more or less */
};

struct err;

struct retry {
    int tries; /* that have failed; 0 at the beginning, and again with each success */
};

/* Counts a try that failed in this way: of the answer, or (ANSWER_OK) of its body, which `err` then
 * names. `sent_us` 0: it was never sent. How long to wait; -1 = no more tries. */
int64_t retry_wait_ms(struct retry *retry, enum answer_class class, const struct err *err,
                      int64_t sent_us) MUST_USE;

#endif
