#include "tests/unit/tree_world.h"

#include <inttypes.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

enum { JSON_BYTES_MAX = 4 * 1024 * 1024, REQUEST_US = 20000 };

/* --- chance --- */

static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

uint32_t tree_world_below(struct tree_world *world, uint32_t limit)
{
    world->random = mix(world->random);
    return (uint32_t)(world->random >> 33) % limit;
}

int32_t tree_world_any_day(struct tree_world *world)
{
    int32_t first = world->year_starts[1];
    if (tree_world_below(world, 10) < 8)
        return first + (int32_t)tree_world_below(world, 730);
    return world->whole.from_day +
           (int32_t)tree_world_below(world,
                                     (uint32_t)(world->whole.to_day - world->whole.from_day));
}

/* --- the ledger --- */

struct tree_world *tree_world_new(uint64_t seed)
{
    struct tree_world *world = mem_new(1, sizeof(*world));
    for (int i = 0; i < TREE_WORLD_YEARS; i++)
        world->year_starts[i] = clock_day_of(2024 + i, 1, 1);
    world->whole = (struct range){ world->year_starts[0],
                                   clock_day_of(2024 + TREE_WORLD_YEARS, 1, 1) };
    world->now_us = (int64_t)clock_day_of(2026, 6, 1) * CLOCK_MS_PER_DAY * 1000;
    world->random = seed;
    world->list_rows_max = TREE_LIST_ROWS_MAX;
    return world;
}

void tree_world_free(struct tree_world *world)
{
    free(world);
}

static struct tree_row row_of(int32_t day, int version, int32_t account, int32_t number)
{
    return (
        struct tree_row){ .day = day, .version = version, .account = account, .number = number };
}

void tree_world_add_accounts(struct tree_world *world, int32_t day, int count, int32_t account,
                             int32_t other)
{
    for (; count > 0 && world->ids < TREE_WORLD_IDS; count--) {
        world->mirror[world->ids] = row_of(TREE_WORLD_NOWHERE, 0, 0, 0);
        world->truth[world->ids] = row_of(day, ++world->last_version,
                                          world->ids % 2 ? other : account, world->ids);
        world->ids++;
    }
}

void tree_world_add(struct tree_world *world, int32_t day, int count)
{
    tree_world_add_accounts(world, day, count, 1920, 3000);
}

static int holds(const struct range *range, int32_t day)
{
    return day >= range->from_day && day < range->to_day;
}

static int slice_has(const struct slice *slice, const struct tree_row *row)
{
    if (!holds(&slice->days, row->day))
        return 0;
    return !slice_is_below_day(slice) ||
           (slice_has_account(slice, row->account) &&
            (slice->number_to == 0 ||
             (row->number >= slice->number_from && row->number < slice->number_to)));
}

/* What the API takes the slice for: it may count the account after the last as well, and knows
 * nothing of accounts where it lists vouchers. */
static struct slice asked_slice(const struct tree_world *world, const struct slice *slice)
{
    struct slice asked = *slice;
    if (slice_is_by_number(slice))
        asked.account_from = 0, asked.account_to = SLICE_NO_END;
    else if (world->is_account_to_included && asked.account_to > 0 &&
             asked.account_to < SLICE_NO_END)
        asked.account_to++;
    return asked;
}

void tree_world_empty(struct tree_world *world, const struct range *range)
{
    for (int i = 0; i < world->ids; i++) {
        if (holds(range, world->truth[i].day))
            world->truth[i].day = TREE_WORLD_NOWHERE;
    }
}

int tree_world_count(const struct tree_world *world, const struct range *range)
{
    int count = 0;
    for (int i = 0; i < world->ids; i++)
        count += holds(range, world->truth[i].day);
    return count;
}

static struct range any_month(struct tree_world *world)
{
    int32_t first = clock_month_start(tree_world_any_day(world));
    return (struct range){ first, clock_add_months(first, 1) };
}

static void edit(struct tree_world *world, int is_move, int is_removal)
{
    if (world->ids == 0)
        return;
    struct tree_row *row = &world->truth[tree_world_below(world, (uint32_t)world->ids)];
    if (row->day == TREE_WORLD_NOWHERE)
        return;
    row->version = ++world->last_version;
    if (is_move)
        row->day = tree_world_any_day(world);
    if (is_removal)
        row->day = TREE_WORLD_NOWHERE;
}

