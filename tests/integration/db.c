#include "tests/integration/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/base/mem.h"

static void take_notice_cb(void *ctx, const PGresult *result)
{
    (void)ctx;
    (void)result;
}

PGconn *db_open(const char *conninfo)
{
    PGconn *db = PQconnectdb(conninfo);
    if (PQstatus(db) != CONNECTION_OK) {
        AUTO_FREE char *message = mem_strdup(PQerrorMessage(db));
        PQfinish(db);
        fail_msg("%s: %s", conninfo, message);
    }
    (void)PQsetNoticeReceiver(db, take_notice_cb, NULL);
    return db;
}

char *db_ask(PGconn *db, const char *sql, int count, const char *const *values)
{
    PGresult *result = PQexecParams(db, sql, count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        AUTO_FREE char *message = mem_strdup(PQresultErrorMessage(result));
        PQclear(result);
        fail_msg("%.300s: %s", sql, message);
    }
    char *text = mem_strdup(
        PQntuples(result) > 0 && PQnfields(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}

char *db_text(PGconn *db, const char *sql)
{
    return db_ask(db, sql, 0, NULL);
}

void db_run(PGconn *db, const char *sql)
{
    free(db_text(db, sql));
}

static char *format(const char *fmt, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, fmt, args) < 0)
        abort();
    return text;
}

void db_runf(PGconn *db, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO_FREE char *sql = format(fmt, args);
    va_end(args);
    db_run(db, sql);
}

char *db_textf(PGconn *db, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO_FREE char *sql = format(fmt, args);
    va_end(args);
    return db_text(db, sql);
}

int64_t db_int(PGconn *db, const char *sql)
{
    AUTO_FREE char *text = db_text(db, sql);
    return strtoll(text, NULL, 10);
}

char *db_refusal(PGconn *db, const char *sql)
{
    PGresult *result = PQexec(db, sql);
    if (PQresultStatus(result) != PGRES_FATAL_ERROR) {
        PQclear(result);
        fail_msg("not refused: %s", sql);
    }
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    char *text = mem_printf("%s; %s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
                            hint ? hint : "");
    PQclear(result);
    return text;
}
