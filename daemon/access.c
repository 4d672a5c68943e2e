#include "daemon/access.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/queue.h>

#include "daemon/app.h"
#include "daemon/fetch.h"
#include "daemon/pool.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/json/doc.h"
#include "lib/pg/batch.h"
#include "lib/tripletex/resource.h"

enum {
    ACCESS_JSON_BYTES_MAX = 64 * 1024 * 1024,
    ACCESS_NAME_BYTES = 256,
    ACCESS_ORG_NR_BYTES = 40,
    ACCESS_ID_BYTES = 24,
};

struct company {
    char id[ACCESS_ID_BYTES];
    char org_nr[ACCESS_ORG_NR_BYTES];
    char name[ACCESS_NAME_BYTES];
};

struct access_question {
    struct access *access;
    char *org_nr;
    access_answer_fn *answer;
    void *ctx;
    TAILQ_ENTRY(access_question) entry;
};

struct access {
    struct app *app;
    struct token *token;
    int64_t bureau_id;
    struct company *companies;
    size_t count, room;
    struct company *coming; /* of the reading under way */
    size_t coming_count;
    int is_read;
    int64_t read_ms;
    struct fetch *fetch;
    struct loop_timer *soon; /* answers from the list that is there */
    TAILQ_HEAD(, access_question) questions;
};

static void question_free(struct access_question *question)
{
    TAILQ_REMOVE(&question->access->questions, question, entry);
    free(question->org_nr);
    free(question);
}

static const struct company *find_company(const struct access *access, const char *org_nr)
{
    for (size_t i = 0; i < access->count; i++) {
        if (strcmp(access->companies[i].org_nr, org_nr) == 0)
            return &access->companies[i];
    }
    return NULL;
}

static void answer_all(struct access *access, const struct err *err)
{
    struct access_question *question;
    while ((question = TAILQ_FIRST(&access->questions))) {
        access_answer_fn *answer = question->answer;
        void *ctx = question->ctx;
        const struct company *company = err ? NULL : find_company(access, question->org_nr);
        question_free(question);
        answer(ctx, company ? company->id : NULL, err);
    }
}

static void answer_soon(void *ctx)
{
    struct access *access = ctx;
    if (!access->fetch)
        answer_all(access, NULL);
}

/* Copies text as far as it fits, cut between characters; digits only for numbers, which some write
 * with spaces. */
static void take_text(char *out, size_t out_bytes, const struct json_value *value, int is_number)
{
    size_t len = 0;
    for (size_t i = 0; value->text && i < value->len && len + 1 < out_bytes; i++) {
        if (!is_number || !isspace((unsigned char)value->text[i]))
            out[len++] = value->text[i];
    }
    while (value->text && len + 1 == out_bytes && len > 0 && ((unsigned char)out[len - 1] & 0x80))
        len--;
    out[len] = '\0';
}

static int take_company(void *ctx, const struct json_value *values, struct err *err)
{
    struct access *access = ctx;
    (void)err;
    if (access->coming_count == access->room) {
        access->room = access->room == 0 ? 64 : access->room * 2;
        access->coming = mem_grow(access->coming, access->room, sizeof(struct company));
    }
    struct company *company = &access->coming[access->coming_count++];
    take_text(company->id, sizeof(company->id), &values[0], 1);
    take_text(company->name, sizeof(company->name), &values[1], 0);
    take_text(company->org_nr, sizeof(company->org_nr), &values[2], 1);
    return 0;
}

static int append_company(const struct company *company, struct buf *out)
{
    int ret = buf_printf(out, "%s{\"id\":%s,\"org_nr\":", out->len_bytes > 1 ? "," : "",
                         company->id);
    if (ret == 0)
        ret = json_append_string(out, company->org_nr);
    if (ret == 0)
        ret = buf_append_text(out, ",\"name\":");
    if (ret == 0)
        ret = json_append_string(out, company->name);
    return ret < 0 ? ret : buf_append_byte(out, '}');
}

static void save_done(void *ctx, const struct err *err)
{
    struct app *app = ctx;
    if (err)
        log_warning(app->log, NULL, "The list of available companies could not be stored: %s",
                    err->text);
}

static void save(const struct access *access)
{
    AUTO_BUF struct buf json;
    buf_init(&json, ACCESS_JSON_BYTES_MAX);
    int ret = buf_append_byte(&json, '[');
    for (size_t i = 0; ret == 0 && i < access->count; i++)
        ret = append_company(&access->companies[i], &json);
    if (ret < 0 || buf_append_byte(&json, ']') < 0)
        return;
    AUTO_FREE char *bureau_id = access->bureau_id ? mem_printf("%" PRId64, access->bureau_id)
                                                  : NULL;
    const char *values[] = { token_id(access->token), bureau_id, buf_text(&json) };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_available_client_save, 3, values, NULL);
    pool_run(access->app->pool, batch, save_done, access->app);
}

static void read_done(void *ctx, const struct fetch_result *result)
{
    struct access *access = ctx;
    access->fetch = NULL;
    if (result->end != FETCH_READ) {
        struct err err = result->err ? *result->err : ERR_NONE;
        if (!result->err)
            err_set(&err, EPROTO, "the list of companies could not be read");
        answer_all(access, &err);
        return;
    }
    free(access->companies);
    access->companies = access->coming;
    access->count = access->coming_count;
    access->coming = NULL;
    access->coming_count = access->room = 0;
    access->is_read = 1;
    access->read_ms = loop_now_ms(access->app->loop);
    save(access);
    answer_all(access, NULL);
}

static void start_reading(struct access *access)
{
    free(access->coming);
    access->coming = NULL;
    access->coming_count = access->room = 0;
    access->fetch = fetch_start(access->app,
                                &(struct fetch_options){
                                    .token = access->token,
                                    .company = "0",
                                    .resource = &RESOURCE_ACCESS,
                                    .row = take_company,
                                    .row_ctx = access,
                                },
                                read_done, access);
}

struct access *access_new(struct app *app, struct token *token, int64_t bureau_id)
{
    struct access *access = mem_new(1, sizeof(*access));
    access->app = app;
    access->token = token;
    access->bureau_id = bureau_id;
    access->soon = loop_timer_new(app->loop, answer_soon, access);
    TAILQ_INIT(&access->questions);
    return access;
}

struct access_question *access_ask(struct access *access, const char *org_nr, int64_t max_age_ms,
                                   access_answer_fn *answer, void *ctx)
{
    struct access_question *question = mem_new(1, sizeof(*question));
    question->access = access;
    question->org_nr = mem_strdup(org_nr);
    question->answer = answer;
    question->ctx = ctx;
    TAILQ_INSERT_TAIL(&access->questions, question, entry);
    int64_t age_ms = loop_now_ms(access->app->loop) - access->read_ms;
    if (access->is_read && age_ms <= max_age_ms)
        loop_timer_start(access->soon, 0);
    else if (!access->fetch)
        start_reading(access);
    return question;
}

void access_cancel(struct access_question *question)
{
    question_free(question);
}

void access_free(struct access *access)
{
    if (!access)
        return;
    if (access->fetch)
        fetch_cancel(access->fetch);
    loop_timer_free(access->soon);
    free(access->companies);
    free(access->coming);
    free(access);
}
