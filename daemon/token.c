#include "daemon/token.h"

#include <errno.h>
#include <string.h>
#include <sys/queue.h>

#include "daemon/app.h"
#include "daemon/budget.h"
#include "daemon/metrics.h"
#include "daemon/session.h"
#include "daemon/settings.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"

enum {
    TOKEN_RUNNING_MAX = 4,          /* requests at once; the rest waits here */
    TOKEN_WAIT_MS = 15 * 60 * 1000, /* no request waits longer for session and budget */
    TOKEN_OVER_BUDGET_TRIES = 5,
};

struct token_call {
    struct token *token;
    char *company, *path, *query, *digest, *resource;
    int is_urgent;
    http_body_fn *on_body;
    void *on_body_ctx;
    size_t max_body_bytes;
    token_done_fn *done;
    void *ctx;
    int64_t queued_ms, sent_ms;
    int is_replayed, over_budget_tries;
    struct session_key *key;
    struct http_call *http; /* NULL while it waits */
    TAILQ_ENTRY(token_call) entry;
};

TAILQ_HEAD(call_list, token_call);

struct token {
    struct app *app;
    char *id, *label;
    struct session *session;
    struct budget budget;
    struct call_list waiting, running;
    int running_count, waiting_count;
    struct loop_timer *wake; /* the budget's window ends, or a call has waited too long */
};

static void dispatch(struct token *token);

/* --- life of a call --- */

static void call_release(struct token_call *call)
{
    struct token *token = call->token;
    if (call->http) {
        TAILQ_REMOVE(&token->running, call, entry);
        token->running_count--;
    } else {
        TAILQ_REMOVE(&token->waiting, call, entry);
        token->waiting_count--;
    }
    session_key_drop(call->key);
    free(call->company);
    free(call->path);
    free(call->query);
    free(call->digest);
    free(call->resource);
    free(call);
}

static void call_end(struct token_call *call, const struct token_answer *answer)
{
    token_done_fn *done = call->done;
    void *ctx = call->ctx;
    call_release(call);
    done(ctx, answer);
}

static void call_fail(struct token_call *call, enum answer_class class, const struct err *err)
{
    call_end(call,
             &(struct token_answer){ .class = class, .body = "", .request_id = "", .err = err });
}

/* Back to the head of the queue: it has waited already. */
static void call_requeue(struct token_call *call)
{
    struct token *token = call->token;
    TAILQ_REMOVE(&token->running, call, entry);
    token->running_count--;
    call->http = NULL;
    session_key_drop(call->key);
    call->key = NULL;
    TAILQ_INSERT_HEAD(&token->waiting, call, entry);
    token->waiting_count++;
}

static int is_asked_again(struct token_call *call, enum answer_class class)
{
    if (class == ANSWER_UNAUTHORIZED) {
        session_reject(call->token->session, call->key);
        if (call->is_replayed)
            return 0;
        call->is_replayed = 1;
        return 1;
    }
    return class == ANSWER_OVER_BUDGET && ++call->over_budget_tries < TOKEN_OVER_BUDGET_TRIES;
}

static void http_done(void *ctx, const struct http_answer *http, const struct err *http_err)
{
    struct token_call *call = ctx;
    struct token *token = call->token;
    struct err err = ERR_NONE;
    const char *request_id = http_answer_header(http, "x-tlx-request-id");
    struct answer_budget budget = answer_read_budget(http);
    enum answer_class class = answer_classify(http, http_err, call->path, &err);
    metrics_request(token->app->metrics, call->resource, http->status,
                    (loop_now_ms(token->app->loop) - call->sent_ms) * 1000);
    budget_learn(&token->budget, &budget, class == ANSWER_OVER_BUDGET, token->running_count - 1,
                 loop_now_ms(token->app->loop));
    if (is_asked_again(call, class)) {
        call_requeue(call);
    } else {
        struct token_answer answer = {
            .class = class,
            .body = http->body,
            .body_len = http->body_len,
            .sent_us = http->sent_us,
            .request_id = request_id ? request_id : "",
            .err = class == ANSWER_OK || class == ANSWER_SAME ? NULL : &err,
        };
        call_end(call, &answer);
    }
    dispatch(token);
}

static int call_send(struct token_call *call, struct err *err)
{
    struct app *app = call->token->app;
    AUTO_FREE char *condition = call->digest ? mem_printf("If-None-Match: %s", call->digest) : NULL;
    const char *headers[] = { "Accept: application/json", condition, NULL };
    AUTO_FREE char *url = mem_printf("%s%s%s%s", app->settings->base_url, call->path,
                                     call->query ? "?" : "", call->query ? call->query : "");
    struct http_request request = {
        .method = HTTP_GET,
        .url = url,
        .user = call->company,
        .password = session_key_text(call->key),
        .headers = headers,
        .timeout_ms = app->settings->timeout_ms,
        .max_body_bytes = call->max_body_bytes,
        .on_body = call->on_body,
        .on_body_ctx = call->on_body_ctx,
    };
    return http_start(app->http, &request, http_done, call, &call->http, err);
}

static void call_run(struct token_call *call)
{
    struct token *token = call->token;
    struct err err = ERR_NONE;
    call->key = session_key_use(token->session);
    if (call_send(call, &err) < 0) {
        call->http = NULL;
        call_fail(call, ANSWER_PASSING, &err);
        return;
    }
    call->sent_ms = loop_now_ms(token->app->loop);
    metrics_queue(token->app->metrics, call->sent_ms - call->queued_ms);
    budget_spend(&token->budget);
    TAILQ_REMOVE(&token->waiting, call, entry);
    token->waiting_count--;
    TAILQ_INSERT_TAIL(&token->running, call, entry);
    token->running_count++;
}

