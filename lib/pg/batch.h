/*
 * batch.h - several statements in order on one connection, all or nothing.
 *
 * A batch is made, filled, and started; it then belongs to itself until `done`. In a transaction a
 * failure rolls back; a connection that is lost has rolled back by itself. Never longer than its
 * statements: nothing waits for a network other than the database's.
 */
#ifndef SALDOD_PG_BATCH_H
#define SALDOD_PG_BATCH_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct err;
struct pg;
struct pg_batch;
struct pg_result;

enum batch_kind {
    BATCH_TRANSACTION, /* BEGIN … COMMIT */
    BATCH_PLAIN,       /* each statement by itself */
};

/* The result of one statement; a return other than 0 (with err) ends the batch as failed. Borrowed.
 */
typedef int batch_result_fn(void *ctx, const struct pg_result *result, struct err *err);

/* `err` is NULL where all went well (and was committed). Runs once, from the loop. */
typedef void batch_done_fn(void *ctx, const struct err *err);

struct pg_batch *batch_new(enum batch_kind kind) MUST_USE;

/* `name` and `sql` as in struct pg_statement; values are copied. `fn` may be NULL. At most 64
 * statements. */
void batch_add(struct pg_batch *batch, const char *name, const char *sql, int params,
               const char *const *values, batch_result_fn *fn);

/* A statement made at run time, without parameters; copied. */
void batch_add_text(struct pg_batch *batch, const char *sql);

/* The statement added last runs only where *condition is not 0 by then. */
void batch_only_if(struct pg_batch *batch, const int *condition);

/* A statement of the build: SQL_name. */
#define batch_add_query(batch, query, params, values, fn)                                          \
    batch_add(batch, (query).name, (query).text, params, values, fn)

/* Who gets the results; without it, the ctx of batch_start. */
void batch_set_result_ctx(struct pg_batch *batch, void *ctx);

/* Takes the batch, whatever is returned. On -errno `done` will not run. */
int batch_start(struct pg_batch *batch, struct pg *pg, batch_done_fn *done, void *ctx,
                struct err *err) MUST_USE;

void batch_free(struct pg_batch *batch); /* only before batch_start; NULL is fine */

#endif
