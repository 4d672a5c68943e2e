/*
 * pg.h - one asynchronous connection to PostgreSQL.
 *
 * The only folder that sees libpq. A connection does one thing at a time: a statement, a COPY, or
 * a connect; its owner queues. It sets an empty search_path, UTC, UTF-8, ISO dates and time-outs
 * right after connecting. It never reconnects by itself: a lost connection is told once, and
 * pg_start brings it back. Never logs. Only the look-up of a host's name may block, in pg_start.
 */
#ifndef SALDOD_PG_PG_H
#define SALDOD_PG_PG_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct buf;
struct err;
struct loop;
struct pg;
struct pg_result;

struct pg_options {
    const char *conninfo;         /* libpq connection string; copied */
    const char *application_name; /* copied */
    const char *role;             /* SET ROLE after connecting; NULL = stay */
    int64_t connect_timeout_ms;   /* 0 = 10 s */
    int64_t statement_timeout_ms; /* the server's, 0 = none; ours is 5 s more, and closes */
    int64_t lock_timeout_ms;      /* the server's, 0 = none */
    int64_t idle_timeout_ms;      /* the server ends a session silent for so long; 0 = never */
};

/* A NOTIFY that came; borrowed for the call. */
typedef void pg_notify_fn(void *ctx, const char *channel, const char *payload);
/* A connection that was up is lost: told once per loss, from the loop; not of a failed pg_start,
 * nor after pg_stop. A statement under way has been told first. */
typedef void pg_lost_fn(void *ctx, const struct err *err);
/* `result` is NULL exactly where it failed; then err->text holds the server's message with its
 * SQLSTATE, and err->code is ECONNRESET (connection lost or refused), EAGAIN (serialization,
 * deadlock, lock time-out), ETIMEDOUT, ENOSPC (resources of the server), EROFS, EINVAL (SQLSTATE
 * 42...), otherwise EIO. Both are borrowed for the call. Runs once, from the loop. */
typedef void pg_done_fn(void *ctx, const struct pg_result *result, const struct err *err);

struct pg *pg_new(struct loop *loop, const struct pg_options *options, pg_lost_fn *lost,
                  pg_notify_fn *notify, void *ctx) MUST_USE; /* lost and notify may be NULL */

/* Connects. `done` gets an empty result, or NULL and the reason. The connection must be down
 * (-EBUSY, -EISCONN); a connection string that cannot be read is -EINVAL, without quoting it. */
int pg_start(struct pg *pg, pg_done_fn *done, void *ctx, struct err *err) MUST_USE;

int pg_is_up(const struct pg *pg) MUST_USE;
int pg_is_busy(const struct pg *pg) MUST_USE;
int pg_is_superuser(const struct pg *pg) MUST_USE; /* as logged in, whatever the role */
int pg_backend_pid(const struct pg *pg) MUST_USE;

/* One statement with text parameters $1…$n (NULL = null), at most 32. Fails with -EBUSY while
 * another runs, -ENOTCONN while down. Statements are prepared on first use per connection when
 * `name` is given. */
struct pg_statement {
    const char *name; /* NULL = not prepared; otherwise the name of its file in sql/queries */
    const char *sql;  /* borrowed for ever (embedded text) where name is given */
    int params;
    const char *const *values; /* copied */
};
int pg_query(struct pg *pg, const struct pg_statement *statement, pg_done_fn *done, void *ctx,
             struct err *err) MUST_USE;

/* A script of several statements without parameters (migrations); the simple protocol. */
int pg_script(struct pg *pg, const char *sql, pg_done_fn *done, void *ctx,
              struct err *err) MUST_USE;

/* Runs `sql` (COPY ... FROM STDIN) and sends `rows`, which is borrowed until `done`. */
int pg_copy(struct pg *pg, const char *sql, const struct buf *rows, pg_done_fn *done, void *ctx,
            struct err *err) MUST_USE;

/* Forgets the statement under way (its done does not run) and closes the connection. */
void pg_stop(struct pg *pg);

/* Stops first. NULL is fine; so is a call from a callback of its own. */
void pg_free(struct pg *pg);

/* --- Results --- */
int pg_result_rows(const struct pg_result *result) MUST_USE;
int pg_result_columns(const struct pg_result *result) MUST_USE;
int64_t pg_result_affected(const struct pg_result *result) MUST_USE; /* rows that a write touched */
/* By name; an unknown column is a bug and aborts with the name. NULL = SQL null. */
const char *pg_result_text(const struct pg_result *result, int row, const char *column) MUST_USE;
/* `otherwise` where null. Values are whole numbers or booleans by contract of the query. */
int64_t pg_result_int(const struct pg_result *result, int row, const char *column,
                      int64_t otherwise) MUST_USE;
/* null = 0 */
int pg_result_bool(const struct pg_result *result, int row, const char *column) MUST_USE;

/* SQLSTATE of the last failure on this connection, "" where it was not the server's. */
const char *pg_last_sqlstate(const struct pg *pg) MUST_USE;

#endif
