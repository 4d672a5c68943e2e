/*
 * server_internal.h - what the files of lib/server share; nobody else includes it.
 *
 * server.c listens, server_connection.c holds the life of a connection, server_call.c requests and
 * answers, server_head.c reads heads.
 */
#ifndef SALDOD_SERVER_SERVER_INTERNAL_H
#define SALDOD_SERVER_SERVER_INTERNAL_H

#include <stdint.h>
#include <sys/queue.h>

#include "lib/base/buf.h"
#include "lib/server/server.h"
#include "lib/server/server_head.h"

struct loop_timer;
struct loop_watch;

enum {
    SERVER_LISTENERS_MAX = 4,
    SERVER_STREAM_BYTES_MAX = 8 * 1024 * 1024,
    SERVER_LINGER_MS = 2000,
};

enum connection_state {
    CONNECTION_READING,   /* until a request is whole */
    CONNECTION_ANSWERING, /* its handler has it */
    CONNECTION_WRITING,   /* the answer goes out */
    CONNECTION_STREAMING,
    CONNECTION_LINGERING, /* all is said; what the peer still sends is thrown away */
};

struct server_body {
    int refs;
    char *bytes;
    size_t len;
};

struct server_call {
    struct connection *connection; /* NULL = the peer or the server is gone */
    struct server_head head;
    enum server_method method;
    char *head_text, *body, *param;
    size_t body_len;
};

struct server_stream {
    struct connection *connection;
    server_gone_fn *gone;
    void *ctx;
};

struct connection {
    struct server *server;
    int fd;
    enum connection_state state;
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct buf in, out;
    size_t out_sent, body_sent;
    struct server_body *body; /* goes after `out`; NULL = none */
    struct server_call *call; /* of ANSWERING */
    struct server_stream *stream;
    int is_closing;   /* after the answer */
    int64_t asked_ms; /* when the request in hand began, or the last one ended */
    TAILQ_ENTRY(connection) entry;
};
TAILQ_HEAD(connection_list, connection);

struct server {
    struct loop *loop;
    struct server_options options; /* `address` is not kept */
    server_handle_fn *handle;
    void *ctx;
    int fds[SERVER_LISTENERS_MAX];
    struct loop_watch *watches[SERVER_LISTENERS_MAX];
    int listeners, port, connections_count;
    struct loop_timer *rest; /* out of descriptors: listen again later */
    struct connection_list connections;
};

/* Takes the descriptor. */
void connection_new(struct server *server, int fd);
void connection_free(struct connection *connection); /* a stream of it is told later */

/* `out` and `body` are filled: sends them. */
void connection_send(struct connection *connection);

/* Refuses what cannot be understood, and closes. */
void connection_refuse(struct connection *connection, int status);

/* Puts status line and headers of an answer into `out`. */
void call_write_head(struct connection *connection, const struct server_answer *answer,
                     int64_t body_bytes);

/* The same for what is refused before a handler sees it, with the reason as text unless the peer
 * wants no body. */
void call_write_refusal(struct connection *connection, int status, int has_body);
struct server_call *call_new(struct connection *connection, size_t head_len) MUST_USE;
void call_free(struct server_call *call);

#endif
