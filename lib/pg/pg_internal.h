/*
 * pg_internal.h - what the files of lib/pg share about a connection; nobody else includes it.
 *
 * A connection has at most one piece of work under way. Every entry from the loop goes through
 * pg_enter and pg_leave, so that a callback may stop or free the connection; whoever has called out
 * compares the epoch afterwards, which changes whenever libpq's connection is closed.
 */
#ifndef SALDOD_PG_PG_INTERNAL_H
#define SALDOD_PG_PG_INTERNAL_H

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/pg/pg.h"

struct loop_timer;
struct loop_watch;

enum { PG_PARAMS_MAX = 32, PG_PREPARED_MAX = 256, PG_SQLSTATE_BYTES = 6 };

enum pg_step {
    PG_STEP_NONE,
    PG_STEP_CONNECT,    /* libpq connects */
    PG_STEP_SETTINGS,   /* the settings of every connection */
    PG_STEP_PREPARE,    /* a named statement, before its first use */
    PG_STEP_EXECUTE,    /* a statement, or a script */
    PG_STEP_COPY_BEGIN, /* COPY was sent */
    PG_STEP_COPY_SEND,  /* rows go out */
    PG_STEP_COPY_END,   /* all is sent, its result is not there */
};

struct pg_work {
    enum pg_step step;
    pg_done_fn *done;
    void *ctx;
    int64_t limit_ms; /* for connecting in all, otherwise for each answer; 0 = none */
    char *name;       /* of a prepared statement, otherwise NULL */
    int params;
    char *values[PG_PARAMS_MAX];
    const struct buf *rows;
    size_t sent_bytes;
    PGresult *result;   /* the last one */
    struct err failure; /* the first one; code 0 = none */
};

struct pg {
    struct loop *loop;
    char *conninfo, *application_name, *role;
    int64_t connect_timeout_ms, statement_timeout_ms, lock_timeout_ms, idle_timeout_ms;
    pg_lost_fn *lost;
    pg_notify_fn *notify;
    void *ctx;

    PGconn *conn; /* NULL = down */
    struct loop_watch *watch;
    struct loop_timer *deadline;
    struct pg_work work;
    char *prepared[PG_PREPARED_MAX];
    int prepared_count;
    struct err farewell; /* what the server said before it left; code 0 = nothing */
    char sqlstate[PG_SQLSTATE_BYTES];
    unsigned epoch;
    int depth; /* of entries from the loop */
    int is_up, is_superuser;
    int is_broken;   /* libpq has given up; to be told from the loop */
    int is_lost_due; /* `lost` is still to be told */
    int is_over;     /* freed from a callback */
};

struct pg_result {
    PGresult *res;
};

/* --- pg.c --- */
void pg_enter(struct pg *pg);
void pg_leave(struct pg *pg); /* `pg` may be gone after */
void pg_work_tell(struct pg_work *work, const struct err *failure);
void pg_close(struct pg *pg); /* tells nobody */
void pg_deadline_ran(void *ctx);

/* --- pg_connect.c --- */
int pg_connect_begin(struct pg *pg, struct err *err) MUST_USE;
void pg_connect_poll(struct pg *pg);

/* --- pg_run.c: after a call of these, compare the epoch --- */
void pg_run_watch(struct pg *pg, int events);
void pg_run_event(void *ctx, int events);
void pg_run_wait(struct pg *pg, int is_sent); /* work was given to libpq, or could not be */
void pg_run_finish(struct pg *pg);
void pg_run_lose(struct pg *pg, const struct err *why); /* NULL = libpq or the server knows */

/* --- pg_error.c --- */
int pg_error_is_farewell(const PGresult *res) MUST_USE; /* the server ends the connection */
void pg_error_from_result(struct pg *pg, const PGresult *res, struct err *err);
void pg_error_from_connection(struct pg *pg, struct err *err);

#endif
