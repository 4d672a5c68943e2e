/*
 * config_rows.h - the bureaus and clients of the configuration file, put into the register.
 *
 * Upserted at start and at reload, marked source = 'config' with their owner; what left the file is
 * disabled, never deleted. A row made by SQL or owned by another instance is never taken over: that
 * is a fault with its file and line.
 */
#ifndef SALDOD_DAEMON_CONFIG_ROWS_H
#define SALDOD_DAEMON_CONFIG_ROWS_H

#include "lib/base/cleanup.h"

struct app;
struct settings;

/* Logs every fault; `faults` counts them. Runs once, from the loop. */
typedef void config_rows_done_fn(void *ctx, int faults);

/* Only looks whether `settings` (borrowed until done) could be applied: whether tokens can be read,
 * bureaus exist, and nobody else owns a row. */
void config_rows_check(struct app *app, struct settings *settings, config_rows_done_fn *done,
                       void *ctx);

/* Uses the settings and the registry of `app` as they are now. Not while another one runs. */
void config_rows_apply(struct app *app, config_rows_done_fn *done, void *ctx);

#endif
