/* Tests of daemon/tree.h: which ranges are asked when, against the simulated API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/tree.h"
#include "lib/base/clock.h"
#include "tests/unit/tree_world.h"

enum { MINUTE_US = 60 * 1000 * 1000 };

static int walk_size(struct tree_world *world, int64_t after_ms)
{
    struct tree *tree = tree_world_tree(world);
    struct tree_due due = tree_world_due(world, 0);
    due.now_us += after_ms * 1000;
    int tops = tree_walk_due(tree, &due);
    tree_free(tree);
    return tops;
}

static void asks_cold_years_less_often(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 25000);
    tree_world_load(world);
    tree_world_settle(world);
    int tops = tree_world_count_tops(world);
    assert_int_equal(walk_size(world, 0), 0);
    int living = walk_size(world, 5 * 60 * 1000);
    assert_in_range(living, 1, tops - 1);
    assert_int_equal(walk_size(world, 3600 * 1000), tops);
}

static void asks_what_changed_lately_as_often_as_the_living(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 25000);
    tree_world_load(world);
    tree_world_settle(world);
    /* What a load brings is no change. */
    assert_in_range(walk_size(world, 5 * 60 * 1000), 1, tree_world_count_tops(world) - 1);
    for (int i = 0; i < world->ids; i++)
        world->truth[i].version = ++world->last_version;
    tree_world_load(world);
    assert_int_equal(walk_size(world, 4 * 60 * 1000), 0);
    assert_int_equal(walk_size(world, 5 * 60 * 1000), tree_world_count_tops(world));
}

static void says_when_the_next_top_is_due(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 500);
    tree_world_load(world);
    struct tree *tree = tree_world_tree(world);
    struct tree_due due = tree_world_due(world, 0);
    assert_int_equal(tree_walk_due(tree, &due), 0);
    assert_true(tree_next_due_us(tree, &due) ==
                world->kept[0].memory.confirmed_us + 5 * (int64_t)MINUTE_US);
    assert_true(tree_round_was_quiet(tree));
    tree_free(tree);
}

/* One top held all years; the others were confirmed with it. */
static void keeps_when_the_others_were_confirmed_where_a_year_is_loaded_anew(void **state)
{
    struct tree_world *world = *state;
    const struct range year = { world->year_starts[2], world->year_starts[3] };
    tree_world_fill(world, 500);
    tree_world_load(world);
    assert_int_equal(tree_world_count_tops(world), 1);
    struct tree *tree = tree_world_tree(world);
    tree_walk_year(tree, &year);
    assert_int_equal(tree_world_walk(world, tree), TREE_WORLD_PUBLISHED);
    assert_true(tree_world_count_tops(world) > 1);
    for (int i = 0; i < world->kept_count; i++)
        assert_true(!world->kept[i].memory.is_top || world->kept[i].memory.confirmed_us > 0);
}

/* The clock was ahead when they were confirmed, and has been set back. */
static void asks_at_once_what_was_confirmed_in_the_future(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 500);
    tree_world_load(world);
    struct tree *tree = tree_world_tree(world);
    struct tree_due due = tree_world_due(world, 0);
    due.now_us = world->kept[0].memory.confirmed_us - 59 * (int64_t)MINUTE_US;
    assert_int_equal(tree_next_due_us(tree, &due), due.now_us + 5 * (int64_t)MINUTE_US);
    assert_int_equal(tree_walk_due(tree, &due), 1);
    tree_free(tree);
}

/* Nothing that a walk of the living year publishes leaves the rest of the mirror with what has
 * moved away. */
static void adds_the_ranges_that_postings_came_from(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 25000);
    tree_world_load(world);
    for (int i = 0; i < world->kept_count; i++)
        world->kept[i].memory.changed_us -= 8 * CLOCK_MS_PER_DAY * 1000;
    for (int i = 0; i < world->ids; i++) {
        if (world->truth[i].day >= world->year_starts[2])
            continue;
        world->truth[i].day = clock_day_of(2026, 4, 4);
        world->truth[i].version = ++world->last_version;
        break;
    }
    world->now_us += 6 * (int64_t)MINUTE_US;
    assert_int_equal(tree_world_pull(world, 0), TREE_WORLD_PUBLISHED);
    assert_true(tree_world_is_equal(world, &world->whole));
}

static void follows_for_days_by_intervals(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 12000);
    tree_world_load(world);
    for (int i = 0; i < 400; i++) {
        world->now_us += 5 * (int64_t)MINUTE_US;
        world->changes_percent = tree_world_below(world, 5) == 0 ? 20 : 0;
        if (tree_world_below(world, 3) == 0)
            tree_world_change(world);
        (void)tree_world_pull(world, 0);
    }
    world->changes_percent = 0;
    assert_int_not_equal(tree_world_pull(world, 1), TREE_WORLD_GIVEN_UP);
    assert_true(tree_world_is_equal(world, &world->whole));
}

static void tells_when_a_walk_was_confirmed(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 25000);
    tree_world_load(world);
    struct tree *tree = tree_world_tree(world);
    struct tree_due due = tree_world_due(world, 1);
    struct tree_step step;
    int tops = tree_walk_due(tree, &due);
    assert_false(tree_has_read(tree));
    for (int i = 0; tree_next(tree, &step) == 0; i++)
        tree_answer_same(tree, 1000 + i);
    assert_true(tree_round_was_quiet(tree));
    assert_false(tree_has_read(tree));
    assert_false(tree_has_changed(tree));
    assert_true(tree_confirmed_us(tree) == 1000);
    assert_true(tops > 1);
    tree_free(tree);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_world_setup, tree_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(asks_cold_years_less_often),
        TEST(asks_what_changed_lately_as_often_as_the_living),
        TEST(says_when_the_next_top_is_due),
        TEST(keeps_when_the_others_were_confirmed_where_a_year_is_loaded_anew),
        TEST(asks_at_once_what_was_confirmed_in_the_future),
        TEST(adds_the_ranges_that_postings_came_from),
        TEST(follows_for_days_by_intervals),
        TEST(tells_when_a_walk_was_confirmed),
    };
    return cmocka_run_group_tests_name("tree_due", tests, NULL, NULL);
}
