/* The choice of the tops: the smallest set of slices under the limit of the API that covers the
 * horizon.
 *
 * Neighbouring nodes of the splitting are packed into spans, from the first day on. Tops that
 * serve are kept as they are, for the digest of a new one has to be learnt; all are chosen anew
 * only where that makes them fewer. What is closed is not packed together with what is living,
 * which is asked more often. */
#include <string.h>

#include "daemon/tree_internal.h"
#include "lib/base/mem.h"

/* --- spans --- */

struct cover {
    struct tree_node *nodes[TREE_NODES_MAX];
    int count;
    int is_broken; /* the splitting does not lead to the ends of the slice */
};

/* The largest nodes that make up the slice. */
static void cover_slice(struct tree *tree, struct tree_node *node, const struct slice *slice,
                        struct cover *cover)
{
    if (!slice_meets(&node->slice, slice))
        return;
    if (slice_holds(slice, &node->slice)) {
        cover->nodes[cover->count++] = node;
        return;
    }
    int parts = tree_node_split(tree, node);
    cover->is_broken |= parts == 0;
    for (int i = 0; i < parts; i++)
        cover_slice(tree, node->parts[i], slice, cover);
}

static struct tree_node *span_make(struct tree *tree, const struct slice *slice,
                                   const struct cover *cover)
{
    if (tree->spans_count == TREE_NODES_MAX)
        return NULL;
    struct tree_node *span = tree_node_new(slice);
    span->members = mem_new((size_t)cover->count, sizeof(struct tree_node *));
    memcpy(span->members, cover->nodes, (size_t)cover->count * sizeof(struct tree_node *));
    span->members_count = cover->count;
    tree->spans[tree->spans_count++] = span;
    return span;
}

struct tree_node *tree_span_new(struct tree *tree, const struct slice *slice)
{
    AUTO_FREE struct cover *cover = mem_new(1, sizeof(*cover));
    if (!slice_holds(&tree->root->slice, slice))
        return NULL;
    cover_slice(tree, tree->root, slice, cover);
    if (cover->is_broken || cover->count == 0)
        return NULL;
    if (cover->count == 1)
        return cover->nodes[0];
    return span_make(tree, slice, cover);
}

static void hold(struct tree_node *top, int is_held)
{
    top->is_top = top->is_held = is_held;
    for (int i = 0; i < top->members_count; i++)
        top->members[i]->is_held = is_held;
}

void tree_top_add(struct tree *tree, struct tree_node *node)
{
    if (tree->tops_count == TREE_NODES_MAX)
        return; /* what is not covered then is found by tree_plan_tops */
    hold(node, 1);
    tree->tops[tree->tops_count++] = node;
}

/* What is below the top at that place takes it over, but for what `but` holds. */
static void replace_at(struct tree *tree, int at, const struct slice *but)
{
    struct tree_node *node = tree->tops[at];
    int is_in_walk = node->is_in_walk, count = 0;
    struct tree_node **below = tree_node_below(node, &count);
    AUTO_FREE struct tree_node **rest = mem_new(TREE_NODES_MAX, sizeof(struct tree_node *));
    int rest_count = tree->tops_count - at - 1;
    memcpy(rest, &tree->tops[at + 1], (size_t)rest_count * sizeof(struct tree_node *));
    hold(node, 0);
    node->is_in_walk = 0;
    tree->tops_count = at;
    for (int i = 0; i < count; i++) {
        if (but && slice_holds(but, &below[i]->slice))
            continue;
        tree_top_add(tree, below[i]);
        below[i]->is_in_walk = is_in_walk;
        if (below[i]->confirmed_us < node->confirmed_us)
            below[i]->confirmed_us = node->confirmed_us; /* it was a part of what was confirmed */
    }
    for (int i = 0; i < rest_count && tree->tops_count < TREE_NODES_MAX; i++)
        tree->tops[tree->tops_count++] = rest[i];
}

void tree_top_replace(struct tree *tree, struct tree_node *node)
{
    for (int i = 0; i < tree->tops_count; i++) {
        if (tree->tops[i] == node) {
            replace_at(tree, i, NULL);
            return;
        }
    }
}

void tree_tops_cut_out(struct tree *tree, const struct slice *slice)
{
    for (int i = 0; i < tree->tops_count;) {
        if (slice_meets(&tree->tops[i]->slice, slice))
            replace_at(tree, i, slice);
        else
            i++;
    }
}

/* --- do the tops of last time serve --- */

static int is_held_below(const struct tree_node *node)
{
    for (int i = 0; i < node->parts_count; i++) {
        if (node->parts[i]->is_held || is_held_below(node->parts[i]))
            return 1;
    }
    return 0;
}

static int is_covered(const struct tree_node *node)
{
    if (node->is_held)
        return !is_held_below(node);
    int is_all = node->parts_count > 0;
    for (int i = 0; is_all && i < node->parts_count; i++)
        is_all = is_covered(node->parts[i]);
    return is_all;
}

