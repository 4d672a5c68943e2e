/*
 * skew.h - whether the clocks of this machine and of the database agree.
 *
 * What is due, what is fresh and where the horizon begins go by the database's clock, so that a
 * wrong one here moves none of them; sessions end by Tripletex's, and are asked for by ours. Where
 * the two are apart that is told, again when it is another difference, and when it is over.
 */
#ifndef SALDOD_DAEMON_SKEW_H
#define SALDOD_DAEMON_SKEW_H

#include <stdint.h>

#include "lib/base/cleanup.h"

enum {
    SKEW_TOLD_MS = 30 * 1000,
    SKEW_TEXT_BYTES = 128,
};

enum skew_news { SKEW_NO_NEWS, SKEW_BEGUN, SKEW_ENDED };

struct skew {
    int64_t apart_ms; /* how far this machine is ahead; negative = behind */
    int64_t told_ms;  /* the same, when it was told; 0 = they agreed then */
};

/* The database has answered with its clock; sent and answered by ours. All since 1970. */
enum skew_news skew_note(struct skew *skew, int64_t sent_us, int64_t answered_us,
                         int64_t database_us) MUST_USE;

/* "the clock of this machine is 2d ahead of that of the database"; returns `out`. */
const char *skew_text(int64_t apart_ms, char out[SKEW_TEXT_BYTES]);

/* A moment by this machine's clock as the database's has it; 0 (never) stays 0. */
int64_t skew_moment_us(const struct skew *skew, int64_t our_us) MUST_USE;

#endif
