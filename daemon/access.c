#include "daemon/access.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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
    ACCESS_EVERY_MS = 30 * 60 * 1000,
    ACCESS_RETRY_MS = 60000, /* the schedule's own reading failed */
    /* While companies are missing: doubles with every reading that brings nothing new. */
    ACCESS_RECENT_FIRST_MS = 10000,
    ACCESS_RECENT_LAST_MS = 5 * 60 * 1000,
    ACCESS_DOUBT_MS = 15000, /* a list that cannot be believed is read again after this */
    ACCESS_DOUBTS_MAX = 4,   /* so many different ones in a row, and who waits is told */
    ACCESS_FEW = 5,          /* so many may vanish at once and be believed */
};

struct company {
    char id[ACCESS_ID_BYTES];
    char org_nr[ACCESS_ORG_NR_BYTES];
    char name[ACCESS_NAME_BYTES];
};

struct company_list {
    struct company *companies; /* once read: by organisation number */
    size_t count, room;
};

struct access_question {
    struct access *access;
    char *org_nr, *known_id;
    access_answer_fn *answer;
    void *ctx;
    TAILQ_ENTRY(access_question) entry;
};

struct access {
    struct app *app;
    struct access_options options;
    struct company_list list;
    struct company_list coming; /* of the reading under way */
    int is_read;
    int64_t read_ms;      /* when the reading that gave the list began */
    int64_t coming_ms;    /* when the one under way began */
    int64_t doubt_ms;     /* when a list was read that was not believed; 0 = the last one was */
    size_t doubted_count; /* how many companies that one had */
    int doubts;           /* in a row */
    int is_missed;        /* somebody asked for a company that is not in the list */
    int fruitless;        /* readings since then that brought nothing new */
    int is_owned;
    struct fetch *fetch;
    struct loop_timer *soon; /* answers from the list that is there */
    struct loop_timer *next; /* the next reading of its own */
    TAILQ_HEAD(, access_question) questions;
};

static void start_reading(struct access *access);

static void question_free(struct access_question *question)
{
    TAILQ_REMOVE(&question->access->questions, question, entry);
    free(question->org_nr);
    free(question->known_id);
    free(question);
}

/* --- the list --- */

static int compare_companies(const void *a, const void *b)
{
    const struct company *one = a, *other = b;
    int order = strcmp(one->org_nr, other->org_nr);
    return order != 0 ? order : strcmp(one->id, other->id);
}

static int compare_org_nr(const void *key, const void *member)
{
    return strcmp(key, ((const struct company *)member)->org_nr);
}

/* Those with that number, which stand together. */
static const struct company *find_companies(const struct access *access, const char *org_nr,
                                            size_t *ret_count)
{
    *ret_count = 0;
    if (access->list.count == 0 || *org_nr == '\0')
        return NULL;
    const struct company *end = access->list.companies + access->list.count;
    const struct company *first = bsearch(org_nr, access->list.companies, access->list.count,
                                          sizeof(struct company), compare_org_nr);
    while (first && first > access->list.companies && strcmp(first[-1].org_nr, org_nr) == 0)
        first--;
    for (const struct company *one = first; one && one < end && strcmp(one->org_nr, org_nr) == 0;
         one++)
        ++*ret_count;
    return first;
}

static const struct company *find_company(const struct access *access, const char *org_nr,
                                          const char *known_id)
{
    size_t count = 0;
    const struct company *first = find_companies(access, org_nr, &count);
    for (size_t i = 0; count > 1 && known_id && i < count; i++) {
        if (strcmp(first[i].id, known_id) == 0)
            return &first[i];
    }
    return count == 1 ? first : NULL;
}

int access_find(const struct access *access, const char *org_nr, const char *known_id,
                const char **ret_company_id)
{
    const struct company *company = find_company(access, org_nr, known_id);
    *ret_company_id = company ? company->id : NULL;
    return access->is_read;
}

static void list_release(struct company_list *list)
{
    free(list->companies);
    *list = (struct company_list){ 0 };
}

