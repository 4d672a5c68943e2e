/*
 * reader.h - a reporting tool that looks at the figures all the time, and remembers if they ever
 * did not fit together: the sum of the postings of each client, account and month against the
 * saldo.
 *
 * What it was doing when the server ended its connection does not count; it connects again.
 *
 * It runs in a thread of its own with a connection of its own, so that the test can go on.
 */
#ifndef SALDOD_TESTS_INTEGRATION_READER_H
#define SALDOD_TESTS_INTEGRATION_READER_H

#include "lib/base/cleanup.h"

struct reader;

struct reader_result {
    int looks;         /* how often it looked, in either way */
    int faults;        /* how often the figures did not fit */
    int notifications; /* of finale_changed */
    char first[1024];  /* the first fault, in words */
};

/* Begins to look. NULL on failure. */
struct reader *reader_start(const char *conninfo) MUST_USE;

/* Ends it, and tells what it saw. NULL is fine, and leaves the result as it is. */
void reader_stop(struct reader *reader, struct reader_result *ret_result);

#endif
