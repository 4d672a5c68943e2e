/*
 * session.h - session tokens: made for an employee token, dead at Oslo midnight of their last date.
 */
#ifndef SANDBOX_SESSION_H
#define SANDBOX_SESSION_H

#include <stdbool.h>

struct fail;
struct session;
struct token;
struct world;

/* On success a new session; otherwise NULL and `fail` says why. `ret_token` is set when known. */
struct session *session_create(struct world *world, const char *consumer, const char *employee,
                               const char *expiration, struct token **ret_token, struct fail *fail);
struct session *session_find(const struct world *world, const char *secret);
bool session_is_alive(const struct world *world, const struct session *session);
void session_end_all(struct world *world, const struct token *token); /* NULL: of all tokens */
void session_release_all(struct world *world);

#endif
