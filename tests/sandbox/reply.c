#include "tests/sandbox/reply.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/sandbox/fault.h"
#include "tests/sandbox/mem.h"
#include "tests/sandbox/out.h"

#define DRIP_PARTS 20
#define DRIP_MS 100
#define ENDLESS_PART_BYTES (1024 * 1024)
#define ENDLESS_MS 2
#define ENDLESS_BYTES (INT64_C(2) * 1024 * 1024 * 1024)
#define BIG_HEADER_BYTES (80 * 1024)

struct reply {
    struct reply_list *list;
    struct reply *next, **link;
    struct evhttp_request *request;
    struct evbuffer *body;
    struct event *timer;
    enum fault_kind kind;
    size_t drip_bytes;
    int64_t sent_bytes; /* of an endless body */
    int status;
};

static void reply_free(struct reply *reply)
{
    *reply->link = reply->next;
    if (reply->next)
        reply->next->link = reply->link;
    if (reply->timer)
        event_free(reply->timer);
    evbuffer_free(reply->body);
    free(reply);
}

static const char *reply_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } REASONS[] = { { 200, "OK" },
                    { 201, "Created" },
                    { 204, "No Content" },
                    { 302, "Found" },
                    { 304, "Not Modified" },
                    { 400, "Bad Request" },
                    { 401, "Unauthorized" },
                    { 403, "Forbidden" },
                    { 404, "Not Found" },
                    { 405, "Method Not Allowed" },
                    { 409, "Conflict" },
                    { 422, "Unprocessable Entity" },
                    { 429, "Too Many Requests" },
                    { 500, "Internal Server Error" },
                    { 502, "Bad Gateway" },
                    { 503, "Service Unavailable" } };
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(*REASONS); i++) {
        if (REASONS[i].status == status)
            return REASONS[i].reason;
    }
    return "Status";
}

static void reply_header(struct reply *reply, const char *name, const char *value)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(reply->request);
    evhttp_remove_header(headers, name);
    evhttp_add_header(headers, name, value);
}

/* The length promised and the bytes sent differ; the connection is closed behind them. */
static void reply_lie_about_length(struct reply *reply)
{
    size_t len = evbuffer_get_length(reply->body), promised = len / 2;
    char text[32];
    if (reply->kind == FAULT_TRUNCATE) {
        struct evbuffer *half = evbuffer_new();
        evbuffer_remove_buffer(reply->body, half, len / 2);
        evbuffer_free(reply->body);
        reply->body = half;
        promised = len;
    }
    snprintf(text, sizeof(text), "%zu", promised);
    reply_header(reply, "Content-Length", text);
    reply_header(reply, "Connection", "close");
}

static void reply_finish(struct reply *reply)
{
    evhttp_send_reply(reply->request, reply->status, reply_reason(reply->status), reply->body);
    reply_free(reply);
}

static void reply_reset(struct reply *reply)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(reply->request);
    if (!connection) {
        reply_finish(reply);
        return;
    }
    /* Closing would send a FIN first; dissolving the association sends the RST alone. */
    struct sockaddr nobody = { .sa_family = AF_UNSPEC };
    (void)connect(bufferevent_getfd(evhttp_connection_get_bufferevent(connection)), &nobody,
                  sizeof(nobody));
    evhttp_connection_free(connection);
    reply_free(reply);
}

static void reply_wait(struct reply *reply, int64_t ms)
{
    struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
    event_add(reply->timer, &wait);
}

static void reply_drip(struct reply *reply)
{
    if (reply->drip_bytes == 0) {
        reply->drip_bytes = evbuffer_get_length(reply->body) / DRIP_PARTS + 1;
        evhttp_send_reply_start(reply->request, reply->status, reply_reason(reply->status));
    }
    struct evbuffer *part = evbuffer_new();
    evbuffer_remove_buffer(reply->body, part, reply->drip_bytes);
    evhttp_send_reply_chunk(reply->request, part);
    evbuffer_free(part);
    if (evbuffer_get_length(reply->body) > 0) {
        reply_wait(reply, DRIP_MS);
    } else {
        evhttp_send_reply_end(reply->request);
        reply_free(reply);
    }
}

