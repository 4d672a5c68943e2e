/*
 * fleet.h - many bureaus with many small clients, and who asked what of the sandboxes.
 *
 * Bureaus are named B0, B1 …, as their tokens are in the logs of the sandbox; client i belongs to
 * bureau i modulo their number. Organisation numbers are made up and valid.
 */
#ifndef SALDOD_TESTS_INTEGRATION_FLEET_H
#define SALDOD_TESTS_INTEGRATION_FLEET_H

#include <libpq-fe.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct world;

enum { FLEET_ORG_NR_BYTES = 10 };

struct fleet {
    int bureaus, clients;
    int postings;     /* a year, of each client */
    int big_postings; /* of client 0 instead; 0 = as the others */
    int years;
};

/* The world of the sandbox; free() it. */
char *fleet_world(const struct fleet *fleet) MUST_USE;

/* Registers all of it: bureaus by add_bureau, clients in one statement. */
void fleet_register(const struct fleet *fleet, PGconn *db);

void fleet_org_nr(int client, char out[FLEET_ORG_NR_BYTES]);

/* How often the requests of one token went over from one sandbox to another, at most, over all
 * tokens: two daemons that used a token at once would go back and forth. Of each token there must
 * be at least `least` requests in all. */
int fleet_switches(const struct fleet *fleet, struct world *one, struct world *other, int least);

/* The clients asked for since the last world_forget(), in the order of asking, by number; -1 = of
 * none. free() them. */
int *fleet_asked(const struct fleet *fleet, struct world *world, int *ret_count) MUST_USE;

#endif
