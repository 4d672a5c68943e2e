/*
 * webhook.h - hears from Tripletex that something has changed, and brings pulls forward.
 *
 * Listens on [webhook] listen for events of the subscriptions that subscriber.h keeps. An
 * event is only a hint: it is answered at once, whatever it says is forgotten but for whose it is,
 * and what then counts is what the pull reads. Off unless configured; a port that is taken is told
 * and tried again.
 */
#ifndef SALDOD_DAEMON_WEBHOOK_H
#define SALDOD_DAEMON_WEBHOOK_H

#include "lib/base/cleanup.h"

struct app;
struct webhook;

struct webhook *webhook_new(struct app *app) MUST_USE;

/* Listens and subscribes as the settings say; again after they have changed. */
void webhook_configure(struct webhook *webhook);

/* 0 before that: who only pulls has no say in subscriptions. */
int webhook_is_configured(const struct webhook *webhook) MUST_USE;

/* What subscriptions are made with; NULL while webhooks are off. Borrowed until they are configured
 * again. */
const char *webhook_public_url(const struct webhook *webhook) MUST_USE;
const char *webhook_secret(const struct webhook *webhook) MUST_USE;
/* The address for the events of a client; NULL while webhooks are off. free() it. */
char *webhook_client_url(const struct webhook *webhook, const char *org_nr) MUST_USE;

void webhook_free(struct webhook *webhook); /* NULL is fine */

#endif
