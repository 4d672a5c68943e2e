/* The made-up world; see fake_world.h. */
#include "tests/unit/fake_world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/pool.h"
#include "daemon/seal.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

struct loop_timer {
    loop_fn *fn;
    void *ctx;
    int64_t at_ms; /* -1 = not armed */
    uint64_t turn;
    TAILQ_ENTRY(loop_timer) entry;
};

struct http_call {
    http_done_fn *done;
    void *ctx;
    http_body_fn *on_body;
    void *on_body_ctx;
    struct fake_reply reply;
    int64_t sent_us;
    struct loop_timer *timer;
    char header[16];
    TAILQ_ENTRY(http_call) entry;
};

/* A statement that was handed to the pool. */
struct fake_batch {
    char name[64], value[8192]; /* $2 */
    batch_result_fn *fn;
    pool_done_fn *done;
    void *ctx;
    struct pg_batch *batch;
    struct loop_timer *timer;
};

static struct {
    struct fake_world *world;
    TAILQ_HEAD(, loop_timer) timers;
    TAILQ_HEAD(, http_call) calls;
    uint64_t turns;
    struct fake_batch coming; /* what batch_add told */
    int rows;                 /* of the result that is being told */
} hub;

/* --- time --- */

struct loop_timer *__wrap_loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx);
void __wrap_loop_timer_start(struct loop_timer *timer, int64_t delay_ms);
void __wrap_loop_timer_stop(struct loop_timer *timer);
int __wrap_loop_timer_is_armed(const struct loop_timer *timer);
void __wrap_loop_timer_free(struct loop_timer *timer);
int64_t __wrap_loop_now_ms(const struct loop *loop);
int64_t __wrap_clock_now_us(void);

struct loop_timer *__wrap_loop_timer_new(struct loop *loop, loop_fn *fn, void *ctx)
{
    struct loop_timer *timer = mem_new(1, sizeof(*timer));
    (void)loop;
    *timer = (struct loop_timer){ .fn = fn, .ctx = ctx, .at_ms = -1 };
    TAILQ_INSERT_TAIL(&hub.timers, timer, entry);
    return timer;
}

void __wrap_loop_timer_start(struct loop_timer *timer, int64_t delay_ms)
{
    timer->at_ms = hub.world->now_ms + (delay_ms > 0 ? delay_ms : 0);
    timer->turn = ++hub.turns;
}

void __wrap_loop_timer_stop(struct loop_timer *timer)
{
    timer->at_ms = -1;
}

int __wrap_loop_timer_is_armed(const struct loop_timer *timer)
{
    return timer->at_ms >= 0;
}

void __wrap_loop_timer_free(struct loop_timer *timer)
{
    if (!timer)
        return;
    TAILQ_REMOVE(&hub.timers, timer, entry);
    free(timer);
}

int64_t __wrap_loop_now_ms(const struct loop *loop)
{
    (void)loop;
    return hub.world->now_ms;
}

int64_t __wrap_clock_now_us(void)
{
    return hub.world->wall_ahead_us + hub.world->now_ms * 1000;
}

static struct loop_timer *next_timer(void)
{
    struct loop_timer *timer, *next = NULL;
    TAILQ_FOREACH(timer, &hub.timers, entry)
    {
        if (timer->at_ms < 0)
            continue;
        if (!next || timer->at_ms < next->at_ms ||
            (timer->at_ms == next->at_ms && timer->turn < next->turn))
            next = timer;
    }
    return next;
}

void fake_run_ms(struct fake_world *world, int64_t ms)
{
    int64_t until_ms = world->now_ms + ms;
    struct loop_timer *timer;
    int events = 0;
    while ((timer = next_timer()) && timer->at_ms <= until_ms) {
        if (timer->at_ms > world->now_ms)
            world->now_ms = timer->at_ms;
        timer->at_ms = -1;
        assert_true(events++ < 10000000); /* otherwise it spins */
        timer->fn(timer->ctx);
    }
    world->now_ms = until_ms;
}

void fake_set_wall(struct fake_world *world, int64_t by_ms)
{
    world->wall_ahead_us += by_ms * 1000;
}

/* --- Tripletex --- */

static void turn_window(struct fake_world *world)
{
    if (world->now_ms < world->window_ends_ms)
        return;
    world->used = 0;
    world->window_ends_ms = world->now_ms + world->window_ms;
}

