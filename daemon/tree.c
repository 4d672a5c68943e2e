#include "daemon/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/json/doc.h"

enum {
    TREE_NODES_MAX = 4096,
    /* A range that was refused as too large is tried again only well below the limit, so that it
       does not swing. */
    TREE_MERGE_ROWS = 9000,
    TREE_QUIET_DAYS = 7,
};

struct tree_node {
    struct range range;
    struct tree_node *halves[2]; /* both or none */
    char *digest;
    char *own_digest; /* of what was read in this walk */
    int rows;
    int64_t confirmed_us, changed_us;
    int is_top, is_in_walk, was_read, is_whole_read;
    int is_fresh; /* read, and not found unchanged since */
};

struct tree {
    struct tree_node *root;
    int32_t *year_starts;
    int years;
    int nodes;
    struct tree_node *queue[TREE_NODES_MAX]; /* a stack: what is pushed last is asked first */
    int queued;
    struct tree_node *in_hand;
    int is_quiet, has_read, has_changed, is_blind;
};

static struct tree_node *node_new(struct tree *tree, const struct range *range)
{
    struct tree_node *node = mem_new(1, sizeof(*node));
    node->range = *range;
    node->rows = -1;
    tree->nodes++;
    return node;
}

static void node_free(struct tree *tree, struct tree_node *node)
{
    if (!node)
        return;
    node_free(tree, node->halves[0]);
    node_free(tree, node->halves[1]);
    tree->nodes--;
    free(node->digest);
    free(node->own_digest);
    free(node);
}

static int node_is_too_large(const struct tree_node *node)
{
    return node->rows > TREE_LIST_ROWS_MAX;
}

static int node_split(struct tree *tree, struct tree_node *node)
{
    if (node->halves[0])
        return 2;
    struct range halves[2];
    if (tree->nodes + 2 > TREE_NODES_MAX ||
        range_split(&node->range, tree->year_starts, tree->years, halves) == 0)
        return 0;
    node->halves[0] = node_new(tree, &halves[0]);
    node->halves[1] = node_new(tree, &halves[1]);
    return 2;
}

/* Down the splitting to exactly that range; NULL where it does not lead there. */
static struct tree_node *node_find(struct tree *tree, const struct range *range)
{
    struct tree_node *node = tree->root;
    while (!range_equals(&node->range, range)) {
        if (!range_holds(&node->range, range) || node_split(tree, node) == 0)
            return NULL;
        node = range_holds(&node->halves[0]->range, range) ? node->halves[0] : node->halves[1];
    }
    return node;
}

static void node_set_digest(struct tree_node *node, const char *digest)
{
    free(node->digest);
    node->digest = mem_strdup(digest);
}

static void node_forget(struct tree_node *node)
{
    free(node->digest);
    node->digest = NULL;
}

struct tree *tree_new(const struct range *whole, const int32_t *year_starts, int years)
{
    struct tree *tree = mem_new(1, sizeof(*tree));
    tree->years = years;
    tree->year_starts = mem_new((size_t)years + 1, sizeof(int32_t));
    memcpy(tree->year_starts, year_starts, (size_t)years * sizeof(int32_t));
    tree->root = node_new(tree, whole);
    return tree;
}

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    node_free(tree, tree->root);
    free(tree->year_starts);
    free(tree);
}

void tree_load(struct tree *tree, const struct tree_memory *memory)
{
    struct tree_node *node = node_find(tree, &memory->range);
    if (!node)
        return;
    node_set_digest(node, memory->digest);
    node->rows = memory->rows;
    node->is_top = memory->is_top;
    node->confirmed_us = memory->confirmed_us;
    node->changed_us = memory->changed_us;
}

/* Rows of a range from those of its halves, where it is not known by itself. */
static void node_sum_rows(struct tree_node *node)
{
    if (!node->halves[0])
        return;
    node_sum_rows(node->halves[0]);
    node_sum_rows(node->halves[1]);
    int a = node->halves[0]->rows, b = node->halves[1]->rows;
    int is_known = a >= 0 && b >= 0;
    if (node_is_too_large(node) && is_known && a + b <= TREE_MERGE_ROWS)
        node->rows = a + b;
    else if (!node_is_too_large(node) && is_known)
        node->rows = a + b;
}

static int64_t node_interval_ms(const struct tree_node *node, const struct tree_due *due)
{
    int64_t quiet_us = due->now_us - TREE_QUIET_DAYS * CLOCK_MS_PER_DAY * 1000;
    int is_living = node->range.to_day > due->living_from || node->changed_us > quiet_us;
    return is_living || due->living_ms > due->cold_ms ? due->living_ms : due->cold_ms;
}

