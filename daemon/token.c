#include "daemon/token.h"

#include <errno.h>
#include <string.h>
#include <sys/queue.h>

#include "daemon/app.h"
#include "daemon/budget.h"
#include "daemon/metrics.h"
#include "daemon/owner.h"
#include "daemon/pace.h"
#include "daemon/session.h"
#include "daemon/settings.h"
#include "daemon/token_queue.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"

enum {
    TOKEN_LOOK_MS = 1000,                  /* how often what waits is looked at */
    TOKEN_WAIT_MS = 15 * 60 * 1000,        /* no request waits longer for session and budget, ... */
    TOKEN_WAIT_WINDOW_MS = 75 * 60 * 1000, /* ... unless the end of the window is known */
    TOKEN_SESSION_WAIT_MS = 10000,         /* that no session can be made, before requests fail */
    TOKEN_DOUBT_WAIT_MS = 60000,
    TOKEN_YOUNG_MS = 10 * 60 * 1000, /* a session is young: it has hardly ended already */
    TOKEN_STUCK_MS = 5000,           /* a request that takes longer holds up nobody else's */
    TOKEN_REPLAYS_MAX = 3,           /* of one request, where sessions end again and again */
};

struct token_call {
    struct token *token;
    struct token_item item; /* of the queue, while it waits */
    enum http_method method;
    char *company, *path, *query, *digest, *resource, *body;
    http_body_fn *on_body;
    void *on_body_ctx;
    size_t max_body_bytes;
    token_done_fn *done;
    void *ctx;
    int replays;     /* after a 401 */
    int is_question; /* of the budget */
    int64_t sent_ms;
    struct session_key *key;
    struct http_call *http;        /* NULL while it waits */
    TAILQ_ENTRY(token_call) entry; /* of those that run */
};

TAILQ_HEAD(call_list, token_call);

struct token {
    int refs; /* one of each call, too */
    struct app *app;
    char *id, *label;
    struct session *session;
    struct budget budget;
    struct pace pace;
    struct token_queue *queue;
    struct http_group *group;
    struct call_list running;
    struct loop_timer *wake;
    int is_owned, is_retired;
    struct token *heir; /* of a retired one; a reference; NULL = none */
};

static void dispatch(struct token *token);

static struct token_call *call_of(struct token_item *item)
{
    return (struct token_call *)((char *)item - offsetof(struct token_call, item));
}

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
    free(call);
    token_unref(token);
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
    call_end(call, &(struct token_answer){
                       .class = class, .body = "", .request_id = err->request_id, .err = err });
}

static void dispatch_later(void *ctx)
{
    loop_timer_start(((struct token *)ctx)->wake, 0);
}

/* Who has the requests of a token that was retired. */
static struct token *last_heir(struct token *token)
{
    while (token->is_retired && token->heir)
        token = token->heir;
    return token;
}

/* It has left its token; `heir` may be that same one. */
static void call_enter(struct token_call *call, struct token *heir)
{
    struct token *earlier = call->token;
    call->token = token_ref(heir);
    if (heir == earlier)
        token_queue_return(heir->queue, &call->item);
    else
        token_queue_add(heir->queue, &call->item, call->company, call->item.is_urgent,
                        call->item.queued_ms);
    token_unref(earlier);
    dispatch_later(heir);
}

