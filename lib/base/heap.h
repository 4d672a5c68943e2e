/*
 * heap.h - a queue ordered by a number: who has the smallest key is first, in O(log n).
 *
 * Nodes are embedded in their owners, which the heap never touches; of equal keys the one that came
 * first leaves first. A node is in one heap at most, and knows its place in it, so that any node
 * can leave at any time.
 */
#ifndef SALDOD_BASE_HEAP_H
#define SALDOD_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct heap_node {
    int64_t key;
    uint64_t turn; /* the heap's: orders equal keys */
    size_t place;  /* the heap's: from 1; 0 = in no heap */
};

struct heap {
    struct heap_node **nodes;
    size_t count, room;
    uint64_t turns;
};

#define HEAP_EMPTY ((struct heap){ .nodes = NULL })

/* The node must be in no heap. */
void heap_put(struct heap *heap, struct heap_node *node, int64_t key);

/* Takes it out of this heap; one that is in none stays so. */
void heap_remove(struct heap *heap, struct heap_node *node);

struct heap_node *heap_first(const struct heap *heap) MUST_USE; /* NULL = empty */

/* What is still in it is forgotten. */
void heap_release(struct heap *heap);

#endif
