/*
 * subscription.h - who wants to hear of events, as /event/subscription has it.
 *
 * A subscription belongs to a company and was made with a token; the world owns it. Sending is
 * deliver.h's.
 */
#ifndef SANDBOX_SUBSCRIPTION_H
#define SANDBOX_SUBSCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

struct call;
struct company;
struct out;
struct token;
struct world;

struct subscription {
    int64_t id;
    const struct company *company;
    const struct token *token;
    char *event, *url, *fields, *secret, *status;
    int errors; /* deliveries in a row that nobody took */
};

/* The path and what is below it: GET, POST and DELETE. */
bool subscription_is_path(const char *path);
void subscription_api(struct world *world, struct call *call);

struct subscription *subscription_find(const struct world *world, int64_t id); /* NULL: none */
void subscription_write(const struct subscription *subscription, struct out *out);
void subscription_set_status(struct subscription *subscription, const char *status);
void subscription_release_all(struct world *world);

#endif
