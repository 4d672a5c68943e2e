#include "daemon/fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "daemon/app.h"
#include "daemon/retry.h"
#include "daemon/token.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"
#include "lib/pg/pg.h"
#include "lib/tripletex/page.h"
#include "lib/tripletex/resource.h"

enum {
    FETCH_BODY_BYTES_MAX = 256 * 1024 * 1024,
    FETCH_QUERY_BYTES_MAX = 8192,
    FETCH_OWN_DIGEST_BYTES = 32,
    FETCH_PAGES_MAX = 500,
};

/* Any value that is no digest makes Tripletex compute one. */
static const char NO_DIGEST[] = "0";

/* In the path of a list that is asked part by part. */
static const char PART_HOLE[] = "{id}";

struct fetch {
    struct app *app;
    struct token *token;
    const struct resource *resource;
    char *path, *company, *filter, *held;
    int asks_digest, is_digest_only, is_urgent;
    struct pg *stage;
    fetch_want_fn *want_stage;
    void *want_ctx;
    struct page *page;
    struct json_list *list; /* instead of a page, where rows go to the caller */
    json_row_fn *row;
    fetch_drop_fn *drop_rows;
    void *row_ctx;
    struct token_call *call;
    struct retry retry; /* of the page in hand */
    struct loop_timer *again;
    fetch_done_fn *done;
    void *ctx;
    struct buf copy_sql;
    struct err body_err;
    struct json_list_head head;
    int64_t rows, taken, sent_us; /* values received, which pages go by; rows taken of them */
    char digest[sizeof(((struct json_list_head *)0)->digest)];
    struct json_notes notes;
    int was_nul_replaced, pages;
    int64_t page_rows;                               /* of the page before the one in hand */
    unsigned char page_hash[FETCH_OWN_DIGEST_BYTES]; /* its rows, where no ids tell pages apart */
    int is_end_confirmed; /* an end that came as a surprise was asked for again */
    crypto_generichash_state own_state;
    char own_digest[2 * FETCH_OWN_DIGEST_BYTES + 1];
};

static void ask_page(struct fetch *fetch);

static void fetch_free(struct fetch *fetch)
{
    page_free(fetch->page);
    json_list_free(fetch->list);
    loop_timer_free(fetch->again);
    token_unref(fetch->token);
    buf_release(&fetch->copy_sql);
    free(fetch->path);
    free(fetch->company);
    free(fetch->filter);
    free(fetch->held);
    free(fetch);
}

static void finish(struct fetch *fetch, enum fetch_end end, enum answer_class class,
                   const struct err *err)
{
    struct fetch_result result = {
        .end = end,
        .class = class,
        .rows = fetch->page ? fetch->taken : fetch->rows,
        .left_out = fetch->page && !fetch->resource->nested ? fetch->rows - fetch->taken : 0,
        .digest = fetch->digest,
        .own_digest = fetch->own_digest,
        .sent_us = fetch->sent_us,
        .notes = &fetch->notes,
        .was_nul_replaced = fetch->was_nul_replaced,
        .is_unsaid = end == FETCH_SAME && fetch->head.digest[0] != '\0',
        .err = err,
    };
    fetch->done(fetch->ctx, &result);
    fetch_free(fetch);
}

static void fail(struct fetch *fetch, enum answer_class class, const struct err *err)
{
    struct err full = *err;
    if (full.remedy[0] == '\0')
        err_set_remedy(&full,
                       "Nothing to do: it is asked for again. If it lasts, ask the support of "
                       "Tripletex, and look at what lies between");
    err_prefix(&full, "%s", fetch->resource->name);
    finish(fetch, FETCH_FAILED, class, &full);
}

static int on_body(void *ctx, const char *bytes, size_t len)
{
    struct fetch *fetch = ctx;
    return fetch->page ? page_feed(fetch->page, bytes, len, &fetch->body_err)
                       : json_list_feed(fetch->list, bytes, len, &fetch->body_err);
}

static int end_body(struct fetch *fetch, struct err *err)
{
    return fetch->page ? page_end(fetch->page, &fetch->head, err)
                       : json_list_finish(fetch->list, &fetch->head, err);
}

