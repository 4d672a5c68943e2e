/*
 * faked_time.h - a clock that programs under test live by, ahead of the real one or behind it, and
 * that jumps while they run (libfaketime). Monotonic clocks stay as they are.
 */
#ifndef SALDOD_TESTS_INTEGRATION_FAKED_TIME_H
#define SALDOD_TESTS_INTEGRATION_FAKED_TIME_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct faked_time;

/* Why no time can be faked here; NULL = it can. */
const char *faked_time_missing(void) MUST_USE;

/* The clock is right until it is set. `path` is its file, which all its programs can read. */
struct faked_time *faked_time_new(const char *path) MUST_USE;

/* How far ahead; negative = behind. */
void faked_time_set(const struct faked_time *clock, int64_t ahead_s);

/* Programs that are started from now on live by it; NULL = by the real one. */
void faked_time_wear(const struct faked_time *clock);

/* Removes the file; NULL is fine. */
void faked_time_free(struct faked_time *clock);

#endif
