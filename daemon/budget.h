/*
 * budget.h - how many requests a token may still make, learnt from the headers.
 *
 * Tripletex counts per pair of employee token and consumer token and publishes no figure, so
 * nothing is known before the first answer; then no request goes into a budget known to be used up
 * to our share. A value type without time of its own: the caller passes monotonic milliseconds.
 */
#ifndef SALDOD_DAEMON_BUDGET_H
#define SALDOD_DAEMON_BUDGET_H

#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/tripletex/answer.h"

enum {
    BUDGET_PULL_NOW_SHARE = 4, /* of what is left to others, pull_now may use one part in so many */
    BUDGET_BLIND_WAIT_MS = 5000, /* after a 429 that does not say when the window ends; doubles */
    BUDGET_BLIND_WAIT_MAX_MS = 60000,
};

struct budget {
    int limit; /* -1 = not known yet */
    int remaining;
    int64_t reset_ms; /* when the window ends; 0 = unknown */
    int64_t blind_ms; /* the last wait after a 429 without a reset */
};

void budget_init(struct budget *budget);

/* A request is sent: counts it until an answer tells better. */
void budget_spend(struct budget *budget);

/* `others` are requests sent and not answered yet: the header of this answer does not count them
 * for certain. */
void budget_learn(struct budget *budget, const struct answer_budget *answer, int is_over,
                  int others, int64_t now_ms);

/* 0 = a request may go now; otherwise how long to wait before asking again. */
int64_t budget_wait_ms(const struct budget *budget, int leave_percent, int is_urgent,
                       int64_t now_ms) MUST_USE;

#endif
