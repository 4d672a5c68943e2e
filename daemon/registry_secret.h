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

/* The token itself; locked_free() it. The error says what to do. */
int registry_secret_open(struct app *app, const struct token_entry *entry, char **ret_secret,
                         struct err *err) MUST_USE;

/* Whether `text` is the token that the entry holds, which then keeps its session and its budget: a
 * text that merely became sealed is the same one, and so is one that `saldod seal` has sealed under
 * a new key, which we cannot open. */
int registry_secret_is_same(struct app *app, struct token_entry *entry, const char *text) MUST_USE;

/* Whether tokens were sealed under another key: a restart with that key is due. */
int registry_secret_is_rotated(const struct token_list *tokens) MUST_USE;

/* Seals what is in the clear, and has the tables swept; the database tells of the change, and the
 * registry is read again. Seals nothing while a new key waits for a restart, which could not open
 * it. */
void registry_secret_seal_all(struct app *app, struct token_list *tokens);

#endif
