/*
 * locked.h - text that is a secret: in pages of its own that are kept out of swap and of core
 * dumps, and wiped when they are freed.
 *
 * libsodium's guarded memory: a page is locked as far as RLIMIT_MEMLOCK allows, and left out of
 * dumps in any case. Some KiB each, so it is for what lives on; what lasts for a moment is wiped by
 * mem_free_secret().
 */
#ifndef SALDOD_BASE_LOCKED_H
#define SALDOD_BASE_LOCKED_H

#include <stddef.h>

#include "lib/base/cleanup.h"

/* NULL stays NULL; otherwise never NULL. locked_free() it. */
char *locked_strdup(const char *text) MUST_USE;
char *locked_strndup(const char *text, size_t len) MUST_USE;

void locked_free(char *text); /* NULL is fine */

#endif