static int64_t node_due_us(const struct tree_node *node, const struct tree_due *due)
{
    if (node->confirmed_us == 0 || !node->digest)
        return node->rows == 0 && node->confirmed_us != 0
                   ? node->confirmed_us + node_interval_ms(node, due) * 1000
                   : 0;
    return node->confirmed_us + node_interval_ms(node, due) * 1000;
}

static void node_clear_tops(struct tree_node *node)
{
    node->is_top = 0;
    if (node->halves[0]) {
        node_clear_tops(node->halves[0]);
        node_clear_tops(node->halves[1]);
    }
}

/* The smallest set of ranges under the limit that covers a node. */
static void node_mark_tops(struct tree *tree, struct tree_node *node)
{
    if (!node_is_too_large(node) || node_split(tree, node) == 0) {
        node->is_top = 1;
        return;
    }
    node_mark_tops(tree, node->halves[0]);
    node_mark_tops(tree, node->halves[1]);
}

/* Tops are due together a little early rather than one by one. */
static int node_walk_due(struct tree_node *node, const struct tree_due *due)
{
    if (node->is_top) {
        int64_t slack_us = node_interval_ms(node, due) * 100;
        node->is_in_walk = due->is_forced || node_due_us(node, due) <= due->now_us + slack_us;
        return node->is_in_walk;
    }
    if (!node->halves[0])
        return 0;
    return node_walk_due(node->halves[0], due) + node_walk_due(node->halves[1], due);
}

int tree_walk_due(struct tree *tree, const struct tree_due *due)
{
    node_sum_rows(tree->root);
    node_clear_tops(tree->root);
    node_mark_tops(tree, tree->root);
    int tops = node_walk_due(tree->root, due);
    tree_start_round(tree);
    return tops;
}

static void node_drop_halves(struct tree *tree, struct tree_node *node)
{
    node_free(tree, node->halves[0]);
    node_free(tree, node->halves[1]);
    node->halves[0] = node->halves[1] = NULL;
}

void tree_walk_year(struct tree *tree, const struct range *year)
{
    struct tree_node *node = node_find(tree, year);
    if (!node)
        return;
    /* What is above has not been asked together with this; its digests would speak of another
     * content. */
    for (struct tree_node *above = tree->root; above != node;) {
        node_forget(above);
        above = range_holds(&above->halves[0]->range, year) ? above->halves[0] : above->halves[1];
    }
    node_drop_halves(tree, node);
    node_forget(node);
    node->rows = -1;
    node->is_top = node->is_in_walk = 1;
    node->is_whole_read = 1;
    tree_start_round(tree);
}

int tree_walk_add(struct tree *tree, int32_t day)
{
    struct tree_node *node = tree->root;
    while (node && !node->is_top) {
        if (!node->halves[0])
            return 0;
        node = day < node->halves[0]->range.to_day ? node->halves[0] : node->halves[1];
    }
    if (!node || node->is_in_walk || day < node->range.from_day || day >= node->range.to_day)
        return 0;
    node->is_in_walk = 1;
    return 1;
}

/* That a range is empty is forgotten too: it is the digest of an empty list. */
static void forget_below(struct tree_node *node)
{
    node_forget(node);
    if (node->rows == 0)
        node->rows = -1;
    for (int i = 0; node->halves[0] && i < 2; i++)
        forget_below(node->halves[i]);
}

void tree_forget(struct tree *tree)
{
    forget_below(tree->root);
}

static void push(struct tree *tree, struct tree_node *node)
{
    if (tree->queued < TREE_NODES_MAX)
        tree->queue[tree->queued++] = node;
}

static void push_halves(struct tree *tree, struct tree_node *node)
{
    push(tree, node->halves[1]);
    push(tree, node->halves[0]);
}

/* What came and went while a range was read leaves the digest of the top as it was: what was read
 * is asked too. It comes before its top, which may drop it. */
static void push_fresh(struct tree *tree, struct tree_node *node)
{
    for (int i = 1; node->halves[0] && i >= 0; i--) {
        if (node->halves[i]->is_fresh)
            push(tree, node->halves[i]);
        else
            push_fresh(tree, node->halves[i]);
    }
}

static void push_walk(struct tree *tree, struct tree_node *node)
{
    if (node->is_in_walk) {
        push(tree, node);
        push_fresh(tree, node);
    } else if (node->halves[0]) {
        push_walk(tree, node->halves[1]);
        push_walk(tree, node->halves[0]);
    }
}

void tree_start_round(struct tree *tree)
{
    tree->queued = 0;
    tree->in_hand = NULL;
    tree->is_quiet = 1;
    push_walk(tree, tree->root);
}