void fake_burn(struct fake_world *world, int requests)
{
    turn_window(world);
    world->used += requests;
    if (world->used > world->limit)
        world->used = world->limit;
}

/* 0 = refused. */
static int spend(struct fake_world *world, struct fake_reply *reply)
{
    if (world->limit == 0)
        return 1;
    turn_window(world);
    int is_over = world->used >= world->limit;
    if (!is_over)
        world->used++;
    world->refused += is_over;
    int64_t left_ms = world->window_ends_ms - world->now_ms;
    reply->limit = world->limit;
    reply->remaining = world->limit - world->used;
    reply->reset_s = (int)((left_ms + (world->is_reset_rounded_up ? 999 : 0)) / 1000);
    if (is_over) {
        reply->status = 429;
        if (!world->is_reset_on_429)
            reply->reset_s = -1;
    }
    return !is_over;
}

static struct fake_session *find_session(struct fake_world *world, const char *secret)
{
    int number = 0;
    if (sscanf(secret, "secret-%d", &number) != 1 || number >= world->sessions_count) {
        world->faults++;
        return NULL;
    }
    return &world->sessions[number];
}

static int is_alive(const struct fake_session *session)
{
    return !session->is_ended && !session->is_deleted && __wrap_clock_now_us() < session->ends_us;
}

int fake_living_sessions(const struct fake_world *world)
{
    int count = 0;
    for (int i = 0; i < world->sessions_count; i++)
        count += is_alive(&world->sessions[i]);
    return count;
}

void fake_revoke_all(struct fake_world *world)
{
    for (int i = 0; i < world->sessions_count; i++)
        world->sessions[i].is_ended = 1;
}

static void create(struct fake_world *world, const struct fake_request *request,
                   struct fake_reply *reply)
{
    int is_put = request->method == HTTP_PUT;
    const char *asked = is_put ? request->query : request->body;
    const char *date = strstr(asked, "expirationDate");
    const char *token = strstr(asked, "test-");
    int32_t day = 0;
    world->creates++;
    world->puts += is_put;
    if (world->create_status != 0 || (world->is_post_missing && !is_put)) {
        reply->status = world->create_status != 0 ? world->create_status : 404;
        return;
    }
    assert_non_null(date);
    assert_non_null(token);
    assert_int_equal(clock_parse_date(date + (is_put ? 15 : 17), 10, &day), 0);
    if (day <= clock_oslo_day(__wrap_clock_now_us())) {
        reply->status = 422;
        snprintf(reply->body, sizeof(reply->body),
                 "{\"code\":18000,\"message\":\"expirationDate must be later than today\"}");
        return;
    }
    assert_true(world->sessions_count < FAKE_SESSIONS_MAX);
    struct fake_session *session = &world->sessions[world->sessions_count];
    *session = (struct fake_session){ .token = (int)strtol(token + 5, NULL, 10),
                                      .ends_us = clock_oslo_midnight_us(day) };
    reply->status = is_put ? 200 : 201;
    snprintf(reply->body, sizeof(reply->body),
             "{\"value\":{\"token\":\"secret-%d\",\"expirationDate\":\"%.10s\"}}",
             world->sessions_count++, date + (is_put ? 15 : 17));
}

static void serve(struct fake_world *world, const struct fake_request *request,
                  struct fake_reply *reply)
{
    reply->status = 200;
    if (strcmp(request->path, "/token/session/:create") == 0) {
        create(world, request, reply);
        return;
    }
    struct fake_session *session = find_session(world, request->password);
    if (request->method == HTTP_DELETE) {
        world->deletes++;
        if (session)
            session->is_deleted = 1;
        reply->status = session ? 204 : 401;
        return;
    }
    world->requests++;
    int company = (int)strtol(request->user, NULL, 10);
    if (company >= 0 && company < 16)
        world->requests_of[company]++;
    if (session && session->is_deleted)
        world->faults++;
    if (!spend(world, reply))
        return;
    if (!session || !is_alive(session))
        reply->status = 401;
}

/* --- the network --- */

int __wrap_http_start(struct http_client *client, const struct http_request *request,
                      http_done_fn *done, void *ctx, struct http_call **ret_call, struct err *err);
