/*
 * resource.h - the catalogue of what is mirrored: one row per list of the API.
 *
 * A row says where a list lies, which JSON path goes to which column, and how its pages are asked
 * for; `fields=` and the staging table are made from the same columns. Names and types follow the
 * official specification (openapi.json 2.74). Adding a resource is one row here, one table, one
 * merge statement (sql/queries/merge_NAME.sql), and where it is asked in parts the statement that
 * names them (sql/queries/parts_NAME.sql).
 */
#ifndef SALDOD_TRIPLETEX_RESOURCE_H
#define SALDOD_TRIPLETEX_RESOURCE_H

#include <stddef.h>

#include "lib/base/cleanup.h"
#include "lib/json/list.h"

struct buf;

struct resource {
    const char *name;               /* "posting"; its stage is "stage_posting" */
    const char *path;               /* "/ledger/posting"; "{id}" in it stands for the part */
    const char *sorting;            /* value of `sorting`; NULL where the order means nothing */
    const char *const *variants;    /* extra parameters, each asked for by itself; NULL-terminated;
                                       NULL = one list without */
    const char *filter;             /* a parameter of every request; NULL = none */
    const struct json_known *known; /* enumerations among the columns; NULL = none */
    const struct json_column *columns;
    int columns_count;
    int id_column;      /* strictly rising over the pages where sorted by it; -1 = none */
    int has_parts;      /* asked part by part, as parts_NAME.sql names them */
    int may_run_dry;    /* no rows after many is nothing to wonder at */
    const char *nested; /* the rows are in this array of each value, and `id_column` is the id of
                           the value, which its rows share; NULL = a value is a row */
    int page_rows;      /* values a page; 0 = as many as is usual */
};

#define RESOURCE_COLUMNS(array) .columns = (array), .columns_count = ARRAY_LEN(array)

/* Postings and saldo: the truth that is proven. */
extern const struct resource RESOURCE_POSTING;
/* The same rows, by the vouchers they belong to: where one account of one day has too many. */
extern const struct resource RESOURCE_VOUCHER_POSTING;
extern const struct resource RESOURCE_BALANCE;
/* Voucher headers, which may change without their postings. */
extern const struct resource RESOURCE_VOUCHER;
/* What the tokens have access to. */
extern const struct resource RESOURCE_ACCESS;
/* Who is told of events; ours and those of others. */
extern const struct resource RESOURCE_SUBSCRIPTION;

/* Lists asked every master_interval, in the order in which they are asked; NULL-terminated. */
extern const struct resource *const RESOURCE_MASTERS[];

/* What is read beyond the ledger, once it is complete, in the order in which it is asked; ends with
 * a row without a name. [mirror] resources chooses among them. */
extern const struct resource RESOURCE_EXTRAS[];
const struct resource *resource_find_extra(const char *name, size_t len) MUST_USE; /* or NULL */

/* Appends the value of `fields`: "id,version,voucher(id,number)". */
int resource_append_fields(const struct resource *resource, struct buf *out) MUST_USE;

/* Appends the CREATE TEMPORARY TABLE statement of the stage, or the COPY statement into it. */
int resource_append_stage(const struct resource *resource, struct buf *out) MUST_USE;
int resource_append_copy(const struct resource *resource, struct buf *out) MUST_USE;

#endif
