#include "daemon/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/pool.h"
#include "daemon/seal.h"
#include "daemon/settings.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"
#include "lib/json/doc.h"
#include "lib/pg/batch.h"
#include "lib/tripletex/answer.h"

enum {
    SESSION_BODY_BYTES_MAX = 65536,
    SESSION_REST_FIRST_MS = 1000,
    SESSION_REST_LAST_MS = 60000,
    SESSION_REST_REFUSED_MS = 2 * 3600 * 1000,
    SESSION_DOUBT_TRIES = 3,  /* 404 and 422 may pass: so many in a row ... */
    SESSION_DOUBT_MS = 30000, /* ... over so long make them a refusal */
    SESSION_DOUBT_REST_MS = 11000,
    SESSION_JITTER_MS = 30 * 60 * 1000,
};

static const char CREATE_PATH[] = "/token/session/:create";
static const char SEAL_PURPOSE[] = "session";

struct session_key {
    int refs; /* one of the session while current, one of each request */
    char *text;
    struct app *app;
    int is_to_end; /* delete at Tripletex when the last request is done */
};

struct session {
    struct app *app;
    char *token_id, *employee_token, *label;
    session_changed_fn *changed;
    void *ctx;
    enum session_state state;
    struct session_key *key;
    int64_t expires_us;
    struct http_call *call;
    struct loop_timer *timer; /* the end of a rest, or the next renewal */
    int is_by_put;            /* POST is not there on this host */
    int32_t asked_day;        /* the expirationDate asked for */
    struct err failure;
    int is_refused, doubts;
    int64_t doubt_since_ms, rest_ms;
};

/* --- the key --- */

static void end_done(void *ctx, const struct http_answer *answer, const struct err *err)
{
    (void)ctx, (void)answer, (void)err; /* it ends by itself at midnight, too */
}

static void end_at_tripletex(const struct session_key *key)
{
    AUTO_BUF struct buf url;
    buf_init(&url, 8192);
    if (buf_printf(&url, "%s/token/session/", key->app->settings->base_url) < 0 ||
        http_encode(&url, key->text) < 0)
        return;
    struct http_request request = {
        .method = HTTP_DELETE,
        .url = buf_text(&url),
        .user = "0",
        .password = key->text,
        .timeout_ms = key->app->settings->timeout_ms,
        .max_body_bytes = SESSION_BODY_BYTES_MAX,
    };
    struct http_call *call = NULL;
    (void)!http_start(key->app->http, &request, end_done, NULL, &call, NULL);
    buf_wipe(&url);
}

static struct session_key *key_new(struct app *app, const char *text)
{
    struct session_key *key = mem_new(1, sizeof(*key));
    key->refs = 1;
    key->app = app;
    key->text = mem_strdup(text);
    return key;
}

void session_key_drop(struct session_key *key)
{
    if (!key || --key->refs > 0)
        return;
    if (key->is_to_end)
        end_at_tripletex(key);
    mem_free_secret(key->text);
    free(key);
}

struct session_key *session_key_use(struct session *session)
{
    if (session->state != SESSION_READY)
        return NULL;
    session->key->refs++;
    return session->key;
}

const char *session_key_text(const struct session_key *key)
{
    return key->text;
}

/* --- states --- */

static void start_making(struct session *session);

static void set_state(struct session *session, enum session_state state)
{
    session->state = state;
    session->changed(session->ctx);
}

static void drop_key(struct session *session, int is_to_end)
{
    if (!session->key)
        return;
    session->key->is_to_end = is_to_end;
    session_key_drop(session->key);
    session->key = NULL;
    session->expires_us = 0;
}

static int64_t renew_in_ms(const struct session *session)
{
    const struct settings *settings = session->app->settings;
    int64_t jitter_ms = settings->renew_before_ms / 4;
    if (jitter_ms > SESSION_JITTER_MS)
        jitter_ms = SESSION_JITTER_MS;
    /* The same for a token at every start: spread over tokens, not over time. */
    unsigned spread = 0;
    (void)sscanf(session->token_id, "%6x", &spread);
    int64_t left_ms = (session->expires_us - clock_now_us()) / 1000;
    int64_t at_ms = left_ms - settings->renew_before_ms - jitter_ms * (spread % 1000) / 1000;
    return at_ms > 0 ? at_ms : left_ms / 2;
}

static void save_done(void *ctx, const struct err *err)
{
    struct app *app = ctx;
    if (err)
        log_warning(app->log, NULL,
                    "A session could not be stored, a restart will make a new one: %s", err->text);
}

