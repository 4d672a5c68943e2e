/*
 * /api/v1/events: what changes, as it changes, by server-sent events (HTML standard, section
 * "Server-sent events"). A picture is compared with the one before and only the clients that differ
 * are sent, the same bytes to everybody. While nobody listens nothing is asked.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/queue.h>

#include "daemon/app.h"
#include "daemon/health.h"
#include "daemon/status_internal.h"
#include "lib/base/buf.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/server/server.h"

enum {
    TICK_MS = 1000,
    ALIVE_EVERY_MS = 15000, /* so that a peer that is gone, or a proxy, shows itself */
    STREAMS_MAX = 300,
    EVENT_BYTES_MAX = 2 * 1024 * 1024, /* more has changed than that: "reload" */
};

struct listener_stream {
    struct status_events *events;
    struct server_stream *stream;
    TAILQ_ENTRY(listener_stream) entry;
};

struct status_events {
    struct status *status;
    struct loop_timer *tick;
    struct status_overview *told; /* what everybody knows; NULL = nothing yet */
    TAILQ_HEAD(, listener_stream) streams;
    int count, is_asking, was_ready;
    int64_t alive_ms, seen_serial;
};

static void stream_gone(void *ctx)
{
    struct listener_stream *listener = ctx;
    struct status_events *events = listener->events;
    TAILQ_REMOVE(&events->streams, listener, entry);
    events->count--;
    free(listener);
}

static void send_all(struct status_events *events, const struct buf *out)
{
    struct listener_stream *listener;
    if (out->len_bytes == 0)
        return;
    events->alive_ms = loop_now_ms(events->status->app->loop);
    TAILQ_FOREACH(listener, &events->streams, entry)
    server_stream_send(listener->stream, out->data, out->len_bytes);
}

/* --- what changed --- */

/* Both are in order of client_id: walks them side by side. */
static int append_changed(const struct status_overview *was, const struct status_overview *is,
                          struct buf *out, int *count)
{
    int ret = 0;
    const char *comma = "";
    for (int i = 0, j = 0; ret == 0 && j < is->count; j++) {
        while (i < was->count && was->clients[i].client_id < is->clients[j].client_id)
            i++;
        int is_there = i < was->count && was->clients[i].client_id == is->clients[j].client_id;
        if (is_there && strcmp(was->clients[i].document, is->clients[j].document) == 0)
            continue;
        ret = buf_printf(out, "%s%s", comma, is->clients[j].document);
        comma = ",";
        (*count)++;
    }
    return ret;
}

static int append_gone(const struct status_overview *was, const struct status_overview *is,
                       struct buf *out, int *count)
{
    int ret = 0;
    const char *comma = "";
    for (int i = 0, j = 0; ret == 0 && i < was->count; i++) {
        while (j < is->count && is->clients[j].client_id < was->clients[i].client_id)
            j++;
        if (j < is->count && is->clients[j].client_id == was->clients[i].client_id)
            continue;
        ret = buf_printf(out, "%s\"%s\"", comma, was->clients[i].org_nr);
        comma = ",";
        (*count)++;
    }
    return ret;
}

int status_events_append_change(const struct status_overview *was, const struct status_overview *is,
                                struct buf *out, int *ret_count)
{
    int has_tokens = strcmp(was->tokens, is->tokens) != 0;
    *ret_count = has_tokens;
    int ret = buf_printf(
        out, "event: change\ndata: {\"since\":%" PRId64 ",\"serial\":%" PRId64 ",\"clients\":[",
        was->serial, is->serial);
    if (ret == 0)
        ret = append_changed(was, is, out, ret_count);
    if (ret == 0)
        ret = buf_append_text(out, "],\"gone\":[");
    if (ret == 0)
        ret = append_gone(was, is, out, ret_count);
    if (ret == 0)
        ret = buf_printf(out, "],\"bureaus\":%s}\n\n", has_tokens ? is->tokens : "null");
    return ret;
}

static int append_status(struct status_events *events, const struct status_overview *overview,
                         struct buf *out)
{
    int ret = buf_append_text(out, "event: status\ndata: ");
    if (ret == 0)
        ret = status_append_summary(events->status, overview, out);
    return ret < 0 ? ret : buf_append_text(out, "\n\n");
}

static void set_told(struct status_events *events, struct status_overview *overview)
{
    if (overview)
        (void)status_overview_ref(overview);
    status_overview_unref(events->told);
    events->told = overview;
}

