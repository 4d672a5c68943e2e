/* The walk and its answers. */
#include "daemon/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/tree_internal.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

struct tree *tree_new(const struct range *whole, const int32_t *year_starts, int years)
{
    const struct slice all = { .days = *whole };
    struct tree *tree = mem_new(1, sizeof(*tree));
    tree->years = years;
    tree->year_starts = mem_new((size_t)years + 1, sizeof(int32_t));
    memcpy(tree->year_starts, year_starts, (size_t)years * sizeof(int32_t));
    tree->tops = mem_new(TREE_NODES_MAX, sizeof(struct tree_node *));
    tree->spans = mem_new(TREE_NODES_MAX, sizeof(struct tree_node *));
    tree->queue = mem_new(TREE_QUEUE_MAX, sizeof(struct tree_node *));
    tree->root = tree_node_new(&all);
    tree->nodes = 1;
    return tree;
}

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    for (int i = 0; i < tree->spans_count; i++)
        tree_node_free(tree, tree->spans[i]);
    tree_node_free(tree, tree->root);
    free(tree->year_starts);
    free(tree->tops);
    free(tree->spans);
    free(tree->queue);
    free(tree->day_rows);
    free(tree);
}

/* --- what is walked --- */

/* Tops are due together a little early rather than one by one. */
int tree_walk_due(struct tree *tree, const struct tree_due *due)
{
    int walked = 0;
    tree_plan_tops(tree, due->living_from);
    for (int i = 0; i < tree->tops_count; i++) {
        struct tree_node *top = tree->tops[i];
        int64_t slack_us = tree_interval_ms(top, due) * 100;
        int is_of_future = top->confirmed_us > due->now_us; /* the clock was ahead */
        top->is_in_walk = due->is_forced || is_of_future ||
                          tree_due_us(top, due) <= due->now_us + slack_us;
        walked += top->is_in_walk;
    }
    tree_start_round(tree);
    return walked;
}

void tree_walk_year(struct tree *tree, const struct range *year)
{
    const struct slice slice = { .days = *year };
    struct tree_node *node = tree_node_find(tree, &slice);
    if (!node)
        return;
    /* What is above has not been asked together with this; its digests would speak of another
     * content. */
    for (struct tree_node *above = tree->root; above != node;) {
        tree_node_forget(above);
        int i = 0;
        while (!slice_holds(&above->parts[i]->slice, &slice))
            i++;
        above = above->parts[i];
    }
    tree_tops_cut_out(tree, &slice);
    tree_node_drop_parts(tree, node);
    tree_node_forget(node);
    node->rows = -1;
    node->is_whole_read = 1;
    tree_top_add(tree, node);
    node->is_in_walk = 1;
    tree_start_round(tree);
}

int tree_walk_add(struct tree *tree, int32_t day)
{
    int has_grown = 0;
    for (int i = 0; i < tree->tops_count; i++) {
        struct tree_node *top = tree->tops[i];
        if (top->is_in_walk || day < top->slice.days.from_day || day >= top->slice.days.to_day)
            continue;
        top->is_in_walk = has_grown = 1;
    }
    return has_grown;
}

void tree_forget(struct tree *tree)
{
    tree_node_forget_below(tree->root);
    for (int i = 0; i < tree->tops_count; i++)
        tree_node_forget_below(tree->tops[i]);
}

static void stop_learning(struct tree_node *node)
{
    node->is_learning = 0;
    for (int i = 0; i < node->parts_count; i++)
        stop_learning(node->parts[i]);
}

void tree_set_blind(struct tree *tree)
{
    tree->is_blind = 1;
    stop_learning(tree->root);
}

/* --- a round --- */

static void push(struct tree *tree, struct tree_node *node)
{
    if (tree->queued < TREE_QUEUE_MAX)
        tree->queue[tree->queued++] = node;
    else
        tree->is_quiet = 0; /* the next round comes back to it */
}