static int is_same_list(const struct company_list *one, const struct company_list *other)
{
    if (one->count != other->count)
        return 0;
    for (size_t i = 0; i < one->count; i++) {
        if (compare_companies(&one->companies[i], &other->companies[i]) != 0 ||
            strcmp(one->companies[i].name, other->companies[i].name) != 0)
            return 0;
    }
    return 1;
}

/* Copies text as far as it fits, cut between characters; numbers without the spaces that some write
 * in them. */
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
    struct company_list *list = &((struct access *)ctx)->coming;
    (void)err;
    if (list->count == list->room) {
        list->room = list->room == 0 ? 64 : list->room * 2;
        list->companies = mem_grow(list->companies, list->room, sizeof(struct company));
    }
    struct company *company = &list->companies[list->count++];
    memset(company, 0, sizeof(*company));
    take_text(company->id, sizeof(company->id), &values[0], 1);
    take_text(company->name, sizeof(company->name), &values[1], 0);
    take_text(company->org_nr, sizeof(company->org_nr), &values[2], 1);
    return 0;
}

static void drop_companies(void *ctx, int64_t rows)
{
    struct company_list *list = &((struct access *)ctx)->coming;
    if (list->count > (size_t)rows)
        list->count = (size_t)rows;
}

/* --- storing --- */

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
    for (size_t i = 0; ret == 0 && i < access->list.count; i++)
        ret = append_company(&access->list.companies[i], &json);
    if (ret < 0 || buf_append_byte(&json, ']') < 0)
        return;
    int64_t holder = access->options.bureau_id;
    AUTO_FREE char *bureau_id = holder ? mem_printf("%" PRId64, holder) : NULL;
    const char *values[] = { token_id(access->options.token), bureau_id, buf_text(&json) };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_available_client_save, 3, values, NULL);
    pool_run(access->app->pool, batch, save_done, access->app);
}

/* --- the schedule --- */

static int64_t recent_ms(const struct access *access)
{
    int64_t ms = ACCESS_RECENT_FIRST_MS;
    for (int i = 0; i < access->fruitless && ms < ACCESS_RECENT_LAST_MS; i++)
        ms *= 2;
    return ms < ACCESS_RECENT_LAST_MS ? ms : ACCESS_RECENT_LAST_MS;
}

/* Part of a time, by the token: the first digits of its name are as good as random. */
static int64_t part_of(const struct access *access, int64_t ms)
{
    unsigned digits = 0;
    (void)sscanf(token_id(access->options.token), "%6x", &digits);
    return ms * digits / 0x1000000;
}

/* A tenth earlier or later, so that tokens part. */
static int64_t spread(const struct access *access, int64_t ms)
{
    return ms - ms / 10 + part_of(access, ms / 5);
}

static void plan_next(struct access *access, int is_failed)
{
    if (!access->is_owned || access->options.bureau_id == 0)
        return;
    if (is_failed)
        loop_timer_start(access->next, spread(access, ACCESS_RETRY_MS));
    else
        loop_timer_start(access->next,
                         spread(access, access->is_missed ? recent_ms(access) : ACCESS_EVERY_MS));
}

static void next_came(void *ctx)
{
    struct access *access = ctx;
    if (!access->fetch)
        start_reading(access);
}

/* --- answers --- */

static int find_twins(const struct access *access, const struct access_question *question,
                      struct err *err)
{
    size_t count = 0;
    const struct company *first = find_companies(access, question->org_nr, &count);
    if (count < 2)
        return 0;
    err_set(err, ENOTUNIQ,
            "the token has access to %zu companies with organisation number %s in Tripletex: "
            "%.80s (id %s) and %.80s (id %s)",
            count, question->org_nr, first[0].name, first[0].id, first[1].name, first[1].id);
    err_set_remedy(err, "Take the key's access to all but the one that is meant, in Tripletex "
                        "(Klienttilgang)");
    return 1;
}

