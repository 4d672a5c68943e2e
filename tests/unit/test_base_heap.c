/* Tests of lib/base/heap.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/base/heap.h"

enum { NODES = 2000 };

static void an_empty_one_has_no_first(void **state)
{
    struct heap heap = HEAP_EMPTY;
    struct heap_node alone = { .key = 0 };
    (void)state;
    assert_null(heap_first(&heap));
    heap_remove(&heap, &alone); /* in no heap: nothing happens */
    heap_put(&heap, &alone, 7);
    assert_ptr_equal(heap_first(&heap), &alone);
    heap_remove(&heap, &alone);
    assert_null(heap_first(&heap));
    assert_int_equal(alone.place, 0);
    heap_release(&heap);
}

static void gives_the_smallest_key_first(void **state)
{
    static struct heap_node nodes[NODES];
    struct heap heap = HEAP_EMPTY;
    (void)state;
    srandom(1);
    for (int i = 0; i < NODES; i++)
        heap_put(&heap, &nodes[i], random() % 500 - 250);
    int64_t before = INT64_MIN;
    for (int i = 0; i < NODES; i++) {
        struct heap_node *first = heap_first(&heap);
        assert_true(first->key >= before);
        before = first->key;
        heap_remove(&heap, first);
    }
    assert_null(heap_first(&heap));
    heap_release(&heap);
}

static void equal_keys_leave_in_the_order_in_which_they_came(void **state)
{
    static struct heap_node nodes[NODES];
    struct heap heap = HEAP_EMPTY;
    (void)state;
    for (int i = 0; i < NODES; i++)
        heap_put(&heap, &nodes[i], 3);
    for (int i = 0; i < NODES; i++) {
        assert_ptr_equal(heap_first(&heap), &nodes[i]);
        heap_remove(&heap, &nodes[i]);
    }
    heap_release(&heap);
}

/* Any node may leave; the others keep their order, and each knows its place. */
static void any_node_may_leave(void **state)
{
    static struct heap_node nodes[NODES];
    struct heap heap = HEAP_EMPTY;
    (void)state;
    srandom(2);
    for (int i = 0; i < NODES; i++)
        heap_put(&heap, &nodes[i], random() % 1000);
    for (int i = 0; i < NODES; i += 3)
        heap_remove(&heap, &nodes[i]);
    for (size_t i = 0; i < heap.count; i++) {
        assert_int_equal(heap.nodes[i]->place, i + 1);
        assert_true(i == 0 || heap.nodes[(i + 1) / 2 - 1]->key <= heap.nodes[i]->key);
    }
    assert_int_equal(heap.count, NODES - (NODES + 2) / 3);
    heap_release(&heap);
    assert_int_equal(nodes[1].place, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_has_no_first),
        cmocka_unit_test(gives_the_smallest_key_first),
        cmocka_unit_test(equal_keys_leave_in_the_order_in_which_they_came),
        cmocka_unit_test(any_node_may_leave),
    };
    return cmocka_run_group_tests_name("base_heap", tests, NULL, NULL);
}
