/*
 * alert.h - tells somebody when a client is amiss, once for each incident and once when it is over.
 *
 * Incidents are kept in sync.alert, so that neither a restart nor a second daemon tells one twice.
 * All of them are sent as NOTIFY saldod_alert; [alert] command is run for each where it is set, a
 * few at once, and again where it fails. Owns what it runs.
 */
#ifndef SALDOD_DAEMON_ALERT_H
#define SALDOD_DAEMON_ALERT_H

#include "lib/base/cleanup.h"

struct alert;
struct app;

/* Begins to look, whenever the database is there. */
struct alert *alert_new(struct app *app) MUST_USE;

/* The daemon ends: looks no more, for nothing may be asked of a pool that closes. */
void alert_end(struct alert *alert);

/* Ends what runs. NULL is fine. */
void alert_free(struct alert *alert);

#endif