static void save(struct session *session)
{
    char expires[CLOCK_MOMENT_BYTES];
    AUTO_FREE char *sealed = seal_close(session->app->seal, SEAL_PURPOSE, session->key->text);
    const char *values[] = { session->token_id, sealed,
                             clock_format_moment(session->expires_us, expires) };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_session_save, 3, values, NULL);
    pool_run(session->app->pool, batch, save_done, session->app);
}

static void become_ready(struct session *session, const char *text, int64_t expires_us)
{
    drop_key(session, 1);
    session->key = key_new(session->app, text);
    session->expires_us = expires_us;
    session->failure = ERR_NONE;
    session->is_refused = session->doubts = 0;
    session->rest_ms = 0;
    loop_timer_start(session->timer, renew_in_ms(session));
}

static void rest(struct session *session, const struct err *err, int64_t rest_ms)
{
    const struct log_subject subject = { .bureau = session->label, .request_id = err->request_id };
    char why[ERR_FULL_BYTES];
    if (session->failure.code != err->code || session->is_refused)
        log_error(session->app->log, &subject, "No session can be made: %s", err_full(err, why));
    session->failure = *err;
    loop_timer_start(session->timer, rest_ms);
    /* A renewal that fails leaves the session that is still good. */
    set_state(session, session->key ? SESSION_READY : SESSION_RESTING);
}

static int64_t passing_rest_ms(struct session *session)
{
    session->rest_ms = session->rest_ms == 0 ? SESSION_REST_FIRST_MS : session->rest_ms * 2;
    if (session->rest_ms > SESSION_REST_LAST_MS)
        session->rest_ms = SESSION_REST_LAST_MS;
    return session->rest_ms;
}

/* 404 and 422 are what a wrong employee token gives at times, and a gateway in trouble too. */
static int is_doubt_over(struct session *session)
{
    int64_t now_ms = loop_now_ms(session->app->loop);
    if (session->doubts++ == 0)
        session->doubt_since_ms = now_ms;
    return session->doubts >= SESSION_DOUBT_TRIES &&
           now_ms - session->doubt_since_ms >= SESSION_DOUBT_MS;
}

static void refuse(struct session *session, struct err *err)
{
    session->is_refused = 1;
    err_set_remedy(err,
                   "Enter the employee token of %s again (its value, not its id); it is then "
                   "tried at once",
                   session->label);
    rest(session, err, SESSION_REST_REFUSED_MS);
}

static void making_failed(struct session *session, enum answer_class class, int status,
                          struct err *err)
{
    if (class == ANSWER_UNAUTHORIZED || class == ANSWER_FORBIDDEN) {
        refuse(session, err);
    } else if (status == 404 || status == 422) {
        if (is_doubt_over(session))
            refuse(session, err);
        else
            rest(session, err, SESSION_DOUBT_REST_MS);
    } else {
        session->doubts = 0;
        rest(session, err, passing_rest_ms(session));
    }
}

/* --- the request --- */

static int read_session(struct session *session, const struct http_answer *answer, struct err *err)
{
    struct json_doc *doc = json_doc_parse(answer->body, answer->body_len, err);
    const char *text = NULL, *until = NULL;
    int32_t day = session->asked_day;
    if (!doc)
        return -EPROTO;
    int ret = json_doc_get_text(doc, "value.token", &text, err);
    if (ret == 0 && (*text == '\0' || strlen(text) > 4096))
        ret = err_set(err, EPROTO, "value.token is empty or too long");
    /* The date in the answer counts, where it is one: Tripletex may give less than was asked for.
     */
    if (ret == 0 && json_doc_get_text(doc, "value.expirationDate", &until, NULL) == 0)
        (void)!clock_parse_date(until, strlen(until), &day);
    if (ret == 0)
        become_ready(session, text, clock_oslo_midnight_us(day));
    json_doc_free_secret(doc);
    return ret;
}

static void make_done(void *ctx, const struct http_answer *answer, const struct err *http_err)
{
    struct session *session = ctx;
    struct err err = ERR_NONE;
    session->call = NULL;
    enum answer_class class = answer_classify(answer, http_err, "session :create", &err);
    if (!session->is_by_put && (answer->status == 404 || answer->status == 405)) {
        session->is_by_put = 1;
        start_making(session);
        return;
    }
    if (class == ANSWER_OK && read_session(session, answer, &err) == 0) {
        save(session);
        set_state(session, SESSION_READY);
        return;
    }
    if (class == ANSWER_OK) {
        err_prefix(&err, "session :create");
        class = ANSWER_PASSING;
    }
    /* The older way is tried anew from the better one next time. */
    if (answer->status == 404 || answer->status == 405)
        session->is_by_put = 0;
    making_failed(session, class, answer->status, &err);
}

