/*
 * listener.h - the connection that hears: changes of the registry, orders, and the locks that make
 * tokens ours.
 *
 * Keeps one connection to PostgreSQL apart from the writers. While it is up, the advisory locks of
 * our tokens are held on it; when it is lost they are gone, all pulls end, and it is made again
 * with backoff. Ticks every two seconds: takes over tokens that became free, looks for orders, and
 * tells the database how tokens stand.
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
};

/* `err` is set for the failures; borrowed. */
typedef void listener_event_fn(void *ctx, enum listener_event event, const struct err *err);

struct listener *listener_new(struct app *app, listener_event_fn *event, void *ctx) MUST_USE;

/* Connects, and keeps connecting. */
void listener_start(struct listener *listener);

int listener_is_ready(const struct listener *listener) MUST_USE;

/* Reads the registry again, as after a notification. */
void listener_read_registry(struct listener *listener);

/* Gives the locks back in order and closes. */
void listener_free(struct listener *listener); /* NULL is fine */

#endif
