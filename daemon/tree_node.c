/* The nodes of the splitting. */
#include <string.h>

#include "daemon/tree_internal.h"
#include "lib/base/mem.h"

struct tree_node *tree_node_new(const struct slice *slice)
{
    struct tree_node *node = mem_new(1, sizeof(*node));
    node->slice = *slice;
    node->rows = -1;
    return node;
}

void tree_node_free(struct tree *tree, struct tree_node *node)
{
    if (!node)
        return;
    tree_node_drop_parts(tree, node);
    tree->nodes -= node->members == NULL;
    free(node->members);
    free(node->digest);
    free(node->own_digest);
    free(node->told_digest);
    free(node);
}

void tree_node_drop_parts(struct tree *tree, struct tree_node *node)
{
    for (int i = 0; i < node->parts_count; i++)
        tree_node_free(tree, node->parts[i]);
    node->parts_count = 0;
}

int tree_node_is_too_large(const struct tree_node *node)
{
    return node->rows > TREE_LIST_ROWS_MAX;
}

int tree_node_split(struct tree *tree, struct tree_node *node)
{
    struct slice parts[SLICE_PARTS_MAX];
    if (node->parts_count > 0)
        return node->parts_count;
    if (tree->nodes + SLICE_PARTS_MAX > TREE_NODES_MAX)
        return 0;
    int count = slice_split(&node->slice, tree->year_starts, tree->years, parts);
    for (int i = 0; i < count; i++)
        node->parts[i] = tree_node_new(&parts[i]);
    node->parts_count = count;
    tree->nodes += count;
    return count;
}

struct tree_node *tree_node_find(struct tree *tree, const struct slice *slice)
{
    struct tree_node *node = tree->root;
    while (!slice_equals(&node->slice, slice)) {
        struct tree_node *next = NULL;
        int parts = slice_holds(&node->slice, slice) ? tree_node_split(tree, node) : 0;
        for (int i = 0; i < parts && !next; i++) {
            if (slice_holds(&node->parts[i]->slice, slice))
                next = node->parts[i];
        }
        if (!next)
            return NULL;
        node = next;
    }
    return node;
}

struct tree_node **tree_node_below(struct tree_node *node, int *ret_count)
{
    *ret_count = node->members ? node->members_count : node->parts_count;
    return node->members ? node->members : node->parts;
}

void tree_node_set_digest(struct tree_node *node, const char *digest)
{
    free(node->digest);
    node->digest = mem_strdup(digest);
}

void tree_node_forget(struct tree_node *node)
{
    free(node->digest);
    node->digest = NULL;
}

/* That a slice is empty is forgotten too: it is the digest of an empty list. */
void tree_node_forget_below(struct tree_node *node)
{
    tree_node_forget(node);
    if (node->rows == 0)
        node->rows = -1;
    for (int i = 0; i < node->parts_count; i++)
        tree_node_forget_below(node->parts[i]);
}

static int has_digest_below(const struct tree_node *node)
{
    int count = node->members ? node->members_count : node->parts_count;
    for (int i = 0; i < count; i++) {
        const struct tree_node *below = node->members ? node->members[i] : node->parts[i];
        if (tree_node_has_digest(below))
            return 1;
    }
    return 0;
}

int tree_node_has_digest(const struct tree_node *node)
{
    return node->digest != NULL || node->rows == 0 || has_digest_below(node);
}
