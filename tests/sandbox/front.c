#include "tests/sandbox/front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>

#include "tests/sandbox/api.h"
#include "tests/sandbox/budget.h"
#include "tests/sandbox/cache.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/control.h"
#include "tests/sandbox/deliver.h"
#include "tests/sandbox/fault.h"
#include "tests/sandbox/mem.h"
#include "tests/sandbox/mutate.h"
#include "tests/sandbox/reply.h"
#include "tests/sandbox/reqlog.h"
#include "tests/sandbox/world.h"

#define BODY_MAX_BYTES (16 * 1024 * 1024)
#define HEADER_MAX_BYTES (64 * 1024)
#define IDLE_S 300

struct front {
    struct event_base *base;
    struct world *world;
    struct evhttp *http;
    struct reply_list replies;
    struct deliver *deliver;
    uint16_t port;
};

/* A request taken apart; released after the answer is made. */
struct asked {
    char *path, *body;
    const char *method, *query_text;
    struct evkeyvalq query;
    bool is_query_broken;
};

static const char *method_name(enum evhttp_cmd_type type)
{
    switch (type) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_PUT:
        return "PUT";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    default:
        return "OTHER";
    }
}

/* One "name=value"; false when it is not well encoded. */
static bool asked_pair(struct asked *asked, const char *text, size_t len)
{
    char *pair = mem_zero(len + 1);
    memcpy(pair, text, len);
    char *value = strchr(pair, '=');
    if (value)
        *value++ = '\0';
    char *name = evhttp_uridecode(pair, 1, NULL);
    char *decoded = evhttp_uridecode(value ? value : "", 1, NULL);
    bool ok = name && decoded && evhttp_add_header(&asked->query, name, decoded) == 0;
    free(name);
    free(decoded);
    free(pair);
    return ok;
}

static void asked_query(struct asked *asked)
{
    const char *at = asked->query_text ? asked->query_text : "";
    while (*at) {
        size_t len = strcspn(at, "&");
        if (len > 0 && !asked_pair(asked, at, len))
            asked->is_query_broken = true;
        at += len;
        at += *at == '&';
    }
}

static void asked_init(struct asked *asked, struct evhttp_request *request)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = evhttp_uri_get_path(uri);
    struct evbuffer *input = evhttp_request_get_input_buffer(request);
    size_t len = evbuffer_get_length(input);
    *asked = (struct asked){ .method = method_name(evhttp_request_get_command(request)),
                             .query_text = evhttp_uri_get_query(uri) };
    asked->path = evhttp_uridecode(path ? path : "/", 0, NULL);
    asked->body = mem_zero(len + 1);
    evbuffer_remove(input, asked->body, len);
    TAILQ_INIT(&asked->query);
    asked_query(asked);
}

static void asked_release(struct asked *asked)
{
    evhttp_clear_headers(&asked->query);
    free(asked->path);
    free(asked->body);
}

static void add_number(struct evkeyvalq *headers, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)number);
    evhttp_add_header(headers, name, text);
}

static void front_headers(const struct front *front, struct evhttp_request *request,
                          const struct call *call)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    const struct options *options = &front->world->options;
    evhttp_add_header(headers, "x-tlx-request-id", call->request_id);
    if (call->status != 204 && call->status != 304)
        evhttp_add_header(headers, "Content-Type", "application/json; charset=utf-8");
    if (!call->token || !options->rate_limit_headers)
        return;
    const struct budget *budget = &call->token->budget;
    add_number(headers, "X-Rate-Limit-Limit", budget->limit);
    add_number(headers, "X-Rate-Limit-Remaining", budget_remaining(budget));
    if (call->status != 429 || options->reset_on_429)
        add_number(headers, "X-Rate-Limit-Reset", budget_reset_s(budget, world_steady_ms()));
}

static void front_log(struct front *front, const struct call *call, const struct asked *asked)
{
    const char *path = api_public_path(call);
    bool has_secrets = strcmp(path, "/token/session/:create") == 0;
    struct reqlog_entry entry = { .at_ms = world_now_ms(front->world),
                                  .method = call->method,
                                  .path = path,
                                  .query = has_secrets ? NULL : asked->query_text,
                                  .user = call->user,
                                  .token = call->token ? call->token->name : NULL,
                                  .user_agent = call->user_agent,
                                  .org_nr = call->company ? call->company->org_nr : NULL,
                                  .request_id = call->request_id,
                                  .fault = call->fault ? fault_kind_name(call->fault->kind) : NULL,
                                  .status = call->status,
                                  .asked_digest = call->if_none_match && *call->if_none_match };
    reqlog_add(front->world->log, &entry);
}

