#include "lib/pg/pg.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/pg_internal.h"

enum {
    COPY_CHUNK_BYTES = 65536,
    DEADLINE_GRACE_MS = 5000,       /* the server ends a statement by itself before */
    DEADLINE_WITHOUT_LIMIT_MS = 24 * 3600 * 1000,
};

static void step(struct pg *pg);

/* --- life --- */

static void watch_ran(void *ctx, int events)
{
    struct pg *pg = ctx;
    (void)events;
    step(pg);
}

static void later_ran(void *ctx)
{
    step(ctx);
}

static void deadline_ran(void *ctx)
{
    struct pg *pg = ctx;
    pg_break(pg, ETIMEDOUT, pg->state == PG_CONNECTING || pg->state == PG_SETTLING
                                ? "the database did not answer in time while connecting"
                                : "the database did not answer in time; the connection was closed");
}

struct pg *pg_new(struct loop *loop, const struct pg_options *options, pg_lost_fn *lost,
                  pg_notify_fn *notify, void *ctx)
{
    struct pg *pg = mem_new(1, sizeof(*pg));
    pg->loop = loop;
    pg->conninfo = mem_strdup(options->conninfo);
    pg->application_name = mem_strdup(options->application_name);
    pg->role = mem_strdup(options->role);
    pg->connect_timeout_ms = options->connect_timeout_ms;
    pg->statement_timeout_ms = options->statement_timeout_ms;
    pg->lock_timeout_ms = options->lock_timeout_ms;
    pg->lost = lost;
    pg->notify = notify;
    pg->ctx = ctx;
    pg->watched_fd = -1;
    pg->deadline = loop_timer_new(loop, deadline_ran, pg);
    pg->later = loop_timer_new(loop, later_ran, pg);
    return pg;
}

void pg_forget_statement(struct pg *pg)
{
    for (int i = 0; i < pg->params; i++) {
        mem_free_secret(pg->values[i]);
        pg->values[i] = NULL;
    }
    pg->params = 0;
    pg->name = pg->sql = NULL;
    pg->rows = NULL;
    PQclear(pg->last);
    pg->last = NULL;
}

/* Back to nothing, without telling anybody. */
static void close_connection(struct pg *pg)
{
    loop_timer_stop(pg->deadline);
    loop_timer_stop(pg->later);
    loop_watch_free(pg->watch);
    pg->watch = NULL;
    pg->watched_fd = -1;
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->state = PG_DOWN;
    pg->prepared_count = 0;
    pg_forget_statement(pg);
}

void pg_stop(struct pg *pg)
{
    pg->done = NULL;
    close_connection(pg);
}

static void release(void *ctx)
{
    struct pg *pg = ctx;
    loop_timer_free(pg->deadline);
    loop_timer_free(pg->later);
    mem_free_secret(pg->conninfo);
    free(pg->application_name);
    free(pg->role);
    free(pg);
}

void pg_free(struct pg *pg)
{
    if (!pg)
        return;
    pg_stop(pg);
    pg->lost = NULL;
    pg->notify = NULL;
    if (pg->is_in_callback)
        pg->is_free_asked = 1;
    else
        release(pg);
}

/* A callback may free the connection; then nothing of it is touched again. Returns whether it lives. */
static int leave_callback(struct pg *pg)
{
    pg->is_in_callback--;
    if (!pg->is_free_asked || pg->is_in_callback > 0)
        return !pg->is_free_asked;
    release(pg);
    return 0;
}

void pg_watch(struct pg *pg, int events)
{
    int fd = PQsocket(pg->conn);
    if (fd != pg->watched_fd || !pg->watch) {
        loop_watch_free(pg->watch);
        pg->watch = fd >= 0 ? loop_watch_new(pg->loop, fd, watch_ran, pg) : NULL;
        pg->watched_fd = fd;
    }
    if (pg->watch)
        loop_watch_set(pg->watch, events);
}

/* --- ends --- */

static void tell_done(struct pg *pg, const PGresult *res)
{
    struct pg_result result = { res };
    pg_done_fn *done = pg->done;
    struct err failure = pg->failure;
    pg->done = NULL;
    if (done)
        done(pg->done_ctx, res ? &result : NULL, res ? NULL : &failure);
}

void pg_complete(struct pg *pg, const PGresult *res)
{
    int is_connecting = pg->state == PG_CONNECTING || pg->state == PG_SETTLING;
    PGresult *last = pg->last;
    loop_timer_stop(pg->deadline);
    pg->last = NULL;
    pg_forget_statement(pg);
    pg->is_in_callback++;
    if (is_connecting && !res) {
        close_connection(pg);
    } else {
        pg->state = PG_IDLE;
        pg_watch(pg, LOOP_READ);
    }
    tell_done(pg, res);
    PQclear(last);
    (void)leave_callback(pg);
}

