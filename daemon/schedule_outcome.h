/*
 * schedule_outcome.h - what comes of a pull: how long to wait, what is stored, what is logged.
 */
#ifndef SALDOD_DAEMON_SCHEDULE_OUTCOME_H
#define SALDOD_DAEMON_SCHEDULE_OUTCOME_H

#include <stdint.h>

#include "daemon/pull.h"
#include "lib/base/cleanup.h"

struct app;
struct client;

/* Until the next pull. `failing_ms`: since when it fails. Failures are counted in client->failures.
 */
int64_t schedule_outcome_wait_ms(const struct app *app, const struct client *client,
                                 const struct pull_result *result, int64_t failing_ms) MUST_USE;

/* The same wait, a little shorter where that brings the client nearer to its own place within the
 * interval: after a start or an outage, when all are pulled at once, they drift apart in some
 * rounds, and then keep their interval exactly. */
int64_t schedule_outcome_slot_ms(const struct app *app, const struct client *client, int64_t now_ms,
                                 int64_t wait_ms) MUST_USE;

/* Stores state, reason and remedy, and logs what a person can act on. A success was stored by the
 * pull itself. */
void schedule_outcome_store(struct app *app, struct client *client,
                            const struct pull_result *result, int64_t wait_ms);

/* Counts it, and keeps a row of it for the status page where it changed something or failed. */
void schedule_outcome_note(struct app *app, const struct client *client,
                           const struct pull_result *result, int64_t duration_ms);

/* "done", "failed: …" for an order. Borrowed from the result. */
const char *schedule_outcome_text(const struct pull_result *result) MUST_USE;

void schedule_outcome_orders(struct app *app, const int64_t *orders, int count,
                             const char *outcome);

#endif