/* --- the queue --- */

static void fail_waiting(struct token *token)
{
    int is_refused = 0;
    struct err err = *session_failure(token->session, &is_refused);
    struct call_list failed = TAILQ_HEAD_INITIALIZER(failed);
    struct token_call *call;
    TAILQ_CONCAT(&failed, &token->waiting, entry);
    while ((call = TAILQ_FIRST(&failed))) {
        TAILQ_REMOVE(&failed, call, entry);
        TAILQ_INSERT_TAIL(&token->waiting, call, entry);
        call_fail(call, is_refused ? ANSWER_UNAUTHORIZED : ANSWER_PASSING, &err);
    }
}

static void fail_expired(struct token *token, int64_t now_ms)
{
    struct token_call *call = TAILQ_FIRST(&token->waiting);
    struct err err = ERR_NONE;
    if (!call || now_ms - call->queued_ms < TOKEN_WAIT_MS)
        return;
    err_set(&err, ETIMEDOUT, "%s: waited %d min for the budget of the token", call->path,
            TOKEN_WAIT_MS / 60000);
    err_set_remedy(&err,
                   "Other programs use up the requests of this token, or its clients are too "
                   "many for its limit of %d",
                   token->budget.limit);
    call_fail(call, ANSWER_PASSING, &err);
}

/* Sends what may be sent; never from inside a caller of the interface. */
static void dispatch(struct token *token)
{
    int64_t now_ms = loop_now_ms(token->app->loop);
    fail_expired(token, now_ms);
    struct token_call *call;
    while ((call = TAILQ_FIRST(&token->waiting)) && token->running_count < TOKEN_RUNNING_MAX) {
        enum session_state state = session_state(token->session);
        if (state == SESSION_RESTING) {
            fail_waiting(token);
            return;
        }
        if (state != SESSION_READY) {
            session_want(token->session);
            break;
        }
        int64_t wait_ms = budget_wait_ms(&token->budget, token->app->settings->budget_leave_percent,
                                         call->is_urgent, now_ms);
        if (wait_ms > 0) {
            loop_timer_start(token->wake, wait_ms);
            return;
        }
        call_run(call);
    }
    if (!TAILQ_EMPTY(&token->waiting))
        loop_timer_start(token->wake, 1000);
}

static void dispatch_now(void *ctx)
{
    dispatch(ctx);
}

static void dispatch_later(struct token *token)
{
    loop_timer_start(token->wake, 0);
}

static void session_changed(void *ctx)
{
    dispatch_later(ctx);
}

/* --- interface --- */

struct token *token_new(struct app *app, const struct session_options *options)
{
    struct token *token = mem_new(1, sizeof(*token));
    token->app = app;
    token->id = mem_strdup(options->token_id);
    token->label = mem_strdup(options->label);
    budget_init(&token->budget);
    TAILQ_INIT(&token->waiting);
    TAILQ_INIT(&token->running);
    token->wake = loop_timer_new(app->loop, dispatch_now, token);
    token->session = session_new(app, options, session_changed, token);
    return token;
}

void token_hold_session(struct token *token, const char *sealed, int64_t expires_us)
{
    session_hold(token->session, sealed, expires_us);
}

const char *token_id(const struct token *token)
{
    return token->id;
}

const char *token_label(const struct token *token)
{
    return token->label;
}

struct token_call *token_call_start(struct token *token, const struct token_request *request,
                                    token_done_fn *done, void *ctx)
{
    struct token_call *call = mem_new(1, sizeof(*call));
    call->token = token;
    call->company = mem_strdup(request->company);
    call->path = mem_strdup(request->path);
    call->query = mem_strdup(request->query);
    call->digest = mem_strdup(request->digest);
    call->resource = mem_strdup(request->resource);
    call->is_urgent = request->is_urgent;
    call->on_body = request->on_body;
    call->on_body_ctx = request->on_body_ctx;
    call->max_body_bytes = request->max_body_bytes;
    call->done = done;
    call->ctx = ctx;
    call->queued_ms = loop_now_ms(token->app->loop);
    if (call->is_urgent)
        TAILQ_INSERT_HEAD(&token->waiting, call, entry);
    else
        TAILQ_INSERT_TAIL(&token->waiting, call, entry);
    token->waiting_count++;
    dispatch_later(token);
    return call;
}

void token_call_cancel(struct token_call *call)
{
    if (call->http)
        http_cancel(call->http);
    call_release(call);
}

void token_describe(const struct token *token, struct token_report *ret_report)
{
    int is_refused = 0;
    const struct err *failure = session_failure(token->session, &is_refused);
    int64_t now_ms = loop_now_ms(token->app->loop);
    *ret_report = (struct token_report){
        .limit = token->budget.limit,
        .remaining = token->budget.remaining,
        .budget_reset_in_ms = token->budget.reset_ms > now_ms ? token->budget.reset_ms - now_ms : 0,
        .session_expires_us = session_expires_us(token->session),
        .waiting = token->waiting_count,
        .running = token->running_count,
        .failure = failure->code != 0 ? failure : NULL,
        .is_refused = is_refused,
    };
}

void token_free(struct token *token)
{
    if (!token)
        return;
    while (!TAILQ_EMPTY(&token->running))
        token_call_cancel(TAILQ_FIRST(&token->running));
    while (!TAILQ_EMPTY(&token->waiting))
        token_call_cancel(TAILQ_FIRST(&token->waiting));
    session_free(token->session);
    loop_timer_free(token->wake);
    free(token->id);
    free(token->label);
    free(token);
}
