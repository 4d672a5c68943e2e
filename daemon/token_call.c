#include <errno.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/metrics.h"
#include "daemon/owner.h"
#include "daemon/session.h"
#include "daemon/settings.h"
#include "daemon/token_internal.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"

enum {
    TOKEN_LEFT_MS = 2000,            /* what nobody waits for any more may take so long to end */
    TOKEN_YOUNG_MS = 10 * 60 * 1000, /* a session is young: it has hardly ended already */
    TOKEN_REPLAYS_MAX = 3,           /* of one request, where sessions end again and again */
    TOKEN_RETRY_AFTER_MS =
        1000, /* of failing sessions: then an administrator's request tries again */
};

/* --- life of a call --- */

/* Counted, sent or not: what is taken back was made all the same. */
static void forget_request(struct token_call *call)
{
    budget_learn(&call->token->budget,
                 &(struct budget_answer){ .is_lost = 1, .is_question = call->is_question },
                 call->token->app->settings->budget_leave_percent);
}

static void call_leave(struct token_call *call)
{
    struct token *token = call->token;
    if (call->http) {
        TAILQ_REMOVE(&token->running, call, entry);
        call->http = NULL;
    } else {
        token_queue_remove(token->queue, &call->item);
    }
    session_key_drop(call->key);
    call->key = NULL;
}

static void call_release(struct token_call *call)
{
    struct token *token = call->token;
    call_leave(call);
    free(call->company);
    free(call->path);
    free(call->query);
    free(call->digest);
    free(call->resource);
    mem_free_secret(call->body);
    if (call->left_ms == 0)
        token_unref(token);
    free(call);
}

static void call_end(struct token_call *call, const struct token_answer *answer)
{
    token_done_fn *done = call->done;
    void *ctx = call->ctx;
    call_release(call);
    done(ctx, answer);
}

void token_call_fail(struct token_call *call, enum answer_class class, const struct err *err)
{
    call_end(call, &(struct token_answer){
                       .class = class, .body = "", .request_id = err->request_id, .err = err });
}

/* To be made again where it is the same token: first in its turn, since it has waited already. */
void token_call_move(struct token_call *call, struct token *heir)
{
    struct token *earlier = call->token;
    call_leave(call);
    call->token = token_ref(heir);
    if (heir == earlier)
        token_queue_return(heir->queue, &call->item);
    else
        token_queue_add(heir->queue, &call->item, call->company, call->item.is_urgent,
                        call->item.queued_ms);
    token_unref(earlier);
    token_dispatch_later(heir);
}

/* --- answers --- */

/* The session is young, so it is rather this company that is refused than the session: another one
 * would not help, and would cost the others theirs. */
static int fail_replay(struct token_call *call, struct err *err)
{
    token_lane_doubt(call->item.lane, 1);
    err_prefix(err, "also with a new session");
    return 0;
}

/* A 401 may mean the session or the company. A session that was replaced meanwhile is no news. */
static int is_replayed(struct token_call *call, struct err *err)
{
    const struct session *session = call->token->session;
    int is_current = session_is_current(session, call->key);
    int is_young = session_age_ms(session) < TOKEN_YOUNG_MS;
    if (call->replays >= (is_current ? 1 : TOKEN_REPLAYS_MAX))
        return fail_replay(call, err);
    if (is_current && is_young && token_lane_is_doubted(call->item.lane))
        return fail_replay(call, err);
    call->replays++;
    session_reject(call->token->session, call->key);
    return 1;
}

static int is_asked_again(struct token_call *call, enum answer_class class, struct err *err)
{
    if (class == ANSWER_UNAUTHORIZED)
        return is_replayed(call, err);
    if (class == ANSWER_OVER_BUDGET)
        return 1;
    return 0;
}

static void note_answer(struct token_call *call, const struct http_answer *http,
                        const struct err *http_err, enum answer_class class)
{
    struct token *token = call->token;
    int64_t now_ms = loop_now_ms(token->app->loop);
    int is_full = token_queue_count(token->queue) > 0;
    int is_bad = answer_is_trouble(http, http_err);
    budget_learn(&token->budget,
                 &(struct budget_answer){ .header = answer_read_budget(http),
                                          .is_over = class == ANSWER_OVER_BUDGET,
                                          .is_lost = http->status == 0,
                                          .is_question = call->is_question,
                                          .told_ms = now_ms - http->body_ms },
                 token->app->settings->budget_leave_percent);
    pace_note(&token->pace, is_bad ? PACE_BAD : PACE_GOOD, is_full, call->sent_ms, now_ms);
    if (http->status == 0 || class == ANSWER_UNAUTHORIZED)
        return;
    session_accept(token->session, call->key);
    if (class == ANSWER_OK || class == ANSWER_SAME)
        token_lane_doubt(call->item.lane, 0);
}

/* Tripletex has answered, and has done with it. */
static void take_unwanted(struct token_call *call, const struct http_answer *http,
                          const struct err *http_err)
{
    struct token *token = call->token;
    struct err err = ERR_NONE;
    if (http->status == 0)
        forget_request(call);
    else
        note_answer(call, http, http_err, answer_classify(http, http_err, call->path, &err));
    call_release(call);
    token_dispatch_later(token);
}

static int take_body(void *ctx, const char *bytes, size_t len)
{
    struct token_call *call = ctx;
    return call->left_ms != 0 ? -ECANCELED : call->on_body(call->on_body_ctx, bytes, len);
}

