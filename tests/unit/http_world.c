/* Server, loop and client of a test; see http_world.h. */
#include "tests/unit/http_world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/loop.h"
#include "lib/base/mem.h"

enum { GUARD_MS = 60000 };

static void guard_due(void *ctx)
{
    (void)ctx;
    fail_msg("the test waits for something that does not come");
}

int world_setup(void **state)
{
    struct world *world = mem_new(1, sizeof(*world));
    fake_http_start(&world->server);
    world->loop = loop_new();
    assert_non_null(world->loop);
    world->guard = loop_timer_new(world->loop, guard_due, world);
    loop_timer_start(world->guard, GUARD_MS);
    struct err err = ERR_NONE;
    world->client = http_client_new(world->loop,
                                    &(struct http_options){ .user_agent = "saldod-test",
                                                            .connections = 8,
                                                            .connect_timeout_ms = 5000 },
                                    &err);
    assert_string_equal(err.text, "");
    assert_non_null(world->client);
    *state = world;
    return 0;
}

int world_teardown(void **state)
{
    struct world *world = *state;
    http_client_free(world->client);
    loop_timer_free(world->guard);
    loop_free(world->loop);
    fake_http_stop(&world->server);
    free(world);
    return 0;
}

void outcome_init(struct outcome *outcome, struct world *world)
{
    *outcome = (struct outcome){ .world = world };
    buf_init(&outcome->body, 16 * 1024 * 1024);
}

void outcome_release(struct outcome *outcome)
{
    loop_timer_free(outcome->resume);
    buf_release(&outcome->body);
}

void outcome_note_done(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct outcome *outcome = ctx;
    assert_false(outcome->world->is_in_start);
    outcome->done_count++;
    outcome->status = answer->status;
    outcome->sent_us = answer->sent_us;
    outcome->err = *err;
    assert_true((answer->status == 0) == (err->code != 0));
    assert_int_equal(strlen(answer->body), answer->body_len);
    assert_int_equal(buf_append(&outcome->body, answer->body, answer->body_len), 0);
    const char *header = http_answer_header(answer, "x-rate-LIMIT-remaining");
    snprintf(outcome->header, sizeof(outcome->header), "%s", header ? header : "(absent)");
    if (--outcome->world->waiting_for == 0)
        loop_stop(outcome->world->loop);
}

struct http_request world_request(const char *url)
{
    return (struct http_request){ .url = url,
                                  .timeout_ms = WORLD_TIMEOUT_MS,
                                  .max_body_bytes = WORLD_MAX_BODY_BYTES };
}

void world_start(struct outcome *outcome, const struct http_request *request)
{
    struct err err = ERR_NONE;
    outcome->world->is_in_start = 1;
    assert_int_equal(http_start(outcome->world->client, request, outcome_note_done, outcome,
                                &outcome->call, &err),
                     0);
    outcome->world->is_in_start = 0;
    assert_int_equal(outcome->done_count, 0);
}

char *world_url(const struct world *world, const char *path)
{
    return mem_printf("http://127.0.0.1:%d%s", world->server.port, path);
}

void world_wait(struct world *world, int done_count)
{
    world->waiting_for = done_count;
    assert_int_equal(loop_run(world->loop), 0);
    assert_int_equal(world->waiting_for, 0);
}

void world_ask(struct outcome *outcome, struct world *world, const struct http_request *request)
{
    outcome_init(outcome, world);
    world_start(outcome, request);
    world_wait(world, 1);
    assert_int_equal(outcome->done_count, 1);
}

void world_get(struct outcome *outcome, struct world *world, const char *path)
{
    AUTO_FREE char *url = world_url(world, path);
    struct http_request request = world_request(url);
    world_ask(outcome, world, &request);
}

void world_check_get(struct world *world, const char *path, int status, const char *body)
{
    struct outcome outcome;
    world_get(&outcome, world, path);
    assert_string_equal(outcome.err.text, "");
    assert_int_equal(outcome.status, status);
    assert_string_equal(buf_text(&outcome.body), body);
    outcome_release(&outcome);
}

int outcome_take_body(void *ctx, const char *bytes, size_t len)
{
    struct outcome *outcome = ctx;
    assert_int_equal(outcome->done_count, 0);
    if (outcome->resume)
        assert_false(loop_timer_is_armed(outcome->resume));
    assert_int_equal(buf_append(&outcome->body, bytes, len), 0);
    if (outcome->pauses_left > 0) {
        outcome->pauses_left--;
        http_pause(outcome->call);
        loop_timer_start(outcome->resume, 1);
    }
    return outcome->body_code;
}

void world_ask_streamed(struct outcome *outcome, const char *path, size_t max_body_bytes)
{
    AUTO_FREE char *url = world_url(outcome->world, path);
    struct http_request request = world_request(url);
    request.max_body_bytes = max_body_bytes;
    request.on_body = outcome_take_body;
    request.on_body_ctx = outcome;
    world_start(outcome, &request);
    world_wait(outcome->world, 1);
    assert_int_equal(outcome->done_count, 1);
}
