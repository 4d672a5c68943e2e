/*
 * session_key.h - a session token in use, shared by those who use it.
 *
 * One reference of its session while it is the current one, and one of each request. When the last
 * is gone, a key that was replaced is deleted at Tripletex; one that Tripletex has ended, or that
 * is kept for the next start, is only forgotten.
 */
#ifndef SALDOD_DAEMON_SESSION_KEY_H
#define SALDOD_DAEMON_SESSION_KEY_H

#include "lib/base/cleanup.h"

struct app;
struct session_key;

/* One reference. */
struct session_key *session_key_new(struct app *app, const char *text) MUST_USE;
struct session_key *session_key_ref(struct session_key *key) MUST_USE;
const char *session_key_text(const struct session_key *key) MUST_USE;

/* Deletes it at Tripletex once nobody uses it any more. */
void session_key_end(struct session_key *key);

void session_key_drop(struct session_key *key); /* NULL is fine */

#endif