void tree_world_change(struct tree_world *world)
{
    struct range month = any_month(world);
    switch (tree_world_below(world, 40)) {
    case 0:
        tree_world_empty(world, &month);
        break;
    case 1:
        tree_world_add(world, tree_world_any_day(world), 1 + (int)tree_world_below(world, 400));
        break;
    default:
        edit(world, tree_world_below(world, 3) == 0, tree_world_below(world, 4) == 0);
        tree_world_add(world, tree_world_any_day(world), (int)tree_world_below(world, 3));
    }
}

/* --- the API --- */

static uint64_t hash_row(const struct tree_row *row, int id)
{
    uint64_t place = mix((uint64_t)row->day << 32 | (uint32_t)row->account);
    return mix(mix(mix((uint64_t)id) ^ place) ^ (uint64_t)row->version);
}

static uint64_t hash_slice(const struct tree_row *rows, int count, const struct slice *slice)
{
    uint64_t hash = 0;
    for (int i = 0; i < count; i++) {
        if (slice_has(slice, &rows[i]))
            hash += hash_row(&rows[i], i);
    }
    return hash;
}

static uint64_t hash_rows(const struct tree_row *rows, int count, const struct range *range)
{
    const struct slice slice = { .days = *range };
    return hash_slice(rows, count, &slice);
}

static int count_slice(const struct tree_world *world, const struct slice *slice)
{
    int count = 0;
    for (int i = 0; i < world->ids; i++)
        count += slice_has(slice, &world->truth[i]);
    return count;
}

static void stage_slice(struct tree_world *world, struct tree *tree, const struct slice *slice)
{
    int kept = 0;
    for (int i = 0; i < world->staged_count; i++) {
        if (slice_has(slice, &world->staged[i]))
            continue;
        world->staged[kept] = world->staged[i];
        world->staged_id[kept++] = world->staged_id[i];
    }
    for (int i = 0; i < world->ids; i++) {
        if (!slice_has(slice, &world->truth[i]))
            continue;
        assert_true(kept < 2 * TREE_WORLD_IDS);
        tree_note_row(tree, world->truth[i].day, world->truth[i].account);
        world->staged[kept] = world->truth[i];
        world->staged_id[kept++] = i;
    }
    world->staged_count = kept;
}

/* The truth at the moment of the last request for a range; a top is what was asked last in a round.
 */
static void note_asked(struct tree_world *world, const struct slice *slice, uint64_t hash)
{
    assert_true(world->asked_count < TREE_WORLD_RANGES);
    world->asked_last[world->asked_count] = *slice;
    world->truth_then[world->asked_count++] = hash;
}

static void answer_rows(struct tree_world *world, struct tree *tree, const struct tree_step *step,
                        int rows, const char *digest)
{
    /* As the daemon does: an empty list is read, however it was asked for. */
    if (step->kind == TREE_ASK && rows > 0) {
        tree_answer_digest(tree, digest, world->now_us);
        return;
    }
    if (!step->is_learning)
        stage_slice(world, tree, &step->slice);
    world->rows_read += rows;
    tree_answer_read(tree, digest, rows, world->now_us);
}

static void answer(struct tree_world *world, struct tree *tree, const struct tree_step *step)
{
    struct err err = ERR_NONE;
    char digest[40] = "";
    if ((int)tree_world_below(world, 100) < world->changes_percent)
        tree_world_change(world);
    if (world->is_flickering && step->kind == TREE_READ && world->flicker == 0) {
        tree_world_add(world, step->slice.days.from_day, 1);
        world->flicker = world->ids;
    }
    world->now_us += REQUEST_US;
    world->requests++;
    const struct slice asked = asked_slice(world, &step->slice);
    int is_own = world->is_blind || slice_is_by_number(&step->slice);
    int rows = count_slice(world, &step->slice), listed = rows;
    uint64_t hash = hash_slice(world->truth, world->ids, &step->slice), told = hash;
    if (slice_is_below_day(&step->slice)) {
        listed = count_slice(world, &asked);
        told = is_own ? hash : hash_slice(world->truth, world->ids, &asked);
    }
    if (listed > 0 || world->has_empty_digest)
        (void)snprintf(digest, sizeof(digest), "%d-%016" PRIx64, listed, told);
    note_asked(world, &step->slice, hash);
    if (listed > world->list_rows_max)
        assert_int_equal(tree_answer_too_large(tree, &err), 0);
    else if (!is_own && step->digest && strcmp(step->digest, digest) == 0)
        tree_answer_same(tree, world->now_us);
    else
        answer_rows(world, tree, step, rows, digest);
}

