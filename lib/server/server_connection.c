/* One connection: reads a request, has it answered, sends the answer, and again. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/server/server_internal.h"

enum { READ_BYTES = 16 * 1024 };

static void read_on(struct connection *connection);

static void drop_out(struct connection *connection)
{
    server_body_unref(connection->body);
    connection->body = NULL;
    connection->out_sent = connection->body_sent = 0;
    buf_clear(&connection->out);
}

static void tell_gone(void *ctx)
{
    struct server_stream *stream = ctx;
    if (stream->gone)
        stream->gone(stream->ctx);
    free(stream);
}

void connection_free(struct connection *connection)
{
    struct server *server = connection->server;
    if (connection->call)
        connection->call->connection = NULL; /* its answer goes nowhere */
    if (connection->stream) {
        connection->stream->connection = NULL;
        loop_defer(server->loop, tell_gone, connection->stream);
    }
    TAILQ_REMOVE(&server->connections, connection, entry);
    server->connections_count--;
    loop_watch_free(connection->watch);
    loop_timer_free(connection->timer);
    (void)close(connection->fd);
    server_body_unref(connection->body);
    buf_release(&connection->in);
    buf_release(&connection->out);
    free(connection);
}

/* --- sending --- */

/* 1 = all is sent, 0 = later, -1 = the peer is gone. */
static int send_some(struct connection *connection, const char *bytes, size_t len, size_t *sent)
{
    while (*sent < len) {
        ssize_t done = send(connection->fd, bytes + *sent, len - *sent, MSG_NOSIGNAL);
        if (done >= 0)
            *sent += (size_t)done;
        else if (errno == EAGAIN)
            return 0;
        else if (errno != EINTR)
            return -1;
    }
    return 1;
}

static int send_all(struct connection *connection)
{
    const struct server_body *body = connection->body;
    int ret = send_some(connection, connection->out.data, connection->out.len_bytes,
                        &connection->out_sent);
    if (ret == 1 && body)
        ret = send_some(connection, body->bytes, body->len, &connection->body_sent);
    return ret;
}

/* Closing at once would throw away what the peer has not read yet where it still sends. */
static void linger(struct connection *connection)
{
    drop_out(connection);
    connection->state = CONNECTION_LINGERING;
    (void)shutdown(connection->fd, SHUT_WR);
    loop_timer_start(connection->timer, SERVER_LINGER_MS);
    loop_watch_set(connection->watch, LOOP_READ);
}

static void answer_sent(struct connection *connection)
{
    if (connection->is_closing) {
        linger(connection);
        return;
    }
    drop_out(connection);
    connection->state = CONNECTION_READING;
    connection->asked_ms = loop_now_ms(connection->server->loop);
    loop_timer_start(connection->timer, connection->in.len_bytes > 0
                                            ? connection->server->options.request_ms
                                            : connection->server->options.idle_ms);
    loop_watch_set(connection->watch, LOOP_READ);
    if (connection->in.len_bytes > 0)
        read_on(connection);
}

static void writable(struct connection *connection)
{
    int ret = send_all(connection);
    if (ret < 0) {
        connection_free(connection);
    } else if (connection->state == CONNECTION_STREAMING) {
        if (ret == 1)
            drop_out(connection);
        loop_watch_set(connection->watch, ret == 1 ? LOOP_READ : LOOP_READ | LOOP_WRITE);
    } else if (ret == 1) {
        answer_sent(connection);
    }
}

void connection_send(struct connection *connection)
{
    if (connection->state == CONNECTION_STREAMING) {
        loop_watch_set(connection->watch, LOOP_READ | LOOP_WRITE);
        return;
    }
    connection->state = CONNECTION_WRITING;
    loop_timer_start(connection->timer, connection->server->options.answer_ms);
    loop_watch_set(connection->watch, LOOP_WRITE);
}

void connection_refuse(struct connection *connection, int status)
{
    int is_head = connection->in.len_bytes > 5 && memcmp(connection->in.data, "HEAD ", 5) == 0;
    buf_clear(&connection->in);
    call_write_refusal(connection, status, !is_head);
    connection_send(connection);
}

/* --- receiving --- */

static void take_out(struct buf *buf, size_t len)
{
    memmove(buf->data, buf->data + len, buf->len_bytes - len);
    buf->len_bytes -= len;
    buf->data[buf->len_bytes] = '\0';
}

static int method_of(const char *name)
{
    if (strcmp(name, "GET") == 0)
        return SERVER_GET;
    if (strcmp(name, "HEAD") == 0)
        return SERVER_HEAD;
    return strcmp(name, "POST") == 0 ? SERVER_POST : 0;
}

/* What a peer asks for before it sends the body; of HTTP/1.0 it means nothing (RFC 9110, section
 * 10.1.1). */
static const char *expectation(const struct server_call *call)
{
    return call->head.is_http_1_0 ? NULL : server_head_find(&call->head, "Expect");
}