static void http_done(void *ctx, const struct http_answer *http, const struct err *http_err)
{
    struct token_call *call = ctx;
    if (call->left_ms != 0) {
        take_unwanted(call, http, http_err);
        return;
    }
    struct token *token = token_ref(call->token);
    struct err err = ERR_NONE;
    const char *request_id = http_answer_header(http, "x-tlx-request-id");
    enum answer_class class = answer_classify(http, http_err, call->path, &err);
    metrics_request(token->app->metrics, call->resource, http->status,
                    (loop_now_ms(token->app->loop) - call->sent_ms) * 1000);
    note_answer(call, http, http_err, class);
    if (is_asked_again(call, class, &err)) {
        token_call_move(call, token_last_heir(call->token));
    } else {
        struct token_answer answer = {
            .class = class,
            .body = http->body,
            .body_len = http->body_len,
            .sent_us = owner_database_us(token->app->owner, http->sent_us),
            .request_id = request_id ? request_id : "",
            .err = class == ANSWER_OK || class == ANSWER_SAME ? NULL : &err,
        };
        call_end(call, &answer);
    }
    token_dispatch(token);
    token_unref(token);
}

/* --- sending --- */

static int call_send(struct token_call *call, struct err *err)
{
    struct app *app = call->token->app;
    AUTO_FREE char *condition = call->digest ? mem_printf("If-None-Match: %s", call->digest) : NULL;
    const char *type = call->body ? "Content-Type: application/json; charset=utf-8" : condition;
    const char *headers[] = { "Accept: application/json", type, NULL };
    AUTO_FREE char *url = mem_printf("%s%s%s%s", app->settings->base_url, call->path,
                                     call->query ? "?" : "", call->query ? call->query : "");
    struct http_request request = {
        .group = call->token->group,
        .method = call->method,
        .body = call->body,
        .url = url,
        .user = call->company,
        .password = session_key_text(call->key),
        .headers = headers,
        .timeout_ms = app->settings->timeout_ms,
        .max_body_bytes = call->max_body_bytes,
        .on_body = call->on_body ? take_body : NULL,
        .on_body_ctx = call,
    };
    return http_start(app->http, &request, http_done, call, &call->http, err);
}

/* Whether there was a session for it: the clock may have ended it just now. */
int token_call_run(struct token_call *call, int64_t now_ms)
{
    struct token *token = call->token;
    struct err err = ERR_NONE;
    call->key = session_key_use(token->session);
    if (!call->key) {
        token_dispatch_later(token);
        return 0;
    }
    if (call_send(call, &err) < 0) {
        call->http = NULL;
        token_call_fail(call, ANSWER_PASSING, &err);
        return 1;
    }
    call->sent_ms = now_ms;
    metrics_queue(token->app->metrics, now_ms - call->item.queued_ms);
    call->is_question = budget_spend(&token->budget, now_ms);
    token_queue_serve(token->queue, &call->item);
    TAILQ_INSERT_TAIL(&token->running, call, entry);
    return 1;
}

/* --- interface --- */

struct token_call *token_call_start(struct token *token, const struct token_request *request,
                                    token_done_fn *done, void *ctx)
{
    struct token_call *call = mem_new(1, sizeof(*call));
    token = token_last_heir(token);
    call->token = token_ref(token);
    call->method = request->method;
    call->body = mem_strdup(request->body);
    call->company = mem_strdup(request->company);
    call->path = mem_strdup(request->path);
    call->query = mem_strdup(request->query);
    call->digest = mem_strdup(request->digest);
    call->resource = mem_strdup(request->resource);
    call->on_body = request->on_body;
    call->on_body_ctx = request->on_body_ctx;
    call->max_body_bytes = request->max_body_bytes;
    call->done = done;
    call->ctx = ctx;
    token_queue_add(token->queue, &call->item, call->company, request->is_urgent,
                    loop_now_ms(token->app->loop));
    /* An administrator asks: what was amiss may have been put right. */
    if (request->is_urgent && session_failing_ms(token->session) >= TOKEN_RETRY_AFTER_MS)
        session_retry(token->session);
    token_dispatch_later(token);
    return call;
}

/* --- taken back --- */

/* Ends those that nobody wants and that were left before that. */
void token_calls_drop(struct token *token, int64_t before_ms)
{
    struct token_call *call, *next;
    for (call = TAILQ_FIRST(&token->running); call; call = next) {
        next = TAILQ_NEXT(call, entry);
        if (call->left_ms == 0 || call->left_ms > before_ms)
            continue;
        http_cancel(call->http);
        forget_request(call);
        call_release(call);
    }
}

void token_calls_left_too_long(void *ctx)
{
    struct token *token = ctx;
    const struct token_call *call;
    int64_t now_ms = loop_now_ms(token->app->loop);
    token_calls_drop(token, now_ms - TOKEN_LEFT_MS);
    token_dispatch_later(token);
    TAILQ_FOREACH(call, &token->running, entry)
    {
        if (call->left_ms != 0)
            loop_timer_start(token->left, TOKEN_LEFT_MS);
    }
}

/* What was sent is still worked on at Tripletex, whatever becomes of the connection: the token is
 * in use until it is answered, or has had time enough. */
void token_call_cancel(struct token_call *call)
{
    struct token *token = call->token;
    if (!call->http) {
        call_release(call);
        return;
    }
    if (!http_is_sent(call->http)) {
        http_cancel(call->http);
        forget_request(call);
        token_dispatch_later(token);
        call_release(call);
        return;
    }
    call->left_ms = loop_now_ms(token->app->loop);
    if (!loop_timer_is_armed(token->left))
        loop_timer_start(token->left, TOKEN_LEFT_MS);
    token_unref(token);
}

int token_call_is_sent(const struct token_call *call)
{
    return call->http && http_is_sent(call->http);
}
