/*
 * manager.h - a service manager for a test: the socket that NOTIFY_SOCKET names.
 *
 * While it lives, programs that are started inherit the variable. Messages are kept in order.
 */
#ifndef SALDOD_TESTS_INTEGRATION_MANAGER_H
#define SALDOD_TESTS_INTEGRATION_MANAGER_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct folder;
struct manager;

/* Failing to listen fails the test. */
struct manager *manager_new(const struct folder *folder) MUST_USE;

/* Waits until a message holds this text, from after the one that was found last; -1 after
 * `wait_ms`. */
int manager_wait(struct manager *manager, const char *text, int64_t wait_ms) MUST_USE;

/* The same, but failing the test; the whole message, borrowed until the next call. */
const char *manager_expect(struct manager *manager, const char *text, int64_t wait_ms);

/* Whether any message so far has held it. */
int manager_has_had(struct manager *manager, const char *text) MUST_USE;

void manager_free(struct manager *manager); /* NULL is fine */

#endif
