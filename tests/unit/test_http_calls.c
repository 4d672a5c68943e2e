/* Tests of lib/http/http.h: the life of calls: queues, time-outs, pauses, cancelling, freeing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "tests/unit/heap_scan.h"
#include "tests/unit/http_world.h"

static void resume_due(void *ctx)
{
    struct outcome *outcome = ctx;
    size_t before = outcome->body.len_bytes;
    http_resume(outcome->call);
    assert_int_equal(outcome->body.len_bytes, before); /* nothing is handed over in there */
}

static void pauses_and_goes_on(void **state)
{
    struct world *world = *state;
    static const char *const PATHS[] = { "/big", "/gzip", "/chunked" };
    static const size_t SIZES[] = { FAKE_BIG_BYTES, 9, 7 };
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        struct outcome outcome;
        outcome_init(&outcome, world);
        outcome.pauses_left = i == 0 ? 10 : 0;
        outcome.resume = loop_timer_new(world->loop, resume_due, &outcome);
        world_ask_streamed(&outcome, PATHS[i], WORLD_MAX_BODY_BYTES);
        assert_string_equal(outcome.err.text, "");
        assert_int_equal(outcome.status, 200);
        assert_int_equal(outcome.pauses_left, 0);
        assert_int_equal(outcome.body.len_bytes, SIZES[i]);
        outcome_release(&outcome);
    }
}

/* The refusal comes while curl hands over what it held back. */
static void refuse_due(void *ctx)
{
    struct outcome *outcome = ctx;
    outcome->body_code = -ENOSPC;
    http_resume(outcome->call);
}

static void ends_when_refused_after_a_pause(void **state)
{
    struct world *world = *state;
    struct outcome outcome;
    outcome_init(&outcome, world);
    outcome.pauses_left = 1;
    outcome.resume = loop_timer_new(world->loop, refuse_due, &outcome);
    world_ask_streamed(&outcome, "/big", WORLD_MAX_BODY_BYTES);
    assert_int_equal(outcome.err.code, ENOSPC);
    outcome_release(&outcome);
}

static void keeps_to_the_time_out(void **state)
{
    static const char *const PATHS[] = { "/hang", "/hang-after-headers", "/drip" };
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        if (i == 0)
            world_check_get(world, "/ok", 200, "hello"); /* the next goes over its connection */
        AUTO_FREE char *url = world_url(world, PATHS[i]);
        AUTO_FREE char *text = mem_printf("127.0.0.1:%d had not answered in full after 150ms",
                                          world->server.port);
        struct http_request request = world_request(url);
        request.timeout_ms = 150;
        struct outcome outcome;
        world_ask(&outcome, world, &request);
        assert_int_equal(outcome.err.code, ETIMEDOUT);
        assert_string_equal(outcome.err.text, text);
        assert_non_null(strstr(outcome.err.remedy, "timeout"));
        assert_in_range(clock_now_us() - outcome.sent_us, 140000, 10000000);
        outcome_release(&outcome);
    }
}

/* A call that is held up by another on the only connection has its own whole time-out. */
static void counts_no_queueing(void **state)
{
    struct world *world = *state;
    http_client_free(world->client);
    struct err err = ERR_NONE;
    world->client = http_client_new(
        world->loop, &(struct http_options){ .user_agent = "x", .connections = 1 }, &err);
    AUTO_FREE char *slow_url = world_url(world, "/hang");
    AUTO_FREE char *fast_url = world_url(world, "/ok");
    struct http_request slow = world_request(slow_url), fast = world_request(fast_url);
    slow.timeout_ms = 300;
    fast.timeout_ms = 250;
    struct outcome first, second;
    outcome_init(&first, world);
    outcome_init(&second, world);
    world_start(&first, &slow);
    world_start(&second, &fast);
    world_wait(world, 2);
    assert_int_equal(first.err.code, ETIMEDOUT);
    assert_int_equal(second.status, 200);
    assert_true(second.sent_us - first.sent_us >= 290000);
    outcome_release(&first);
    outcome_release(&second);
}