/* --- the mirror --- */

static json_t *parse(struct buf *json)
{
    json_t *root = json_loads(buf_text(json), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_true(json_is_array(root));
    return root;
}

static int64_t int_of(const json_t *item, const char *key, int64_t missing)
{
    const json_t *value = json_object_get(item, key);
    return value ? json_integer_value(value) : missing;
}

static struct range read_range(const json_t *item)
{
    struct range range;
    const char *from = json_string_value(json_object_get(item, "f"));
    const char *to = json_string_value(json_object_get(item, "t"));
    assert_int_equal(clock_parse_date(from, strlen(from), &range.from_day), 0);
    assert_int_equal(clock_parse_date(to, strlen(to), &range.to_day), 0);
    return range;
}

static int read_ranges(const struct tree *tree, struct range *ret_ranges)
{
    AUTO_BUF struct buf json;
    buf_init(&json, JSON_BYTES_MAX);
    assert_int_equal(tree_append_read(tree, &json), 0);
    json_t *root = parse(&json);
    int count = (int)json_array_size(root);
    for (int i = 0; i < count; i++) {
        ret_ranges[i] = read_range(json_array_get(root, (size_t)i));
        assert_true(i == 0 || ret_ranges[i - 1].to_day <= ret_ranges[i].from_day);
    }
    json_decref(root);
    return count;
}

static struct slice read_slice(const json_t *item)
{
    return (struct slice){
        .days = read_range(item),
        .account_from = (int32_t)int_of(item, "af", 0),
        .account_to = (int32_t)int_of(item, "at", 0),
        .number_from = (int32_t)int_of(item, "nf", 0),
        .number_to = (int32_t)int_of(item, "nt", 0),
    };
}

static void keep(struct tree_world *world, const json_t *item)
{
    assert_true(world->kept_count < TREE_WORLD_RANGES);
    struct tree_kept *kept = &world->kept[world->kept_count++];
    const char *digest = json_string_value(json_object_get(item, "d"));
    kept->memory = (struct tree_memory){
        .slice = read_slice(item),
        .rows = (int)int_of(item, "r", -1),
        .is_top = json_is_true(json_object_get(item, "top")),
        .confirmed_us = int_of(item, "c", 0),
        .changed_us = int_of(item, "h", 0),
    };
    (void)snprintf(kept->digest, sizeof(kept->digest), "%s", digest ? digest : "");
    kept->memory.digest = digest ? kept->digest : NULL;
}

static void keep_nodes(struct tree_world *world, const struct tree *tree,
                       const struct tree_due *due)
{
    AUTO_BUF struct buf json;
    buf_init(&json, JSON_BYTES_MAX);
    assert_int_equal(tree_append_nodes(tree, due, &json), 0);
    json_t *root = parse(&json);
    world->kept_count = 0;
    for (size_t i = 0; i < json_array_size(root); i++)
        keep(world, json_array_get(root, i));
    json_decref(root);
}

/* Only the moments move. */
static void confirm(struct tree_world *world, const struct tree *tree, const struct tree_due *due)
{
    AUTO_BUF struct buf json;
    buf_init(&json, JSON_BYTES_MAX);
    assert_int_equal(tree_append_tops(tree, due, &json), 0);
    json_t *root = parse(&json);
    for (size_t i = 0; i < json_array_size(root); i++) {
        struct slice slice = read_slice(json_array_get(root, i));
        for (int k = 0; k < world->kept_count; k++) {
            if (slice_equals(&world->kept[k].memory.slice, &slice))
                world->kept[k].memory.confirmed_us = int_of(json_array_get(root, i), "c", 0);
        }
    }
    json_decref(root);
}

static void publish(struct tree_world *world, const struct tree *tree)
{
    struct range *read = mem_new(TREE_WORLD_RANGES, sizeof(*read));
    int count = read_ranges(tree, read);
    for (int r = 0; r < count; r++) {
        for (int i = 0; i < world->ids; i++) {
            if (holds(&read[r], world->mirror[i].day))
                world->mirror[i].day = TREE_WORLD_NOWHERE;
        }
    }
    for (int i = 0; i < world->staged_count; i++)
        world->mirror[world->staged_id[i]] = world->staged[i];
    free(read);
}

/* Postings that were read elsewhere than where the mirror has them. Returns 1 where the walk grew.
 */
static int add_outside(struct tree_world *world, struct tree *tree)
{
    int has_grown = 0;
    for (int i = 0; i < world->staged_count; i++) {
        int32_t day = world->mirror[world->staged_id[i]].day;
        if (day != TREE_WORLD_NOWHERE && day != world->staged[i].day)
            has_grown |= tree_walk_add(tree, day);
    }
    return has_grown;
}

int tree_world_is_equal(const struct tree_world *world, const struct range *range)
{
    return hash_rows(world->mirror, world->ids, range) ==
           hash_rows(world->truth, world->ids, range);
}

static void check_quiet_round(const struct tree_world *world)
{
    for (int i = 0; i < world->asked_count; i++)
        assert_true(hash_slice(world->mirror, world->ids, &world->asked_last[i]) ==
                    world->truth_then[i]);
}

/* --- the walk --- */

struct tree *tree_world_tree(const struct tree_world *world)
{
    struct tree *tree = tree_new(&world->whole, world->year_starts, TREE_WORLD_YEARS);
    for (int i = 0; i < world->kept_count; i++)
        tree_load(tree, &world->kept[i].memory);
    return tree;
}

struct tree_due tree_world_due(const struct tree_world *world, int is_forced)
{
    return (struct tree_due){
        .now_us = world->now_us,
        .living_from = world->year_starts[2],
        .living_ms = 300 * 1000,
        .cold_ms = 3600 * 1000,
        .is_forced = is_forced,
    };
}

static void run_round(struct tree_world *world, struct tree *tree)
{
    struct tree_step step;
    world->asked_count = 0;
    world->rounds++;
    while (tree_next(tree, &step) == 0)
        answer(world, tree, &step);
    if (world->flicker > 0)
        world->truth[world->flicker - 1].day = TREE_WORLD_NOWHERE;
    world->is_flickering = world->flicker = 0;
}

enum tree_world_end tree_world_walk(struct tree_world *world, struct tree *tree)
{
    enum tree_world_end end = TREE_WORLD_GIVEN_UP;
    struct tree_due due = tree_world_due(world, 0);
    if (world->is_blind)
        tree_set_blind(tree);
    world->staged_count = world->requests = world->rows_read = world->rounds = 0;
    while (world->rounds < TREE_WORLD_ROUNDS_MAX && end == TREE_WORLD_GIVEN_UP) {
        run_round(world, tree);
        if (tree_round_was_quiet(tree))
            end = world->rounds == 1 ? TREE_WORLD_CONFIRMED : TREE_WORLD_PUBLISHED;
        else
            (void)add_outside(world, tree);
        if (end == TREE_WORLD_GIVEN_UP)
            tree_start_round(tree);
    }
    if (end == TREE_WORLD_CONFIRMED) {
        confirm(world, tree, &due);
    } else if (end == TREE_WORLD_PUBLISHED) {
        publish(world, tree);
        keep_nodes(world, tree, &due);
    }
    if (end != TREE_WORLD_GIVEN_UP)
        check_quiet_round(world);
    tree_free(tree);
    return end;
}

enum tree_world_end tree_world_pull(struct tree_world *world, int is_forced)
{
    struct tree *tree = tree_world_tree(world);
    struct tree_due due = tree_world_due(world, is_forced);
    (void)!tree_walk_due(tree, &due);
    return tree_world_walk(world, tree);
}

void tree_world_fill(struct tree_world *world, int count)
{
    for (int i = 0; i < count; i++)
        tree_world_add(world, tree_world_any_day(world), 1);
}

void tree_world_load(struct tree_world *world)
{
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_PUBLISHED);
    assert_true(tree_world_is_equal(world, &world->whole));
}

void tree_world_settle(struct tree_world *world)
{
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_PUBLISHED);
    assert_int_equal(world->rows_read, 0);
}

int tree_world_count_tops(const struct tree_world *world)
{
    int tops = 0;
    for (int i = 0; i < world->kept_count; i++)
        tops += world->kept[i].memory.is_top;
    return tops;
}

int tree_world_setup(void **state)
{
    *state = tree_world_new(7);
    return 0;
}

int tree_world_teardown(void **state)
{
    tree_world_free(*state);
    return 0;
}
