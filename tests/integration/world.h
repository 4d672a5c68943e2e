/*
 * world.h - a tripletex-sandbox of one test, and its control calls.
 *
 * Owns the process. Calls are blocking and made in the main thread; what the sandbox refuses
 * fails the test.
 */
#ifndef SALDOD_TESTS_INTEGRATION_WORLD_H
#define SALDOD_TESTS_INTEGRATION_WORLD_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct folder;
struct world;

/* `name` tells the sandboxes of one folder apart; `json` is the world as its README has it. */
struct world *world_new(const struct folder *folder, const char *program, const char *name,
                        const char *json) MUST_USE;

/* The base URL of the API. */
const char *world_url(const struct world *world);

/* GET /control`path`: the answer; free() it. */
char *world_get(struct world *world, const char *path) MUST_USE;

/* POST /control`path` with this JSON body, of printf form. */
void world_post(struct world *world, const char *path, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same by another method: "PUT", "DELETE". */
void world_call(struct world *world, const char *method, const char *path, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* Number of requests since the last world_forget() whose path is this; NULL = all. */
int64_t world_requests(struct world *world, const char *path);

/* As above, of one client (organisation number) and one token (name); NULL = any. */
int64_t world_requests_of(struct world *world, const char *org_nr, const char *token);

void world_forget(struct world *world);

/* Ends it; NULL is fine. */
void world_free(struct world *world);

#endif
