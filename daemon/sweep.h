/*
 * sweep.h - tokens that were in the clear leave the files of their tables.
 *
 * Whoever enters one leaves a mark (sync.sweep). Once every token is sealed, the tables are
 * vacuumed and rewritten, and the marks removed. While a transaction can still see the old rows, or
 * somebody holds a table, it is tried again; nobody waits for it longer than 300 ms.
 */
#ifndef SALDOD_DAEMON_SWEEP_H
#define SALDOD_DAEMON_SWEEP_H

#include "lib/base/cleanup.h"

struct app;
struct sweep;

struct sweep *sweep_new(struct app *app) MUST_USE;

/* There may be marks; does nothing where there are none. */
void sweep_ask(struct sweep *sweep);

void sweep_free(struct sweep *sweep); /* NULL is fine; after the pool */

#endif
