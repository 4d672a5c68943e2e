#include "daemon/webhook_plan.h"

#include <string.h>

const char *const WEBHOOK_EVENTS[] = {
    "voucher.create",    "voucher.update",    "voucher.delete",
    "account.create",    "account.update",    "account.delete",
    "closeGroup.create", "closeGroup.delete", NULL,
};
_Static_assert(sizeof(WEBHOOK_EVENTS) / sizeof(*WEBHOOK_EVENTS) == WEBHOOK_EVENTS_COUNT + 1,
               "WEBHOOK_EVENTS_COUNT counts them");

static int event_index(const char *event)
{
    for (int i = 0; WEBHOOK_EVENTS[i]; i++) {
        if (strcmp(WEBHOOK_EVENTS[i], event) == 0)
            return i;
    }
    return -1;
}

static int is_own(const struct webhook_subscription *subscription, const char *own_prefix,
                  const int64_t *own, int own_count)
{
    for (int i = 0; i < own_count; i++) {
        if (own[i] == subscription->id)
            return 1;
    }
    size_t len = own_prefix ? strlen(own_prefix) : 0;
    return own_prefix && strncmp(subscription->url, own_prefix, len) == 0 &&
           subscription->url[len] == '/';
}

/* The event it serves, or -1 where it is of no use (any more). */
static int serves(const struct webhook_subscription *subscription, const char *url)
{
    if (!url || strcmp(subscription->url, url) != 0 || strcmp(subscription->status, "ACTIVE") != 0)
        return -1;
    return event_index(subscription->event);
}

void webhook_plan_make(const struct webhook_subscription *listed, int count, const char *url,
                       const char *own_prefix, const int64_t *own, int own_count,
                       struct webhook_plan *ret_plan)
{
    *ret_plan = (struct webhook_plan){ .remove_count = 0 };
    for (int i = 0; i < count; i++) {
        if (!is_own(&listed[i], own_prefix, own, own_count))
            continue;
        int event = serves(&listed[i], url);
        if (event >= 0 && ret_plan->keep[event] == 0)
            ret_plan->keep[event] = listed[i].id;
        else if (ret_plan->remove_count < WEBHOOK_SUBSCRIPTIONS_MAX)
            ret_plan->remove[ret_plan->remove_count++] = listed[i].id;
    }
    for (int event = 0; url && WEBHOOK_EVENTS[event]; event++) {
        if (ret_plan->keep[event] == 0)
            ret_plan->make[ret_plan->make_count++] = WEBHOOK_EVENTS[event];
    }
}
