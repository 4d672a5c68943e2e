/*
 * pg_internal.h - the connection's inside, shared by pg.c, pg_connect.c and pg_result.c only.
 */
#ifndef SALDOD_PG_INTERNAL_H
#define SALDOD_PG_INTERNAL_H

#include <libpq-fe.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/pg/pg.h"

struct loop;
struct loop_timer;
struct loop_watch;

enum pg_state {
    PG_DOWN,
    PG_CONNECTING, /* PQconnectPoll */
    PG_SETTLING,   /* the settings batch */
    PG_IDLE,
    PG_PREPARING,  /* PREPARE before the first use of a named statement */
    PG_QUERYING,
    PG_COPY_BEGIN, /* COPY was sent */
    PG_COPYING,    /* rows go out */
    PG_COPY_END,   /* the result of the COPY */
};

enum { PG_PARAMS_MAX = 32, PG_PREPARED_MAX = 256 };

struct pg_result {
    const PGresult *res;
};

struct pg {
    struct loop *loop;
    char *conninfo, *application_name, *role;
    int64_t connect_timeout_ms, statement_timeout_ms, lock_timeout_ms;
    pg_lost_fn *lost;
    pg_notify_fn *notify;
    void *ctx;

    PGconn *conn;
    enum pg_state state;
    struct loop_watch *watch;
    int watched_fd;
    struct loop_timer *deadline;
    struct loop_timer *later; /* a completion that must not be synchronous */
    pg_done_fn *done;
    void *done_ctx;
    PGresult *last;           /* of the statement under way */
    char *settings;           /* SQL of the settings batch */

    /* the statement under way */
    const char *name, *sql;
    char *values[PG_PARAMS_MAX];
    int params;
    const struct buf *rows;
    size_t rows_sent;
    int is_copy_ended;

    const char *prepared[PG_PREPARED_MAX];
    int prepared_count;
    char sqlstate[6];
    struct err failure;
    int is_superuser;
    int is_in_callback, is_free_asked;
};

/* Looks at the socket again: it may be another one while connecting. */
void pg_watch(struct pg *pg, int events);

/* The connection is of no use any more: tells the statement, then the loss. */
void pg_break(struct pg *pg, int code, const char *what);

/* Ends what is under way; `res` NULL = failed, pg->failure says why. The last statement of a callback. */
void pg_complete(struct pg *pg, const PGresult *res);

/* The server's error as ours. */
void pg_take_error(struct pg *pg, const PGresult *res);

void pg_step_connect(struct pg *pg);
int pg_begin_settle(struct pg *pg);
void pg_forget_statement(struct pg *pg);

#endif
