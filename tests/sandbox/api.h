/*
 * api.h - one request to the API and its answer, with no HTTP library in sight.
 */
#ifndef SANDBOX_API_H
#define SANDBOX_API_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/fail.h"
#include "tests/sandbox/out.h"

struct company;
struct evkeyvalq;
struct fault;
struct token;
struct world;

struct call {
    /* Asked; borrowed from the request. The path is decoded and without "/v2". */
    const char *method, *path, *user_agent, *authorization, *if_none_match, *body;
    const struct evkeyvalq *query;
    /* Found out. */
    char user[80];
    char request_id[48];
    struct token *token;
    struct company *company;
    const struct fault *fault;
    struct fail fail;
    bool is_over_budget;
    /* Answered. */
    int status;
    struct out out;
};

void api_handle(struct world *world, struct call *call);

/* The path as it may be logged: without the session token of a DELETE. */
const char *api_public_path(const struct call *call);

#endif