/* Who listens knows `told`: what was read since is its own business, by the serial numbers. Where
 * too much has changed for one event, reading all of it again is cheaper. */
static void tell_change(struct status_events *events, struct status_overview *overview)
{
    static const char RELOAD[] = "event: reload\ndata: {}\n\n";
    AUTO_BUF struct buf out;
    int count = 0;
    buf_init(&out, EVENT_BYTES_MAX);
    int ret = status_events_append_change(events->told, overview, &out, &count);
    if (ret == 0 && count == 0)
        return;
    if (ret < 0) {
        buf_clear(&out);
        ret = buf_append_text(&out, RELOAD);
    }
    if (ret == 0)
        send_all(events, &out);
    set_told(events, overview);
}

static void tell_status(struct status_events *events, const struct status_overview *overview)
{
    AUTO_BUF struct buf out;
    buf_init(&out, EVENT_BYTES_MAX);
    if (append_status(events, overview, &out) == 0)
        send_all(events, &out);
}

/* --- asking --- */

static void overview_came(void *ctx, struct status_overview *overview, const struct err *err)
{
    struct status_events *events = ctx;
    int is_ready = health_is_ready(events->status->health);
    (void)err;
    events->is_asking = 0;
    if (events->count == 0)
        return;
    if (is_ready != events->was_ready || (overview && overview->serial != events->seen_serial))
        tell_status(events, overview);
    events->was_ready = is_ready;
    events->seen_serial = overview ? overview->serial : events->seen_serial;
    if (overview && !events->told)
        set_told(events, overview);
    else if (overview && overview != events->told)
        tell_change(events, overview);
}

static void keep_alive(struct status_events *events)
{
    static const char COMMENT[] = ":\n\n";
    AUTO_BUF struct buf out;
    buf_init(&out, sizeof(COMMENT));
    if (loop_now_ms(events->status->app->loop) - events->alive_ms >= ALIVE_EVERY_MS &&
        buf_append_text(&out, COMMENT) == 0)
        send_all(events, &out);
}

static void tick(void *ctx)
{
    struct status_events *events = ctx;
    if (events->count == 0) {
        set_told(events, NULL);
        return;
    }
    keep_alive(events);
    if (!events->is_asking) {
        events->is_asking = 1;
        status_store_overview(events->status->store, TICK_MS / 2, overview_came, events);
    }
    loop_timer_start(events->tick, TICK_MS);
}

/* --- interface --- */

struct status_events *status_events_new(struct status *status)
{
    struct status_events *events = mem_new(1, sizeof(*events));
    events->status = status;
    events->tick = loop_timer_new(status->app->loop, tick, events);
    TAILQ_INIT(&events->streams);
    return events;
}

/* The reader asks for all clients once the stream is open; what changes from here on is sent. */
static void greet(struct status_events *events, struct server_stream *stream)
{
    AUTO_BUF struct buf out;
    buf_init(&out, EVENT_BYTES_MAX);
    if (buf_append_text(&out, "retry: 2000\n") == 0 &&
        append_status(events, status_store_last(events->status->store), &out) == 0)
        server_stream_send(stream, out.data, out.len_bytes);
}

void status_events_add(struct status_events *events, struct server_call *call)
{
    if (server_call_method(call) != SERVER_GET) {
        status_answer_error(call, 405, "events are read with GET");
        return;
    }
    if (events->count >= STREAMS_MAX) {
        status_answer_error(call, 503, "too many listen already");
        return;
    }
    struct listener_stream *listener = mem_new(1, sizeof(*listener));
    listener->events = events;
    listener->stream = server_stream_start(call, "text/event-stream; charset=utf-8",
                                           STATUS_HEADERS "X-Accel-Buffering: no\r\n", stream_gone,
                                           listener);
    if (!listener->stream) {
        free(listener);
        return;
    }
    TAILQ_INSERT_TAIL(&events->streams, listener, entry);
    events->count++;
    greet(events, listener->stream);
    if (!loop_timer_is_armed(events->tick))
        loop_timer_start(events->tick, 0);
}

void status_events_end(struct status_events *events)
{
    struct listener_stream *listener;
    while ((listener = TAILQ_FIRST(&events->streams))) {
        struct server_stream *stream = listener->stream;
        stream_gone(listener);
        server_stream_end(stream);
    }
}

void status_events_free(struct status_events *events)
{
    if (!events)
        return;
    status_events_end(events);
    loop_timer_free(events->tick);
    set_told(events, NULL);
    free(events);
}
