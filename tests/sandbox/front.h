/*
 * front.h - the HTTP side: requests in, answers out, and the ways an answer can go wrong.
 */
#ifndef SANDBOX_FRONT_H
#define SANDBOX_FRONT_H

#include <stdint.h>

struct event_base;
struct front;
struct world;

/* Listens on 127.0.0.1; port 0 takes a free one. NULL when it cannot. Borrows base and world. */
struct front *front_new(struct event_base *base, struct world *world, uint16_t port);
uint16_t front_port(const struct front *front);
void front_free(struct front *front);

#endif
