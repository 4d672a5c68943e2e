/*
 * server.h - the HTTP side: requests in, answers out, and the ways an answer can go wrong.
 */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include <stdint.h>

struct event_base;
struct server;
struct world;

/* Listens on 127.0.0.1; port 0 takes a free one. NULL when it cannot. Borrows base and world. */
struct server *server_new(struct event_base *base, struct world *world, uint16_t port);
uint16_t server_port(const struct server *server);
void server_free(struct server *server);

#endif
