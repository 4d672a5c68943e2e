/*
 * webhook_plan.h - which subscriptions of a client to keep, to remove and to make.
 *
 * A pure function on what Tripletex lists and what we know to be ours. What is not ours is never
 * touched: ours are those whose id we keep, and those whose address begins with our own.
 */
#ifndef SALDOD_DAEMON_WEBHOOK_PLAN_H
#define SALDOD_DAEMON_WEBHOOK_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/webhook_delivery.h"
#include "lib/base/cleanup.h"

enum { WEBHOOK_URL_BYTES = 1200, WEBHOOK_STATUS_BYTES = 48, WEBHOOK_SUBSCRIPTIONS_MAX = 256 };

/* The events that may change what is mirrored of a ledger; NULL-terminated. */
extern const char *const WEBHOOK_EVENTS[];
enum { WEBHOOK_EVENTS_COUNT = 8 };

/* One subscription, as Tripletex lists it. */
struct webhook_subscription {
    int64_t id;
    char event[WEBHOOK_EVENT_BYTES], url[WEBHOOK_URL_BYTES], status[WEBHOOK_STATUS_BYTES];
};

struct webhook_plan {
    int64_t remove[WEBHOOK_SUBSCRIPTIONS_MAX];
    int remove_count;
    const char *make[WEBHOOK_EVENTS_COUNT];
    int make_count;
    int64_t keep[WEBHOOK_EVENTS_COUNT]; /* by event; 0 = none */
};

/* `url`: the address for this client; NULL = no subscription is wanted any more. `own_prefix`: how
 * our addresses begin; NULL = nothing is ours by its address. `own`: the ids that we keep. */
void webhook_plan_make(const struct webhook_subscription *listed, int count, const char *url,
                       const char *own_prefix, const int64_t *own, int own_count,
                       struct webhook_plan *ret_plan);

#endif
