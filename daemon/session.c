#include "daemon/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/seal.h"
#include "daemon/session_make.h"
#include "daemon/session_save.h"
#include "daemon/settings.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"

enum {
    SESSION_LOOK_MS = 60000, /* how often the clock is looked at */
    SESSION_REST_FIRST_MS = 1000,
    SESSION_REST_LAST_MS = 60000,
    SESSION_REST_REFUSED_FIRST_MS = 30000, /* once more soon: a gateway may have said it ... */
    SESSION_REST_REFUSED_TIMES = 4,        /* ... then ever later */
    SESSION_REST_REFUSED_LAST_MS = 2 * 3600 * 1000,
    SESSION_DOUBT_TRIES = 3,  /* 404 and 422 may pass: so many in a row ... */
    SESSION_DOUBT_MS = 30000, /* ... over so long make them a refusal */
    SESSION_DOUBT_REST_MS = 15000,
    SESSION_USELESS_REFUSED = 4, /* new sessions refused in a row: the token is of no use */
    SESSION_USELESS_REST_MAX_MS = 10 * 60 * 1000,
};

static const char SEAL_PURPOSE[] = "session", EMPLOYEE_PURPOSE[] = "employee";

struct session {
    struct app *app;
    char *token_id, *label;
    char *sealed_employee_token; /* opened for each session that is made, and wiped */
    void (*changed)(void *ctx);
    void (*answered)(void *ctx, const struct http_answer *answer);
    void *ctx;
    enum session_state state;
    struct session_key *key;
    char *sealed; /* as `key` stands in the database */
    int64_t expires_us, renew_us, current_since_ms;
    double spread; /* 0 to 1, of the token: when to renew */
    int is_accepted;
    int useless; /* sessions in a row that were refused without having served */

    struct session_make *make;
    struct session_save *save;
    struct session_key *coming; /* made, and being stored */
    int64_t coming_expires_us;
    int is_wanted, is_by_put, is_post_there;
    int is_retried; /* asked for while one is being made: should that fail, no rest follows */

    struct loop_timer *timer;
    struct err failure;
    int is_refused, doubts;
    int64_t doubt_since_ms, failing_since_ms, rest_ms;
    int64_t rest_until_ms; /* no try before */

    int is_owned;
    int64_t epoch;
};

/* --- states --- */

static void tell(struct session *session)
{
    session->changed(session->ctx);
}

static int is_under_way(const struct session *session)
{
    return session->make || session->save;
}

/* The next look: at the latest in a minute. */
static void look_later(struct session *session)
{
    int64_t now_ms = loop_now_ms(session->app->loop);
    int64_t wait_ms = SESSION_LOOK_MS;
    int64_t until_ms = session->rest_until_ms - now_ms;
    if (until_ms > 0 && until_ms < wait_ms)
        wait_ms = until_ms;
    if (session->key) {
        int64_t renew_ms = (session->renew_us - clock_now_us()) / 1000 + 1;
        if (renew_ms > 0 && renew_ms < wait_ms)
            wait_ms = renew_ms;
    }
    loop_timer_start(session->timer, wait_ms);
}

static void drop_key(struct session *session, int is_to_end)
{
    if (!session->key)
        return;
    if (is_to_end)
        session_key_end(session->key);
    session_key_drop(session->key);
    session->key = NULL;
    session->expires_us = 0;
    session->is_accepted = 0;
}

static void settle_state(struct session *session)
{
    if (session->key)
        session->state = SESSION_READY;
    else if (is_under_way(session))
        session->state = SESSION_MAKING;
    else if (session->rest_until_ms > loop_now_ms(session->app->loop))
        session->state = SESSION_RESTING;
    else
        session->state = SESSION_NONE;
}

/* What the wall clock says: a session past its end is none. */
static void look_at_clock(struct session *session)
{
    if (session->key && clock_now_us() >= session->expires_us)
        drop_key(session, 0);
    settle_state(session);
}

static void looked(void *ctx)
{
    struct session *session = ctx;
    look_at_clock(session);
    if (session->state == SESSION_NONE && !session->is_wanted)
        return; /* nobody makes sessions that nobody wants */
    look_later(session);
    tell(session);
}

/* --- a new one --- */

/* A renewal that gains no time (Tripletex gave less than asked) is not tried again before the end.
 */
