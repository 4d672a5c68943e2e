/*
 * pace.h - how many requests of a token run at once: more while all goes well, fewer when not.
 *
 * Additive increase, multiplicative decrease: so many answers in a row as may run at once allow one
 * more; a 429, a 5xx or a request that got no answer halves it, once for all that were under way
 * together. A value type without time of its own.
 */
#ifndef SALDOD_DAEMON_PACE_H
#define SALDOD_DAEMON_PACE_H

#include <stdint.h>

#include "lib/base/cleanup.h"

enum {
    PACE_FIRST = 2,
    PACE_MAX = 8,
};

struct pace {
    int allowed;        /* at once */
    int good;           /* answers since it changed */
    int64_t slowed_ms;  /* what was sent before does not slow down again; 0 = never slowed */
    int64_t request_ms; /* how long one takes: a moving average */
};

enum pace_sign { PACE_GOOD, PACE_BAD };

void pace_init(struct pace *pace);

/* An answer, or the lack of one, to what was sent at `sent_ms`. `is_full`: as many ran as were
 * allowed, so that more would have been of use. */
void pace_note(struct pace *pace, enum pace_sign sign, int is_full, int64_t sent_ms,
               int64_t now_ms);

#endif
