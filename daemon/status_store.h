/*
 * status_store.h - asks the database for what is told of the clients, on a connection of its own.
 *
 * However many ask, at most one statement runs at a time, its answer serves all who wait, and a
 * recent one is given again, so that readers cannot load the database. Statements have a short
 * time-out. What the daemon itself knows is not asked here.
 */
#ifndef SALDOD_DAEMON_STATUS_STORE_H
#define SALDOD_DAEMON_STATUS_STORE_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct app;
struct err;
struct server_body;
struct status_store;

enum status_client_state { /* as bureau.status names them, from bad to good */
                           STATUS_NO_ACCESS,
                           STATUS_HELD,
                           STATUS_FAILING,
                           STATUS_STALE,
                           STATUS_WAITING,
                           STATUS_LOADING,
                           STATUS_FRESH,
                           STATUS_DISABLED,
                           STATUS_STATES,
};
const char *status_state_name(enum status_client_state state) MUST_USE;

struct status_client {
    int64_t client_id;
    enum status_client_state state;
    int64_t differences, age_s; /* since it last equalled Tripletex, or was registered */
    int verified;
    int is_proven; /* it has equalled Tripletex at some moment */
    int is_load_failing;
    char org_nr[10];
    char *document; /* JSON */
};

/* A picture of all clients at one moment; shared, never changed. */
struct status_overview {
    int refs;
    int64_t serial; /* grows with each picture */
    int64_t taken_us;
    struct status_client *clients; /* by client_id */
    int count;
    int by_state[STATUS_STATES];
    int verified, differing;
    int failing_loads;             /* clients whose first load has failed three times in a row */
    int64_t differences, oldest_s; /* of enabled clients */
    char *tokens;                  /* JSON: a list */
    struct server_body *body;      /* of /api/v1/clients; NULL until somebody asked */
};
struct status_overview *status_overview_ref(struct status_overview *overview);
void status_overview_unref(struct status_overview *overview); /* NULL is fine */

/* `overview` NULL: `err` says why. Borrowed. From the loop. */
typedef void status_overview_fn(void *ctx, struct status_overview *overview, const struct err *err);
/* `document` NULL with err NULL: no such client. */
typedef void status_client_fn(void *ctx, const char *document, const struct err *err);

struct status_store *status_store_new(struct app *app) MUST_USE;

/* One not older than `max_age_ms`, or than the last took the database several times over. */
void status_store_overview(struct status_store *store, int64_t max_age_ms, status_overview_fn *fn,
                           void *ctx);
/* The last one, however old; NULL = none yet. */
struct status_overview *status_store_last(struct status_store *store) MUST_USE;

/* -EAGAIN: too many ask already; `fn` will not run. */
int status_store_client(struct status_store *store, const char *org_nr, status_client_fn *fn,
                        void *ctx) MUST_USE;

/* Who waits is told, before it returns, that the daemon ends. NULL is fine. */
void status_store_free(struct status_store *store);

#endif
