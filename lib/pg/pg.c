/* The life of a connection, and the work that is asked of it. */
#include "lib/pg/pg.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/pg_internal.h"

enum {
    CONNECT_MS = 10000, /* where the caller sets none */
    GRACE_MS = 5000,    /* the server ends a statement by itself before we do */
};

struct pg *pg_new(struct loop *loop, const struct pg_options *options, pg_lost_fn *lost,
                  pg_notify_fn *notify, void *ctx)
{
    struct pg *pg = mem_new(1, sizeof(*pg));
    pg->loop = loop;
    pg->conninfo = mem_strdup(options->conninfo);
    pg->application_name = mem_strdup(options->application_name);
    pg->role = mem_strdup(options->role);
    pg->connect_timeout_ms = options->connect_timeout_ms > 0 ? options->connect_timeout_ms
                                                             : CONNECT_MS;
    pg->statement_timeout_ms = options->statement_timeout_ms > 0 ? options->statement_timeout_ms
                                                                 : 0;
    pg->lock_timeout_ms = options->lock_timeout_ms > 0 ? options->lock_timeout_ms : 0;
    pg->idle_timeout_ms = options->idle_timeout_ms > 0 ? options->idle_timeout_ms : 0;
    pg->lost = lost;
    pg->notify = notify;
    pg->ctx = ctx;
    pg->deadline = loop_timer_new(loop, pg_deadline_ran, pg);
    return pg;
}

static void release(struct pg *pg)
{
    loop_timer_free(pg->deadline);
    mem_free_secret(pg->conninfo);
    free(pg->application_name);
    free(pg->role);
    free(pg);
}

void pg_enter(struct pg *pg)
{
    pg->depth++;
}

void pg_leave(struct pg *pg)
{
    pg->depth--;
    if (pg->is_over && pg->depth == 0)
        release(pg);
}

/* --- work --- */

/* A parameter may be a secret. */
static void work_release(struct pg_work *work)
{
    for (int i = 0; i < work->params; i++)
        mem_free_secret(work->values[i]);
    free(work->name);
    PQclear(work->result);
    *work = (struct pg_work){ .step = PG_STEP_NONE };
}

/* The work has been taken off its connection before, so that `done` can begin the next. */
void pg_work_tell(struct pg_work *work, const struct err *failure)
{
    struct pg_result result = { .res = work->result };
    work->done(work->ctx, failure ? NULL : &result, failure);
    work_release(work);
}

void pg_close(struct pg *pg)
{
    pg->epoch++;
    pg->is_up = 0;
    pg->is_superuser = 0;
    pg->is_broken = 0;
    pg->farewell = ERR_NONE;
    loop_timer_stop(pg->deadline);
    loop_watch_free(pg->watch); /* before its descriptor is closed */
    pg->watch = NULL;
    PQfinish(pg->conn);
    pg->conn = NULL;
    while (pg->prepared_count > 0)
        free(pg->prepared[--pg->prepared_count]);
}

void pg_stop(struct pg *pg)
{
    pg->is_lost_due = 0;
    pg_close(pg);
    work_release(&pg->work);
}

void pg_free(struct pg *pg)
{
    if (!pg)
        return;
    pg_stop(pg);
    pg->is_over = 1;
    if (pg->depth == 0)
        release(pg);
}

static struct pg_work *begin(struct pg *pg, pg_done_fn *done, void *ctx, int64_t limit_ms)
{
    assert(pg->work.step == PG_STEP_NONE && !pg->is_over);
    pg->work = (struct pg_work){ .done = done, .ctx = ctx, .limit_ms = limit_ms };
    return &pg->work;
}

int pg_start(struct pg *pg, pg_done_fn *done, void *ctx, struct err *err)
{
    if (pg->work.step != PG_STEP_NONE)
        return err_set(err, EBUSY, "the connection to the database is being made already");
    if (pg->conn)
        return err_set(err, EISCONN, "the connection to the database is up already");
    struct pg_work *work = begin(pg, done, ctx, pg->connect_timeout_ms);
    work->step = PG_STEP_CONNECT;
    int ret = pg_connect_begin(pg, err);
    if (ret < 0)
        work_release(work);
    return ret;
}