static void begin_body(struct fetch *fetch)
{
    fetch->body_err = ERR_NONE;
    if (fetch->page) {
        page_begin(fetch->page);
        return;
    }
    json_list_free(fetch->list);
    fetch->list = json_list_new(fetch->resource->columns, fetch->resource->columns_count,
                                fetch->row, fetch->row_ctx);
}

static void note_head(struct fetch *fetch)
{
    if (fetch->pages == 0)
        memcpy(fetch->digest, fetch->head.digest, sizeof(fetch->digest));
    json_notes_add(&fetch->notes, &fetch->head.notes);
    fetch->was_nul_replaced |= fetch->head.was_nul_replaced;
    fetch->rows += fetch->head.rows;
    fetch->taken += fetch->page ? page_taken(fetch->page) : 0;
}

/* With a digest on every page, a list that has changed is seen at the next page already. An empty
 * page of a list that is not empty has the digest of the list; some servers give none there. */
static int has_moved(const struct fetch *fetch)
{
    return fetch->asks_digest && fetch->pages > 0 && fetch->head.rows > 0 &&
           strcmp(fetch->digest, fetch->head.digest) != 0;
}

/* Where ids rise over all pages, a page that comes twice is seen by them; elsewhere by its rows. */
static int is_repeated(struct fetch *fetch)
{
    unsigned char hash[FETCH_OWN_DIGEST_BYTES];
    size_t len = 0;
    if (!fetch->page || fetch->resource->id_column >= 0 || fetch->head.rows == 0)
        return 0;
    const char *rows = page_rows(fetch->page, &len);
    (void)crypto_generichash(hash, sizeof(hash), (const unsigned char *)rows, len, NULL, 0);
    int is_same = fetch->pages > 0 && memcmp(hash, fetch->page_hash, sizeof(hash)) == 0;
    memcpy(fetch->page_hash, hash, sizeof(hash));
    return is_same;
}

static void copied(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct fetch *fetch = ctx;
    if (!result) {
        fail(fetch, ANSWER_PASSING, err);
        return;
    }
    ask_page(fetch);
}

static void stage_page(struct fetch *fetch)
{
    struct err err = ERR_NONE;
    if (pg_copy(fetch->stage, buf_text(&fetch->copy_sql), page_copy(fetch->page), copied, fetch,
                &err) < 0)
        fail(fetch, ANSWER_PASSING, &err);
}

static void note_rows(struct fetch *fetch)
{
    size_t len = 0;
    if (!fetch->want_stage || fetch->is_digest_only)
        return;
    const char *rows = page_rows(fetch->page, &len);
    (void)crypto_generichash_update(&fetch->own_state, (const unsigned char *)rows, len);
}

static void finish_own_digest(struct fetch *fetch)
{
    unsigned char hash[FETCH_OWN_DIGEST_BYTES];
    if (!fetch->want_stage || fetch->is_digest_only)
        return;
    (void)crypto_generichash_final(&fetch->own_state, hash, sizeof(hash));
    (void)sodium_bin2hex(fetch->own_digest, sizeof(fetch->own_digest), hash, sizeof(hash));
}

/* Some servers never say 304: the digest sent is the digest that comes back. */
static int is_same_after_all(const struct fetch *fetch)
{
    return fetch->pages == 0 && fetch->held && strcmp(fetch->held, fetch->head.digest) == 0;
}

/* Nothing where there was something, or behind a full page: a fault may look like that, and would
 * cut the list off. */
static int is_end_doubtful(const struct fetch *fetch)
{
    int was_full = fetch->pages > 0 && fetch->page_rows == FETCH_PAGE_ROWS;
    int was_something = fetch->pages == 0 && fetch->held && *fetch->held;
    return fetch->head.rows == 0 && !fetch->is_end_confirmed && (was_full || was_something);
}

static void accept_page(struct fetch *fetch)
{
    note_head(fetch);
    note_rows(fetch);
    fetch->pages++;
    fetch->page_rows = fetch->head.rows;
    fetch->is_end_confirmed = 0;
    fetch->retry = (struct retry){ 0 };
}

