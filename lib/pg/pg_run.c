/* Work under way: what goes out, what comes in, and how it ends. */
#include <errno.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/pg_internal.h"

enum {
    COPY_CHUNK_BYTES = 65536,
    COPY_TURN_CHUNKS = 16, /* then the rest of the loop has its turn */
};

/* --- waiting --- */

void pg_run_watch(struct pg *pg, int events)
{
    if (!pg->watch)
        pg->watch = loop_watch_new(pg->loop, PQsocket(pg->conn), pg_run_event, pg);
    loop_watch_set(pg->watch, events);
}

/* Before the descriptor is closed, or at once after libpq has closed it: its number may be given to
 * another connection soon. */
static void unwatch(struct pg *pg)
{
    loop_watch_free(pg->watch);
    pg->watch = NULL;
}

static void wait_for_server(struct pg *pg)
{
    if (pg->is_broken || pg->work.step == PG_STEP_SETTINGS)
        return; /* the settings have what connecting has left of its time */
    if (pg->work.limit_ms > 0)
        loop_timer_start(pg->deadline, pg->work.limit_ms);
    else
        loop_timer_stop(pg->deadline);
}

/* Told from the loop, never to the one who asks just now. */
static void break_later(struct pg *pg)
{
    pg->is_broken = 1;
    unwatch(pg);
    loop_timer_start(pg->deadline, 0);
}

/* Reading goes on also while there is something to write and while nothing is asked: for
 * notifications, for a server that leaves, and because otherwise both sides could wait for room. */
