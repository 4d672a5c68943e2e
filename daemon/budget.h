/*
 * budget.h - how many requests a token may still make, learnt from the headers.
 *
 * Tripletex counts per pair of employee token and consumer token and publishes no figure. While it
 * is an open question what there is (at first, after the end of a window, after a 429), one request
 * asks and the others wait for its answer. No request goes into a budget known to be used up to our
 * share. A value type without time of its own: the caller passes monotonic milliseconds.
 */
#ifndef SALDOD_DAEMON_BUDGET_H
#define SALDOD_DAEMON_BUDGET_H

#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/tripletex/answer.h"

enum {
    BUDGET_PULL_NOW_SHARE = 4, /* of what is left to others, pull_now may use one part in so many */
    BUDGET_ROUNDING_MS = 1000, /* the header's whole seconds may be rounded up or down */
    BUDGET_BLIND_WAIT_MS = 5000, /* where nothing says when the window ends; doubles */
    BUDGET_BLIND_WAIT_MAX_MS = 60000,
    BUDGET_WINDOW_MAX_MS = 60 * 60 * 1000, /* a header that says more is not believed */
    BUDGET_ASKED_MS = 2000, /* an answer that takes longer is not waited for: another one asks */
};

struct budget {
    int limit; /* -1 = not known yet */
    int remaining;
    int running;            /* requests sent and not answered yet */
    int is_silent;          /* answers come without a budget: there is nothing to keep to */
    int64_t ends_ms;        /* when the window is over for certain; 0 = not known */
    int64_t window_ms;      /* its length: the longest that was told; 0 = not known */
    int64_t told_ms;        /* when the newest header was made */
    int64_t blind_ms;       /* the last wait that nobody told us; 0 = none */
    int64_t asked_until_ms; /* until then the others wait for the one that asks; 0 = none does */
};

/* What an answer says. */
struct budget_answer {
    struct answer_budget header; /* all -1 where there was no answer */
    int is_over;                 /* 429 */
    int is_lost;                 /* no answer, or taken back: nothing is learnt */
    int is_question;             /* what budget_spend() returned */
    int64_t told_ms;             /* when its headers came */
};

void budget_init(struct budget *budget);

/* A request is sent: counts it until an answer tells better. Whether it is the one that asks. */
int budget_spend(struct budget *budget, int64_t now_ms) MUST_USE;

/* Once for every request that was counted. */
void budget_learn(struct budget *budget, const struct budget_answer *answer, int leave_percent);

/* 0 = a request may go now; otherwise how long to wait before asking again. */
int64_t budget_wait_ms(const struct budget *budget, int leave_percent, int is_urgent,
                       int64_t now_ms) MUST_USE;

/* How many at once use the budget up in its window, where each takes so long: no more need run, and
 * the fewer run the fewer are refused when another program uses the rest. At least 1. */
int budget_useful_requests(const struct budget *budget, int leave_percent,
                           int64_t request_ms) MUST_USE;

#endif
