/*
 * fetch.h - reads one list of one client: its digest only, or all of its pages into the stage.
 *
 * Pages are asked for by the number of rows received until one is empty. A page that fails in
 * passing, or comes garbled, is asked for again (retry.h). A list that moves while it is read,
 * repeats itself or never ends is told as such, and what was staged of it is the caller's to
 * remove. Owns its request; borrows the connection until `done`.
 */
#ifndef SALDOD_DAEMON_FETCH_H
#define SALDOD_DAEMON_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/json/list.h"
#include "lib/tripletex/answer.h"

struct app;
struct err;
struct fetch;
struct pg;
struct resource;
struct token;

enum {
    FETCH_PAGE_ROWS = 5000,
    FETCH_ROWS_MAX = 200000, /* of one list; the API itself stops at 10,000 for most */
};

enum fetch_end {
    FETCH_SAME,      /* 304: the digest still holds */
    FETCH_READ,      /* all of it is staged, or (digest only) the digest is there */
    FETCH_MOVED,     /* it changed between two pages: read again */
    FETCH_TOO_LARGE, /* more rows than the API gives: split */
    FETCH_FAILED,
};

/* Rows are there: give the connection with fetch_give_stage, now or later. */
typedef void fetch_want_fn(void *ctx, struct fetch *fetch);

/* A page is asked for again: of the rows that `row` took only so many, the first ones, count. */
typedef void fetch_drop_fn(void *ctx, int64_t rows);

struct fetch_options {
    struct token *token;
    const char *company;
    const struct resource *resource;
    const char *part;   /* what stands for "{id}" in the path; NULL where none does */
    const char *filter; /* encoded parameters, e.g. "dateFrom=...&dateTo=..."; NULL = none */
    int asks_digest;    /* send If-None-Match */
    const char *digest; /* the one held; NULL = none */
    int is_digest_only; /* one row, not staged */
    int is_urgent;
    fetch_want_fn *want_stage; /* asked for the connection when the first rows are there; NULL =
                                  rows go to `row` */
    void *want_ctx;
    json_row_fn *row; /* takes rows; with a stage: may refuse a row before it is staged, or leave it
                        out (page.h), and may be NULL */
    fetch_drop_fn *drop_rows; /* where `row` keeps rows; NULL = it keeps none */
    void *row_ctx;
};

struct fetch_result {
    enum fetch_end end;
    enum answer_class class; /* of FETCH_FAILED */
    int64_t rows;            /* taken: those that `row` left out do not count */
    int64_t left_out;
    int is_unsaid;      /* of FETCH_SAME: by the digest that came, and not by 304 */
    const char *digest; /* "" = none; of the first page */
    const char
        *own_digest; /* ours, over all rows as they were staged; "" where not all were read */
    int64_t sent_us; /* when the first request was sent */
    const struct json_notes *notes;
    int was_nul_replaced;
    const struct err *err; /* of FETCH_FAILED and FETCH_MOVED */
};

/* Runs exactly once, from the loop; all is borrowed for the call. */
typedef void fetch_done_fn(void *ctx, const struct fetch_result *result);

/* Options are copied but contexts. Never fails at once. */
struct fetch *fetch_start(struct app *app, const struct fetch_options *options, fetch_done_fn *done,
                          void *ctx) MUST_USE;
/* `pg` NULL: there is none, and `err` says why; the fetch fails with it. */
void fetch_give_stage(struct fetch *fetch, struct pg *pg, const struct err *err);

/* Encoded parameters joined by "&"; those that are NULL are left out. NULL where all are. Yours to
 * free. */
char *fetch_join_filters(const char *const *filters, size_t count) MUST_USE;

int fetch_pages(const struct fetch *fetch) MUST_USE;
int fetch_is_asking(const struct fetch *fetch) MUST_USE; /* a request is on its way */

void fetch_cancel(struct fetch *fetch); /* `done` does not run; a COPY under way must be ended with
                                           its connection */

#endif