static void push_below(struct tree *tree, struct tree_node *node)
{
    int count = 0;
    struct tree_node **below = tree_node_below(node, &count);
    for (int i = count - 1; i >= 0; i--)
        push(tree, below[i]);
}

/* What came and went while a slice was read leaves the digest of the top as it was: what was read
 * is asked too. It comes before its top, which may drop it. */
static void push_fresh(struct tree *tree, struct tree_node *node)
{
    int count = 0;
    struct tree_node **below = tree_node_below(node, &count);
    for (int i = count - 1; i >= 0; i--) {
        if (below[i]->is_fresh)
            push(tree, below[i]);
        else
            push_fresh(tree, below[i]);
    }
}

void tree_start_round(struct tree *tree)
{
    tree->queued = 0;
    tree->in_hand = NULL;
    tree->is_quiet = 1;
    for (int i = tree->tops_count - 1; i >= 0; i--) {
        if (!tree->tops[i]->is_in_walk)
            continue;
        push(tree, tree->tops[i]);
        push_fresh(tree, tree->tops[i]);
    }
}

/* Below a day all is read, not only asked for its digest; and where nothing is known of what is
 * below, going there would be to read it in small pieces. */
static enum tree_kind step_kind(struct tree *tree, struct tree_node *node)
{
    if (node->is_learning)
        return TREE_ASK;
    if (tree->is_blind || node->must_be_read || slice_is_in_day(&node->slice))
        return TREE_READ;
    /* Digests that were learnt below it hold only if its own still does. */
    if (node->is_fresh)
        return TREE_READ;
    if (node->rows >= 0 && node->rows <= TREE_READ_ROWS)
        return TREE_READ;
    if (!tree_node_has_digest(node))
        return TREE_READ;
    return node->members || tree_node_split(tree, node) > 0 ? TREE_ASK : TREE_READ;
}

int tree_next(struct tree *tree, struct tree_step *ret_step)
{
    if (tree->queued == 0)
        return -ENOENT;
    struct tree_node *node = tree->queue[--tree->queued];
    const struct range *days = &node->slice.days;
    free(tree->day_rows);
    tree->day_rows = NULL;
    tree->in_hand = node;
    *ret_step = (struct tree_step){
        .kind = step_kind(tree, node),
        .slice = node->slice,
        .digest = node->must_be_read ? NULL : node->digest,
        .is_learning = node->is_learning,
    };
    tree->day_rows = mem_new((size_t)(days->to_day - days->from_day), sizeof(int));
    for (int i = 0; i < node->members_count; i++)
        node->members[i]->counted = 0;
    return 0;
}

void tree_note_row(struct tree *tree, int32_t day, int32_t account)
{
    struct tree_node *node = tree->in_hand;
    const struct range *days = &node->slice.days;
    if (day >= days->from_day && day < days->to_day)
        tree->day_rows[day - days->from_day]++;
    for (int i = 0; slice_is_below_day(&node->slice) && i < node->members_count; i++)
        node->members[i]->counted += slice_has_account(&node->members[i]->slice, account);
}

void tree_restart_rows(struct tree *tree)
{
    const struct tree_node *node = tree->in_hand;
    const struct range *days = &node->slice.days;
    memset(tree->day_rows, 0, (size_t)(days->to_day - days->from_day) * sizeof(int));
    for (int i = 0; i < node->members_count; i++)
        node->members[i]->counted = 0;
}

/* --- answers --- */

void tree_answer_same(struct tree *tree, int64_t sent_us)
{
    struct tree_node *node = tree->in_hand;
    node->confirmed_us = sent_us;
    node->is_fresh = node->is_learning = node->must_be_read = 0;
}

static void note_change(struct tree *tree, struct tree_node *node, const char *digest,
                        int64_t sent_us)
{
    /* What is read for the first time is new to us, not a change: it does not keep a closed year
     * living. */
    if (node->digest || node->rows == 0)
        node->changed_us = sent_us;
    tree_node_set_digest(node, digest && *digest ? digest : NULL);
    node->confirmed_us = sent_us;
    tree->is_quiet = 0;
    tree->has_changed = 1;
}

