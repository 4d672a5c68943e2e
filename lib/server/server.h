/*
 * server.h - a small HTTP/1.1 server on the loop: status page, metrics, webhooks.
 *
 * Answers whole bodies and streams of events; no TLS (that is terminated in front), no chunked
 * requests, no ranges. A peer that waits for 100 Continue gets it once its head is found right.
 * Everything that a peer can send or hold is bounded: heads, bodies, connections, and the time for
 * each of them; when all connections are taken, the one that has been slowest to ask makes room.
 * Never logs and never blocks.
 */
#ifndef SALDOD_SERVER_SERVER_H
#define SALDOD_SERVER_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct buf;
struct err;
struct loop;
struct server;
struct server_body;
struct server_call;
struct server_stream;

enum server_method { SERVER_GET = 1, SERVER_HEAD = 2, SERVER_POST = 4 };

struct server_options {
    const char *address; /* HOST:PORT; the host is a name or an address, [v6] in brackets */
    int methods;         /* a mask of enum server_method; others are answered 405 with Allow */
    int connections_max;
    size_t body_max_bytes; /* of a request */
    int64_t request_ms;    /* to send a request in; 0 = 10 s */
    int64_t idle_ms;       /* between two requests; 0 = 30 s */
    int64_t answer_ms;     /* to take an answer in; 0 = 60 s */
};

/* A request came whole. Answer it once, now or later: server_answer, or server_stream_start. */
typedef void server_handle_fn(void *ctx, struct server_call *call);

/* Listens on every address of the host. NULL with `err`: the port is taken, or no such host. */
struct server *server_new(struct loop *loop, const struct server_options *options,
                          server_handle_fn *handle, void *ctx, struct err *err) MUST_USE;

/* The port it listens on: of use where 0 was asked for. */
int server_port(const struct server *server) MUST_USE;
int server_connections(const struct server *server) MUST_USE;

/* --- a request; texts are borrowed until it is answered --- */
enum server_method server_call_method(const struct server_call *call) MUST_USE;
const char *server_call_path(const struct server_call *call) MUST_USE; /* decoded; never NULL */
/* Value of a parameter of the query, decoded; NULL = absent. */
const char *server_call_param(struct server_call *call, const char *name) MUST_USE;
/* By name in any case; NULL = absent. */
const char *server_call_header(const struct server_call *call, const char *name) MUST_USE;
const char *server_call_body(const struct server_call *call, size_t *ret_len) MUST_USE;

/* --- answers --- */

/* Bytes that several answers share; takes what is in `buf`, which is empty then. One reference. */
struct server_body *server_body_new(struct buf *buf) MUST_USE;
struct server_body *server_body_ref(struct server_body *body);
void server_body_unref(struct server_body *body); /* NULL is fine */

/* Headers for every answer: nobody keeps it, frames it or guesses what it is. */
#define SERVER_HEADERS                                                                             \
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"                               \
    "Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n"                                    \
    "Cross-Origin-Resource-Policy: same-origin\r\n"

struct server_answer {
    int status;
    const char *type;         /* Content-Type; NULL = none */
    const char *headers;      /* further lines, each "Name: value\r\n"; NULL = none */
    struct server_body *body; /* borrowed; NULL = `text` */
    const char *text;         /* copied; NULL = no body */
    int is_last;              /* the connection is closed after it */
};

/* The call is gone when it returns, also where its peer has left meanwhile. */
void server_answer(struct server_call *call, const struct server_answer *answer);

/* --- streams: an answer without an end --- */

/* The peer has left or was too slow, or the server is freed; the stream is gone. From the loop. */
typedef void server_gone_fn(void *ctx);

/* Begins an answer of status 200. NULL where the peer has left; the call is gone either way. */
struct server_stream *server_stream_start(struct server_call *call, const char *type,
                                          const char *headers, server_gone_fn *gone,
                                          void *ctx) MUST_USE;

/* Queues bytes; a peer that lets more than 8 MiB pile up is cut off, and `gone` told later. */
void server_stream_send(struct server_stream *stream, const char *bytes, size_t len);

/* Ends it; `gone` does not run. */
void server_stream_end(struct server_stream *stream);

/* Calls not answered yet are forgotten: their handlers must not answer them any more. NULL is fine.
 */
void server_free(struct server *server);

#endif
