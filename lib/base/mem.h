/*
 * mem.h - memory that is there, or the process ends.
 *
 * A daemon that survives kill -9 without loss may end itself when memory runs out; that spares
 * every caller a path that nobody can test. Results are never NULL and are freed with free().
 * Sizes that come from outside are bounded by the caller before they get here.
 */
#ifndef SALDOD_BASE_MEM_H
#define SALDOD_BASE_MEM_H

#include <stddef.h>

#include "lib/base/cleanup.h"

/* Zeroed. Overflow of count * size ends the process too. */
void *mem_new(size_t count, size_t size) MUST_USE;

/* As realloc(), without the failure; new bytes are not zeroed. */
void *mem_grow(void *old, size_t count, size_t size) MUST_USE;

/* NULL stays NULL. */
char *mem_strdup(const char *text) MUST_USE;
char *mem_strndup(const char *text, size_t max_bytes) MUST_USE;
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2) MUST_USE;

/* Overwrites a secret (so that the compiler cannot leave it out) and frees it; NULL is fine. */
void mem_free_secret(char *secret);
void mem_wipe(void *bytes, size_t len);

#endif
