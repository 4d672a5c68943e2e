#include "lib/base/heap.h"

#include <stdlib.h>

#include "lib/base/mem.h"

static int is_before(const struct heap_node *a, const struct heap_node *b)
{
    return a->key != b->key ? a->key < b->key : a->turn < b->turn;
}

static void set(struct heap *heap, size_t place, struct heap_node *node)
{
    heap->nodes[place - 1] = node;
    node->place = place;
}

static void rise(struct heap *heap, struct heap_node *node)
{
    size_t place = node->place;
    while (place > 1 && is_before(node, heap->nodes[place / 2 - 1])) {
        set(heap, place, heap->nodes[place / 2 - 1]);
        place /= 2;
    }
    set(heap, place, node);
}

static void sink(struct heap *heap, struct heap_node *node)
{
    size_t place = node->place;
    for (size_t below = 2 * place; below <= heap->count; below = 2 * place) {
        if (below < heap->count && is_before(heap->nodes[below], heap->nodes[below - 1]))
            below++;
        if (!is_before(heap->nodes[below - 1], node))
            break;
        set(heap, place, heap->nodes[below - 1]);
        place = below;
    }
    set(heap, place, node);
}

void heap_put(struct heap *heap, struct heap_node *node, int64_t key)
{
    if (heap->count == heap->room) {
        heap->room = heap->room == 0 ? 16 : heap->room * 2;
        heap->nodes = mem_grow(heap->nodes, heap->room, sizeof(struct heap_node *));
    }
    node->key = key;
    node->turn = heap->turns++;
    set(heap, ++heap->count, node);
    rise(heap, node);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    size_t place = node->place;
    if (place == 0)
        return;
    struct heap_node *last = heap->nodes[heap->count - 1];
    heap->count--;
    node->place = 0;
    if (last == node)
        return;
    set(heap, place, last);
    rise(heap, last);
    sink(heap, last);
}

struct heap_node *heap_first(const struct heap *heap)
{
    return heap->count > 0 ? heap->nodes[0] : NULL;
}

void heap_release(struct heap *heap)
{
    for (size_t i = 0; i < heap->count; i++)
        heap->nodes[i]->place = 0;
    free(heap->nodes);
    *heap = HEAP_EMPTY;
}
