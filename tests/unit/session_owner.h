/*
 * session_owner.h - an owner of a session for tests: it lets every session go at once, and wants
 * one all the time.
 */
#ifndef SALDOD_TESTS_UNIT_SESSION_OWNER_H
#define SALDOD_TESTS_UNIT_SESSION_OWNER_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct fake_world;
struct session;

#define S INT64_C(1000)
#define MIN (60 * S)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)

struct session_owner {
    struct fake_world *world;
    struct session *session;
    int is_wanting;
    int changes;
};

/* `token` tells several apart. */
void session_owner_init(struct session_owner *owner, struct fake_world *world, int token);
/* Makes one where it is due; with each change of the session by itself. */
void session_owner_look(void *owner);

void session_owner_release(struct session_owner *owner);

/* As a request: whether the session of now is taken by Tripletex. */
int session_owner_serves(struct session_owner *owner) MUST_USE;

/* Fails the test at the first second of the time in which it does not. */
void session_owner_serves_all_the_time(struct session_owner *owner, int64_t ms);

#endif
