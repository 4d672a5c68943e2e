/*
 * web.h - HTTP as a test's browser, scraper or sender of events speaks it: one blocking call.
 */
#ifndef SALDOD_TESTS_INTEGRATION_WEB_H
#define SALDOD_TESTS_INTEGRATION_WEB_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"

struct web_request {
    const char *url;
    const char *method;         /* NULL = GET, or POST where there is a body */
    const char *const *headers; /* end with NULL; NULL = none */
    const char *body;
};

struct web_answer {
    int status; /* 0 = no answer came */
    int64_t took_ms;
    struct buf headers, body;
};

void web_ask(const struct web_request *request, struct web_answer *ret_answer);
void web_release(struct web_answer *answer);

/* GET: the body, free() it; fails the test where the status is another. */
char *web_get(const char *url, int status) MUST_USE;

/* A port of 127.0.0.1 that nobody has. */
int web_free_port(void);

#endif