/* White space inside of a list, 2 GiB of it, as fast as the client takes it. */
static void reply_endless(struct reply *reply)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(reply->request);
    if (reply->sent_bytes == 0)
        evhttp_send_reply_start(reply->request, reply->status, reply_reason(reply->status));
    if (!connection || reply->sent_bytes >= ENDLESS_BYTES) {
        evhttp_send_reply_end(reply->request);
        reply_free(reply);
        return;
    }
    struct evbuffer *waiting = bufferevent_get_output(
        evhttp_connection_get_bufferevent(connection));
    if (evbuffer_get_length(waiting) < ENDLESS_PART_BYTES) {
        char *spaces = mem_zero(ENDLESS_PART_BYTES);
        memset(spaces, ' ', ENDLESS_PART_BYTES);
        evbuffer_add(reply->body, spaces, ENDLESS_PART_BYTES);
        free(spaces);
        reply->sent_bytes += ENDLESS_PART_BYTES;
        evhttp_send_reply_chunk(reply->request, reply->body);
    }
    reply_wait(reply, ENDLESS_MS);
}

static void reply_go(struct reply *reply)
{
    switch (reply->kind) {
    case FAULT_HANG:
        return; /* until the client leaves or the server ends */
    case FAULT_DRIP:
        reply_drip(reply);
        return;
    case FAULT_ENDLESS:
        reply_endless(reply);
        return;
    case FAULT_RESET:
        reply_reset(reply);
        return;
    case FAULT_TRUNCATE:
    case FAULT_WRONG_LENGTH:
        reply_lie_about_length(reply);
        break;
    case FAULT_BROKEN_GZIP:
        reply_header(reply, "Content-Encoding", "gzip");
        break;
    default:
        break;
    }
    reply_finish(reply);
}

static void reply_timer_cb(evutil_socket_t fd, short events, void *ctx)
{
    (void)fd;
    (void)events;
    reply_go(ctx);
}

static void body_free_cb(const void *text, size_t len, void *ctx)
{
    (void)text;
    (void)len;
    free(ctx);
}

static void reply_fault(struct reply *reply, const struct fault *fault)
{
    reply->kind = fault->kind;
    if (fault->kind == FAULT_REDIRECT)
        reply_header(reply, "Location", fault->url ? fault->url : "/v2/elsewhere");
    if (fault->kind == FAULT_HTML)
        reply_header(reply, "Content-Type", "text/html; charset=utf-8");
    if (fault->kind == FAULT_BIG_HEADER) {
        char *value = mem_zero(BIG_HEADER_BYTES + 1);
        memset(value, 'x', BIG_HEADER_BYTES);
        reply_header(reply, "X-Big", value);
        free(value);
    }
    if (fault->retry_after_s > 0) {
        char text[16];
        snprintf(text, sizeof(text), "%d", fault->retry_after_s);
        reply_header(reply, "Retry-After", text);
    }
}

void reply_send(struct reply_list *list, struct evhttp_request *request, int status,
                struct out *body, const struct fault *fault)
{
    struct reply *reply = mem_zero(sizeof(*reply));
    size_t len;
    char *text = out_take(body, &len);
    *reply = (struct reply){ .list = list,
                             .next = list->first,
                             .link = &list->first,
                             .request = request,
                             .body = evbuffer_new(),
                             .status = status,
                             .kind = FAULT_DELAY };
    if (list->first)
        list->first->link = &reply->next;
    list->first = reply;
    evbuffer_add_reference(reply->body, text, len, body_free_cb, text);
    reply->timer = evtimer_new(list->base, reply_timer_cb, reply);
    if (fault)
        reply_fault(reply, fault);
    /* A connection may not be freed from inside its own callback: a reset waits one turn. */
    if (fault && (fault->delay_ms > 0 || fault->kind == FAULT_RESET))
        reply_wait(reply, fault->delay_ms);
    else
        reply_go(reply);
}

void reply_end_all(struct reply_list *list)
{
    while (list->first) {
        struct reply *reply = list->first;
        if (reply->drip_bytes > 0 || reply->sent_bytes > 0) {
            evhttp_send_reply_end(reply->request);
            reply_free(reply);
        } else {
            reply->status = 503;
            reply_finish(reply);
        }
    }
}
