/*
 * listener.h - the connection that hears: changes of the registry, orders, and other daemons; and
 * that holds the locks of our tokens (owner.h).
 *
 * Keeps one connection to PostgreSQL apart from the writers, and gives a heartbeat on it every
 * second. When it is lost the locks are gone, all pulls end, and it is made again with backoff. A
 * burst of notifications is gathered: the registry is read again at most a tenth of the time.
 */
#ifndef SALDOD_DAEMON_LISTENER_H
#define SALDOD_DAEMON_LISTENER_H

#include "lib/base/cleanup.h"

struct app;
struct err;
struct listener;

enum listener_event {
    LISTENER_UPDATED, /* the registry was read again and locks were tried */
    LISTENER_READY,   /* connected, the schema fits, the registry is read, locks were tried */
    LISTENER_LOST,
    LISTENER_FAILED,         /* cannot connect, or the schema is too old: tried again */
    LISTENER_SCHEMA_TOO_NEW, /* this program must not go on */
    LISTENER_LEFT,           /* after listener_leave: nothing is ours any more */
};

/* `err` is set for the failures; borrowed. */
typedef void listener_event_fn(void *ctx, enum listener_event event, const struct err *err);

struct listener *listener_new(struct app *app, listener_event_fn *event, void *ctx) MUST_USE;

/* Connects, and keeps connecting. */
void listener_start(struct listener *listener);

/* The settings lead elsewhere: as after a loss, but at once and without a word. */
void listener_reconnect(struct listener *listener);

int listener_is_ready(const struct listener *listener) MUST_USE;

/* Reads the registry again, as after a notification. */
void listener_read_registry(struct listener *listener);

/* Gives the locks back, each when nothing of its token runs any more; LISTENER_LEFT when all are,
 * or when there is no connection. */
void listener_leave(struct listener *listener);

/* A token has left the registry; NULL is fine. */
void listener_give_back(struct listener *listener, const char *token_id);

/* Closes; what is still owned is free by that. */
void listener_free(struct listener *listener); /* NULL is fine */

#endif
