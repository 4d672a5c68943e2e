/*
 * cluster.h - a PostgreSQL server of one test program, in its folder, reached by a socket only.
 *
 * Owns the server: it ends with the test program, however that ends. As root, which initdb
 * refuses to be, it runs as user postgres. Never touches a server that it did not start.
 */
#ifndef SALDOD_TESTS_INTEGRATION_CLUSTER_H
#define SALDOD_TESTS_INTEGRATION_CLUSTER_H

#include "lib/base/cleanup.h"

struct cluster;
struct folder;

enum cluster_stop {
    CLUSTER_FAST,      /* ends every connection, writes everything out */
    CLUSTER_IMMEDIATE, /* as if the power had gone */
};

/* Makes and starts it. Borrows `folder`, which must outlive it. NULL on failure: it was printed. */
struct cluster *cluster_new(const struct folder *folder) MUST_USE;

/* A further one, with a name of its own. Failing to start fails the test. */
struct cluster *cluster_named(const struct folder *folder, const char *name) MUST_USE;

/* A standby that follows it, in the same folder. Failing to start fails the test. */
struct cluster *cluster_follow(const struct cluster *primary, const struct folder *folder) MUST_USE;

/* What libpq calls the host: the folder of its socket; borrowed. */
const char *cluster_host(const struct cluster *cluster);

/* Failing to start or stop fails the test. */
void cluster_stop(struct cluster *cluster, enum cluster_stop how);
void cluster_start(struct cluster *cluster);

/* Its data folder; borrowed. */
const char *cluster_data(const struct cluster *cluster);

/* A libpq connection string for a database of it, as its superuser; free() it. */
char *cluster_conninfo(const struct cluster *cluster, const char *database) MUST_USE;

/* The log of the server; free() it. */
char *cluster_log(const struct cluster *cluster) MUST_USE;

/* Stops it at once; its files go with the folder. NULL is fine. */
void cluster_free(struct cluster *cluster);

#endif
