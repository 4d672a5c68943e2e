/*
 * db.h - SQL of a test: one connection, one statement a call, results as text.
 *
 * The connection is a plain PGconn, which the caller owns (PQfinish). What fails fails the test,
 * so these are for the main thread only.
 */
#ifndef SALDOD_TESTS_INTEGRATION_DB_H
#define SALDOD_TESTS_INTEGRATION_DB_H

#include <libpq-fe.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

PGconn *db_open(const char *conninfo) MUST_USE;

void db_run(PGconn *db, const char *sql);
void db_runf(PGconn *db, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* First column of the first row: "" without rows or where null; free() it. */
char *db_text(PGconn *db, const char *sql) MUST_USE;
char *db_textf(PGconn *db, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;
int64_t db_int(PGconn *db, const char *sql);

/* With parameters, all of them text. */
char *db_ask(PGconn *db, const char *sql, int count, const char *const *values) MUST_USE;

/* The statement must be refused: its message and hint; free() it. */
char *db_refusal(PGconn *db, const char *sql) MUST_USE;

#endif
