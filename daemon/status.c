#include "daemon/status.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/address.h"
#include "daemon/app.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/settings.h"
#include "daemon/status_internal.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/json/doc.h"
#include "lib/server/server.h"

enum {
    RETRY_MS = 60000,
    LAG_EVERY_MS = 500,
    CONNECTIONS_MAX = 400, /* readers and their streams; well below the limit of descriptors */
    REQUEST_BODY_MAX = 1024,
};

#define API "/api/v1/"
#define CLIENT "/clients/" /* the page finds out which */

/* --- answers --- */

void status_answer_text(struct server_call *call, int status, const char *text)
{
    server_answer(call, &(struct server_answer){ .status = status,
                                                 .type = STATUS_TYPE_TEXT,
                                                 .headers = STATUS_HEADERS,
                                                 .text = text });
}

void status_answer_error(struct server_call *call, int status, const char *message)
{
    AUTO_BUF struct buf out;
    buf_init(&out, ERR_FULL_BYTES * 8);
    int ret = buf_append_text(&out, "{\"error\":");
    if (ret == 0)
        ret = json_append_string(&out, message);
    if (ret == 0)
        ret = buf_append_text(&out, "}\n");
    server_answer(call, &(struct server_answer){ .status = status,
                                                 .type = STATUS_TYPE_JSON,
                                                 .headers = STATUS_HEADERS,
                                                 .text = ret == 0 ? buf_text(&out) : "{}\n" });
}

static void answer_alive(const struct status *status, struct server_call *call)
{
    (void)status;
    status_answer_text(call, 200, "ok\n");
}

static void answer_ready(const struct status *status, struct server_call *call)
{
    char line[HEALTH_LINE_BYTES];
    health_describe(status->health, status->app, line);
    AUTO_FREE char *text = mem_printf("%s\n", line);
    status_answer_text(call, health_is_ready(status->health) ? 200 : 503, text);
}

/* --- routing --- */

/* The name in a Host header without its port, in `out`. */
static void host_name(const char *header, char out[ADDRESS_HOST_BYTES])
{
    int is_v6 = header[0] == '[';
    const char *start = header + is_v6;
    size_t len = strcspn(start, is_v6 ? "]" : ":");
    if (len >= ADDRESS_HOST_BYTES)
        len = 0;
    memcpy(out, start, len);
    out[len] = '\0';
}

/* Where only this machine can connect, only its own names count: a page from elsewhere whose name
 * was made to point at us (DNS rebinding) sends its own. */
static int is_host_right(const struct status *status, const struct server_call *call)
{
    char name[ADDRESS_HOST_BYTES];
    const char *header = server_call_header(call, "Host");
    if (!status->is_loopback || !header)
        return 1;
    host_name(header, name);
    return address_is_loopback(name);
}

/* The page, or that of a client: what has the form of an organisation number, known or not. */
static int is_page(const char *path)
{
    if (strcmp(path, "/") == 0)
        return 1;
    if (strncmp(path, CLIENT, sizeof(CLIENT) - 1) != 0)
        return 0;
    path += sizeof(CLIENT) - 1;
    return strlen(path) == 9 && strspn(path, "0123456789") == 9;
}

static void handle(void *ctx, struct server_call *call)
{
    struct status *status = ctx;
    const char *path = server_call_path(call);
    if (!is_host_right(status, call))
        status_answer_error(call, 421, "this server is reached as localhost only");
    else if (strcmp(path, "/healthz") == 0)
        answer_alive(status, call);
    else if (strcmp(path, "/readyz") == 0)
        answer_ready(status, call);
    else if (strcmp(path, "/metrics") == 0)
        status_metrics(status, call);
    else if (strncmp(path, API, sizeof(API) - 1) == 0)
        status_api(status, call, path + sizeof(API) - 1);
    else if (is_page(path))
        status_page_answer(status->page, call);
    else
        status_answer_error(call, 404, "there is nothing here");
}

/* --- listening --- */

static void set_address(struct status *status, const char *address)
{
    char host[ADDRESS_HOST_BYTES];
    free(status->address);
    status->address = mem_strdup(address);
    host_name(address, host);
    status->is_loopback = address_is_loopback(host);
}

static void listen_now(void *ctx)
{
    struct status *status = ctx;
    struct err err = ERR_NONE;
    char why[ERR_FULL_BYTES];
    const struct server_options options = {
        .address = status->address,
        .methods = SERVER_GET | SERVER_HEAD,
        .connections_max = CONNECTIONS_MAX,
        .body_max_bytes = REQUEST_BODY_MAX,
    };
    status->server = server_new(status->app->loop, &options, handle, status, &err);
    if (!status->server) {
        log_error(status->app->log, NULL, "The status page is off, and tried again each minute: %s",
                  err_full(&err, why));
        loop_timer_start(status->retry, RETRY_MS);
        return;
    }
    log_notice(status->app->log, NULL, "The status page is at http://%s/", status->address);
    if (!status->is_loopback)
        log_warning(status->app->log, NULL,
                    "The status page is open to whoever reaches %s: it names clients and how "
                    "they stand, and asks nobody who he is",
                    status->address);
}

static void stop_listening(struct status *status)
{
    loop_timer_stop(status->retry);
    status_events_end(status->events);
    server_free(status->server);
    status->server = NULL;
}

void status_configure(struct status *status)
{
    const char *wanted = status->app->settings->status_listen;
    if (status->address && strcmp(status->address, wanted) == 0 && status->server)
        return;
    stop_listening(status);
    set_address(status, wanted);
    if (*wanted)
        listen_now(status);
}

/* --- loop lag --- */

static void lag_due(void *ctx)
{
    struct status *status = ctx;
    int64_t now_ms = loop_now_ms(status->app->loop);
    metrics_loop_lag(status->app->metrics, now_ms - status->lag_due_ms);
    status->lag_due_ms = now_ms + LAG_EVERY_MS;
    loop_timer_start(status->lag, LAG_EVERY_MS);
}

struct status *status_new(struct app *app, const struct health *health)
{
    struct status *status = mem_new(1, sizeof(*status));
    status->app = app;
    status->health = health;
    status->started_us = clock_now_us();
    status->store = status_store_new(app);
    status->page = status_page_new();
    status->events = status_events_new(status);
    status->retry = loop_timer_new(app->loop, listen_now, status);
    status->lag = loop_timer_new(app->loop, lag_due, status);
    status->lag_due_ms = loop_now_ms(app->loop) + LAG_EVERY_MS;
    loop_timer_start(status->lag, LAG_EVERY_MS);
    return status;
}

void status_free(struct status *status)
{
    if (!status)
        return;
    stop_listening(status);
    status_events_free(status->events);
    status_store_free(status->store);
    status_page_free(status->page);
    loop_timer_free(status->retry);
    loop_timer_free(status->lag);
    free(status->address);
    free(status);
}