/* Eight calls of one group hang, on a client of 8 connections; the ninth is of another. */
static void a_group_that_hangs_leaves_connections_to_the_others(void **state)
{
    enum { HANGING = 8 };
    struct world *world = *state;
    struct http_group *groups[] = { http_group_new(world->client), http_group_new(world->client) };
    AUTO_FREE char *hang_url = world_url(world, "/hang");
    AUTO_FREE char *ok_url = world_url(world, "/ok");
    struct http_request hang = world_request(hang_url), ok = world_request(ok_url);
    struct outcome hanging[HANGING], other;
    int sent = 0;
    hang.group = groups[0];
    ok.group = groups[1];
    for (int i = 0; i < HANGING; i++) {
        outcome_init(&hanging[i], world);
        world_start(&hanging[i], &hang);
    }
    outcome_init(&other, world);
    world_start(&other, &ok);
    world_wait(world, 1);
    assert_int_equal(other.status, 200);
    for (int i = 0; i < HANGING; i++)
        sent += http_is_sent(hanging[i].call);
    assert_int_equal(sent, 4);
    /* Alone it gets them all. */
    http_group_free(groups[1]);
    outcome_release(&other);
    outcome_init(&other, world);
    ok.group = NULL;
    http_cancel(hanging[0].call);
    world_start(&other, &ok);
    world_wait(world, 1);
    for (int i = 1; i < HANGING; i++)
        assert_true(http_is_sent(hanging[i].call));
    http_group_free(groups[0]); /* its calls keep it */
    for (int i = 1; i < HANGING; i++)
        http_cancel(hanging[i].call);
    for (int i = 0; i < HANGING; i++)
        outcome_release(&hanging[i]);
    outcome_release(&other);
}

static void runs_200_calls_on_8_connections(void **state)
{
    enum { CALLS = 200 };
    struct world *world = *state;
    struct outcome *outcomes = mem_new(CALLS, sizeof(*outcomes));
    AUTO_FREE char *url = world_url(world, "/ok");
    for (int i = 0; i < CALLS; i++) {
        struct http_request request = world_request(url);
        outcome_init(&outcomes[i], world);
        world_start(&outcomes[i], &request);
    }
    world_wait(world, CALLS);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(outcomes[i].done_count, 1);
        assert_int_equal(outcomes[i].status, 200);
        outcome_release(&outcomes[i]);
    }
    assert_int_equal(world->server.counts->requests, CALLS);
    assert_in_range(world->server.counts->connections, 1, 8);
    assert_in_range(world->server.counts->busy_most, 1, 8);
    free(outcomes);
}

/* For cancelling at moments: `then` runs when `outcome` gets its first bytes, or its done. */
struct canceller {
    struct outcome *victim;
    struct world *world;
    struct loop_timer *timer;
};

static void cancel_due(void *ctx)
{
    struct canceller *canceller = ctx;
    http_cancel(canceller->victim->call);
    loop_stop(canceller->world->loop);
}

/* Bytes have come: the call ends from the loop, not in here. */
static int take_body_and_cancel(void *ctx, const char *bytes, size_t len)
{
    struct canceller *canceller = ctx;
    (void)bytes, (void)len;
    if (!loop_timer_is_armed(canceller->timer))
        loop_timer_start(canceller->timer, 0);
    return 0;
}

/* Cancels a call to `path`: at once, a moment later (delay_ms), or at its first bytes (-1). */
static void check_cancel(struct world *world, const char *path, int64_t delay_ms)
{
    struct outcome outcome;
    struct canceller canceller = { &outcome, world, NULL };
    AUTO_FREE char *url = world_url(world, path);
    struct http_request request = world_request(url);
    outcome_init(&outcome, world);
    canceller.timer = loop_timer_new(world->loop, cancel_due, &canceller);
    if (delay_ms < 0) {
        request.on_body = take_body_and_cancel;
        request.on_body_ctx = &canceller;
    } else {
        loop_timer_start(canceller.timer, delay_ms);
    }
    world_start(&outcome, &request);
    assert_int_equal(loop_run(world->loop), 0);
    assert_int_equal(outcome.done_count, 0);
    loop_timer_free(canceller.timer);
    outcome_release(&outcome);
}

static void cancels_in_every_phase(void **state)
{
    struct world *world = *state;
    struct outcome outcome;
    AUTO_FREE char *url = world_url(world, "/ok");
    struct http_request request = world_request(url);
    outcome_init(&outcome, world);
    world_start(&outcome, &request);
    http_cancel(outcome.call); /* waiting */
    outcome_release(&outcome);
    check_cancel(world, "/hang", 0);  /* connecting */
    check_cancel(world, "/hang", 50); /* waiting for the answer */
    check_cancel(world, "/hang-after-headers", -1);
    check_cancel(world, "/drip", -1);
    check_cancel(world, "/big", -1);
    world_check_get(world, "/ok", 200, "hello");
}

/* Both end in one turn of the loop; the first to be told cancels the other. */
struct pair {
    struct world *world;
    struct http_call *calls[2];
    int done_count;
};

static void cancel_both(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct pair *pair = ctx;
    (void)answer, (void)err;
    pair->done_count++;
    http_cancel(pair->calls[0]);
    http_cancel(pair->calls[1]);
    loop_stop(pair->world->loop);
}

