/*
 * asker.h - a test's user of lib/pg: asks, runs the loop until it is told, and notes what it was
 * told.
 *
 * Owns its loop and its connection. Statements give their value in a column named v. What is
 * expected and does not come within a minute fails the test.
 */
#ifndef SALDOD_TESTS_INTEGRATION_ASKER_H
#define SALDOD_TESTS_INTEGRATION_ASKER_H

#include "lib/base/cleanup.h"
#include "lib/base/err.h"
#include "lib/pg/pg.h"

struct loop;
struct loop_timer;

struct asker {
    struct loop *loop;
    struct loop_timer *limit, *tick;
    struct pg *pg;
    int is_late;

    int done_count, failed_count;
    struct err err; /* of the last failure told to `done` */
    int rows;
    int64_t affected;
    char *value; /* v of the first row */

    int lost_count;
    int done_before_lost; /* how many `done` had been told when the loss was */
    struct err lost_err;
    int notify_count;
    char *notified; /* channel=payload */

    int (*is_time)(void *ctx); /* asker_wait_for: asked every few milliseconds */
    void *time_ctx;
};

/* Not connected yet. `options` NULL = time-outs of a minute, no role. */
struct asker *asker_new(const char *conninfo, const struct pg_options *options) MUST_USE;
void asker_free(struct asker *asker);

/* Connects, and expects that to succeed. */
void asker_connect(struct asker *asker);
/* Connects, and expects a failure: asker->err. */
void asker_fail_to_connect(struct asker *asker);

/* The value of a statement that succeeds. Borrowed until the next. */
const char *asker_ask(struct asker *asker, const char *sql);
/* A statement that fails: its error. */
const struct err *asker_fail(struct asker *asker, const char *sql);

/* For pg_query and the like: counts, keeps what came, ends asker_run. ctx is the asker. */
void asker_done(void *ctx, const struct pg_result *result, const struct err *err);

void asker_run(struct asker *asker);      /* until something is told */
void asker_run_lost(struct asker *asker); /* until a loss is told */
/* Runs the loop until is_time(ctx) says so. */
void asker_run_until(struct asker *asker, int (*is_time)(void *ctx), void *ctx);

#endif