void tree_set_blind(struct tree *tree)
{
    tree->is_blind = 1;
}

static enum tree_kind step_kind(const struct tree *tree, const struct tree_node *node)
{
    struct range halves[2];
    if (tree->is_blind)
        return TREE_READ;
    if (node->rows >= 0 && node->rows <= TREE_READ_ROWS)
        return TREE_READ;
    if (node->rows < 0 && !node->digest)
        return TREE_READ;
    if (!node->halves[0] && tree->nodes + 2 > TREE_NODES_MAX)
        return TREE_READ; /* there is no room for halves: what differs would not be read */
    return range_split(&node->range, tree->year_starts, tree->years, halves) == 0 ? TREE_READ
                                                                                  : TREE_ASK;
}

int tree_next(struct tree *tree, struct tree_step *ret_step)
{
    if (tree->queued == 0)
        return -ENOENT;
    struct tree_node *node = tree->queue[--tree->queued];
    tree->in_hand = node;
    *ret_step = (struct tree_step){
        .kind = step_kind(tree, node),
        .node = node,
        .range = node->range,
        .digest = node->digest,
    };
    return 0;
}

void tree_answer_same(struct tree *tree, int64_t sent_us)
{
    tree->in_hand->confirmed_us = sent_us;
    tree->in_hand->is_fresh = 0;
}

static void note_change(struct tree *tree, struct tree_node *node, const char *digest,
                        int64_t sent_us)
{
    /* What is read for the first time is new to us, not a change: it does not keep a closed year
     * living. */
    if (node->digest || node->rows == 0)
        node->changed_us = sent_us;
    node_set_digest(node, digest && *digest ? digest : NULL);
    node->confirmed_us = sent_us;
    tree->is_quiet = 0;
    tree->has_changed = 1;
}

void tree_answer_digest(struct tree *tree, const char *digest, int64_t sent_us)
{
    struct tree_node *node = tree->in_hand;
    note_change(tree, node, digest, sent_us);
    node->is_fresh = 0; /* its halves are */
    if (node_split(tree, node) != 0)
        push_halves(tree, node);
}

void tree_answer_read(struct tree *tree, const char *digest, int rows, int64_t sent_us)
{
    struct tree_node *node = tree->in_hand;
    /* An empty list has no digest and never answers "unchanged": that it is empty again is the
     * proof. */
    int is_same = tree->is_blind && digest && *digest && node->digest &&
                  strcmp(digest, node->digest) == 0;
    if (is_same || (rows == 0 && node->rows == 0)) {
        tree_answer_same(tree, sent_us);
        return;
    }
    note_change(tree, node, digest, sent_us);
    node->rows = rows;
    node->was_read = node->is_fresh = 1;
    tree->has_read = 1;
    node_drop_halves(tree, node);
}

int tree_note_content(struct tree *tree, const char *digest, const char *own_digest)
{
    struct tree_node *node = tree->in_hand;
    int is_same = node->own_digest && strcmp(node->own_digest, own_digest) == 0;
    int is_told_other = node->digest && strcmp(node->digest, digest) != 0;
    free(node->own_digest);
    node->own_digest = mem_strdup(own_digest);
    return is_same && is_told_other;
}

static int has_digest_below(const struct tree_node *node, const struct tree_node *but,
                            const char *digest, int rows)
{
    int is_same = node != but && node->digest && node->rows > 0 && node->rows != rows &&
                  strcmp(node->digest, digest) == 0;
    for (int i = 0; !is_same && node->halves[0] && i < 2; i++)
        is_same = has_digest_below(node->halves[i], but, digest, rows);
    return is_same;
}

int tree_has_digest_elsewhere(const struct tree *tree, const char *digest, int rows)
{
    return has_digest_below(tree->root, tree->in_hand, digest, rows);
}

int tree_answer_too_large(struct tree *tree, struct err *err)
{
    struct tree_node *node = tree->in_hand;
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    if (node_split(tree, node) == 0) {
        err_set(err, ERANGE,
                "more than %d postings from %s to before %s, which cannot be split further",
                TREE_LIST_ROWS_MAX, clock_format_date(node->range.from_day, from),
                clock_format_date(node->range.to_day, to));
        return -ERANGE;
    }
    node_forget(node);
    node->rows = TREE_LIST_ROWS_MAX + 1;
    node->is_fresh = 0;
    tree->is_quiet = 0;
    for (int i = 0; node->is_top && i < 2; i++)
        node->halves[i]->is_top = node->halves[i]->is_in_walk = 1;
    node->is_top = node->is_in_walk = 0;
    push_halves(tree, node);
    return 0;
}