/* To be made again: first in its turn, since it has waited already. */
static void call_requeue(struct token_call *call)
{
    call_leave(call);
    call_enter(call, last_heir(call->token));
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

static void http_done(void *ctx, const struct http_answer *http, const struct err *http_err)
{
    struct token_call *call = ctx;
    struct token *token = token_ref(call->token);
    struct err err = ERR_NONE;
    const char *request_id = http_answer_header(http, "x-tlx-request-id");
    enum answer_class class = answer_classify(http, http_err, call->path, &err);
    metrics_request(token->app->metrics, call->resource, http->status,
                    (loop_now_ms(token->app->loop) - call->sent_ms) * 1000);
    note_answer(call, http, http_err, class);
    if (is_asked_again(call, class, &err)) {
        call_requeue(call);
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
    dispatch(token);
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
        .on_body = call->on_body,
        .on_body_ctx = call->on_body_ctx,
    };
    return http_start(app->http, &request, http_done, call, &call->http, err);
}

/* Whether there was a session for it: the clock may have ended it just now. */
static int call_run(struct token_call *call, int64_t now_ms)
{
    struct token *token = call->token;
    struct err err = ERR_NONE;
    call->key = session_key_use(token->session);
    if (!call->key) {
        dispatch_later(token);
        return 0;
    }
    if (call_send(call, &err) < 0) {
        call->http = NULL;
        call_fail(call, ANSWER_PASSING, &err);
        return 1;
    }
    call->sent_ms = now_ms;
    metrics_queue(token->app->metrics, now_ms - call->item.queued_ms);
    call->is_question = budget_spend(&token->budget, now_ms);
    token_queue_serve(token->queue, &call->item);
    TAILQ_INSERT_TAIL(&token->running, call, entry);
    return 1;
}

/* --- the queue --- */

/* Those that wait now; what they start meanwhile waits for another look. */
static void fail_waiting(struct token *token, enum answer_class class, const struct err *err)
{
    struct token_item *item;
    for (int i = token_queue_count(token->queue); i > 0; i--) {
        item = token_queue_next(token->queue);
        if (!item)
            return;
        call_fail(call_of(item), class, err);
    }
}

static void fail_for_session(struct token *token)
{
    int is_refused = 0;
    struct err err = *session_failure(token->session, &is_refused);
    fail_waiting(token, is_refused ? ANSWER_UNAUTHORIZED : ANSWER_PASSING, &err);
}

static void fail_expired(struct token *token, int64_t now_ms)
{
    struct token_item *item;
    int64_t most_ms = token->budget.ends_ms > now_ms ? TOKEN_WAIT_WINDOW_MS : TOKEN_WAIT_MS;
    while ((item = token_queue_expired(token->queue, now_ms - most_ms))) {
        struct token_call *call = call_of(item);
        struct err err = ERR_NONE;
        err_set(&err, ETIMEDOUT, "%s: waited %d min for the budget of the token", call->path,
                (int)(most_ms / 60000));
        err_set_remedy(&err,
                       "Other programs use up the requests of this token, or its clients are too "
                       "many for its limit of %d",
                       token->budget.limit);
        call_fail(call, ANSWER_PASSING, &err);
    }
}

/* Whether requests should fail for want of a session, rather than wait on. */
static int is_session_hopeless(const struct token *token)
{
    int is_refused = 0;
    if (session_state(token->session) != SESSION_RESTING)
        return 0;
    (void)!session_failure(token->session, &is_refused);
    int64_t patience_ms = session_is_in_doubt(token->session) ? TOKEN_DOUBT_WAIT_MS
                                                              : TOKEN_SESSION_WAIT_MS;
    return is_refused || session_failing_ms(token->session) >= patience_ms;
}

/* :create, and the end of the session that it replaces, are counted as any request. */
static void tend_session(struct token *token, int64_t now_ms)
{
    int leave_percent = token->app->settings->budget_leave_percent;
    if (token_queue_count(token->queue) > 0 && session_state(token->session) == SESSION_NONE)
        session_want(token->session);
    if (!session_is_due(token->session) ||
        budget_wait_ms(&token->budget, leave_percent, 1, now_ms) > 0)
        return;
    if (session_state(token->session) == SESSION_READY && token->budget.remaining > 0)
        token->budget.remaining--;
    (void)!budget_spend(&token->budget, now_ms);
    session_make(token->session);
}

/* Those sent after that. */
static int running_count(const struct token *token, int64_t since_ms)
{
    const struct token_call *call;
    int count = 0;
    TAILQ_FOREACH(call, &token->running, entry)
    count += call->sent_ms > since_ms;
    return count;
}

static int may_send(struct token *token, const struct token_item *item, int64_t now_ms)
{
    int leave_percent = token->app->settings->budget_leave_percent;
    int useful = budget_useful_requests(&token->budget, leave_percent, token->pace.request_ms);
    int allowed = token->pace.allowed < useful ? token->pace.allowed : useful;
    return running_count(token, now_ms - TOKEN_STUCK_MS) < allowed &&
           session_state(token->session) == SESSION_READY &&
           budget_wait_ms(&token->budget, leave_percent, item->is_urgent, now_ms) == 0;
}

/* When to look again: what else changes comes with a call of its own. */
static void look_later(struct token *token, int64_t now_ms)
{
    const struct token_item *item = token_queue_next(token->queue);
    if (!item)
        return;
    int64_t wait_ms = budget_wait_ms(&token->budget, token->app->settings->budget_leave_percent,
                                     item->is_urgent, now_ms);
    loop_timer_start(token->wake, wait_ms > 0 && wait_ms < TOKEN_LOOK_MS ? wait_ms : TOKEN_LOOK_MS);
}

static void hand_over(struct token *token)
{
    struct token *heir = last_heir(token);
    struct token_item *item;
    struct err err = ERR_NONE;
    while (heir != token && (item = token_queue_next(token->queue))) {
        struct token_call *call = call_of(item);
        call_leave(call);
        call_enter(call, heir);
    }
    err_set(&err, ECANCELED, "the employee token of %s is not used any more", token->label);
    fail_waiting(token, ANSWER_PASSING, &err);
}

static void send_waiting(struct token *token, int64_t now_ms)
{
    struct token_item *item;
    while ((item = token_queue_next(token->queue)) && may_send(token, item, now_ms)) {
        if (!call_run(call_of(item), now_ms))
            return;
    }
}

/* Sends what may be sent; never from inside a caller of the interface. */
static void dispatch(struct token *token)
{
    int64_t now_ms = loop_now_ms(token->app->loop);
    (void)!token_ref(token); /* who is told of an end may drop it */
    if (token->is_retired) {
        hand_over(token);
    } else {
        fail_expired(token, now_ms);
        if (token->is_owned) {
            tend_session(token, now_ms);
            if (is_session_hopeless(token))
                fail_for_session(token);
            send_waiting(token, now_ms);
        }
    }
    look_later(token, now_ms);
    token_unref(token);
}

static void dispatch_now(void *ctx)
{
    dispatch(ctx);
}

static void session_answered(void *ctx, const struct http_answer *http)
{
    struct token *token = ctx;
    struct answer_budget header = answer_read_budget(http);
    int64_t now_ms = loop_now_ms(token->app->loop);
    int is_over = http->status == 429;
    /* It need not tell the budget, and is no proof that there is none. */
    budget_learn(&token->budget,
                 &(struct budget_answer){ .header = header,
                                          .is_over = is_over,
                                          .is_lost = header.remaining < 0 && !is_over,
                                          .is_question = 1,
                                          .told_ms = now_ms - http->body_ms },
                 token->app->settings->budget_leave_percent);
}

/* --- interface --- */

struct token *token_new(struct app *app, const struct token_options *options)
{
    struct token *token = mem_new(1, sizeof(*token));
    token->refs = 1;
    token->app = app;
    token->id = mem_strdup(options->token_id);
    token->label = mem_strdup(options->label);
    budget_init(&token->budget);
    pace_init(&token->pace);
    token->queue = token_queue_new();
    token->group = http_group_new(app->http);
    TAILQ_INIT(&token->running);
    token->wake = loop_timer_new(app->loop, dispatch_now, token);
    token->session = session_new(
        app, &(struct session_options){ .token_id = token->id,
                                        .employee_token = options->employee_token,
                                        .label = token->label,
                                        .changed = dispatch_later,
                                        .answered = session_answered,
                                        .ctx = token });
    return token;
}

struct token *token_ref(struct token *token)
{
    token->refs++;
    return token;
}

const char *token_id(const struct token *token)
{
    return token->id;
}

const char *token_label(const struct token *token)
{
    return token->label;
}

void token_own(struct token *token, int64_t epoch)
{
    token->is_owned = 1;
    session_own(token->session, epoch);
    dispatch_later(token);
}

void token_disown(struct token *token)
{
    token->is_owned = 0;
    session_disown(token->session);
}

void token_hold_session(struct token *token, const char *sealed, int64_t expires_us)
{
    session_hold(token->session, sealed, expires_us);
}

void token_retry(struct token *token)
{
    session_retry(token->session);
}

struct token_call *token_call_start(struct token *token, const struct token_request *request,
                                    token_done_fn *done, void *ctx)
{
    struct token_call *call = mem_new(1, sizeof(*call));
    token = last_heir(token);
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
    if (request->is_urgent && session_failing_ms(token->session) >= TOKEN_LOOK_MS)
        session_retry(token->session);
    dispatch_later(token);
    return call;
}

void token_call_cancel(struct token_call *call)
{
    if (call->http) {
        http_cancel(call->http);
        forget_request(call);
        dispatch_later(call->token);
    }
    call_release(call);
}

int token_call_is_sent(const struct token_call *call)
{
    return call->http && http_is_sent(call->http);
}

void token_describe(const struct token *token, struct token_report *ret_report)
{
    int is_refused = 0;
    const struct err *failure = session_failure(token->session, &is_refused);
    int64_t now_ms = loop_now_ms(token->app->loop);
    *ret_report = (struct token_report){
        .limit = token->budget.limit,
        .remaining = token->budget.remaining,
        .budget_reset_in_ms = token->budget.ends_ms > now_ms ? token->budget.ends_ms - now_ms : 0,
        .session_expires_us = session_expires_us(token->session),
        .waiting = token_queue_count(token->queue),
        .running = running_count(token, INT64_MIN),
        .failure = failure->code != 0 ? failure : NULL,
        .is_refused = is_refused,
        .rest_ms = session_rest_ms(token->session),
    };
}

void token_retire(struct token *token, struct token *heir)
{
    token->is_retired = 1;
    token->heir = heir ? token_ref(heir) : NULL;
    session_end(token->session);
    dispatch_later(token);
    token_unref(token);
}

void token_unref(struct token *token)
{
    if (!token || --token->refs > 0)
        return;
    session_free(token->session);
    token_queue_free(token->queue);
    http_group_free(token->group);
    token_unref(token->heir);
    loop_timer_free(token->wake);
    free(token->id);
    free(token->label);
    free(token);
}
