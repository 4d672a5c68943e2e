/*
 * tree_internal.h - what the parts of the tree share. Included by tree*.c only.
 *
 * tree.c holds the walk and its answers, tree_node.c the nodes, tree_plan.c the choice of the tops,
 * tree_store.c what is remembered and what is stored.
 */
#ifndef SALDOD_DAEMON_TREE_INTERNAL_H
#define SALDOD_DAEMON_TREE_INTERNAL_H

#include "daemon/tree.h"

enum {
    TREE_NODES_MAX = 8192,
    TREE_QUEUE_MAX = 2 * TREE_NODES_MAX, /* a node may wait for its digest and be read again */
    /* A slice that was refused as too large is tried again, and slices are joined, only below the
     * limit, so that tops do not swing. */
    TREE_MERGE_ROWS = 9000,
    TREE_PACK_ROWS = 9500,
};

/* A node of the splitting, which owns its parts; or a span: a top made of neighbouring nodes, which
 * it borrows. */
struct tree_node {
    struct slice slice;
    struct tree_node *parts[SLICE_PARTS_MAX];
    int parts_count;
    struct tree_node **members; /* of a span; NULL = a node of the splitting */
    int members_count;
    char *digest;
    char *own_digest;  /* of what was read in this walk */
    char *told_digest; /* that came with it */
    int rows, counted;
    int64_t confirmed_us, changed_us;
    int is_top, is_in_walk;
    int is_held;       /* a top stands for it: itself, or a span that it is a member of */
    int was_read;      /* what it holds differs, and is staged */
    int is_staged;     /* all rows came in this walk, whether they differ or not */
    int is_whole_read; /* by tree_walk_year */
    int is_fresh;      /* read, and not found unchanged since */
    int is_learning;   /* asked only for its digest: what it holds was read with what is above */
    int must_be_read;  /* whatever its digest says */
    int is_unit_read;  /* of a day that is cut: its parts are read all or none */
};

struct tree {
    struct tree_node *root;
    int32_t *year_starts;
    int years;
    int nodes;
    struct tree_node **tops;
    int tops_count;
    struct tree_node **spans; /* all that were made, owned */
    int spans_count;
    struct tree_node **queue; /* a stack: what is pushed last is asked first */
    int queued;
    struct tree_node *in_hand;
    int *day_rows; /* rows by day of what is in hand */
    int is_quiet, has_read, has_changed, is_blind;
};

/* --- tree_node.c --- */
struct tree_node *tree_node_new(const struct slice *slice) MUST_USE;
void tree_node_free(struct tree *tree, struct tree_node *node);
void tree_node_drop_parts(struct tree *tree, struct tree_node *node);
int tree_node_is_too_large(const struct tree_node *node) MUST_USE;
/* How many parts it has now; 0 = it cannot be cut, or there is no room for more nodes. */
int tree_node_split(struct tree *tree, struct tree_node *node) MUST_USE;
/* Down the splitting to exactly that slice; NULL where it does not lead there. */
struct tree_node *tree_node_find(struct tree *tree, const struct slice *slice) MUST_USE;
/* Its parts, or the members of a span. */
struct tree_node **tree_node_below(struct tree_node *node, int *ret_count) MUST_USE;
void tree_node_set_digest(struct tree_node *node, const char *digest);
void tree_node_forget(struct tree_node *node);       /* its digest */
void tree_node_forget_below(struct tree_node *node); /* of all below too, and that it is empty */
int tree_node_has_digest(const struct tree_node *node) MUST_USE; /* it, or anything below */

/* --- tree_plan.c --- */
/* A span of exactly that slice; NULL where the splitting does not lead to its ends. */
struct tree_node *tree_span_new(struct tree *tree, const struct slice *slice) MUST_USE;
void tree_top_add(struct tree *tree, struct tree_node *node);
/* What it is made of stands for it from now on, in this walk. */
void tree_top_replace(struct tree *tree, struct tree_node *node);
/* No top meets the slice any more. */
void tree_tops_cut_out(struct tree *tree, const struct slice *slice);
void tree_plan_tops(struct tree *tree, int32_t living_from);

/* --- tree_store.c --- */
int64_t tree_interval_ms(const struct tree_node *node, const struct tree_due *due) MUST_USE;
int64_t tree_due_us(const struct tree_node *node, const struct tree_due *due) MUST_USE;

#endif