static void cancels_an_ended_call_and_itself(void **state)
{
    struct pair pair = { .world = *state };
    /* Refused by curl before anything is sent, so both end at once. */
    for (int i = 0; i < 2; i++) {
        struct http_request request = world_request("ftp://127.0.0.1/");
        struct err err = ERR_NONE;
        assert_int_equal(
            http_start(pair.world->client, &request, cancel_both, &pair, &pair.calls[i], &err), 0);
    }
    assert_int_equal(loop_run(pair.world->loop), 0);
    assert_int_equal(pair.done_count, 1);
    world_check_get(pair.world, "/ok", 200, "hello");
}

static void free_client_in_done(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct world *world = ctx;
    (void)err;
    assert_int_equal(answer->status, 200);
    http_client_free(world->client);
    world->client = NULL;
    assert_string_equal(answer->body, "hello"); /* still there */
    assert_string_equal(http_answer_header(answer, "X-Empty"), "");
    loop_stop(world->loop);
}

static void frees_the_client_with_calls_running(void **state)
{
    struct world *world = *state;
    struct outcome outcomes[20];
    AUTO_FREE char *hang = world_url(world, "/hang");
    AUTO_FREE char *ok = world_url(world, "/ok");
    struct http_request request = world_request(ok);
    struct err err = ERR_NONE;
    assert_int_equal(http_start(world->client, &request, free_client_in_done, world, NULL, &err),
                     0);
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        request = world_request(i % 2 ? hang : "http://nowhere.invalid/");
        outcome_init(&outcomes[i], world);
        world_start(&outcomes[i], &request);
    }
    assert_int_equal(loop_run(world->loop), 0);
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        assert_true(i % 2 == 0 || outcomes[i].done_count == 0);
        outcome_release(&outcomes[i]);
    }
    http_client_free(NULL);
}

/* A `done` may start the next call. */
static void start_another(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct outcome *outcome = ctx;
    AUTO_FREE char *url = world_url(outcome->world, "/chunked");
    struct http_request request = world_request(url);
    assert_int_equal(err->code, 0);
    assert_int_equal(answer->status, 200);
    world_start(outcome, &request);
}

static void starts_a_call_from_done(void **state)
{
    struct outcome outcome;
    AUTO_FREE char *url = world_url(*state, "/ok");
    struct http_request request = world_request(url);
    struct err err = ERR_NONE;
    outcome_init(&outcome, *state);
    assert_int_equal(
        http_start(outcome.world->client, &request, start_another, &outcome, NULL, &err), 0);
    world_wait(outcome.world, 1);
    assert_string_equal(buf_text(&outcome.body), "abcdefg");
    outcome_release(&outcome);
}

/* Passwords, headers with tokens, bodies and URLs: nothing of them outlives the client. */
static void leaves_no_secret_in_the_heap(void **state)
{
    static const char *const NEEDLES[] = { "secret-in-password", "secret-in-header",
                                           "secret-in-body", "secret-in-url",
                                           "1c2VyOnNlY3JldC1pbi1wYXNzd29yZ" };
    static const char *const HEADERS[] = { "X-Token: secret-in-header", NULL };
    struct world *world = *state;
    AUTO_BUF struct buf url;
    buf_init(&url, 200);
    assert_int_equal(
        buf_printf(&url, "http://127.0.0.1:%d/ok?token=secret-in-url", world->server.port), 0);
    struct http_request request = world_request(buf_text(&url));
    request.method = HTTP_POST;
    request.headers = HEADERS;
    request.user = "user";
    request.password = "secret-in-password";
    request.body = "{\"token\":\"secret-in-body\"}";
    struct outcome outcome;
    world_ask(&outcome, world, &request);
    assert_int_equal(outcome.status, 200);
    outcome_release(&outcome);
    http_client_free(world->client);
    world->client = NULL;
    buf_wipe(&url);
    for (size_t i = 0; i < ARRAY_LEN(NEEDLES); i++)
        assert_int_equal(heap_scan_count(NEEDLES[i], strlen(NEEDLES[i])), 0);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(pauses_and_goes_on),
        WITH_WORLD(ends_when_refused_after_a_pause),
        WITH_WORLD(keeps_to_the_time_out),
        WITH_WORLD(counts_no_queueing),
        WITH_WORLD(a_group_that_hangs_leaves_connections_to_the_others),
        WITH_WORLD(runs_200_calls_on_8_connections),
        WITH_WORLD(cancels_in_every_phase),
        WITH_WORLD(cancels_an_ended_call_and_itself),
        WITH_WORLD(frees_the_client_with_calls_running),
        WITH_WORLD(starts_a_call_from_done),
        WITH_WORLD(leaves_no_secret_in_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
