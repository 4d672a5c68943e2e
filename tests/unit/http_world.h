/*
 * http_world.h - what tests of lib/http stand on: a server, a loop, a client, and what calls came
 * to.
 *
 * A world is made for each test and owns all three; a test may replace its client. Outcomes are the
 * test's own and must live until their call has ended.
 */
#ifndef SALDOD_TESTS_HTTP_WORLD_H
#define SALDOD_TESTS_HTTP_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/http/http.h"
#include "tests/unit/fake_http.h"

struct loop;
struct loop_timer;

enum { WORLD_TIMEOUT_MS = 20000, WORLD_MAX_BODY_BYTES = 2 * 1024 * 1024 };

/* What a test needs; made for each. */
struct world {
    struct fake_http server;
    struct loop *loop;
    struct loop_timer *guard;
    struct http_client *client;
    int waiting_for; /* this many `done` stop the loop */
    int is_in_start;
};

/* What one call came to. */
struct outcome {
    struct world *world;
    struct http_call *call;
    int done_count;
    int status;
    int64_t sent_us;
    struct err err;
    struct buf body; /* gathered by http, or by outcome_take_body */
    char header[64]; /* the value of X-Rate-Limit-Remaining */
    int body_code;   /* what outcome_take_body returns */
    int pauses_left; /* outcome_take_body pauses the call as often */
    struct loop_timer *resume;
};

/* For cmocka; the client has 8 connections. */
int world_setup(void **state);
int world_teardown(void **state);

void outcome_init(struct outcome *outcome, struct world *world);
void outcome_release(struct outcome *outcome);

/* The http_done_fn of every call that world_start starts. */
void outcome_note_done(void *ctx, const struct http_answer *answer, const struct err *err);

/* For http_request.on_body with the outcome as its context: gathers, pauses, and returns as told.
 */
int outcome_take_body(void *ctx, const char *bytes, size_t len);

/* "http://127.0.0.1:PORT" and the path; free with free(). */
char *world_url(const struct world *world, const char *path);

/* A GET with the usual limits. */
struct http_request world_request(const char *url);

/* Starts a call that ends in the outcome, which is initialised. */
void world_start(struct outcome *outcome, const struct http_request *request);

/* Runs the loop until so many calls have ended. */
void world_wait(struct world *world, int done_count);

/* Initialise the outcome, ask and wait. */
void world_ask(struct outcome *outcome, struct world *world, const struct http_request *request);
void world_get(struct outcome *outcome, struct world *world, const char *path);

/* As world_get, with outcome_take_body, and the outcome initialised before. */
void world_ask_streamed(struct outcome *outcome, const char *path, size_t max_body_bytes);

/* Asks and checks what came. */
void world_check_get(struct world *world, const char *path, int status, const char *body);

#endif
