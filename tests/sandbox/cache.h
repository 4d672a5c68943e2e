/*
 * cache.h - pages of lists that were written once, to be sent again as they are.
 *
 * For benchmarks: a list of 10,000 rows is collected, sorted, digested and written for each page of
 * it, which costs more than its receiver does. What is kept speaks of the world as it is; whatever
 * may change the world clears it. Off unless asked for (--cache). Full, it takes no more.
 */
#ifndef SANDBOX_CACHE_H
#define SANDBOX_CACHE_H

#include <stdbool.h>
#include <stddef.h>

struct cache;
struct list_ask;
struct out;

struct cache *cache_new(size_t max_bytes);
void cache_free(struct cache *cache);  /* NULL is fine */
void cache_clear(struct cache *cache); /* NULL is fine */

/* True: `out` holds the page as it was written, and *ret_digest its checksum or NULL, borrowed
 * until the next call. */
bool cache_find(const struct cache *cache, const struct list_ask *ask, struct out *out,
                const char **ret_digest);

/* Copies the page. */
void cache_add(struct cache *cache, const struct list_ask *ask, const char *digest,
               const struct out *page);

#endif