int tree_round_was_quiet(const struct tree *tree)
{
    return tree->is_quiet && tree->queued == 0;
}

int tree_has_read(const struct tree *tree)
{
    return tree->has_read;
}

int tree_has_changed(const struct tree *tree)
{
    return tree->has_changed;
}

static void node_confirmed(const struct tree_node *node, int64_t *oldest_us)
{
    if (node->is_in_walk && (*oldest_us == 0 || node->confirmed_us < *oldest_us))
        *oldest_us = node->confirmed_us;
    for (int i = 0; node->halves[0] && i < 2; i++)
        node_confirmed(node->halves[i], oldest_us);
}

int64_t tree_confirmed_us(const struct tree *tree)
{
    int64_t oldest_us = 0;
    node_confirmed(tree->root, &oldest_us);
    return oldest_us;
}

static int append_range(struct buf *out, const struct range *range)
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    return buf_printf(out, "%s{\"f\":\"%s\",\"t\":\"%s\"", out->len_bytes > 1 ? "," : "",
                      clock_format_date(range->from_day, from),
                      clock_format_date(range->to_day, to));
}

static int append_read(const struct tree_node *node, struct buf *out)
{
    if (node->was_read || node->is_whole_read) {
        int ret = append_range(out, &node->range);
        return ret < 0 ? ret : buf_append_byte(out, '}');
    }
    for (int i = 0; node->halves[0] && i < 2; i++) {
        int ret = append_read(node->halves[i], out);
        if (ret < 0)
            return ret;
    }
    return 0;
}

int tree_append_read(const struct tree *tree, struct buf *out)
{
    int ret = buf_append_byte(out, '[');
    if (ret == 0)
        ret = append_read(tree->root, out);
    return ret < 0 ? ret : buf_append_byte(out, ']');
}

static int append_moment(struct buf *out, const char *key, int64_t moment_us)
{
    if (moment_us == 0)
        return 0;
    return buf_printf(out, ",\"%s\":%" PRId64, key, moment_us);
}

static int append_node(const struct tree_node *node, const struct tree_due *due, struct buf *out)
{
    int ret = append_range(out, &node->range);
    if (ret == 0 && node->digest) {
        ret = buf_append_text(out, ",\"d\":");
        if (ret == 0)
            ret = json_append_string(out, node->digest);
    }
    if (ret == 0 && node->rows >= 0)
        ret = buf_printf(out, ",\"r\":%d", node->rows);
    if (ret == 0 && node->is_top)
        ret = buf_printf(out, ",\"i\":%" PRId64, node_interval_ms(node, due));
    if (ret == 0)
        ret = append_moment(out, "c", node->confirmed_us);
    if (ret == 0)
        ret = append_moment(out, "h", node->changed_us);
    return ret < 0 ? ret : buf_printf(out, ",\"top\":%s}", node->is_top ? "true" : "false");
}

static int append_nodes(const struct tree_node *node, const struct tree_due *due, struct buf *out)
{
    int is_known = node->digest || node->rows >= 0;
    int ret = is_known ? append_node(node, due, out) : 0;
    for (int i = 0; ret == 0 && node->halves[0] && i < 2; i++)
        ret = append_nodes(node->halves[i], due, out);
    return ret;
}

int tree_append_nodes(const struct tree *tree, const struct tree_due *due, struct buf *out)
{
    int ret = buf_append_byte(out, '[');
    if (ret == 0)
        ret = append_nodes(tree->root, due, out);
    return ret < 0 ? ret : buf_append_byte(out, ']');
}

static int append_tops(const struct tree_node *node, const struct tree_due *due, struct buf *out)
{
    int ret = node->is_top ? append_node(node, due, out) : 0;
    for (int i = 0; ret == 0 && node->halves[0] && i < 2; i++)
        ret = append_tops(node->halves[i], due, out);
    return ret;
}

int tree_append_tops(const struct tree *tree, const struct tree_due *due, struct buf *out)
{
    int ret = buf_append_byte(out, '[');
    if (ret == 0)
        ret = append_tops(tree->root, due, out);
    return ret < 0 ? ret : buf_append_byte(out, ']');
}

static void node_next_due(const struct tree_node *node, const struct tree_due *due,
                          int64_t *next_us)
{
    if (node->is_top && (*next_us < 0 || node_due_us(node, due) < *next_us))
        *next_us = node_due_us(node, due);
    for (int i = 0; node->halves[0] && i < 2; i++)
        node_next_due(node->halves[i], due, next_us);
}

int64_t tree_next_due_us(const struct tree *tree, const struct tree_due *due)
{
    int64_t next_us = -1;
    node_next_due(tree->root, due, &next_us);
    return next_us;
}
