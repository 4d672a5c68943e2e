/* What is remembered of the slices, and what is stored of them. */
#include <inttypes.h>
#include <string.h>

#include "daemon/tree_internal.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/json/doc.h"

enum { TREE_QUIET_DAYS = 7 };

void tree_load(struct tree *tree, const struct tree_memory *memory)
{
    struct tree_node *node = tree_node_find(tree, &memory->slice);
    if (!node && memory->is_top)
        node = tree_span_new(tree, &memory->slice);
    if (!node)
        return;
    tree_node_set_digest(node, memory->digest);
    node->rows = memory->rows;
    node->confirmed_us = memory->confirmed_us;
    node->changed_us = memory->changed_us;
    if (memory->is_top)
        tree_top_add(tree, node);
}

/* --- when --- */

int64_t tree_interval_ms(const struct tree_node *node, const struct tree_due *due)
{
    int64_t quiet_us = due->now_us - TREE_QUIET_DAYS * CLOCK_MS_PER_DAY * 1000;
    int is_living = node->slice.days.to_day > due->living_from || node->changed_us > quiet_us;
    return is_living || due->living_ms > due->cold_ms ? due->living_ms : due->cold_ms;
}

int64_t tree_due_us(const struct tree_node *node, const struct tree_due *due)
{
    if (node->confirmed_us == 0 || (!node->digest && node->rows != 0))
        return 0;
    return node->confirmed_us + tree_interval_ms(node, due) * 1000;
}

int64_t tree_next_due_us(const struct tree *tree, const struct tree_due *due)
{
    int64_t next_us = -1;
    for (int i = 0; i < tree->tops_count; i++) {
        int64_t due_us = tree_due_us(tree->tops[i], due);
        int64_t latest_us = due->now_us + tree_interval_ms(tree->tops[i], due) * 1000;
        if (due_us > latest_us) /* it was confirmed since, or the clock was ahead */
            due_us = latest_us;
        if (next_us < 0 || due_us < next_us)
            next_us = due_us;
    }
    return next_us;
}

int64_t tree_confirmed_us(const struct tree *tree)
{
    int64_t oldest_us = 0;
    for (int i = 0; i < tree->tops_count; i++) {
        const struct tree_node *top = tree->tops[i];
        if (top->is_in_walk && (oldest_us == 0 || top->confirmed_us < oldest_us))
            oldest_us = top->confirmed_us;
    }
    return oldest_us;
}

/* --- as JSON --- */

static int append_days(struct buf *out, const struct range *days)
{
    char from[CLOCK_DATE_BYTES], to[CLOCK_DATE_BYTES];
    return buf_printf(out, "%s{\"f\":\"%s\",\"t\":\"%s\"", out->len_bytes > 1 ? "," : "",
                      clock_format_date(days->from_day, from), clock_format_date(days->to_day, to));
}

static int append_bounds(struct buf *out, const struct slice *slice)
{
    int ret = 0;
    if (slice_is_below_day(slice))
        ret = buf_printf(out, ",\"af\":%" PRId32 ",\"at\":%" PRId32, slice->account_from,
                         slice->account_to);
    if (ret == 0 && slice_is_by_number(slice))
        ret = buf_printf(out, ",\"nf\":%" PRId32 ",\"nt\":%" PRId32, slice->number_from,
                         slice->number_to);
    return ret;
}

/* A day that is cut is compared as a whole: its parts were all read. */
static int append_read(const struct tree_node *node, struct buf *out)
{
    if (node->was_read || node->is_whole_read || node->is_unit_read) {
        int ret = append_days(out, &node->slice.days);
        return ret < 0 ? ret : buf_append_byte(out, '}');
    }
    for (int i = 0; i < node->parts_count; i++) {
        int ret = append_read(node->parts[i], out);
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
    int ret = append_days(out, &node->slice.days);
    if (ret == 0)
        ret = append_bounds(out, &node->slice);
    if (ret == 0 && node->digest) {
        ret = buf_append_text(out, ",\"d\":");
        if (ret == 0)
            ret = json_append_string(out, node->digest);
    }
    if (ret == 0 && node->rows >= 0)
        ret = buf_printf(out, ",\"r\":%d", node->rows);
    if (ret == 0 && node->is_top)
        ret = buf_printf(out, ",\"i\":%" PRId64, tree_interval_ms(node, due));
    if (ret == 0)
        ret = append_moment(out, "c", node->confirmed_us);
    if (ret == 0)
        ret = append_moment(out, "h", node->changed_us);
    return ret < 0 ? ret : buf_printf(out, ",\"top\":%s}", node->is_top ? "true" : "false");
}

static int append_nodes(const struct tree_node *node, const struct tree_due *due, struct buf *out)
{
    int is_known = node->digest || node->rows >= 0 || node->is_top;
    int ret = is_known ? append_node(node, due, out) : 0;
    for (int i = 0; ret == 0 && i < node->parts_count; i++)
        ret = append_nodes(node->parts[i], due, out);
    return ret;
}

static int append_tops(const struct tree *tree, const struct tree_due *due, int are_spans_only,
                       struct buf *out)
{
    int ret = 0;
    for (int i = 0; ret == 0 && i < tree->tops_count; i++) {
        if (!are_spans_only || tree->tops[i]->members)
            ret = append_node(tree->tops[i], due, out);
    }
    return ret;
}

int tree_append_nodes(const struct tree *tree, const struct tree_due *due, struct buf *out)
{
    int ret = buf_append_byte(out, '[');
    if (ret == 0)
        ret = append_nodes(tree->root, due, out);
    if (ret == 0)
        ret = append_tops(tree, due, 1, out);
    return ret < 0 ? ret : buf_append_byte(out, ']');
}

int tree_append_tops(const struct tree *tree, const struct tree_due *due, struct buf *out)
{
    int ret = buf_append_byte(out, '[');
    if (ret == 0)
        ret = append_tops(tree, due, 0, out);
    return ret < 0 ? ret : buf_append_byte(out, ']');
}