static void take_page(struct fetch *fetch)
{
    struct err err = ERR_NONE;
    if (is_same_after_all(fetch)) {
        finish(fetch, FETCH_SAME, ANSWER_SAME, NULL);
        return;
    }
    if (is_end_doubtful(fetch)) {
        fetch->is_end_confirmed = 1;
        ask_page(fetch);
        return;
    }
    accept_page(fetch);
    if (fetch->head.rows == 0 || fetch->is_digest_only) {
        finish_own_digest(fetch);
        finish(fetch, FETCH_READ, ANSWER_OK, NULL);
        return;
    }
    if (fetch->rows > FETCH_ROWS_MAX || fetch->pages > FETCH_PAGES_MAX) {
        err_set(&err, EMSGSIZE, "the list has more than %d rows or %d pages, or never ends",
                FETCH_ROWS_MAX, FETCH_PAGES_MAX);
        fail(fetch, ANSWER_PASSING, &err);
        return;
    }
    if (!fetch->want_stage)
        ask_page(fetch);
    else if (!fetch->stage)
        fetch->want_stage(fetch->want_ctx, fetch);
    else
        stage_page(fetch);
}

void fetch_give_stage(struct fetch *fetch, struct pg *pg, const struct err *err)
{
    fetch->stage = pg;
    if (pg)
        stage_page(fetch);
    else
        fail(fetch, ANSWER_PASSING, err);
}

/* The page is asked for again from where it begins; what was staged of those before stands. */
static void try_again(struct fetch *fetch, enum answer_class class, const struct err *err,
                      const struct token_answer *answer)
{
    const struct log_subject subject = { .resource = fetch->resource->name,
                                         .request_id = answer->request_id };
    int64_t wait_ms = retry_wait_ms(&fetch->retry, class, err, answer->sent_us);
    if (wait_ms < 0) {
        fail(fetch, class, err);
        return;
    }
    log_debug(fetch->app->log, &subject, "Asked again in %" PRId64 " ms: %s", wait_ms, err->text);
    if (fetch->drop_rows)
        fetch->drop_rows(fetch->row_ctx, fetch->rows);
    loop_timer_start(fetch->again, wait_ms);
}

static void ask_again(void *ctx)
{
    ask_page(ctx);
}

/* Why the page cannot be used; ANSWER_OK where it can. */
static enum answer_class find_fault(struct fetch *fetch, const struct token_answer *answer,
                                    struct err *err)
{
    if (answer->class == ANSWER_OK && end_body(fetch, err) == 0)
        return ANSWER_OK;
    if (fetch->body_err.code != 0)
        *err = fetch->body_err;
    else if (answer->err)
        *err = *answer->err;
    else if (answer->class == ANSWER_SAME)
        err_set(err, EPROTO, "an answer 304 that was not asked for");
    err_set_request_id(err, answer->request_id);
    return answer->class == ANSWER_OK || answer->class == ANSWER_SAME ? ANSWER_PASSING
                                                                      : answer->class;
}

static void answered(void *ctx, const struct token_answer *answer)
{
    struct fetch *fetch = ctx;
    struct err err = ERR_NONE;
    enum answer_class class;
    fetch->call = NULL;
    err_set_request_id(&fetch->body_err, answer->request_id);
    if (fetch->pages == 0)
        fetch->sent_us = answer->sent_us;
    if (answer->class == ANSWER_SAME && fetch->pages == 0 && fetch->held) {
        finish(fetch, FETCH_SAME, ANSWER_SAME, NULL);
    } else if (answer->class == ANSWER_TOO_LARGE) {
        finish(fetch, FETCH_TOO_LARGE, ANSWER_TOO_LARGE, answer->err);
    } else if (fetch->body_err.code == EAGAIN) {
        finish(fetch, FETCH_MOVED, ANSWER_PASSING, &fetch->body_err);
    } else if ((class = find_fault(fetch, answer, &err)) != ANSWER_OK) {
        try_again(fetch, class, &err, answer);
    } else if (has_moved(fetch)) {
        err_set(&err, EAGAIN, "%s: the list changed while it was read", fetch->resource->name);
        finish(fetch, FETCH_MOVED, ANSWER_PASSING, &err);
    } else if (is_repeated(fetch)) {
        err_set(&err, EPROTO, "the list repeats itself: a page came twice");
        try_again(fetch, ANSWER_PASSING, &err, answer);
    } else {
        take_page(fetch);
    }
}

static int page_rows_of(const struct fetch *fetch)
{
    if (fetch->is_digest_only)
        return 1;
    return fetch->resource->page_rows > 0 ? fetch->resource->page_rows : FETCH_PAGE_ROWS;
}