void tree_answer_digest(struct tree *tree, const char *digest, int64_t sent_us)
{
    struct tree_node *node = tree->in_hand;
    if (node->is_learning) {
        node->is_learning = 0;
        node->confirmed_us = sent_us;
        tree_node_set_digest(node, digest);
        return;
    }
    note_change(tree, node, digest, sent_us);
    node->is_fresh = 0; /* what is below is */
    push_below(tree, node);
}

/* Rows of what is below a slice that was read, down to the month, and their digests to be learnt
 * where the slice is not small enough to be read again as it is: they hold as long as that of the
 * slice does, which is asked again before anything is published. */
static void learn_below(struct tree *tree, struct tree_node *node, int32_t first_day)
{
    const struct range *days = &node->slice.days;
    if (node->rows <= TREE_READ_ROWS || days->to_day <= clock_add_months(days->from_day, 1))
        return;
    int parts = tree_node_split(tree, node);
    for (int i = 0; i < parts; i++) {
        struct tree_node *part = node->parts[i];
        part->rows = 0;
        for (int32_t day = part->slice.days.from_day; day < part->slice.days.to_day; day++)
            part->rows += tree->day_rows[day - first_day];
        part->is_learning = part->rows > 0 && !tree->is_blind;
        if (part->is_learning)
            push(tree, part);
        learn_below(tree, part, first_day);
    }
}

static void note_read(struct tree *tree, struct tree_node *node, int rows)
{
    const struct range *days = &tree->in_hand->slice.days;
    node->rows = rows;
    node->was_read = tree->has_read = 1;
    if (slice_is_below_day(&node->slice))
        return;
    tree_node_drop_parts(tree, node);
    learn_below(tree, node, days->from_day);
}

static void note_members_read(struct tree *tree, struct tree_node *span)
{
    int32_t first_day = span->slice.days.from_day;
    for (int i = 0; i < span->members_count; i++) {
        struct tree_node *member = span->members[i];
        const struct range *days = &member->slice.days;
        int rows = member->counted;
        for (int32_t day = days->from_day;
             !slice_is_below_day(&member->slice) && day < days->to_day; day++)
            rows += tree->day_rows[day - first_day];
        tree_node_forget(member);
        note_read(tree, member, rows);
        member->is_learning = !tree->is_blind && rows > 0 && span->rows > TREE_READ_ROWS &&
                              !slice_is_below_day(&member->slice);
        if (member->is_learning)
            push(tree, member);
    }
    span->was_read = 1;
}

/* --- a day that is cut --- */

static void want_read(struct tree *tree, struct tree_node *node)
{
    if (node->is_staged || node->must_be_read)
        return;
    node->must_be_read = 1;
    push(tree, node);
}

static void want_below(struct tree *tree, struct tree_node *node)
{
    int count = 0;
    struct tree_node **below = tree_node_below(node, &count);
    for (int i = count - 1; i >= 0; i--)
        want_read(tree, below[i]);
}

static void want_leaves(struct tree *tree, struct tree_node *node)
{
    if (node->parts_count == 0)
        want_read(tree, node);
    for (int i = 0; i < node->parts_count; i++)
        want_leaves(tree, node->parts[i]);
}

/* What is read of a day is compared with the whole day, for accounts and voucher numbers of what is
 * mirrored may be known by other names there. */
static void read_unit(struct tree *tree, const struct slice *slice)
{
    const struct slice whole = slice_of_days(slice->days.from_day, slice->days.to_day);
    struct tree_node *day = tree_node_find(tree, &whole);
    int has_tops = 0;
    if (!day || day->is_unit_read)
        return;
    day->is_unit_read = 1;
    for (int i = 0; i < tree->tops_count; i++) {
        struct tree_node *top = tree->tops[i];
        if (!slice_is_below_day(&top->slice) || !slice_holds(&whole, &top->slice))
            continue;
        has_tops = top->is_in_walk = 1;
        want_read(tree, top);
    }
    if (!has_tops)
        want_leaves(tree, day);
}

