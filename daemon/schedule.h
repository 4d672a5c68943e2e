/*
 * schedule.h - when each client is pulled, and how its pulls end.
 *
 * Every enabled client has a due time, kept in one heap with one timer; due clients take turns
 * (turns.h). A failure backs off for that client alone, an outage of the database for nobody. A
 * pull that does not move for GIVE_UP_MS is ended with the name of what it waited for. What comes
 * of a pull is written to the database here, and logged once.
 */
#ifndef SALDOD_DAEMON_SCHEDULE_H
#define SALDOD_DAEMON_SCHEDULE_H

#include <stdint.h>

#include "daemon/pull.h"
#include "lib/base/cleanup.h"

struct app;
struct client;
struct schedule;
struct token_entry;

struct schedule *schedule_new(struct app *app) MUST_USE;

/* A client is there, or has changed: it is due in `due_in_ms` (0 = now). */
void schedule_client(struct schedule *schedule, struct client *client, int64_t due_in_ms);

/* Ends the pull under way; the client is due again by schedule_client. */
void schedule_pause(struct schedule *schedule, struct client *client);

/* Whether a token may be used: it was taken, lost, or is to be given away. Where it may not,
 * `is_at_once` ends its pulls, which are due again once it may; otherwise those under way end by
 * themselves. */
void schedule_token(struct schedule *schedule, struct token_entry *entry, int is_at_once);

/* Pulls of that token that run, or that the database has not let go of yet. */
int schedule_token_pulls(const struct token_entry *entry) MUST_USE;

/* The token is gone. */
void schedule_forget_token(struct token_entry *entry);

/* Settings may have changed: intervals, addresses, credentials. */
void schedule_reset(struct schedule *schedule);

/* Nothing becomes due by itself, only by schedule_order: for `saldod pull`. */
void schedule_set_manual(struct schedule *schedule);

/* An order of an administrator; done when a pull that began after it has ended. */
void schedule_order(struct schedule *schedule, struct client *client, int64_t order_id,
                    const struct pull_order *order);

/* Tripletex told that something of the client has changed: its pull is brought forward, once for a
 * burst of events. A client whose pulls fail is left to its backoff. */
void schedule_hint(struct schedule *schedule, struct client *client);

/* The client is gone. */
void schedule_forget(struct schedule *schedule, struct client *client);

/* No new pull begins. `drained` runs once when none runs any more, from the loop; those that only
 * wait for Tripletex are ended. */
typedef void schedule_drained_fn(void *ctx);
void schedule_drain(struct schedule *schedule, schedule_drained_fn *drained, void *ctx);

/* A client's pull has ended (`result` NULL: it was stopped, and another token holder may go on). */
typedef void schedule_ended_fn(void *ctx, struct client *client, const struct pull_result *result);
void schedule_watch(struct schedule *schedule, schedule_ended_fn *ended, void *ctx);

/* For the status line and the watchdog; counted, not searched. */
struct schedule_report {
    int clients, running, waiting, failing, held, no_access;
    int64_t progress_ms; /* monotonic: when a pull last moved, or there was nothing to do */
};
void schedule_describe(const struct schedule *schedule, struct schedule_report *ret_report);

/* Phase of a client's pull, NULL where none runs; `ret_year` 0 = no year is loaded. */
const char *schedule_phase(const struct client *client, int *ret_year) MUST_USE;

void schedule_free(struct schedule *schedule); /* NULL is fine */

#endif