static int append_query(const struct fetch *fetch, struct buf *out)
{
    int ret = fetch->filter ? buf_printf(out, "%s&", fetch->filter) : 0;
    if (ret == 0)
        ret = buf_printf(out, "from=%" PRId64 "&count=%d", fetch->rows, page_rows_of(fetch));
    if (ret == 0 && fetch->resource->sorting)
        ret = buf_printf(out, "&sorting=%s", fetch->resource->sorting);
    if (ret == 0)
        ret = buf_append_text(out, "&fields=");
    AUTO_BUF struct buf fields;
    buf_init(&fields, FETCH_QUERY_BYTES_MAX);
    if (ret == 0)
        ret = resource_append_fields(fetch->resource, &fields);
    return ret < 0 ? ret : http_encode(out, buf_text(&fields));
}

static void ask_page(struct fetch *fetch)
{
    AUTO_BUF struct buf query;
    buf_init(&query, FETCH_QUERY_BYTES_MAX);
    if (append_query(fetch, &query) < 0)
        abort(); /* a bug: filters and the catalogue are short */
    const char *digest = fetch->held && fetch->pages == 0 ? fetch->held : NO_DIGEST;
    begin_body(fetch);
    fetch->call = token_call_start(fetch->token,
                                   &(struct token_request){
                                       .company = fetch->company,
                                       .path = fetch->path,
                                       .query = buf_text(&query),
                                       .digest = fetch->asks_digest ? digest : NULL,
                                       .resource = fetch->resource->name,
                                       .is_urgent = fetch->is_urgent,
                                       .on_body = on_body,
                                       .on_body_ctx = fetch,
                                       .max_body_bytes = FETCH_BODY_BYTES_MAX,
                                   },
                                   answered, fetch);
}

static char *make_path(const char *path, const char *part)
{
    const char *hole = strstr(path, PART_HOLE);
    return hole && part
               ? mem_printf("%.*s%s%s", (int)(hole - path), path, part, hole + strlen(PART_HOLE))
               : mem_strdup(path);
}

char *fetch_join_filters(const char *const *filters, size_t count)
{
    char *joined = NULL;
    for (size_t i = 0; i < count; i++) {
        char *before = joined;
        if (!filters[i] || !*filters[i])
            continue;
        joined = before ? mem_printf("%s&%s", before, filters[i]) : mem_strdup(filters[i]);
        free(before);
    }
    return joined;
}

struct fetch *fetch_start(struct app *app, const struct fetch_options *options, fetch_done_fn *done,
                          void *ctx)
{
    struct fetch *fetch = mem_new(1, sizeof(*fetch));
    fetch->app = app;
    fetch->token = token_ref(options->token);
    fetch->path = make_path(options->resource->path, options->part);
    fetch->company = mem_strdup(options->company);
    fetch->resource = options->resource;
    fetch->filter = mem_strdup(options->filter);
    fetch->held = mem_strdup(options->digest);
    fetch->asks_digest = options->asks_digest;
    fetch->is_digest_only = options->is_digest_only;
    fetch->is_urgent = options->is_urgent;
    fetch->want_stage = options->want_stage;
    fetch->want_ctx = options->want_ctx;
    fetch->row = options->row;
    fetch->drop_rows = options->drop_rows;
    fetch->row_ctx = options->row_ctx;
    fetch->done = done;
    fetch->ctx = ctx;
    fetch->again = loop_timer_new(app->loop, ask_again, fetch);
    buf_init(&fetch->copy_sql, 256);
    (void)crypto_generichash_init(&fetch->own_state, NULL, 0, FETCH_OWN_DIGEST_BYTES);
    if (resource_append_copy(fetch->resource, &fetch->copy_sql) < 0)
        abort(); /* a bug: names of the catalogue are short */
    if (fetch->want_stage || fetch->is_digest_only)
        fetch->page = page_new(fetch->resource, fetch->row, fetch->row_ctx);
    ask_page(fetch);
    return fetch;
}

int fetch_pages(const struct fetch *fetch)
{
    return fetch->pages;
}

int fetch_is_asking(const struct fetch *fetch)
{
    return fetch->call && token_call_is_sent(fetch->call);
}

void fetch_cancel(struct fetch *fetch)
{
    if (fetch->call)
        token_call_cancel(fetch->call);
    fetch_free(fetch);
}