/* Rows of a span by those of its members, which are read by themselves. */
static void sum_members(struct tree_node *top)
{
    int64_t sum = 0;
    for (int i = 0; i < top->members_count; i++) {
        if (top->members[i]->rows < 0)
            return;
        sum += top->members[i]->rows;
    }
    if (top->members)
        top->rows = sum > TREE_LIST_ROWS_MAX ? TREE_LIST_ROWS_MAX + 1 : (int)sum;
}

static int do_tops_serve(struct tree *tree)
{
    int do_serve = tree->tops_count > 0 && is_covered(tree->root);
    for (int i = 0; i < tree->tops_count; i++) {
        sum_members(tree->tops[i]);
        do_serve &= !tree_node_is_too_large(tree->tops[i]);
    }
    return do_serve;
}

/* --- the smallest set --- */

struct pack {
    struct slice slices[TREE_NODES_MAX];
    int count;
    int rows; /* of the last one; < 0 = not known */
    int32_t living_from;
};

static int can_pack(const struct pack *pack, const struct tree_node *leaf)
{
    if (pack->count == 0 || pack->rows < 0 || leaf->rows < 0)
        return 0;
    const struct slice *last = &pack->slices[pack->count - 1];
    int is_crossing = last->days.from_day < pack->living_from &&
                      leaf->slice.days.from_day >= pack->living_from;
    return !is_crossing && (int64_t)pack->rows + leaf->rows <= TREE_PACK_ROWS &&
           slice_can_join(last, &leaf->slice);
}

static void pack_leaf(struct pack *pack, const struct tree_node *leaf)
{
    if (can_pack(pack, leaf)) {
        struct slice *last = &pack->slices[pack->count - 1];
        *last = slice_join(last, &leaf->slice);
        pack->rows += leaf->rows;
    } else if (pack->count < TREE_NODES_MAX) {
        pack->slices[pack->count++] = leaf->slice;
        pack->rows = leaf->rows;
    }
}

static int are_parts_known(const struct tree_node *node)
{
    for (int i = 0; i < node->parts_count; i++) {
        if (node->parts[i]->rows < 0)
            return 0;
    }
    return node->parts_count > 0;
}

static void pack_node(struct tree *tree, struct tree_node *node, struct pack *pack)
{
    int is_too_large = tree_node_is_too_large(node);
    int is_cut = is_too_large ? tree_node_split(tree, node) > 0
                              : !slice_is_in_day(&node->slice) && are_parts_known(node);
    if (!is_cut)
        pack_leaf(pack, node);
    for (int i = 0; is_cut && i < node->parts_count; i++)
        pack_node(tree, node->parts[i], pack);
}

/* Rows of a node from those of its parts, where it is not known by itself; < 0 = unknown. Where
 * vouchers were too many they still are, though only few of their rows are of the account. */
static int64_t sum_rows(struct tree_node *node)
{
    int64_t sum = 0;
    int is_known = node->parts_count > 0;
    for (int i = 0; i < node->parts_count; i++) {
        int64_t rows = sum_rows(node->parts[i]);
        is_known &= rows >= 0;
        sum += rows;
    }
    if (!is_known)
        return node->rows;
    int is_still_too_large = tree_node_is_too_large(node) &&
                             (sum > TREE_MERGE_ROWS || slice_is_by_number(&node->slice));
    if (!is_still_too_large)
        node->rows = sum > TREE_LIST_ROWS_MAX ? TREE_LIST_ROWS_MAX + 1 : (int)sum;
    return sum;
}

static struct tree_node *take_top(struct tree *tree, const struct slice *slice,
                                  struct tree_node *const *old, int old_count)
{
    for (int i = 0; i < old_count; i++) {
        if (slice_equals(&old[i]->slice, slice))
            return old[i];
    }
    return tree_span_new(tree, slice);
}

static void choose(struct tree *tree, const struct pack *pack)
{
    int old_count = tree->tops_count;
    AUTO_FREE struct tree_node **old = mem_new(TREE_NODES_MAX, sizeof(struct tree_node *));
    memcpy(old, tree->tops, (size_t)old_count * sizeof(struct tree_node *));
    for (int i = 0; i < old_count; i++)
        hold(old[i], 0);
    tree->tops_count = 0;
    for (int i = 0; i < pack->count; i++) {
        struct tree_node *top = take_top(tree, &pack->slices[i], old, old_count);
        if (!top)
            continue;
        sum_members(top);
        tree_top_add(tree, top);
    }
}

void tree_plan_tops(struct tree *tree, int32_t living_from)
{
    AUTO_FREE struct pack *pack = mem_new(1, sizeof(*pack));
    pack->living_from = living_from;
    (void)sum_rows(tree->root);
    if (tree_node_is_too_large(tree->root))
        pack_node(tree, tree->root, pack);
    else
        pack->slices[pack->count++] = tree->root->slice;
    if (!do_tops_serve(tree) || tree->tops_count > pack->count)
        choose(tree, pack);
}
