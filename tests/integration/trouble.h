/*
 * trouble.h - what networks, servers, databases and people do to a daemon, as a table: each trouble
 * begins, lasts for a moment, and ends.
 *
 * Ending leaves Tripletex and the database as they were. A daemon that was killed is started again.
 */
#ifndef SALDOD_TESTS_INTEGRATION_TROUBLE_H
#define SALDOD_TESTS_INTEGRATION_TROUBLE_H

#include <libpq-fe.h>

#include "lib/base/cleanup.h"

struct faked_time;
struct program;
struct stage;

enum { TROUBLE_CONNECTIONS_MAX = 100 };

struct trouble_scene {
    struct stage *stage;
    struct faked_time *clock; /* the daemon lives by it; NULL = no time can be faked here */
    struct program *daemon;
    PGconn *held[TROUBLE_CONNECTIONS_MAX]; /* by a trouble, until it ends */
    int held_count;
};

struct trouble {
    const char *name;
    const char *detail; /* of `begin`; NULL = none */
    void (*begin)(struct trouble_scene *scene, const char *detail);
    void (*end)(struct trouble_scene *scene); /* NULL = it is over at once */
    int is_hard; /* the daemon, the server or its clock does not go on */
};

/* Starts saldod, by the clock of the scene. */
void trouble_start_daemon(struct trouble_scene *scene);

extern const struct trouble TROUBLES[]; /* ends with a name NULL */
int trouble_count(void);

#endif
