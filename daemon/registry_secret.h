/*
 * registry_secret.h - tokens as they stand in the database: sealed, a credential's name, or in the
 * clear.
 *
 * Those in the clear are replaced by their sealed form at once, and the table is vacuumed so that
 * no dead row keeps one.
 */
#ifndef SALDOD_DAEMON_REGISTRY_SECRET_H
#define SALDOD_DAEMON_REGISTRY_SECRET_H

#include "daemon/registry.h"
#include "lib/base/cleanup.h"

struct app;
struct err;

/* The token itself; mem_free_secret() it. The error says what to do. */
int registry_secret_open(struct app *app, const struct token_entry *entry, char **ret_secret,
                         struct err *err) MUST_USE;

/* Whether a sealed text holds the token of that id. */
int registry_secret_names(struct app *app, const char *sealed, const char *token_id) MUST_USE;

/* Seals what is in the clear; the database tells of the change, and the registry is read again. */
void registry_secret_seal_all(struct app *app, struct token_list *tokens);

#endif
