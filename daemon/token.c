#include "daemon/token.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "daemon/app.h"
#include "daemon/session.h"
#include "daemon/settings.h"
#include "daemon/token_internal.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"

enum {
    TOKEN_LOOK_MS = 1000,                  /* how often what waits is looked at */
    TOKEN_WAIT_MS = 15 * 60 * 1000,        /* no request waits longer for session and budget, ... */
    TOKEN_WAIT_WINDOW_MS = 75 * 60 * 1000, /* ... unless the end of the window is known */
    TOKEN_SESSION_WAIT_MS = 10000,         /* that no session can be made, before requests fail */
    TOKEN_DOUBT_WAIT_MS = 60000,
    TOKEN_STUCK_MS = 5000, /* a request that takes longer holds up nobody else's */
};

static struct token_call *call_of(struct token_item *item)
{
    return (struct token_call *)((char *)item - offsetof(struct token_call, item));
}

void token_dispatch_later(void *ctx)
{
    loop_timer_start(((struct token *)ctx)->wake, 0);
}

struct token *token_last_heir(struct token *token)
{
    while (token->is_retired && token->heir)
        token = token->heir;
    return token;
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
        token_call_fail(call_of(item), class, err);
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
        token_call_fail(call, ANSWER_PASSING, &err);
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
    struct token *heir = token_last_heir(token);
    struct token_item *item;
    struct err err = ERR_NONE;
    while (heir != token && (item = token_queue_next(token->queue))) {
        struct token_call *call = call_of(item);
        token_call_move(call, heir);
    }
    err_set(&err, ECANCELED, "the employee token of %s is not used any more", token->label);
    fail_waiting(token, ANSWER_PASSING, &err);
}

static void send_waiting(struct token *token, int64_t now_ms)
{
    struct token_item *item;
    while ((item = token_queue_next(token->queue)) && may_send(token, item, now_ms)) {
        if (!token_call_run(call_of(item), now_ms))
            return;
    }
}

/* Sends what may be sent; never from inside a caller of the interface. */
void token_dispatch(struct token *token)
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
    token_dispatch(ctx);
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
    token->left = loop_timer_new(app->loop, token_calls_left_too_long, token);
    token->session = session_new(
        app, &(struct session_options){ .token_id = token->id,
                                        .employee_token = options->employee_token,
                                        .label = token->label,
                                        .changed = token_dispatch_later,
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
    token_dispatch_later(token);
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
    token_dispatch_later(token);
    token_unref(token);
}

void token_unref(struct token *token)
{
    if (!token || --token->refs > 0)
        return;
    token_calls_drop(token, INT64_MAX);
    session_free(token->session);
    token_queue_free(token->queue);
    http_group_free(token->group);
    token_unref(token->heir);
    loop_timer_free(token->wake);
    loop_timer_free(token->left);
    free(token->id);
    free(token->label);
    free(token);
}