/* "mutate between requests": every so many of them, somewhere in the books. */
static void front_mutate(struct front *front, const struct call *call)
{
    struct mutate_every *every = &front->world->mutate_every;
    uint32_t done[MUTATE_KINDS] = { 0 };
    if (every->requests <= 0 || (every->path && strcmp(every->path, call->path) != 0))
        return;
    if (++every->seen % every->requests != 0)
        return;
    struct company *company = every->org_nr ? world_company(front->world, every->org_nr)
                                            : call->company;
    if (!company)
        return;
    mutate(company, &company->mutations, every->count, ~0u, !front->world->options.closegroup_bumps,
           done);
    cache_clear(front->world->cache);
}

static void front_api(struct front *front, struct evhttp_request *request,
                      const struct asked *asked)
{
    const struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    struct call call = { .method = asked->method,
                         .path = asked->path + strlen("/v2"),
                         .body = asked->body,
                         .query = &asked->query,
                         .user_agent = evhttp_find_header(headers, "User-Agent"),
                         .authorization = evhttp_find_header(headers, "Authorization"),
                         .if_none_match = evhttp_find_header(headers, "If-None-Match") };
    if (asked->is_query_broken)
        reqlog_violation(front->world->log, world_now_ms(front->world), call.method, call.path,
                         "The query string is malformed");
    api_handle(front->world, &call);
    front_headers(front, request, &call);
    front_log(front, &call, asked);
    front_mutate(front, &call);
    if (call.status == 304 || call.status == 204)
        call.out.len = 0;
    reply_send(&front->replies, request, call.status, &call.out, call.fault);
}

static void front_control(struct front *front, struct evhttp_request *request,
                          const struct asked *asked)
{
    struct control control = { .world = front->world,
                               .method = asked->method,
                               .path = asked->path + strlen("/control"),
                               .query = &asked->query };
    control_handle(&control, asked->body);
    if (strcmp(asked->method, "GET") != 0)
        cache_clear(front->world->cache);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
                      "application/json; charset=utf-8");
    int status = control.fail.status ? control.fail.status : 200;
    reply_send(&front->replies, request, status, &control.out, NULL);
    if (control.wants_shutdown) {
        struct timeval soon = { .tv_usec = 50000 };
        event_base_loopexit(front->base, &soon);
    }
}

static bool path_begins(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(path, prefix, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static void front_request_cb(struct evhttp_request *request, void *ctx)
{
    struct front *front = ctx;
    struct asked asked;
    asked_init(&asked, request);
    if (path_begins(asked.path, "/v2")) {
        front_api(front, request, &asked);
    } else if (path_begins(asked.path, "/control")) {
        front_control(front, request, &asked);
    } else {
        struct out body = { .len = 0 };
        out_raw(&body, "{\"error\":\"nothing is served here but /v2 and /control\"}");
        reply_send(&front->replies, request, 404, &body, NULL);
    }
    asked_release(&asked);
    deliver_changes(front->deliver);
}

static uint16_t bound_port(const struct evhttp_bound_socket *socket)
{
    struct sockaddr_in address = { .sin_port = 0 };
    socklen_t len = sizeof(address);
    int fd = evhttp_bound_socket_get_fd((struct evhttp_bound_socket *)(uintptr_t)socket);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    return ntohs(address.sin_port);
}

struct front *front_new(struct event_base *base, struct world *world, uint16_t port)
{
    struct front *front = mem_zero(sizeof(*front));
    *front = (struct front){
        .base = base, .world = world, .http = evhttp_new(base), .replies = { .base = base }
    };
    struct evhttp_bound_socket *socket = evhttp_bind_socket_with_handle(front->http, "127.0.0.1",
                                                                        port);
    if (!socket) {
        front_free(front);
        return NULL;
    }
    front->port = bound_port(socket);
    evhttp_set_allowed_methods(front->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                                EVHTTP_REQ_DELETE);
    evhttp_set_max_body_size(front->http, BODY_MAX_BYTES);
    evhttp_set_max_headers_size(front->http, HEADER_MAX_BYTES);
    evhttp_set_timeout(front->http, IDLE_S);
    front->deliver = deliver_new(base, world);
    evhttp_set_gencb(front->http, front_request_cb, front);
    return front;
}

uint16_t front_port(const struct front *front)
{
    return front->port;
}

void front_free(struct front *front)
{
    if (!front)
        return;
    reply_end_all(&front->replies);
    deliver_free(front->deliver);
    evhttp_free(front->http);
    free(front);
}