static void answer_one(struct access *access, struct access_question *question,
                       const struct err *failure)
{
    struct err err = ERR_NONE;
    access_answer_fn *answer = question->answer;
    void *ctx = question->ctx;
    const struct company *company = failure ? NULL
                                            : find_company(access, question->org_nr,
                                                           question->known_id);
    access->is_missed |= !failure && !company;
    if (!failure && !company && find_twins(access, question, &err))
        failure = &err;
    question_free(question);
    answer(ctx, company ? company->id : NULL, failure);
}

/* Those that wait now: an answer may ask again, or cancel others. */
static void answer_all(struct access *access, const struct err *err)
{
    struct access_question *question;
    int count = 0;
    TAILQ_FOREACH(question, &access->questions, entry)
    count++;
    while (count-- > 0 && (question = TAILQ_FIRST(&access->questions)))
        answer_one(access, question, err);
}

static void answer_soon(void *ctx)
{
    struct access *access = ctx;
    if (!access->fetch)
        answer_all(access, NULL);
}

/* --- reading --- */

static size_t lost_count(const struct access *access)
{
    size_t lost = 0;
    for (size_t i = 0; i < access->list.count; i++)
        lost += access->coming.count == 0 ||
                !bsearch(&access->list.companies[i], access->coming.companies, access->coming.count,
                         sizeof(struct company), compare_companies);
    return lost;
}

/* Access is withdrawn from one company at a time; a list that is empty, or half gone, is rather a
 * fault of Tripletex, or of the token. It is believed when it has said the same for a while. */
static int is_believed(struct access *access)
{
    size_t lost = lost_count(access);
    int is_strange = access->coming.count == 0 ||
                     (lost > ACCESS_FEW && lost > access->list.count / 2);
    int is_repeated = access->doubt_ms != 0 && access->coming.count == access->doubted_count;
    if (!is_strange || (is_repeated && access->coming_ms - access->doubt_ms >= ACCESS_DOUBT_MS)) {
        access->doubt_ms = 0;
        return 1;
    }
    if (!is_repeated)
        access->doubt_ms = access->coming_ms;
    access->doubted_count = access->coming.count;
    return 0;
}

/* Who asked waits for the next reading. */
static void doubt(struct access *access)
{
    const struct log_subject subject = { .bureau = access->options.label };
    char why[ERR_FULL_BYTES];
    struct err err = ERR_NONE;
    err_set(&err, EAGAIN,
            "the list of companies that the token has access to holds %zu, and %zu before: "
            "it is read again before it is believed",
            access->coming.count, access->list.count);
    err_set_remedy(&err, "See in Tripletex that the key still has its clients");
    if (access->doubts == 0 && access->list.count > 0)
        log_warning(access->app->log, &subject, "%s", err_full(&err, why));
    list_release(&access->coming);
    loop_timer_start(access->next, ACCESS_DOUBT_MS);
    if (++access->doubts >= ACCESS_DOUBTS_MAX)
        answer_all(access, &err);
}

static void take_list(struct access *access)
{
    int is_changed = !access->is_read || !is_same_list(&access->list, &access->coming);
    list_release(&access->list);
    access->list = access->coming;
    access->coming = (struct company_list){ 0 };
    access->is_read = 1;
    access->doubts = 0;
    access->read_ms = access->coming_ms;
    access->fruitless = is_changed || !access->is_missed ? 0 : access->fruitless + 1;
    access->is_missed &= !is_changed; /* who still misses one asks again */
    save(access);
    answer_all(access, NULL);
    plan_next(access, 0);
    if (is_changed)
        access->options.changed(access->options.ctx);
}

/* In order: a company twice means a page twice, and others left out for it. */
static int has_twice(const struct company_list *list)
{
    for (size_t i = 1; i < list->count; i++) {
        if (compare_companies(&list->companies[i - 1], &list->companies[i]) == 0)
            return 1;
    }
    return 0;
}

static void fail_reading(struct access *access, const struct err *err)
{
    list_release(&access->coming);
    plan_next(access, 1);
    answer_all(access, err);
}

