/*
 * command_database.h - a command that does its work on one connection to the database, and ends.
 *
 * Connects, hands the connection over, and runs the loop until command_database_end. Faults of the
 * configuration and of the connection are told on stderr.
 */
#ifndef SALDOD_DAEMON_COMMAND_DATABASE_H
#define SALDOD_DAEMON_COMMAND_DATABASE_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct command_database;
struct err;
struct pg;
struct settings;

struct command_database_options {
    const char *application_name;
    const char *role; /* NULL = stay who connected */
    int64_t connect_timeout_ms;
    int64_t statement_timeout_ms;
};

/* The connection is up, or NULL and why not; from the loop. Ends with command_database_end. */
typedef void command_database_fn(void *ctx, struct command_database *database, struct pg *pg,
                                 const struct err *err);

/* The settings of a command; NULL after faults, which were told. settings_unref() them. */
struct settings *command_read_settings(const char *file) MUST_USE;

/* Returns what was given to command_database_end: 0, or COMMAND_FAILED. */
int command_database_run(const struct settings *settings,
                         const struct command_database_options *options, command_database_fn *begin,
                         void *ctx) MUST_USE;

/* `err` NULL = done. */
void command_database_end(struct command_database *database, const struct err *err);

/* "saldod: what happened" and what to do, on stderr. */
void command_tell(const struct err *err);

#endif
