/*
 * loading.h - how far first loads have come, told to the database for those who wait.
 *
 * Noted once a second by the schedule and stored in one statement for all of them. Nothing depends
 * on it: what cannot be stored is left out.
 */
#ifndef SALDOD_DAEMON_LOADING_H
#define SALDOD_DAEMON_LOADING_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct app;
struct loading;
struct pull_load;

struct loading *loading_new(struct app *app) MUST_USE;

void loading_note(struct loading *loading, int64_t client_id, const struct pull_load *load);

/* What was noted since the last time; waits for an earlier one that is under way. */
void loading_save(struct loading *loading);

void loading_free(struct loading *loading); /* NULL is fine; after the pool */

#endif