/* 0, or the status to refuse with. */
static int check_call(const struct server *server, struct server_call *call)
{
    int method = method_of(call->head.method);
    if (!(server->options.methods & method))
        return 405;
    call->method = method;
    if (method == SERVER_POST && !server_head_find(&call->head, "Content-Length"))
        return 411;
    const char *expected = expectation(call);
    if (expected && strcasecmp(expected, "100-continue") != 0)
        return 417;
    return call->head.body_bytes > (int64_t)server->options.body_max_bytes ? 413 : 0;
}

static void hand_over(struct connection *connection, struct server_call *call, size_t head_len)
{
    struct server *server = connection->server;
    call->body_len = (size_t)call->head.body_bytes;
    call->body = mem_new(call->body_len + 1, 1);
    memcpy(call->body, connection->in.data + head_len, call->body_len);
    take_out(&connection->in, head_len + call->body_len);
    connection->call = call;
    connection->is_closing = call->head.is_closing;
    connection->state = CONNECTION_ANSWERING;
    loop_timer_stop(connection->timer);
    loop_watch_set(connection->watch, 0);
    server->handle(server->ctx, call);
}

/* The head is fine, and its peer waits for word of that before it sends the body. Nothing else is
 * on its way to it, so few bytes find room; -1 = the peer is gone. */
static int let_continue(struct connection *connection)
{
    static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";
    ssize_t done = send(connection->fd, CONTINUE, sizeof(CONTINUE) - 1, MSG_NOSIGNAL);
    if (done < 0 && (errno == EAGAIN || errno == EINTR))
        return 0; /* it goes on by itself after a while, or is too slow to ask */
    return done == (ssize_t)sizeof(CONTINUE) - 1 ? 0 : -1;
}

/* Whether to tell so: once, when nothing of the body has come. */
static int is_waiting(const struct connection *connection, const struct server_call *call,
                      size_t head_len)
{
    return expectation(call) && connection->in.len_bytes == head_len && call->head.body_bytes > 0;
}

/* The head is here, the body not yet. `connection` may be gone after. */
static void await_body(struct connection *connection, struct server_call *call, size_t head_len)
{
    int is_told = is_waiting(connection, call, head_len);
    call_free(call); /* read again when there is more: heads are short */
    if (is_told && let_continue(connection) < 0)
        connection_free(connection);
}

/* What has come so far may be a request. `connection` may be gone after. */
static void read_on(struct connection *connection)
{
    struct server_call *call = NULL;
    size_t head_len = server_head_length(connection->in.data, connection->in.len_bytes);
    if (head_len == 0 && connection->in.len_bytes < SERVER_HEAD_BYTES_MAX)
        return;
    if (head_len == 0 || head_len > SERVER_HEAD_BYTES_MAX) {
        connection_refuse(connection, 431);
        return;
    }
    call = call_new(connection, head_len);
    int status = server_head_parse(call->head_text, head_len, &call->head);
    if (status == 0)
        status = check_call(connection->server, call);
    if (status != 0) {
        call_free(call);
        connection_refuse(connection, status);
    } else if (connection->in.len_bytes - head_len < (size_t)call->head.body_bytes) {
        await_body(connection, call, head_len);
    } else {
        hand_over(connection, call, head_len);
    }
}

static int is_first_byte(const struct connection *connection)
{
    return connection->state == CONNECTION_READING && connection->in.len_bytes == 0;
}

static void readable(struct connection *connection)
{
    char bytes[READ_BYTES];
    ssize_t len = recv(connection->fd, bytes, sizeof(bytes), 0);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len <= 0) {
        connection_free(connection);
        return;
    }
    if (connection->state != CONNECTION_READING)
        return; /* a stream listens to nobody, and after the last answer nothing counts */
    if (is_first_byte(connection)) {
        connection->asked_ms = loop_now_ms(connection->server->loop);
        loop_timer_start(connection->timer, connection->server->options.request_ms);
    }
    if (buf_append(&connection->in, bytes, (size_t)len) < 0)
        connection_refuse(connection, 413);
    else
        read_on(connection);
}

static void connection_event(void *ctx, int events)
{
    struct connection *connection = ctx;
    int is_writing = connection->state == CONNECTION_WRITING ||
                     (connection->state == CONNECTION_STREAMING && events & LOOP_WRITE);
    if (is_writing)
        writable(connection);
    else
        readable(connection);
}

static void connection_expired(void *ctx)
{
    struct connection *connection = ctx;
    if (connection->state == CONNECTION_READING && connection->in.len_bytes > 0)
        connection_refuse(connection, 408);
    else
        connection_free(connection);
}

void connection_new(struct server *server, int fd)
{
    struct connection *connection = mem_new(1, sizeof(*connection));
    connection->server = server;
    connection->fd = fd;
    connection->watch = loop_watch_new(server->loop, fd, connection_event, connection);
    connection->timer = loop_timer_new(server->loop, connection_expired, connection);
    connection->asked_ms = loop_now_ms(server->loop);
    buf_init(&connection->in, SERVER_HEAD_BYTES_MAX + server->options.body_max_bytes + READ_BYTES);
    buf_init(&connection->out, SERVER_STREAM_BYTES_MAX);
    TAILQ_INSERT_TAIL(&server->connections, connection, entry);
    server->connections_count++;
    loop_timer_start(connection->timer, server->options.request_ms);
    loop_watch_set(connection->watch, LOOP_READ);
}