static void plan_renewal(struct session *session, int64_t earlier_end_us)
{
    session->renew_us = session->expires_us <= earlier_end_us
                            ? session->expires_us
                            : session_renewal_us(clock_now_us(), session->expires_us,
                                                 session->app->settings->renew_before_ms,
                                                 session->spread);
}

static void take_key(struct session *session, struct session_key *key, const char *sealed,
                     int64_t expires_us)
{
    int64_t earlier_end_us = session->expires_us;
    drop_key(session, 1);
    session->key = session_key_ref(key);
    free(session->sealed);
    session->sealed = mem_strdup(sealed);
    session->expires_us = expires_us;
    session->current_since_ms = loop_now_ms(session->app->loop);
    plan_renewal(session, earlier_end_us);
    session->is_wanted = session->is_retried = 0;
    session->doubts = 0;
    session->rest_ms = session->rest_until_ms = session->failing_since_ms = 0;
    if (session->useless < SESSION_USELESS_REFUSED) {
        session->failure = ERR_NONE;
        session->is_refused = 0;
    }
    look_at_clock(session);
    look_later(session);
}

static void saved(void *ctx, const char *sealed)
{
    struct session *session = ctx;
    struct session_key *key = session->coming;
    session->save = NULL;
    session->coming = NULL;
    if (sealed) {
        take_key(session, key, sealed, session->coming_expires_us);
    } else {
        /* The token has another owner, who makes its own. */
        session_key_end(key);
        session_disown(session);
    }
    session_key_drop(key);
    tell(session);
}

static void store(struct session *session, const struct session_made *made)
{
    session->coming = session_key_new(session->app, made->text);
    session->coming_expires_us = made->expires_us;
    session->save = session_save_start(
        session->app,
        &(struct session_save_options){ .token_id = session->token_id,
                                        .label = session->label,
                                        .epoch = session->epoch,
                                        .key = session->coming,
                                        .expires_us = made->expires_us },
        saved, session);
}

/* --- failures --- */

