/*
 * hook.h - who wants to hear of events, as /event/subscription has it.
 *
 * A subscription belongs to a company and was made with a token; the world owns it. Sending is
 * deliver.h's.
 */
#ifndef SANDBOX_HOOK_H
#define SANDBOX_HOOK_H

#include <stdbool.h>
#include <stdint.h>

struct call;
struct company;
struct out;
struct token;
struct world;

struct hook {
    int64_t id;
    const struct company *company;
    const struct token *token;
    char *event, *url, *fields, *secret, *status;
    int errors; /* deliveries in a row that nobody took */
};

/* The path and what is below it: GET, POST and DELETE. While nobody has subscribed, the list is
 * that of the company's register. */
bool hook_serves(const struct world *world, const struct call *call);
void hook_api(struct world *world, struct call *call);

struct hook *hook_find(const struct world *world, int64_t id); /* NULL: none */
void hook_write(const struct hook *subscription, struct out *out);
void hook_set_status(struct hook *subscription, const char *status);
void hook_release_all(struct world *world);

#endif
