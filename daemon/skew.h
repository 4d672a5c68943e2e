/*
 * skew.h - whether the clocks of this machine and of the database agree.
 *
 * fresh_as_of is told by this machine's clock, what is overdue by the database's, and the end of a
 * session by Tripletex's. Where the first two are apart, clients look stale that are not, or the
 * other way round: that is told once, and once when it is over.
 */
#ifndef SALDOD_DAEMON_SKEW_H
#define SALDOD_DAEMON_SKEW_H

#include <stdint.h>

#include "lib/base/cleanup.h"

enum {
    SKEW_TOLD_MS = 30 * 1000,
    SKEW_TEXT_BYTES = 128,
    SKEW_STOP_MS = 60 * 60 * 1000, /* the horizon begins by the date: a wrong one could move it */
};

struct err;

enum skew_news { SKEW_NO_NEWS, SKEW_BEGUN, SKEW_ENDED };

struct skew {
    int is_told;
    int64_t apart_ms; /* how far this machine is ahead; negative = behind */
};

/* The database has answered with its clock; sent and answered by ours. All since 1970. */
enum skew_news skew_note(struct skew *skew, int64_t sent_us, int64_t answered_us,
                         int64_t database_us) MUST_USE;

/* "the clock of this machine is 2d ahead of that of the database"; returns `out`. */
const char *skew_text(int64_t apart_ms, char out[SKEW_TEXT_BYTES]);

/* -EINVAL with `err` where the clocks are so far apart that no pull may begin. */
int skew_check(int64_t now_us, int64_t database_us, struct err *err) MUST_USE;

#endif