static void rest(struct session *session, const struct err *err, int64_t rest_ms)
{
    const struct log_subject subject = { .bureau = session->label, .request_id = err->request_id };
    int64_t now_ms = loop_now_ms(session->app->loop);
    char why[ERR_FULL_BYTES];
    if (strcmp(session->failure.text, err->text) != 0 || session->is_refused)
        log_error(session->app->log, &subject, "No session can be made: %s", err_full(err, why));
    session->failure = *err;
    if (session->failing_since_ms == 0)
        session->failing_since_ms = now_ms;
    if (session->is_retried) {
        rest_ms = session->rest_ms = session->doubts = 0;
        session->is_wanted = 1;
        session->is_retried = 0;
    }
    session->rest_until_ms = now_ms + rest_ms;
    look_at_clock(session);
    look_later(session);
    tell(session);
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

static int64_t refused_rest_ms(struct session *session)
{
    session->rest_ms = session->is_refused ? session->rest_ms * SESSION_REST_REFUSED_TIMES : 0;
    if (session->rest_ms < SESSION_REST_REFUSED_FIRST_MS) /* anew, or after session_retry() */
        session->rest_ms = SESSION_REST_REFUSED_FIRST_MS;
    if (session->rest_ms > SESSION_REST_REFUSED_LAST_MS)
        session->rest_ms = SESSION_REST_REFUSED_LAST_MS;
    return session->rest_ms;
}

static void refuse(struct session *session, struct err *err)
{
    int64_t rest_ms = refused_rest_ms(session);
    session->is_refused = 1;
    err_set_remedy(err,
                   "Where every bureau is refused, correct the consumer token and restart saldod; "
                   "otherwise enter the employee token of %s again (its value, not its id): it is "
                   "then tried at once",
                   session->label);
    rest(session, err, rest_ms);
}

/* Tripletex compares the date with its own. */
static int is_about_the_date(const struct session_made *made)
{
    return made->status == 422 && strstr(made->answer->body, "expirationDate") != NULL;
}

static void making_failed(struct session *session, const struct session_made *made)
{
    struct err err = *made->err;
    if (made->class == ANSWER_UNAUTHORIZED || made->class == ANSWER_FORBIDDEN) {
        refuse(session, &err);
    } else if (is_about_the_date(made)) {
        err_set_remedy(&err, "See that the clock of this machine is right");
        rest(session, &err, passing_rest_ms(session));
    } else if (made->status == 404 || made->status == 422) {
        if (is_doubt_over(session))
            refuse(session, &err);
        else
            rest(session, &err, SESSION_DOUBT_REST_MS);
    } else {
        session->doubts = 0;
        rest(session, &err, passing_rest_ms(session));
    }
}

/* --- the request --- */

/* The older way, once, where POST is not there; a 404 of a POST that has been there is about the
 * token, and its secrets stay out of a URL. */
static int is_put_next(struct session *session, const struct session_made *made)
{
    if (session->is_by_put || session->is_post_there)
        return 0;
    if (made->status == 404 || made->status == 405)
        return 1;
    session->is_post_there = made->status != 0 && made->class != ANSWER_PASSING;
    return 0;
}

static void made(void *ctx, const struct session_made *result)
{
    struct session *session = ctx;
    session->make = NULL;
    session->answered(session->ctx, result->answer);
    if (is_put_next(session, result)) {
        session->is_by_put = 1;
        session->is_wanted = 1; /* due at once */
        settle_state(session);
        tell(session);
        return;
    }
    if (result->status == 404 || result->status == 405)
        session->is_by_put = 0; /* next time from the better way */
    if (!session->is_owned && result->text) {
        struct session_key *key = session_key_new(session->app, result->text);
        session_key_end(key);
        session_key_drop(key);
        settle_state(session);
    } else if (result->text) {
        store(session, result);
    } else {
        making_failed(session, result);
    }
}

static int start_making(struct session *session, struct err *err)
{
    const struct settings *settings = session->app->settings;
    char *employee_token = NULL;
    int32_t day = session_day_to_ask(clock_now_us(), settings->lifetime_days,
                                     settings->renew_before_ms);
    int ret = seal_open(session->app->seal, EMPLOYEE_PURPOSE, session->sealed_employee_token,
                        &employee_token, err);
    if (ret == 0)
        ret = session_make_start(session->app, employee_token, day, session->is_by_put, made,
                                 session, &session->make, err);
    locked_free(employee_token);
    return ret;
}

void session_make(struct session *session)
{
    struct err err = ERR_NONE;
    session->is_wanted = 0;
    if (start_making(session, &err) < 0)
        rest(session, &err, passing_rest_ms(session));
    else
        settle_state(session);
}

/* --- interface --- */

/* The same for a token at every start: its first digits are as good as random. */
static double spread_of(const char *token_id)
{
    unsigned digits = 0;
    (void)sscanf(token_id, "%6x", &digits);
    return (double)digits / (double)0x1000000;
}

struct session *session_new(struct app *app, const struct session_options *options)
{
    struct session *session = mem_new(1, sizeof(*session));
    session->app = app;
    session->changed = options->changed;
    session->answered = options->answered;
    session->ctx = options->ctx;
    session->token_id = mem_strdup(options->token_id);
    session->sealed_employee_token = seal_close(app->seal, EMPLOYEE_PURPOSE,
                                                options->employee_token);
    session->label = mem_strdup(options->label);
    session->spread = spread_of(options->token_id);
    session->timer = loop_timer_new(app->loop, looked, session);
    return session;
}

void session_own(struct session *session, int64_t epoch)
{
    session->is_owned = 1;
    session->epoch = epoch;
}

void session_disown(struct session *session)
{
    session->is_owned = 0;
    if (session->save) {
        session_save_abandon(session->save, 0);
        session_key_drop(session->coming);
        session->save = NULL;
        session->coming = NULL;
    }
    drop_key(session, 0);
    loop_timer_stop(session->timer);
    settle_state(session);
}

void session_hold(struct session *session, const char *sealed, int64_t expires_us)
{
    char *text = NULL;
    struct err err = ERR_NONE;
    if (session->key || is_under_way(session) || expires_us <= clock_now_us())
        return;
    if (seal_open(session->app->seal, SEAL_PURPOSE, sealed, &text, &err) < 0)
        return; /* another key: a new session is made */
    struct session_key *key = session_key_new(session->app, text);
    locked_free(text);
    take_key(session, key, sealed, expires_us);
    session_key_drop(key);
    tell(session);
}

enum session_state session_state(const struct session *session)
{
    return session->state;
}

void session_want(struct session *session)
{
    session->is_wanted = 1;
}

int session_is_due(const struct session *session)
{
    if (!session->is_owned || is_under_way(session) ||
        session->rest_until_ms > loop_now_ms(session->app->loop))
        return 0;
    return session->key ? clock_now_us() >= session->renew_us : session->is_wanted;
}

void session_retry(struct session *session)
{
    session->is_retried = is_under_way(session); /* its answer may be about what was amiss */
    if (session->failing_since_ms == 0)
        return;
    session->rest_until_ms = session->rest_ms = 0;
    session->doubts = 0;
    session->is_wanted = 1;
    settle_state(session);
    tell(session);
}

struct session_key *session_key_use(struct session *session)
{
    look_at_clock(session);
    return session->key ? session_key_ref(session->key) : NULL;
}

int session_is_current(const struct session *session, const struct session_key *key)
{
    return key == session->key;
}

void session_accept(struct session *session, const struct session_key *key)
{
    if (key != session->key)
        return;
    session->is_accepted = 1;
    if (session->useless >= SESSION_USELESS_REFUSED) {
        session->failure = ERR_NONE;
        session->is_refused = 0;
    }
    session->useless = 0;
}

int64_t session_age_ms(const struct session *session)
{
    return loop_now_ms(session->app->loop) - session->current_since_ms;
}

/* Sessions are given and then not taken: another one every second would help nobody. */
static void rest_useless(struct session *session)
{
    struct err err = ERR_NONE;
    int64_t rest_ms = SESSION_REST_FIRST_MS;
    for (int i = 2; i < session->useless && rest_ms < SESSION_USELESS_REST_MAX_MS; i++)
        rest_ms *= 2;
    err_set(&err, EACCES, "Tripletex gives sessions for the employee token, and then answers 401");
    err_set_remedy(&err,
                   "See in Tripletex that the key of %s is active, has access, and was made for "
                   "this consumer token",
                   session->label);
    session->is_refused = session->useless >= SESSION_USELESS_REFUSED;
    rest(session, &err,
         rest_ms < SESSION_USELESS_REST_MAX_MS ? rest_ms : SESSION_USELESS_REST_MAX_MS);
}

void session_reject(struct session *session, const struct session_key *key)
{
    if (!key || key != session->key)
        return;
    session->useless = session->is_accepted ? 0 : session->useless + 1;
    drop_key(session, 0);
    session->is_wanted = 1;
    settle_state(session);
    if (session->useless >= 2 && !is_under_way(session))
        rest_useless(session);
    else
        tell(session);
}

const struct err *session_failure(const struct session *session, int *ret_is_refused)
{
    *ret_is_refused = session->is_refused;
    return &session->failure;
}

int64_t session_failing_ms(const struct session *session)
{
    return session->failing_since_ms == 0
               ? 0
               : loop_now_ms(session->app->loop) - session->failing_since_ms;
}

int64_t session_rest_ms(const struct session *session)
{
    int64_t rest_ms = session->rest_until_ms - loop_now_ms(session->app->loop);
    return rest_ms > 0 ? rest_ms : 0;
}

int session_is_in_doubt(const struct session *session)
{
    return session->doubts > 0 && !session->is_refused;
}

int64_t session_expires_us(const struct session *session)
{
    return session->expires_us;
}

void session_end(struct session *session)
{
    session_make_cancel(session->make);
    session->make = NULL;
    if (session->save) {
        session_save_abandon(session->save, 1);
        session_key_drop(session->coming);
        session->save = NULL;
        session->coming = NULL;
    }
    if (session->key)
        session_save_forget(session->app, session->token_id, session->sealed);
    drop_key(session, 1);
    session->is_owned = 0;
    loop_timer_stop(session->timer);
    settle_state(session);
}

void session_free(struct session *session)
{
    if (!session)
        return;
    session_make_cancel(session->make);
    if (session->save)
        session_save_abandon(session->save, 0);
    session_key_drop(session->coming);
    drop_key(session, 0);
    loop_timer_free(session->timer);
    free(session->sealed_employee_token);
    free(session->token_id);
    free(session->label);
    free(session->sealed);
    free(session);
}
