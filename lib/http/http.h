/*
 * http.h - HTTP requests on the loop, over curl's multi interface.
 *
 * The only file that sees curl. Verifies TLS (1.2 or later), follows no redirect, sends credentials
 * only to the host asked, keeps connections alive, takes gzip and HTTP/2 where offered. Every call
 * has a deadline and a maximum body. Never logs, and never puts a URL's query, a header or a body
 * into an error.
 */
#ifndef SALDOD_HTTP_HTTP_H
#define SALDOD_HTTP_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct err;
struct http_call;
struct http_client;
struct http_group;
struct loop;

struct http_options {
    const char *user_agent; /* copied */
    const char *ca_file;    /* extra CA in PEM; NULL or "" = the system's; copied */
    int connections;        /* at most so many at once, per client */
    int64_t connect_timeout_ms;
};

/* Calls that share a fate, such as those of one employee token. While there are several groups none
 * takes more connections than it leaves free, so that one whose answers hang does not keep the
 * others waiting. Freed before the client; calls that are under way keep it alive. */
struct http_group *http_group_new(struct http_client *client) MUST_USE;
void http_group_free(struct http_group *group); /* NULL is fine */

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE };

/* Bytes of a body of status 200 to 299, as they come. A return other than 0 (-errno) ends the call
 * with that code; the receiver keeps its own detail. */
typedef int http_body_fn(void *ctx, const char *bytes, size_t len);

struct http_request {
    struct http_group *group; /* borrowed; NULL = of none, and bounded by the client alone */
    enum http_method method;
    const char *url;             /* whole, already encoded; copied */
    const char *user, *password; /* Basic authentication; both NULL = none; copied, wiped */
    const char *const *headers;  /* "Name: value"; NULL-terminated; may be NULL; copied */
    const char *body;            /* JSON text; NULL = none; copied, wiped after the call */
    int64_t timeout_ms;          /* the whole call, queueing excluded */
    size_t max_body_bytes;       /* of what is received after decompression */
    http_body_fn *on_body;       /* NULL: the body is gathered in the answer */
    void *on_body_ctx;
};

/* What came back; borrowed during http_done_fn. */
struct http_answer {
    int status;       /* 0 where the transport failed: `err` says why */
    const char *body; /* gathered: where no on_body, or status outside 200 to 299
                         (then cut at 64 KiB); NUL-terminated, never NULL */
    size_t body_len;
    int64_t sent_us;              /* when the request was handed to the connection (clock.h) */
    int64_t headers_ms;           /* from there to the headers; 0 where none came */
    int64_t body_ms;              /* from the headers to the end: so old are they now */
    const struct http_call *call; /* for http_answer_header */
};

/* Runs exactly once, from the loop, never inside http_start. `err` is set where answer->status is
 * 0: code ETIMEDOUT, ECONNREFUSED, ECONNRESET, EHOSTUNREACH, EPROTO, EMSGSIZE (body too large), or
 * the code on_body gave. */
typedef void http_done_fn(void *ctx, const struct http_answer *answer, const struct err *err);

/* Borrows the loop. NULL with `err` set: curl could not start, or ca_file cannot be read. */
struct http_client *http_client_new(struct loop *loop, const struct http_options *options,
                                    struct err *err) MUST_USE;

/* How many at once from now on. */
void http_set_connections(struct http_client *client, int connections);

/* Asked before each call is handed to a connection: while it says 0, calls wait, also those that
 * were started before. http_wake() when it may say otherwise. */
typedef int http_gate_fn(void *ctx);
void http_set_gate(struct http_client *client, http_gate_fn *gate, void *ctx);
void http_wake(struct http_client *client);

/* On -errno nothing was started and `done` will not run. */
int http_start(struct http_client *client, const struct http_request *request, http_done_fn *done,
               void *ctx, struct http_call **ret_call, struct err *err) MUST_USE;

/* Stops receiving, and goes on: back-pressure. */
void http_pause(struct http_call *call);
void http_resume(struct http_call *call);

/* Whether it was handed to a connection: before, it waits for its turn or for the gate. */
int http_is_sent(const struct http_call *call) MUST_USE;

/* Ends the call without running `done`. Not from inside on_body. */
void http_cancel(struct http_call *call);

/* A response header, by name in any case; NULL = absent. Borrowed until the next call of it. */
const char *http_answer_header(const struct http_answer *answer, const char *name);

/* Appends text percent-encoded as a query value. */
struct buf;
int http_encode(struct buf *out, const char *text) MUST_USE;

/* Cancels what is running (their `done` do not run). */
void http_client_free(struct http_client *client);

#endif