void pg_break(struct pg *pg, int code, const char *what)
{
    int is_connecting = pg->state == PG_CONNECTING || pg->state == PG_SETTLING;
    pg->failure = ERR_NONE;
    err_set(&pg->failure, code, "%s", what);
    err_set_remedy(&pg->failure, "Nothing to do if it passes: the connection is made again");
    struct err failure = pg->failure;
    close_connection(pg);
    pg->is_in_callback++;
    tell_done(pg, NULL);
    if (!is_connecting && pg->lost && pg->state == PG_DOWN)
        pg->lost(pg->ctx, &failure);
    (void)leave_callback(pg);
}

static void break_by_server(struct pg *pg)
{
    AUTO_FREE char *text = mem_strdup(PQerrorMessage(pg->conn));
    text[strcspn(text, "\n")] = '\0';
    AUTO_FREE char *what = mem_printf("the connection to the database is lost%s%s", *text ? ": " : "", text);
    pg_break(pg, ECONNRESET, what);
}

/* --- sending --- */

static int is_prepared(const struct pg *pg, const char *name)
{
    for (int i = 0; i < pg->prepared_count; i++) {
        if (pg->prepared[i] == name || strcmp(pg->prepared[i], name) == 0)
            return 1;
    }
    return 0;
}

static int send_statement(struct pg *pg)
{
    const char *const *values = (const char *const *)pg->values;
    if (!pg->name) {
        pg->state = PG_QUERYING;
        return PQsendQueryParams(pg->conn, pg->sql, pg->params, NULL, values, NULL, NULL, 0);
    }
    if (!is_prepared(pg, pg->name)) {
        pg->state = PG_PREPARING;
        return PQsendPrepare(pg->conn, pg->name, pg->sql, 0, NULL);
    }
    pg->state = PG_QUERYING;
    return PQsendQueryPrepared(pg->conn, pg->name, pg->params, values, NULL, NULL, 0);
}

static void start_waiting(struct pg *pg)
{
    int64_t limit_ms = pg->statement_timeout_ms > 0 ? pg->statement_timeout_ms + DEADLINE_GRACE_MS
                                                    : DEADLINE_WITHOUT_LIMIT_MS;
    loop_timer_start(pg->deadline, limit_ms);
    pg_watch(pg, LOOP_READ | LOOP_WRITE);
}

static int check_idle(const struct pg *pg, struct err *err)
{
    if (pg->state == PG_DOWN || pg->state == PG_CONNECTING || pg->state == PG_SETTLING)
        return err_set(err, ENOTCONN, "the database is not connected");
    if (pg->state != PG_IDLE)
        return err_set(err, EBUSY, "the connection is busy with another statement");
    return 0;
}

static int begin(struct pg *pg, int is_sent, pg_done_fn *done, void *ctx, struct err *err)
{
    if (!is_sent) {
        pg->state = PG_IDLE;
        pg_forget_statement(pg);
        return err_set(err, ECONNRESET, "a statement could not be sent to the database");
    }
    pg->done = done;
    pg->done_ctx = ctx;
    pg->sqlstate[0] = '\0';
    start_waiting(pg);
    return 0;
}

int pg_query(struct pg *pg, const struct pg_statement *statement, pg_done_fn *done, void *ctx,
             struct err *err)
{
    int ret = check_idle(pg, err);
    if (ret < 0)
        return ret;
    if (statement->params > PG_PARAMS_MAX)
        return err_set(err, EINVAL, "a statement with more than %d parameters", PG_PARAMS_MAX);
    pg->name = pg->prepared_count < PG_PREPARED_MAX ? statement->name : NULL;
    pg->sql = statement->sql;
    pg->params = statement->params;
    for (int i = 0; i < pg->params; i++)
        pg->values[i] = mem_strdup(statement->values[i]);
    return begin(pg, send_statement(pg), done, ctx, err);
}

int pg_script(struct pg *pg, const char *sql, pg_done_fn *done, void *ctx, struct err *err)
{
    int ret = check_idle(pg, err);
    if (ret < 0)
        return ret;
    pg->state = PG_QUERYING;
    return begin(pg, PQsendQuery(pg->conn, sql), done, ctx, err);
}

int pg_copy(struct pg *pg, const char *sql, const struct buf *rows, pg_done_fn *done, void *ctx,
            struct err *err)
{
    int ret = check_idle(pg, err);
    if (ret < 0)
        return ret;
    pg->rows = rows;
    pg->rows_sent = 0;
    pg->is_copy_ended = 0;
    pg->state = PG_COPY_BEGIN;
    return begin(pg, PQsendQuery(pg->conn, sql), done, ctx, err);
}

/* --- receiving --- */

static void tell_notifications(struct pg *pg)
{
    PGnotify *notification;
    while (pg->conn && (notification = PQnotifies(pg->conn))) {
        pg->is_in_callback++;
        if (pg->notify)
            pg->notify(pg->ctx, notification->relname, notification->extra);
        PQfreemem(notification);
        if (!leave_callback(pg))
            return;
    }
}