void __wrap_http_cancel(struct http_call *call);
int __wrap_http_is_sent(const struct http_call *call);
struct http_group *__wrap_http_group_new(struct http_client *client);
void __wrap_http_group_free(struct http_group *group);
const char *__wrap_http_answer_header(const struct http_answer *answer, const char *name);

static void call_free(struct http_call *call)
{
    TAILQ_REMOVE(&hub.calls, call, entry);
    __wrap_loop_timer_free(call->timer);
    free(call);
}

static void call_answer(void *ctx)
{
    struct http_call *call = ctx;
    struct err err = ERR_NONE;
    struct http_answer answer = { .status = call->reply.status,
                                  .body = call->reply.body,
                                  .body_len = strlen(call->reply.body),
                                  .sent_us = call->sent_us,
                                  .call = call };
    if (answer.status == 0)
        err_set(&err, call->reply.error != 0 ? call->reply.error : ECONNRESET, "no answer");
    if (call->on_body && answer.status >= 200 && answer.status < 300) {
        int ret = call->on_body(call->on_body_ctx, answer.body, answer.body_len);
        if (ret < 0) {
            answer.status = 0;
            err_set(&err, -ret, "the body was refused");
        }
        answer.body = "";
        answer.body_len = 0;
    }
    call->done(call->ctx, &answer, &err);
    call_free(call);
}

static void split_url(const char *url, struct fake_request *request)
{
    const char *path = url + strlen("http://127.0.0.1/v2");
    size_t len = strcspn(path, "?");
    snprintf(request->path, sizeof(request->path), "%.*s", (int)len, path);
    snprintf(request->query, sizeof(request->query), "%s", path[len] ? path + len + 1 : "");
}

int __wrap_http_start(struct http_client *client, const struct http_request *request,
                      http_done_fn *done, void *ctx, struct http_call **ret_call, struct err *err)
{
    struct fake_world *world = hub.world;
    struct fake_request asked = { .method = request->method };
    struct http_call *call = mem_new(1, sizeof(*call));
    (void)client, (void)err;
    split_url(request->url, &asked);
    snprintf(asked.body, sizeof(asked.body), "%s", request->body ? request->body : "");
    snprintf(asked.user, sizeof(asked.user), "%s", request->user ? request->user : "");
    snprintf(asked.password, sizeof(asked.password), "%s",
             request->password ? request->password : "");
    *call = (struct http_call){ .done = done,
                                .ctx = ctx,
                                .on_body = request->on_body,
                                .on_body_ctx = request->on_body_ctx,
                                .sent_us = __wrap_clock_now_us() };
    call->reply = (struct fake_reply){ .limit = -1,
                                       .remaining = -1,
                                       .reset_s = -1,
                                       .retry_after_s = -1,
                                       .delay_ms = world->delay_ms };
    if (!world->answer || !world->answer(world->answer_ctx, &asked, &call->reply))
        serve(world, &asked, &call->reply);
    call->timer = __wrap_loop_timer_new(NULL, call_answer, call);
    __wrap_loop_timer_start(call->timer, call->reply.delay_ms);
    TAILQ_INSERT_TAIL(&hub.calls, call, entry);
    *ret_call = call;
    return 0;
}

/* All connections are everybody's. */
struct http_group *__wrap_http_group_new(struct http_client *client)
{
    (void)client;
    return NULL;
}

void __wrap_http_group_free(struct http_group *group)
{
    (void)group;
}

void __wrap_http_cancel(struct http_call *call)
{
    call_free(call);
}

int __wrap_http_is_sent(const struct http_call *call)
{
    (void)call;
    return 1; /* at once */
}

const char *__wrap_http_answer_header(const struct http_answer *answer, const char *name)
{
    struct http_call *call = (struct http_call *)(uintptr_t)answer->call;
    const struct fake_reply *reply = &call->reply;
    int value = strcmp(name, "X-Rate-Limit-Limit") == 0       ? reply->limit
                : strcmp(name, "X-Rate-Limit-Remaining") == 0 ? reply->remaining
                : strcmp(name, "X-Rate-Limit-Reset") == 0     ? reply->reset_s
                : strcmp(name, "Retry-After") == 0            ? reply->retry_after_s
                                                              : -1;
    if (value < 0)
        return NULL;
    snprintf(call->header, sizeof(call->header), "%d", value);
    return call->header;
}

