/*
 * saft.h - a fiscal year as SAF-T Financial 1.30, from rows of the database.
 *
 * The document has parts; each is one statement of sql/queries (a cursor) whose rows are given in
 * order. Nothing is gathered: memory does not grow with the number of rows.
 */
#ifndef SALDOD_DAEMON_SAFT_H
#define SALDOD_DAEMON_SAFT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/xml/xml_writer.h"

struct err;
struct pg_result;
struct saft;
struct sql_query;

/* What the header and the totals say; borrowed until saft_free. */
struct saft_facts {
    const char *org_nr, *name, *year;
    const char *periods;        /* months of the fiscal year */
    const char *today;          /* in Norway */
    const char *comment;        /* NULL = none */
    const char *vouchers;       /* with a posting in the year */
    const char *debit, *credit; /* of all postings, without sign */
};

typedef void saft_row_fn(struct saft *saft, const struct pg_result *result, int row);
typedef void saft_edge_fn(struct saft *saft);

struct saft_part {
    const struct sql_query *query; /* $1 organisation number, $2 first day, $3 last day, $4 year */
    int params;                    /* how many of them it takes */
    saft_edge_fn *begin;           /* NULL = nothing */
    saft_row_fn *row;
    saft_edge_fn *end;
};

/* The parts in their order. */
const struct saft_part *saft_parts(size_t *ret_count) MUST_USE;

/* Writes the header. */
struct saft *saft_new(const struct saft_facts *facts, xml_sink_fn *sink, void *ctx) MUST_USE;

int64_t saft_lines(const struct saft *saft) MUST_USE;     /* postings written so far */
int64_t saft_ungrouped(const struct saft *saft) MUST_USE; /* accounts without a grouping code */
int64_t saft_replaced(const struct saft *saft) MUST_USE;  /* characters that XML cannot hold */
int64_t saft_cut(const struct saft *saft) MUST_USE;       /* texts longer than the schema allows */

/* After the last part: the end of the document. 0, or the first fault of the writer or the sink. */
int saft_finish(struct saft *saft, struct err *err) MUST_USE;
int saft_is_well(const struct saft *saft) MUST_USE; /* otherwise saft_finish tells the fault */

void saft_free(struct saft *saft); /* NULL is fine */

#endif