static int append_body(struct session *session, const char *date, struct buf *body)
{
    int ret = buf_append_text(body, "{\"consumerToken\":");
    if (ret == 0)
        ret = json_append_string(body, session->app->consumer_token);
    if (ret == 0)
        ret = buf_append_text(body, ",\"employeeToken\":");
    if (ret == 0)
        ret = json_append_string(body, session->employee_token);
    return ret < 0 ? ret : buf_printf(body, ",\"expirationDate\":\"%s\"}", date);
}

static int append_put_query(struct session *session, const char *date, struct buf *url)
{
    int ret = buf_append_text(url, "?consumerToken=");
    if (ret == 0)
        ret = http_encode(url, session->app->consumer_token);
    if (ret == 0)
        ret = buf_append_text(url, "&employeeToken=");
    if (ret == 0)
        ret = http_encode(url, session->employee_token);
    return ret < 0 ? ret : buf_printf(url, "&expirationDate=%s", date);
}

static int send_create(struct session *session, struct err *err)
{
    static const char *const HEADERS[] = { "Content-Type: application/json", NULL };
    char date[CLOCK_DATE_BYTES];
    AUTO_BUF struct buf url, body;
    const struct settings *settings = session->app->settings;
    buf_init(&url, 32768);
    buf_init(&body, 32768);
    session->asked_day = clock_oslo_day(clock_now_us()) + settings->lifetime_days;
    clock_format_date(session->asked_day, date);
    int ret = buf_printf(&url, "%s%s", settings->base_url, CREATE_PATH);
    if (ret == 0)
        ret = session->is_by_put ? append_put_query(session, date, &url)
                                 : append_body(session, date, &body);
    if (ret < 0)
        return err_set(err, EINVAL, "a token is too long or no valid text");
    struct http_request request = {
        .method = session->is_by_put ? HTTP_PUT : HTTP_POST,
        .url = buf_text(&url),
        .headers = session->is_by_put ? NULL : HEADERS,
        .body = session->is_by_put ? NULL : buf_text(&body),
        .timeout_ms = settings->timeout_ms,
        .max_body_bytes = SESSION_BODY_BYTES_MAX,
    };
    ret = http_start(session->app->http, &request, make_done, session, &session->call, err);
    buf_wipe(&url);
    buf_wipe(&body);
    return ret;
}

static void start_making(struct session *session)
{
    struct err err = ERR_NONE;
    if (send_create(session, &err) < 0) {
        rest(session, &err, passing_rest_ms(session));
        return;
    }
    if (!session->key)
        session->state = SESSION_MAKING;
}

static void timer_ran(void *ctx)
{
    struct session *session = ctx;
    if (session->call)
        return;
    if (session->state == SESSION_RESTING) {
        /* Who needs it asks again: nobody makes sessions that nobody wants. */
        set_state(session, SESSION_NONE);
        return;
    }
    start_making(session);
}

/* --- interface --- */

void session_hold(struct session *session, const char *sealed, int64_t expires_us)
{
    char *text = NULL;
    struct err err = ERR_NONE;
    if (session->key || session->call || expires_us <= clock_now_us())
        return;
    if (seal_open(session->app->seal, SEAL_PURPOSE, sealed, &text, &err) < 0)
        return; /* another key: a new session is made */
    become_ready(session, text, expires_us);
    session->state = SESSION_READY;
    mem_free_secret(text);
}

struct session *session_new(struct app *app, const struct session_options *options,
                            session_changed_fn *changed, void *ctx)
{
    struct session *session = mem_new(1, sizeof(*session));
    session->app = app;
    session->token_id = mem_strdup(options->token_id);
    session->employee_token = mem_strdup(options->employee_token);
    session->label = mem_strdup(options->label);
    session->changed = changed;
    session->ctx = ctx;
    session->timer = loop_timer_new(app->loop, timer_ran, session);
    return session;
}

enum session_state session_state(const struct session *session)
{
    return session->state;
}

void session_want(struct session *session)
{
    if (session->state == SESSION_NONE && !session->call)
        start_making(session);
}

void session_reject(struct session *session, const struct session_key *key)
{
    if (key != session->key)
        return;
    drop_key(session, 0);
    if (session->call) {
        session->state = SESSION_MAKING;
        return;
    }
    loop_timer_stop(session->timer);
    session->state = SESSION_NONE;
    start_making(session);
}

const struct err *session_failure(const struct session *session, int *ret_is_refused)
{
    *ret_is_refused = session->is_refused;
    return &session->failure;
}

int64_t session_expires_us(const struct session *session)
{
    return session->expires_us;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    if (session->call)
        http_cancel(session->call);
    drop_key(session, 0);
    loop_timer_free(session->timer);
    mem_free_secret(session->employee_token);
    free(session->token_id);
    free(session->label);
    free(session);
}
