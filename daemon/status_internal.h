/*
 * status_internal.h - what the files of the status server share; nobody else includes it.
 *
 * status.c listens and routes, status_api.c answers JSON, status_events.c keeps the streams,
 * status_metrics.c writes the text for Prometheus, status_page.c serves the page.
 */
#ifndef SALDOD_DAEMON_STATUS_INTERNAL_H
#define SALDOD_DAEMON_STATUS_INTERNAL_H

#include <stdint.h>

#include "daemon/status.h"
#include "daemon/status_page.h"
#include "daemon/status_store.h"

struct buf;
struct loop_timer;
struct server;
struct server_call;
struct status_events;

enum {
    STATUS_FRESH_MS = 1000,                   /* an overview serves for so long */
    STATUS_BODY_BYTES_MAX = 64 * 1024 * 1024, /* of an answer */
};

/* Of every answer: nothing is kept, guessed, framed or sent on. */
#define STATUS_HEADERS SERVER_HEADERS
#define STATUS_TYPE_JSON "application/json; charset=utf-8"
#define STATUS_TYPE_TEXT "text/plain; charset=utf-8"

struct status {
    struct app *app;
    const struct health *health;
    struct status_store *store;
    struct status_page *page;
    struct status_events *events;
    struct server *server;
    char *address; /* where it listens, or tries to */
    struct loop_timer *retry, *lag;
    int64_t lag_due_ms, started_us;
    int is_loopback;
};

/* Plain answers. The call is gone after. */
void status_answer_text(struct server_call *call, int status, const char *text);
void status_answer_error(struct server_call *call, int status, const char *message);

void status_api(struct status *status, struct server_call *call, const char *path);
void status_metrics(struct status *status, struct server_call *call);

/* {"ready":…,"line":…,"clients":…} of that overview, which may be NULL. */
int status_append_summary(const struct status *status, const struct status_overview *overview,
                          struct buf *out) MUST_USE;

struct status_events *status_events_new(struct status *status) MUST_USE;
void status_events_add(struct status_events *events, struct server_call *call);
/* The event that tells what differs; how many clients and lists do. */
int status_events_append_change(const struct status_overview *was, const struct status_overview *is,
                                struct buf *out, int *ret_count) MUST_USE;
void status_events_end(struct status_events *events); /* all streams */
void status_events_free(struct status_events *events);

#endif
