/*
 * status.h - where the daemon tells how it stands: page, JSON, metrics, health.
 *
 * Listens on [status] listen and answers over HTTP without ever blocking the loop. A port that is
 * taken is told with its remedy and tried again: the mirror does not depend on being watched.
 */
#ifndef SALDOD_DAEMON_STATUS_H
#define SALDOD_DAEMON_STATUS_H

#include "lib/base/cleanup.h"

struct app;
struct health;
struct status;

/* Borrows both. */
struct status *status_new(struct app *app, const struct health *health) MUST_USE;

/* Listens where the settings say; again after they have changed. */
void status_configure(struct status *status);

void status_free(struct status *status); /* NULL is fine */

#endif