/* Rows go out as fast as the server takes them; what it has to say is read meanwhile. */
static void send_rows(struct pg *pg)
{
    while (pg->rows_sent < pg->rows->len_bytes) {
        size_t left = pg->rows->len_bytes - pg->rows_sent;
        int chunk = left > COPY_CHUNK_BYTES ? COPY_CHUNK_BYTES : (int)left;
        int ret = PQputCopyData(pg->conn, pg->rows->data + pg->rows_sent, chunk);
        if (ret < 0) {
            break_by_server(pg);
            return;
        }
        if (ret == 0) {
            pg_watch(pg, LOOP_READ | LOOP_WRITE);
            return;
        }
        pg->rows_sent += (size_t)chunk;
        /* One chunk in libpq's buffer at a time keeps its memory small. */
        if (PQflush(pg->conn) == 1) {
            pg_watch(pg, LOOP_READ | LOOP_WRITE);
            return;
        }
    }
    int ret = PQputCopyEnd(pg->conn, NULL);
    if (ret < 0) {
        break_by_server(pg);
        return;
    }
    if (ret == 1) {
        pg->state = PG_COPY_END;
        step(pg);
        return;
    }
    pg_watch(pg, LOOP_READ | LOOP_WRITE);
}

static int is_failure(const PGresult *res)
{
    ExecStatusType status = PQresultStatus(res);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE ||
           status == PGRES_NONFATAL_ERROR;
}

/* Keeps the first failure, otherwise the last result. */
static void keep_result(struct pg *pg, PGresult *res)
{
    if (pg->last && is_failure(pg->last)) {
        PQclear(res);
        return;
    }
    PQclear(pg->last);
    pg->last = res;
}

static void finish_statement(struct pg *pg)
{
    if (PQstatus(pg->conn) == CONNECTION_BAD) {
        break_by_server(pg);
        return;
    }
    if (!pg->last) {
        pg_break(pg, EPROTO, "the database ended a statement without a result");
        return;
    }
    if (is_failure(pg->last)) {
        pg_take_error(pg, pg->last);
        pg_complete(pg, NULL);
        return;
    }
    if (pg->state == PG_PREPARING) {
        PQclear(pg->last);
        pg->last = NULL;
        pg->prepared[pg->prepared_count++] = pg->name;
        if (send_statement(pg) == 0)
            break_by_server(pg);
        else
            start_waiting(pg);
        return;
    }
    pg_complete(pg, pg->last);
}

static void take_results(struct pg *pg)
{
    while (!PQisBusy(pg->conn)) {
        PGresult *res = PQgetResult(pg->conn);
        if (!res) {
            finish_statement(pg);
            return;
        }
        if (PQresultStatus(res) == PGRES_COPY_IN) {
            PQclear(res);
            if (pg->state != PG_COPY_BEGIN) {
                pg_break(pg, EPROTO, "the database asks for rows that nobody sends");
                return;
            }
            pg->state = PG_COPYING;
            send_rows(pg);
            return;
        }
        keep_result(pg, res);
    }
}

static int is_lost(struct pg *pg)
{
    return PQconsumeInput(pg->conn) == 0 || PQstatus(pg->conn) == CONNECTION_BAD;
}

/* While rows go out the server may already have refused them: its error comes as a result. */
static void step_copy(struct pg *pg)
{
    if (PQflush(pg->conn) == 1)
        pg_watch(pg, LOOP_READ | LOOP_WRITE);
    else
        send_rows(pg);
}

static void step(struct pg *pg)
{
    if (pg->state == PG_DOWN)
        return;
    if (pg->state == PG_CONNECTING) {
        pg_step_connect(pg);
        return;
    }
    int is_gone = is_lost(pg);
    pg->is_in_callback++;
    if (!is_gone || pg->state != PG_IDLE)
        tell_notifications(pg);
    if (!leave_callback(pg) || !pg->conn)
        return;
    if (is_gone && (pg->state == PG_IDLE || PQisBusy(pg->conn))) {
        break_by_server(pg);
        return;
    }
    if (pg->state == PG_IDLE)
        return;
    if (pg->state == PG_COPYING) {
        step_copy(pg);
        return;
    }
    int is_flushing = PQflush(pg->conn);
    pg_watch(pg, is_flushing == 1 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
    take_results(pg);
}

/* --- questions --- */

int pg_is_up(const struct pg *pg)
{
    return pg->state >= PG_IDLE;
}

int pg_is_busy(const struct pg *pg)
{
    return pg->state != PG_IDLE && pg->state != PG_DOWN;
}

int pg_is_superuser(const struct pg *pg)
{
    return pg->is_superuser;
}

int pg_backend_pid(const struct pg *pg)
{
    return pg->conn ? PQbackendPID(pg->conn) : 0;
}
