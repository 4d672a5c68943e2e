#include "tests/sandbox/cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/company.h"
#include "tests/sandbox/digest.h"
#include "tests/sandbox/list.h"
#include "tests/sandbox/mem.h"
#include "tests/sandbox/out.h"
#include "tests/sandbox/params.h"
#include "tests/sandbox/world.h"

#define BUCKETS 65536u

struct entry {
    struct entry *next;
    char *key, *body;
    size_t key_len, body_len;
    char digest[DIGEST_TEXT_MAX];
    bool has_digest;
};

struct cache {
    size_t bytes, max_bytes;
    struct entry *buckets[BUCKETS];
};

struct cache *cache_new(size_t max_bytes)
{
    struct cache *cache = mem_zero(sizeof(*cache));
    cache->max_bytes = max_bytes;
    return cache;
}

void cache_clear(struct cache *cache)
{
    if (!cache || cache->bytes == 0)
        return;
    for (uint32_t i = 0; i < BUCKETS; i++) {
        while (cache->buckets[i]) {
            struct entry *entry = cache->buckets[i];
            cache->buckets[i] = entry->next;
            free(entry->key);
            free(entry->body);
            free(entry);
        }
    }
    cache->bytes = 0;
}

void cache_free(struct cache *cache)
{
    cache_clear(cache);
    free(cache);
}

/* All that decides the bytes of an answer, but for what clears the cache. */
static void write_key(const struct list_ask *ask, struct out *key)
{
    const struct query *query = ask->query;
    out_text(key, ask->company ? ask->company->org_nr : ask->token->name);
    out_bool(key, ask->company != NULL);
    out_bool(key, ask->if_none_match && *ask->if_none_match);
    out_text(key, query->endpoint->path);
    for (int i = 0; query->endpoint->params[i].name; i++)
        out_text(key, query->text[i]);
}

static uint32_t bucket_of(const struct out *key)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < key->len; i++)
        hash = (hash ^ (unsigned char)key->text[i]) * 16777619u;
    return (hash ^ hash >> 16) % BUCKETS;
}

bool cache_find(const struct cache *cache, const struct list_ask *ask, struct out *out,
                const char **ret_digest)
{
    struct out key = { .len = 0 };
    write_key(ask, &key);
    const struct entry *entry = cache->buckets[bucket_of(&key)];
    while (entry && (entry->key_len != key.len || memcmp(entry->key, key.text, key.len) != 0))
        entry = entry->next;
    if (entry) {
        out_bytes(out, entry->body, entry->body_len);
        *ret_digest = entry->has_digest ? entry->digest : NULL;
    }
    out_release(&key);
    return entry != NULL;
}

void cache_add(struct cache *cache, const struct list_ask *ask, const char *digest,
               const struct out *page)
{
    struct out key = { .len = 0 };
    write_key(ask, &key);
    size_t bytes = sizeof(struct entry) + key.len + page->len;
    if (cache->bytes + bytes > cache->max_bytes) {
        out_release(&key);
        return;
    }
    struct entry *entry = mem_zero(sizeof(*entry));
    struct entry **bucket = &cache->buckets[bucket_of(&key)];
    *entry = (struct entry){ .next = *bucket,
                             .body = mem_zero(page->len + 1),
                             .body_len = page->len,
                             .has_digest = digest != NULL };
    memcpy(entry->body, page->text, page->len);
    if (digest)
        memcpy(entry->digest, digest, strlen(digest) + 1);
    entry->key = out_take(&key, &entry->key_len);
    *bucket = entry;
    cache->bytes += bytes;
}