/* --- the database --- */

void __real_batch_add(struct pg_batch *batch, const char *name, const char *sql, int params,
                      const char *const *values, batch_result_fn *fn);
void __wrap_batch_add(struct pg_batch *batch, const char *name, const char *sql, int params,
                      const char *const *values, batch_result_fn *fn);
void __wrap_pool_run(struct pool *pool, struct pg_batch *batch, pool_done_fn *done, void *ctx);
int __wrap_pg_result_rows(const struct pg_result *result);

void __wrap_batch_add(struct pg_batch *batch, const char *name, const char *sql, int params,
                      const char *const *values, batch_result_fn *fn)
{
    snprintf(hub.coming.name, sizeof(hub.coming.name), "%s", name);
    snprintf(hub.coming.value, sizeof(hub.coming.value), "%s",
             params > 1 && values[1] ? values[1] : "");
    hub.coming.fn = fn;
    __real_batch_add(batch, name, sql, params, values, fn);
}

static void note_statement(struct fake_world *world, const struct fake_batch *run)
{
    if (strcmp(run->name, "session_save") == 0) {
        world->saves++;
        free(world->stored);
        world->stored = mem_strdup(run->value);
    } else if (strcmp(run->name, "session_forget") == 0) {
        world->forgets++;
    } else if (strcmp(run->name, "available_client_save") == 0) {
        world->stored_lists++;
    }
}

static void batch_ran(void *ctx)
{
    struct fake_batch *run = ctx;
    struct fake_world *world = hub.world;
    struct err err = ERR_NONE;
    batch_free(run->batch);
    if (world->is_database_away)
        err_set(&err, ECONNRESET, "the database is away");
    else if (!world->is_owned_by_other)
        note_statement(world, run);
    hub.rows = !world->is_owned_by_other;
    if (run->fn && err.code == 0)
        assert_int_equal(run->fn(run->ctx, NULL, &err), 0);
    run->done(run->ctx, err.code != 0 ? &err : NULL);
    __wrap_loop_timer_free(run->timer);
    free(run);
}

void __wrap_pool_run(struct pool *pool, struct pg_batch *batch, pool_done_fn *done, void *ctx)
{
    struct fake_batch *run = mem_new(1, sizeof(*run));
    (void)pool;
    *run = hub.coming;
    run->batch = batch;
    run->done = done;
    run->ctx = ctx;
    run->timer = __wrap_loop_timer_new(NULL, batch_ran, run);
    __wrap_loop_timer_start(run->timer, hub.world->save_ms);
}

int __wrap_pg_result_rows(const struct pg_result *result)
{
    (void)result;
    return hub.rows;
}

/* --- the world --- */

struct fake_world *fake_world_new(int year, int month, int day, int hour, int minute,
                                  int zone_hours)
{
    static char base_url[] = "http://127.0.0.1/v2";
    static char consumer[] = "test-consumer";
    const uint8_t key[32] = { 7 };
    struct fake_world *world = mem_new(1, sizeof(*world));
    struct err err = ERR_NONE;
    TAILQ_INIT(&hub.timers);
    TAILQ_INIT(&hub.calls);
    hub.world = world;
    world->now_ms = 1000000;
    int64_t s = (int64_t)clock_day_of(year, month, day) * 86400 + (hour - zone_hours) * 3600 +
                minute * 60;
    world->wall_ahead_us = s * 1000000 - world->now_ms * 1000;
    world->delay_ms = 20;
    world->save_ms = 2;
    world->settings = (struct settings){ .base_url = base_url,
                                         .timeout_ms = 60000,
                                         .lifetime_days = 2,
                                         .renew_before_ms = 6 * 3600 * 1000,
                                         .budget_leave_percent = 20 };
    world->app.settings = &world->settings;
    world->app.consumer_token = consumer;
    world->app.seal = seal_new(key, &err);
    assert_non_null(world->app.seal);
    return world;
}

void fake_world_free(struct fake_world *world)
{
    world->is_database_away = 0;
    fake_run_ms(world, 1000); /* what is being stored ends */
    while (!TAILQ_EMPTY(&hub.calls))
        call_free(TAILQ_FIRST(&hub.calls));
    seal_free(world->app.seal);
    free(world->stored);
    free(world);
    hub.world = NULL;
}
