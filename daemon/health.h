/*
 * health.h - how the daemon as a whole stands: said once, told everywhere.
 *
 * /healthz, /readyz, the service manager's status line and the JSON of the status page all ask
 * here, so that they cannot disagree. A value type of its own in struct app's user; no I/O.
 */
#ifndef SALDOD_DAEMON_HEALTH_H
#define SALDOD_DAEMON_HEALTH_H

#include "lib/base/cleanup.h"
#include "lib/base/err.h"

struct app;

enum health_state {
    HEALTH_STARTING, /* the database was not reached yet */
    HEALTH_READY,    /* database and schema are there, the register is read */
    HEALTH_AWAY,     /* the database was there and is not */
    HEALTH_ENDING,
};

enum { HEALTH_LINE_BYTES = ERR_TEXT_BYTES + 256 };

struct health {
    enum health_state state;
    char why[ERR_TEXT_BYTES]; /* of STARTING and AWAY; "" = not known yet */
};

void health_set(struct health *health, enum health_state state, const char *why);
int health_is_ready(const struct health *health) MUST_USE;

/* One line for people: "12 clients, 2 running, …", or what is amiss. */
void health_describe(const struct health *health, const struct app *app,
                     char out[HEALTH_LINE_BYTES]);

#endif
