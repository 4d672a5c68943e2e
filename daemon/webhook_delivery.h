/*
 * webhook_delivery.h - one delivery of an event: whether it is genuine, and what it hints at.
 *
 * Pure functions. Source: Tripletex's documentation of webhooks and openapi.json 2.74, model
 * Subscription: x-request-signature = base64(HMAC-SHA512(secret, idempotency-key + "&" + body)).
 */
#ifndef SALDOD_DAEMON_WEBHOOK_DELIVERY_H
#define SALDOD_DAEMON_WEBHOOK_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

enum { WEBHOOK_EVENT_BYTES = 64, WEBHOOK_MARK_BYTES = 33, WEBHOOK_ORG_NR_BYTES = 10 };

struct webhook_delivery {
    int64_t subscription_id;         /* 0 = not told */
    char event[WEBHOOK_EVENT_BYTES]; /* "voucher.update" */
    int64_t object_id;               /* 0 = not told */
};

/* 1 where the signature is that of the body. Compared in constant time; NULL headers are none. */
int webhook_delivery_is_genuine(const char *secret, const char *signature, const char *key,
                                const char *body, size_t len) MUST_USE;

/* 0, or -EPROTO where the body is no event. */
int webhook_delivery_parse(const char *body, size_t len,
                           struct webhook_delivery *ret_delivery) MUST_USE;

/* What the address of a client's deliveries ends in, so that nobody can guess it, and so that it
 * changes with the secret: 32 hexadecimal digits. */
void webhook_delivery_mark(const char *secret, const char *org_nr, char out[WEBHOOK_MARK_BYTES]);

/* Reads ".../ORGNR/MARK". 0, or -ENOENT where it is no such path, or the mark is wrong. */
int webhook_delivery_client(const char *secret, const char *path,
                            char ret_org_nr[WEBHOOK_ORG_NR_BYTES]) MUST_USE;

#endif
