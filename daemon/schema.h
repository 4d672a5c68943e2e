/*
 * schema.h - the database schema: whether it fits this program, and how it is brought there.
 *
 * Migrations are numbered and only go forward, each in a transaction of its own, all under one
 * advisory lock, so that two may run at once and a repetition does nothing.
 */
#ifndef SALDOD_DAEMON_SCHEMA_H
#define SALDOD_DAEMON_SCHEMA_H

#include "lib/base/cleanup.h"

struct err;
struct loop;
struct pg;

enum schema_state { SCHEMA_FITS, SCHEMA_TOO_OLD, SCHEMA_TOO_NEW, SCHEMA_UNKNOWN };

/* `err` says what to do unless it fits. From the loop. */
typedef void schema_checked_fn(void *ctx, enum schema_state state, const struct err *err);
int schema_check(struct pg *pg, schema_checked_fn *done, void *ctx, struct err *err) MUST_USE;

struct schema_progress {
    int version;
    const char *name;
};
typedef void schema_applied_fn(void *ctx,
                               const struct schema_progress *progress); /* one migration is in */
typedef void schema_migrated_fn(void *ctx, int applied,
                                const struct err *err); /* err NULL = all are in */

/* On a connection without a role set. `applied` may be NULL. */
int schema_migrate(struct pg *pg, schema_applied_fn *applied, schema_migrated_fn *done, void *ctx,
                   struct err *err) MUST_USE;

#endif
