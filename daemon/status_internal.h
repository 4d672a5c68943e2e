/*
 * status_internal.h - what the files of the status server share; nobody else includes it.
 *
 * status.c listens and routes, status_metrics.c writes the text for Prometheus.
 */
#ifndef SALDOD_DAEMON_STATUS_INTERNAL_H
#define SALDOD_DAEMON_STATUS_INTERNAL_H

#include <stdint.h>

#include "daemon/status.h"
#include "daemon/status_store.h"

struct buf;
struct loop_timer;
struct server;
struct server_call;

enum {
    STATUS_FRESH_MS = 1000, /* an overview serves for so long */
};

/* Of every answer: nothing is kept, guessed, framed or sent on. */
#define STATUS_HEADERS                                                                             \
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"                               \
    "Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n"                                    \
    "Cross-Origin-Resource-Policy: same-origin\r\n"
#define STATUS_TYPE_JSON "application/json; charset=utf-8"
#define STATUS_TYPE_TEXT "text/plain; charset=utf-8"

struct status {
    struct app *app;
    const struct health *health;
    struct status_store *store;
    struct server *server;
    char *address; /* where it listens, or tries to */
    struct loop_timer *retry, *lag;
    int64_t lag_due_ms, started_us;
    int is_loopback;
};

/* Plain answers. The call is gone after. */
void status_answer_text(struct server_call *call, int status, const char *text);
void status_answer_error(struct server_call *call, int status, const char *message);

void status_metrics(struct status *status, struct server_call *call);

#endif
