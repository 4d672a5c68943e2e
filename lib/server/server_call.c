/* Requests as their handlers see them, and their answers. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/server/server_internal.h"

enum { REFUSAL_BYTES_MAX = 512 }; /* of its further headers */

static const struct reason {
    int status;
    const char *text;
} REASONS[] = {
    { 200, "OK" },
    { 204, "No Content" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 411, "Length Required" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
    { 505, "HTTP Version Not Supported" },
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(REASONS); i++) {
        if (REASONS[i].status == status)
            return REASONS[i].text;
    }
    return "Status";
}

/* --- requests --- */

struct server_call *call_new(struct connection *connection, size_t head_len)
{
    struct server_call *call = mem_new(1, sizeof(*call));
    call->connection = connection;
    call->head_text = mem_new(head_len + 1, 1);
    memcpy(call->head_text, connection->in.data, head_len);
    return call;
}

void call_free(struct server_call *call)
{
    free(call->head_text);
    free(call->body);
    free(call->param);
    free(call);
}

enum server_method server_call_method(const struct server_call *call)
{
    return call->method;
}

const char *server_call_path(const struct server_call *call)
{
    return call->head.path;
}

const char *server_call_param(struct server_call *call, const char *name)
{
    size_t bytes = strlen(call->head.query) + 1;
    free(call->param);
    call->param = mem_new(bytes, 1);
    return server_head_param(&call->head, name, call->param, bytes) == 0 ? call->param : NULL;
}

const char *server_call_header(const struct server_call *call, const char *name)
{
    return server_head_find(&call->head, name);
}

const char *server_call_body(const struct server_call *call, size_t *ret_len)
{
    *ret_len = call->body_len;
    return call->body;
}

/* --- bodies --- */

struct server_body *server_body_new(struct buf *buf)
{
    struct server_body *body = mem_new(1, sizeof(*body));
    body->refs = 1;
    body->len = buf->len_bytes;
    body->bytes = buf_steal(buf);
    return body;
}

struct server_body *server_body_ref(struct server_body *body)
{
    body->refs++;
    return body;
}

void server_body_unref(struct server_body *body)
{
    if (!body || --body->refs > 0)
        return;
    free(body->bytes);
    free(body);
}

/* --- answers --- */

static void append(struct connection *connection, const char *name, const char *value)
{
    if (buf_printf(&connection->out, "%s%s\r\n", name, value) < 0)
        connection->is_closing = 1;
}

void call_write_head(struct connection *connection, const struct server_answer *answer,
                     int64_t body_bytes)
{
    char line[64], date[40];
    time_t now = time(NULL);
    struct tm utc;
    if (answer->is_last)
        connection->is_closing = 1;
    (void)snprintf(line, sizeof(line), "%d %s", answer->status, reason_of(answer->status));
    append(connection, "HTTP/1.1 ", line);
    if (gmtime_r(&now, &utc) && strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc) > 0)
        append(connection, "Date: ", date);
    if (answer->type)
        append(connection, "Content-Type: ", answer->type);
    if (body_bytes >= 0 && answer->status != 204 && answer->status != 304) {
        (void)snprintf(line, sizeof(line), "%lld", (long long)body_bytes);
        append(connection, "Content-Length: ", line);
    }
    if (connection->is_closing || body_bytes < 0)
        append(connection, "Connection: ", "close");
    if (buf_printf(&connection->out, "%s\r\n", answer->headers ? answer->headers : "") < 0)
        connection->is_closing = 1;
}

static const struct method {
    enum server_method method;
    const char *name;
} METHODS[] = { { SERVER_GET, "GET" }, { SERVER_HEAD, "HEAD" }, { SERVER_POST, "POST" } };

static void append_allowed(int methods, struct buf *out)
{
    const char *before = "Allow: ";
    for (size_t i = 0; i < ARRAY_LEN(METHODS); i++) {
        if (!(methods & METHODS[i].method))
            continue;
        if (buf_printf(out, "%s%s", before, METHODS[i].name) < 0)
            abort(); /* a bug: there are three of them */
        before = ", ";
    }
    if (buf_append_text(out, "\r\n") < 0)
        abort();
}

void call_write_refusal(struct connection *connection, int status, int has_body)
{
    char text[64];
    AUTO_BUF struct buf headers;
    buf_init(&headers, REFUSAL_BYTES_MAX);
    int len = snprintf(text, sizeof(text), "%d %s\n", status, reason_of(status));
    if (buf_append_text(&headers, SERVER_HEADERS) < 0)
        abort(); /* a bug: they are short */
    if (status == 405)
        append_allowed(connection->server->options.methods, &headers);
    call_write_head(connection,
                    &(struct server_answer){ .status = status,
                                             .type = "text/plain; charset=utf-8",
                                             .headers = buf_text(&headers),
                                             .is_last = 1 },
                    len);
    if (has_body && buf_append_text(&connection->out, text) < 0)
        connection->is_closing = 1;
}

void server_answer(struct server_call *call, const struct server_answer *answer)
{
    struct connection *connection = call->connection;
    size_t text_len = answer->text ? strlen(answer->text) : 0;
    size_t len = answer->body ? answer->body->len : text_len;
    int has_body = call->method != SERVER_HEAD && answer->status != 204 && answer->status != 304;
    if (connection) {
        connection->call = NULL;
        call_write_head(connection, answer, (int64_t)len);
        if (has_body && answer->body)
            connection->body = server_body_ref(answer->body);
        else if (has_body &&
                 buf_append(&connection->out, answer->text ? answer->text : "", text_len) < 0)
            connection->is_closing = 1;
        connection_send(connection);
    }
    call_free(call);
}

/* --- streams --- */

struct server_stream *server_stream_start(struct server_call *call, const char *type,
                                          const char *headers, server_gone_fn *gone, void *ctx)
{
    struct connection *connection = call->connection;
    const struct server_answer answer = { .status = 200, .type = type, .headers = headers };
    call_free(call);
    if (!connection)
        return NULL;
    struct server_stream *stream = mem_new(1, sizeof(*stream));
    *stream = (struct server_stream){ .connection = connection, .gone = gone, .ctx = ctx };
    connection->call = NULL;
    connection->stream = stream;
    connection->state = CONNECTION_STREAMING;
    call_write_head(connection, &answer, -1);
    connection_send(connection);
    return stream;
}

void server_stream_send(struct server_stream *stream, const char *bytes, size_t len)
{
    struct connection *connection = stream->connection;
    if (!connection)
        return;
    if (buf_append(&connection->out, bytes, len) < 0)
        connection_free(connection);
    else
        connection_send(connection);
}

void server_stream_end(struct server_stream *stream)
{
    struct connection *connection = stream->connection;
    stream->gone = NULL;
    if (connection)
        connection_free(connection); /* frees the stream later */
}