static void read_done(void *ctx, const struct fetch_result *result)
{
    struct access *access = ctx;
    access->fetch = NULL;
    if (result->end != FETCH_READ) {
        struct err err = result->err ? *result->err : ERR_NONE;
        if (!result->err)
            err_set(&err, EPROTO, "the list of companies could not be read");
        fail_reading(access, &err);
        return;
    }
    if (access->coming.count > 0)
        qsort(access->coming.companies, access->coming.count, sizeof(struct company),
              compare_companies);
    if (has_twice(&access->coming)) {
        struct err err = ERR_NONE;
        err_set(&err, EPROTO, "the list of companies repeats itself");
        fail_reading(access, &err);
        return;
    }
    if (is_believed(access))
        take_list(access);
    else
        doubt(access);
}

static void start_reading(struct access *access)
{
    list_release(&access->coming);
    access->coming_ms = loop_now_ms(access->app->loop);
    access->fetch = fetch_start(access->app,
                                &(struct fetch_options){
                                    .token = access->options.token,
                                    .company = "0",
                                    .resource = &RESOURCE_ACCESS,
                                    .row = take_company,
                                    .drop_rows = drop_companies,
                                    .row_ctx = access,
                                },
                                read_done, access);
}

/* --- interface --- */

struct access *access_new(struct app *app, const struct access_options *options)
{
    struct access *access = mem_new(1, sizeof(*access));
    access->app = app;
    access->options = *options;
    access->soon = loop_timer_new(app->loop, answer_soon, access);
    access->next = loop_timer_new(app->loop, next_came, access);
    TAILQ_INIT(&access->questions);
    return access;
}

void access_own(struct access *access, int64_t within_ms)
{
    access->is_owned = 1;
    if (access->options.bureau_id != 0)
        loop_timer_start(access->next, part_of(access, within_ms));
}

void access_disown(struct access *access)
{
    access->is_owned = 0;
    loop_timer_stop(access->next);
}

static int is_old(const struct access *access, enum access_need need)
{
    int64_t age_ms = loop_now_ms(access->app->loop) - access->read_ms;
    if (!access->is_read || access->doubt_ms != 0)
        return 1;
    switch (need) {
    case ACCESS_KNOWN:
        return age_ms > ACCESS_EVERY_MS + ACCESS_EVERY_MS / 5;
    case ACCESS_RECENT:
        return age_ms > recent_ms(access);
    case ACCESS_NOW:
        return 1;
    }
    return 1;
}

struct access_question *access_ask(struct access *access, const char *org_nr, const char *known_id,
                                   enum access_need need, access_answer_fn *answer, void *ctx)
{
    struct access_question *question = mem_new(1, sizeof(*question));
    question->access = access;
    question->org_nr = mem_strdup(org_nr);
    question->known_id = mem_strdup(known_id);
    question->answer = answer;
    question->ctx = ctx;
    TAILQ_INSERT_TAIL(&access->questions, question, entry);
    int is_doubting = access->doubt_ms != 0 && loop_timer_is_armed(access->next);
    /* Perhaps it was granted since: an old list is no ground to say no. */
    if (need == ACCESS_KNOWN && !find_company(access, org_nr, known_id))
        need = ACCESS_RECENT;
    if (!is_old(access, need))
        loop_timer_start(access->soon, 0);
    else if (!access->fetch && !is_doubting)
        start_reading(access);
    return question;
}

void access_cancel(struct access_question *question)
{
    question_free(question);
}

void access_hand_over(struct access *access, struct access *heir)
{
    struct access_question *question;
    while ((question = TAILQ_FIRST(&access->questions))) {
        TAILQ_REMOVE(&access->questions, question, entry);
        question->access = heir;
        TAILQ_INSERT_TAIL(&heir->questions, question, entry);
        if (!heir->fetch)
            start_reading(heir);
    }
}

void access_free(struct access *access)
{
    if (!access)
        return;
    if (access->fetch)
        fetch_cancel(access->fetch);
    loop_timer_free(access->soon);
    loop_timer_free(access->next);
    list_release(&access->list);
    list_release(&access->coming);
    free(access);
}