void tree_answer_read(struct tree *tree, const char *digest, int rows, int64_t sent_us)
{
    struct tree_node *node = tree->in_hand;
    /* Read though its digest was not sent: by a digest of our own, or for the sake of its day. */
    int is_unasked = tree->is_blind || node->must_be_read || slice_is_by_number(&node->slice);
    /* An empty list has no digest and never answers "unchanged": that it is empty again is the
     * proof. */
    int is_same = is_unasked && digest && *digest && node->digest &&
                  strcmp(digest, node->digest) == 0;
    if (node->is_learning) {
        node->is_learning = 0; /* it was emptied meanwhile: its top tells */
        return;
    }
    node->is_staged = 1;
    if (is_same || (rows == 0 && node->rows == 0)) {
        tree_answer_same(tree, sent_us);
        return;
    }
    note_change(tree, node, digest, sent_us);
    node->must_be_read = 0;
    node->rows = rows;
    node->is_fresh = 1;
    if (node->members)
        note_members_read(tree, node);
    else
        note_read(tree, node, rows);
    if (slice_is_below_day(&node->slice))
        read_unit(tree, &node->slice);
}

int tree_note_content(struct tree *tree, const char *digest, const char *own_digest)
{
    struct tree_node *node = tree->in_hand;
    int is_same = node->own_digest && strcmp(node->own_digest, own_digest) == 0;
    int is_told_other = is_same && strcmp(node->told_digest, digest) != 0;
    free(node->own_digest);
    free(node->told_digest);
    node->own_digest = mem_strdup(own_digest);
    node->told_digest = mem_strdup(digest);
    return is_told_other;
}

static int has_digest(const struct tree_node *node, const struct tree_node *but, const char *digest,
                      int rows)
{
    int is_same = node != but && node->digest && node->rows > 0 && node->rows != rows &&
                  strcmp(node->digest, digest) == 0;
    for (int i = 0; !is_same && i < node->parts_count; i++)
        is_same = has_digest(node->parts[i], but, digest, rows);
    return is_same;
}

int tree_has_digest_elsewhere(const struct tree *tree, const char *digest, int rows)
{
    return has_digest(tree->root, tree->in_hand, digest, rows);
}

static int too_large_fail(const struct tree *tree, const struct slice *slice, struct err *err)
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    int is_full = tree->nodes + SLICE_PARTS_MAX > TREE_NODES_MAX;
    err_set(err, ERANGE,
            "more than %d postings from %s to before %s, which cannot be split further%s",
            TREE_LIST_ROWS_MAX, clock_format_date(slice->days.from_day, from),
            clock_format_date(slice->days.to_day, to),
            is_full ? ": the client has too many ranges already" : "");
    err_set_remedy(err, "%s",
                   is_full ? "Mirror fewer years: [schedule] history_years"
                           : "Report it with the request id: one voucher number holds too much");
    return -ERANGE;
}

int tree_answer_too_large(struct tree *tree, struct err *err)
{
    struct tree_node *node = tree->in_hand;
    if (node->is_learning) {
        node->is_learning = 0; /* it has grown: its top tells */
        return 0;
    }
    if (!node->members && tree_node_split(tree, node) == 0)
        return too_large_fail(tree, &node->slice, err);
    int must_be_read = node->must_be_read;
    tree_node_forget(node);
    node->rows = TREE_LIST_ROWS_MAX + 1;
    node->is_fresh = node->must_be_read = 0;
    tree->is_quiet = 0;
    if (node->is_top)
        tree_top_replace(tree, node);
    if (must_be_read)
        want_below(tree, node);
    else
        push_below(tree, node);
    return 0;
}

/* --- after a round --- */

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
