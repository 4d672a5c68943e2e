/*
 * crowd.h - many readers of the status page at once: each fetches the page and its lists, then
 * listens to events until the crowd goes. One thread drains them all.
 */
#ifndef SALDOD_TESTS_INTEGRATION_CROWD_H
#define SALDOD_TESTS_INTEGRATION_CROWD_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct crowd;

/* `port` of 127.0.0.1. Waits until every reader has got something. */
struct crowd *crowd_new(int port, int readers) MUST_USE;

/* Ends it; how many bytes all have received, and how many were cut off by the server. */
void crowd_free(struct crowd *crowd, int64_t *ret_bytes, int *ret_cut);

#endif
