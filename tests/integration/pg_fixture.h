/*
 * pg_fixture.h - a server of one test program, and the test's own way to it.
 *
 * Made and ended by the group fixtures of cmocka, which hand it over as *state.
 */
#ifndef SALDOD_TESTS_INTEGRATION_PG_FIXTURE_H
#define SALDOD_TESTS_INTEGRATION_PG_FIXTURE_H

#include <libpq-fe.h>

struct cluster;
struct folder;

struct pg_fixture {
    struct folder *folder;
    struct cluster *cluster;
    char *conninfo;
    PGconn *db; /* blocking; NULL where a test has ended the server */
};

int pg_fixture_set_up(void **state);
int pg_fixture_tear_down(void **state);

/* The server runs, and `db` is connected to it. */
void pg_fixture_revive(struct pg_fixture *fixture);

#endif