static void flush(struct pg *pg)
{
    int left = pg->is_broken ? 0 : PQflush(pg->conn);
    if (left < 0)
        break_later(pg);
    if (pg->is_broken)
        return;
    int is_writing = left > 0 || pg->work.step == PG_STEP_COPY_SEND;
    pg_run_watch(pg, is_writing ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

void pg_run_wait(struct pg *pg, int is_sent)
{
    if (!is_sent) {
        break_later(pg);
        return;
    }
    wait_for_server(pg);
    if (pg->work.step != PG_STEP_CONNECT)
        flush(pg);
}

/* --- ends --- */

static struct pg_work take_work(struct pg *pg)
{
    struct pg_work work = pg->work;
    pg->work = (struct pg_work){ .step = PG_STEP_NONE };
    return work;
}

void pg_run_finish(struct pg *pg)
{
    struct pg_work work = take_work(pg);
    if (!pg->is_broken)
        loop_timer_stop(pg->deadline);
    pg_work_tell(&work, work.failure.code != 0 ? &work.failure : NULL);
}

static void note_failure(struct pg *pg, const PGresult *res)
{
    if (pg->work.failure.code == 0)
        pg_error_from_result(pg, res, &pg->work.failure);
}

/* Why the server left may lie unread behind the rows that we were sending. */
static void read_last_words(struct pg *pg)
{
    PGresult *res;
    if (pg->work.step == PG_STEP_COPY_SEND && PQputCopyEnd(pg->conn, NULL) != 1)
        return;
    while (pg->work.step > PG_STEP_CONNECT && !PQisBusy(pg->conn) &&
           (res = PQgetResult(pg->conn))) {
        const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);
        ExecStatusType status = PQresultStatus(res);
        if (status == PGRES_FATAL_ERROR && sqlstate)
            note_failure(pg, res);
        PQclear(res);
        if (status != PGRES_FATAL_ERROR && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            return; /* a COPY would be reported for ever */
    }
}

static void find_reason(struct pg *pg, struct err *err)
{
    read_last_words(pg);
    if (pg->farewell.code != 0)
        *err = pg->farewell;
    else if (pg->work.failure.code == ECONNRESET)
        *err = pg->work.failure;
    else
        pg_error_from_connection(pg, err);
}

void pg_run_lose(struct pg *pg, const struct err *why)
{
    struct err err = ERR_NONE;
    if (why)
        err = *why;
    else
        find_reason(pg, &err);
    err.is_outage = 1;
    pg->is_lost_due = pg->is_up && pg->lost;
    struct pg_work work = take_work(pg);
    pg_close(pg);
    if (work.step != PG_STEP_NONE)
        pg_work_tell(&work, work.failure.code != 0 ? &work.failure : &err);
    if (!pg->is_lost_due)
        return; /* told, or stopped meanwhile */
    pg->is_lost_due = 0;
    pg->lost(pg->ctx, &err);
}

static void lose_by_deadline(struct pg *pg)
{
    char limit[CLOCK_MOMENT_BYTES];
    struct err err = ERR_NONE;
    (void)clock_format_duration(pg->work.limit_ms, limit);
    if (pg->is_up)
        err_set(&err, ETIMEDOUT, "the database has not answered a statement for %s", limit);
    else
        err_set(&err, ETIMEDOUT, "no connection to the database within %s", limit);
    err_set_remedy(&err, "See whether the database server is overloaded or out of reach");
    pg->sqlstate[0] = '\0';
    pg_run_lose(pg, &err);
}

void pg_deadline_ran(void *ctx)
{
    struct pg *pg = ctx;
    pg_enter(pg);
    if (pg->is_broken)
        pg_run_lose(pg, NULL);
    else
        lose_by_deadline(pg);
    pg_leave(pg);
}

/* --- what goes out --- */

/* One chunk at a time: libpq would take all of it into its own memory. */
static void send_rows(struct pg *pg)
{
    struct pg_work *work = &pg->work;
    for (int i = 0; work->sent_bytes < work->rows->len_bytes; i++) {
        size_t left = work->rows->len_bytes - work->sent_bytes;
        int len = left < COPY_CHUNK_BYTES ? (int)left : COPY_CHUNK_BYTES;
        if (i == COPY_TURN_CHUNKS || PQflush(pg->conn) != 0)
            return;
        int is_taken = PQputCopyData(pg->conn, work->rows->data + work->sent_bytes, len);
        if (is_taken < 0)
            break_later(pg);
        if (is_taken <= 0)
            return;
        work->sent_bytes += (size_t)len;
        wait_for_server(pg);
    }
    int is_ended = PQputCopyEnd(pg->conn, NULL);
    if (is_ended < 0)
        break_later(pg);
    else if (is_ended > 0)
        work->step = PG_STEP_COPY_END;
}

static void execute_prepared(struct pg *pg)
{
    struct pg_work *work = &pg->work;
    const char *const *values = (const char *const *)work->values;
    pg->prepared[pg->prepared_count++] = mem_strdup(work->name);
    work->step = PG_STEP_EXECUTE;
    pg_run_wait(pg, PQsendQueryPrepared(pg->conn, work->name, work->params, values, NULL, NULL, 0));
}

/* --- what comes in --- */

static void settled(struct pg *pg)
{
    if (pg->work.failure.code == 0) {
        pg->is_up = 1;
        pg_run_finish(pg);
        return;
    }
    struct err err = pg->work.failure;
    err_prefix(&err, "the settings of the connection");
    pg->work.failure = ERR_NONE;
    pg_run_lose(pg, &err);
}

/* The server has told all about what was sent last. */
static void answered(struct pg *pg)
{
    struct pg_work *work = &pg->work;
    if (work->step == PG_STEP_COPY_BEGIN && work->failure.code == 0)
        err_set(&work->failure, EINVAL, "a statement that should be COPY FROM STDIN is not");
    if (work->step == PG_STEP_SETTINGS)
        settled(pg);
    else if (work->failure.code == ECONNRESET && PQstatus(pg->conn) == CONNECTION_BAD)
        pg_run_lose(pg, NULL);
    else if (work->step == PG_STEP_PREPARE && work->failure.code == 0)
        execute_prepared(pg);
    else
        pg_run_finish(pg);
}

/* Nobody who asks for a COPY in a plain statement could send or take its rows. */
static void refuse_copy(struct pg *pg)
{
    struct err err = ERR_NONE;
    err_set(&err, EINVAL, "a statement is a COPY from or to the client where none is expected");
    pg_run_lose(pg, &err);
}

static void take_result(struct pg *pg, PGresult *res)
{
    struct pg_work *work = &pg->work;
    switch (PQresultStatus(res)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
        PQclear(work->result);
        work->result = res;
        return;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        if (work->step == PG_STEP_COPY_BEGIN && PQresultStatus(res) == PGRES_COPY_IN) {
            work->step = PG_STEP_COPY_SEND;
            send_rows(pg);
        } else {
            refuse_copy(pg);
        }
        break;
    default:
        note_failure(pg, res);
    }
    PQclear(res);
}

static int is_awaiting_result(const struct pg *pg)
{
    return pg->work.step > PG_STEP_CONNECT && pg->work.step != PG_STEP_COPY_SEND;
}

static void take_results(struct pg *pg)
{
    unsigned epoch = pg->epoch;
    while (pg->epoch == epoch && is_awaiting_result(pg) && !PQisBusy(pg->conn)) {
        PGresult *res = PQgetResult(pg->conn);
        wait_for_server(pg);
        if (res)
            take_result(pg, res);
        else
            answered(pg);
    }
}

static void tell_notifications(struct pg *pg)
{
    unsigned epoch = pg->epoch;
    PGnotify *notification;
    while (pg->epoch == epoch && (notification = PQnotifies(pg->conn))) {
        if (pg->notify)
            pg->notify(pg->ctx, notification->relname, notification->extra);
        PQfreemem(notification);
    }
}

static void run(struct pg *pg, int events)
{
    unsigned epoch = pg->epoch;
    int is_there = !(events & LOOP_READ) || PQconsumeInput(pg->conn) == 1;
    if (!is_there)
        unwatch(pg);
    tell_notifications(pg);
    if (pg->epoch != epoch)
        return;
    if (is_there && pg->work.step == PG_STEP_COPY_SEND)
        send_rows(pg);
    take_results(pg);
    if (pg->epoch != epoch)
        return;
    if (is_there)
        flush(pg);
    else
        pg_run_lose(pg, NULL);
}

void pg_run_event(void *ctx, int events)
{
    struct pg *pg = ctx;
    pg_enter(pg);
    if (pg->work.step == PG_STEP_CONNECT)
        pg_connect_poll(pg);
    else
        run(pg, events);
    pg_leave(pg);
}