/* --- statements --- */

static int check_idle(const struct pg *pg, struct err *err)
{
    if (!pg->is_up) {
        err_set(err, ENOTCONN, "not connected to the database");
        if (err)
            err->is_outage = 1;
        return -ENOTCONN;
    }
    if (pg->work.step != PG_STEP_NONE)
        return err_set(err, EBUSY, "the connection to the database is busy with another statement");
    return 0;
}

static struct pg_work *begin_statement(struct pg *pg, enum pg_step step, pg_done_fn *done,
                                       void *ctx)
{
    int64_t limit_ms = pg->statement_timeout_ms > 0 ? pg->statement_timeout_ms + GRACE_MS : 0;
    struct pg_work *work = begin(pg, done, ctx, limit_ms);
    work->step = step;
    return work;
}

static int is_prepared(const struct pg *pg, const char *name)
{
    for (int i = 0; i < pg->prepared_count; i++) {
        if (strcmp(pg->prepared[i], name) == 0)
            return 1;
    }
    return 0;
}

static int send_statement(struct pg *pg, const char *sql)
{
    const struct pg_work *work = &pg->work;
    const char *const *values = (const char *const *)work->values;
    if (work->step == PG_STEP_PREPARE)
        return PQsendPrepare(pg->conn, work->name, sql, 0, NULL);
    if (work->name)
        return PQsendQueryPrepared(pg->conn, work->name, work->params, values, NULL, NULL, 0);
    return PQsendQueryParams(pg->conn, sql, work->params, NULL, values, NULL, NULL, 0);
}

int pg_query(struct pg *pg, const struct pg_statement *statement, pg_done_fn *done, void *ctx,
             struct err *err)
{
    int ret = check_idle(pg, err);
    if (ret < 0)
        return ret;
    if (statement->params < 0 || statement->params > PG_PARAMS_MAX)
        return err_set(err, EINVAL, "a statement has %d parameters; at most %d can be sent",
                       statement->params, PG_PARAMS_MAX);
    /* Past the maximum a statement runs as well, only parsed each time. */
    const char *name = statement->name;
    int is_known = name && is_prepared(pg, name);
    if (!is_known && pg->prepared_count == PG_PREPARED_MAX)
        name = NULL;
    struct pg_work *work = begin_statement(
        pg, name && !is_known ? PG_STEP_PREPARE : PG_STEP_EXECUTE, done, ctx);
    work->name = mem_strdup(name);
    work->params = statement->params;
    for (int i = 0; i < work->params; i++)
        work->values[i] = mem_strdup(statement->values[i]);
    pg_run_wait(pg, send_statement(pg, statement->sql));
    return 0;
}

int pg_script(struct pg *pg, const char *sql, pg_done_fn *done, void *ctx, struct err *err)
{
    int ret = check_idle(pg, err);
    if (ret < 0)
        return ret;
    (void)begin_statement(pg, PG_STEP_EXECUTE, done, ctx);
    pg_run_wait(pg, PQsendQuery(pg->conn, sql));
    return 0;
}

int pg_copy(struct pg *pg, const char *sql, const struct buf *rows, pg_done_fn *done, void *ctx,
            struct err *err)
{
    int ret = check_idle(pg, err);
    if (ret < 0)
        return ret;
    begin_statement(pg, PG_STEP_COPY_BEGIN, done, ctx)->rows = rows;
    pg_run_wait(pg, PQsendQuery(pg->conn, sql));
    return 0;
}

/* --- questions --- */

int pg_is_up(const struct pg *pg)
{
    return pg->is_up;
}

int pg_is_busy(const struct pg *pg)
{
    return pg->work.step != PG_STEP_NONE;
}

int pg_is_superuser(const struct pg *pg)
{
    return pg->is_superuser;
}

int pg_backend_pid(const struct pg *pg)
{
    return pg->is_up ? PQbackendPID(pg->conn) : 0;
}

const char *pg_last_sqlstate(const struct pg *pg)
{
    return pg->sqlstate;
}
