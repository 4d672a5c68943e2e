/*
 * metrics.h - what the daemon counts of its own work, and its text for Prometheus.
 *
 * One object for the process, owned by struct app and passed to who counts. Counting never fails
 * and costs next to nothing; every function takes a NULL object and then does nothing. Labels come
 * from fixed lists, so that the number of series has a limit whatever the clients are called.
 */
#ifndef SALDOD_DAEMON_METRICS_H
#define SALDOD_DAEMON_METRICS_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct buf;
struct metrics;

enum { METRICS_RESOURCES_MAX = 48 }; /* further ones are counted together, as "other" */

struct metrics *metrics_new(void) MUST_USE;

/* A request to Tripletex: `status` 0 = no answer came. */
void metrics_request(struct metrics *metrics, const char *resource, int status,
                     int64_t duration_us);
/* How long it waited before it was sent. */
void metrics_queue(struct metrics *metrics, int64_t waited_ms);

enum metrics_outcome {
    METRICS_PULL_DONE,
    METRICS_PULL_LOADED, /* a year of a first load */
    METRICS_PULL_HELD,
    METRICS_PULL_NO_ACCESS,
    METRICS_PULL_FAILED,
    METRICS_PULL_STOPPED,
};
void metrics_pull(struct metrics *metrics, enum metrics_outcome outcome, int64_t duration_ms);

/* What a publication changed in the mirror. */
void metrics_rows(struct metrics *metrics, int64_t merged, int64_t removed);

/* A piece of work on a connection to the database, and the wait for that connection. */
void metrics_database(struct metrics *metrics, int64_t duration_ms, int64_t waited_ms,
                      int is_failed);

/* How late a timer of the loop ran. */
void metrics_loop_lag(struct metrics *metrics, int64_t lag_ms);

enum metrics_event {
    METRICS_EVENT_TAKEN,
    METRICS_EVENT_REPEATED,
    METRICS_EVENT_FORGED,
    METRICS_EVENT_MALFORMED,
    METRICS_EVENT_UNKNOWN,
};
void metrics_webhook(struct metrics *metrics, enum metrics_event event);

/* Appends the families counted here in the text format of Prometheus, version 0.0.4. */
int metrics_append(const struct metrics *metrics, struct buf *out) MUST_USE;

/* --- for who appends further families --- */

/* The lines HELP and TYPE. */
int metrics_append_family(struct buf *out, const char *name, const char *type,
                          const char *help) MUST_USE;
/* A label's value, escaped, with its quotes. */
int metrics_append_label(struct buf *out, const char *value) MUST_USE;

void metrics_free(struct metrics *metrics); /* NULL is fine */

#endif
