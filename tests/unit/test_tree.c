/* Tests of daemon/tree.h, against a simulated API whose ledger changes at will. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/tree.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "tests/unit/tree_world.h"

enum { MINUTE_US = 60 * 1000 * 1000 };

/* --- what idleness costs --- */

static void costs_one_request_when_nothing_changed(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 5000);
    tree_world_load(world);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_CONFIRMED);
    assert_int_equal(world->requests, 1);
    assert_int_equal(world->rows_read, 0);
}

static void costs_one_request_a_top(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 25000);
    tree_world_load(world);
    tree_world_settle(world);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_CONFIRMED);
    assert_in_range(tree_world_count_tops(world), 3, 4);
    assert_int_equal(world->requests, tree_world_count_tops(world));
}

static void costs_one_request_where_there_is_nothing(void **state)
{
    struct tree_world *world = *state;
    tree_world_load(world);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_CONFIRMED);
    assert_int_equal(world->requests, 1);
}

static void reads_little_where_little_changed(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 8000);
    tree_world_load(world);
    /* A load reads large ranges; digests of smaller ones are learnt where changes lead. */
    for (int i = 0; i < 6; i++) {
        tree_world_add(world, clock_day_of(2026, 3, 17), 1);
        assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_PUBLISHED);
    }
    assert_true(tree_world_is_equal(world, &world->whole));
    assert_in_range(world->rows_read, 1, 1000);
    assert_in_range(world->requests, 3, 20);
    assert_int_equal(world->rounds, 2);
}

/* --- what changes --- */

static void finds_every_change_made_between_walks(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 6000);
    tree_world_load(world);
    for (int i = 0; i < 400; i++) {
        for (uint32_t k = tree_world_below(world, 4); k > 0; k--)
            tree_world_change(world);
        assert_int_not_equal(tree_world_pull(world, 1), TREE_WORLD_GIVEN_UP);
        assert_true(tree_world_is_equal(world, &world->whole));
        world->now_us += MINUTE_US;
    }
}

/* What is published is checked against the truth of the moments of the last round, whatever happens
 * in between. */
static void proves_what_changes_in_the_middle_of_a_walk(void **state)
{
    int published = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct tree_world *world = tree_world_new(seed);
        (void)state;
        world->has_empty_digest = seed % 2 == 0;
        tree_world_fill(world, 2000 + 2500 * (int)seed);
        for (int i = 0; i < 100; i++) {
            world->changes_percent = (int)tree_world_below(world, 40);
            published += tree_world_pull(world, 1) == TREE_WORLD_PUBLISHED;
            world->now_us += MINUTE_US;
            tree_world_change(world);
        }
        world->changes_percent = 0;
        assert_int_not_equal(tree_world_pull(world, 1), TREE_WORLD_GIVEN_UP);
        assert_true(tree_world_is_equal(world, &world->whole));
        tree_world_free(world);
    }
    assert_in_range(published, 200, 600);
}

/* Before and after it the whole has one and the same digest; only that of the range that was read
 * tells. */
static void sees_what_came_and_went_while_it_read(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 3000);
    tree_world_load(world);
    for (int i = 0; i < 30; i++) {
        tree_world_change(world);
        world->is_flickering = 1;
        (void)tree_world_pull(world, 1);
        assert_true(tree_world_is_equal(world, &world->whole));
    }
}

static void is_never_quiet_while_all_is_moving(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 3000);
    tree_world_load(world);
    world->changes_percent = 100;
    tree_world_change(world);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_GIVEN_UP);
}

static void sees_a_move_from_year_to_year(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 4000);
    tree_world_load(world);
    for (int i = 0; i < 100; i++) {
        world->truth[i].day = clock_day_of(2024 + i % 6, 1 + i % 12, 1 + i % 28);
        world->truth[i].version = ++world->last_version;
        (void)tree_world_pull(world, 1);
        assert_true(tree_world_is_equal(world, &world->whole));
    }
}

static void sees_a_range_that_empties_and_fills(void **state)
{
    struct tree_world *world = *state;
    const struct range march = { clock_day_of(2026, 3, 1), clock_day_of(2026, 4, 1) };
    tree_world_fill(world, 3000);
    tree_world_load(world);
    for (int i = 0; i < 4; i++) {
        tree_world_empty(world, &march);
        assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_PUBLISHED);
        assert_true(tree_world_is_equal(world, &world->whole));
        assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_CONFIRMED);
        assert_int_equal(world->requests, 1);
        tree_world_add(world, march.from_day + i, 40);
        assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_PUBLISHED);
        assert_true(tree_world_is_equal(world, &world->whole));
    }
    tree_world_empty(world, &world->whole);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_PUBLISHED);
    assert_true(tree_world_is_equal(world, &world->whole));
}

/* --- the limit of the API --- */

static void splits_and_merges_tops_as_the_ledger_grows_and_shrinks(void **state)
{
    struct tree_world *world = *state;
    const struct range year = { clock_day_of(2026, 1, 1), clock_day_of(2027, 1, 1) };
    tree_world_fill(world, 6000);
    tree_world_load(world);
    (void)tree_world_pull(world, 1);
    assert_int_equal(tree_world_count_tops(world), 1);
    tree_world_add(world, clock_day_of(2026, 5, 5), 9000);
    tree_world_load(world);
    assert_in_range(tree_world_count_tops(world), 2, 12);
    tree_world_empty(world, &year);
    tree_world_load(world);
    assert_int_equal(tree_world_pull(world, 1),
                     TREE_WORLD_PUBLISHED); /* the whole has no digest yet */
    assert_int_equal(world->rows_read, 0);
    assert_int_equal(tree_world_count_tops(world), 1);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_CONFIRMED);
    assert_int_equal(world->requests, 1);
    assert_true(tree_world_is_equal(world, &world->whole));
}

/* Down to one number of one account: nothing more can be cut. */
static void names_a_voucher_number_that_is_too_large(void **state)
{
    struct tree_world *world = *state;
    const struct range day = { clock_day_of(2026, 2, 3), clock_day_of(2026, 2, 4) };
    struct tree *tree = tree_new(&day, world->year_starts, TREE_WORLD_YEARS);
    struct tree_due due = tree_world_due(world, 1);
    struct tree_step step;
    struct err err = ERR_NONE;
    int ret = 0;
    assert_int_equal(tree_walk_due(tree, &due), 1);
    for (int i = 0; i < 100 && ret == 0; i++) {
        assert_int_equal(tree_next(tree, &step), 0);
        assert_int_equal(step.kind, TREE_READ);
        ret = tree_answer_too_large(tree, &err);
    }
    assert_int_equal(ret, -ERANGE);
    assert_int_equal(step.slice.account_to, step.slice.account_from + 1);
    assert_int_equal(step.slice.number_to, step.slice.number_from + 1);
    assert_string_equal(err.text, "more than 10000 postings from 2026-02-03 to before 2026-02-04, "
                                  "which cannot be split further");
    tree_free(tree);
}

static void check_a_large_day(struct tree_world *world, int32_t account, int32_t other)
{
    const int32_t day = clock_day_of(2026, 3, 31);
    tree_world_fill(world, 1500);
    tree_world_add_accounts(world, day, 25000, account, other);
    tree_world_load(world);
    (void)tree_world_pull(world, 1);
    assert_true(tree_world_is_equal(world, &world->whole));
    (void)tree_world_pull(world, 1);
    assert_in_range(tree_world_count_tops(world), 4, 40);
    for (int i = 0; i < 9; i++) {
        struct tree_row *row = &world->truth[1500 + tree_world_below(world, 25000)];
        row->version = ++world->last_version;
        if (i % 3 == 1)
            row->account = i % 2 ? account : other; /* within the day, from slice to slice */
        if (i % 3 == 2)
            row->day = i % 2 ? TREE_WORLD_NOWHERE : day + 1;
        assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_PUBLISHED);
        assert_true(tree_world_is_equal(world, &world->whole));
    }
    world->changes_percent = 10;
    for (int i = 0; i < 4; i++) {
        world->truth[1500 + tree_world_below(world, 25000)].version = ++world->last_version;
        (void)tree_world_pull(world, 1);
    }
    world->changes_percent = 0;
    assert_int_not_equal(tree_world_pull(world, 1), TREE_WORLD_GIVEN_UP);
    assert_true(tree_world_is_equal(world, &world->whole));
}

static void cuts_a_day_by_accounts_and_voucher_numbers(void **state)
{
    struct tree_world *world = *state;
    check_a_large_day(world, 1920, 3000);
    (void)tree_world_pull(world, 1);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_CONFIRMED);
    assert_int_equal(world->requests, tree_world_count_tops(world));
}

/* The neighbour of an account comes along, where the API includes the upper bound. */
static void cuts_a_day_whatever_the_upper_bound_of_accounts_means(void **state)
{
    struct tree_world *world = *state;
    world->is_account_to_included = 1;
    check_a_large_day(world, 1920, 1921);
}

/* One account is read by voucher, and two others together are too many for a list: all parts of the
 * day are read, also those that are found on the way. */
static void reads_all_parts_of_a_day_that_is_cut_where_one_changed(void **state)
{
    struct tree_world *world = *state;
    const int32_t day = clock_day_of(2026, 3, 31);
    world->list_rows_max = 1000; /* so that each pull finds it out anew */
    tree_world_add_accounts(world, day, 1200, 1920, 6300);
    tree_world_add_accounts(world, day, 1200, 1920, 7700);
    tree_world_load(world);
    for (int i = 0; i < 4; i++) {
        (void)tree_world_pull(world, 1);
        world->truth[tree_world_below(world, 2400)].version = ++world->last_version;
        assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_PUBLISHED);
        assert_true(tree_world_is_equal(world, &world->whole));
    }
}

static void comes_back_to_one_top_when_a_large_day_shrinks(void **state)
{
    struct tree_world *world = *state;
    const struct range day = { clock_day_of(2026, 3, 31), clock_day_of(2026, 4, 1) };
    tree_world_add_accounts(world, day.from_day, 25000, 1920, 3000);
    tree_world_fill(world, 1500);
    tree_world_load(world);
    tree_world_empty(world, &day);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_PUBLISHED);
    (void)tree_world_pull(world, 1);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_CONFIRMED);
    assert_int_equal(world->requests, 1);
    assert_true(tree_world_is_equal(world, &world->whole));
}

/* Found by halves it takes seven: two empty years before, four quarters, and what lies ahead. */
static void packs_neighbours_into_as_few_tops_as_there_can_be(void **state)
{
    struct tree_world *world = *state;
    for (int month = 1; month <= 12; month++)
        tree_world_add(world, clock_day_of(2026, month, 11), 3000);
    tree_world_load(world);
    tree_world_settle(world);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_CONFIRMED);
    assert_int_equal(world->requests, 5);
    assert_int_equal(tree_world_count_tops(world), 5);
}

/* --- a year, and forgetting --- */

static void loads_years_one_by_one(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 14000);
    for (int i = TREE_WORLD_YEARS - 1; i >= 0; i--) {
        const struct range year = { world->year_starts[i], clock_day_of(2025 + i, 1, 1) };
        struct tree *tree = tree_world_tree(world);
        tree_walk_year(tree, &year);
        world->changes_percent = 10;
        if (tree_world_walk(world, tree) == TREE_WORLD_GIVEN_UP) {
            i++; /* once more */
            continue;
        }
    }
    world->changes_percent = 0;
    assert_int_not_equal(tree_world_pull(world, 1), TREE_WORLD_GIVEN_UP);
    assert_true(tree_world_is_equal(world, &world->whole));
    (void)tree_world_pull(world, 1);
    assert_int_equal(world->requests, tree_world_count_tops(world));
}

static void reads_a_year_in_full_whatever_is_remembered(void **state)
{
    struct tree_world *world = *state;
    const struct range year = { world->year_starts[2], world->year_starts[3] };
    tree_world_fill(world, 5000);
    tree_world_load(world);
    for (int i = 0; i < world->ids; i += 7)
        world->mirror[i].day = TREE_WORLD_NOWHERE; /* lost, though the digests say otherwise */
    struct tree *tree = tree_world_tree(world);
    tree_walk_year(tree, &year);
    assert_int_equal(tree_world_walk(world, tree), TREE_WORLD_PUBLISHED);
    assert_true(tree_world_is_equal(world, &year));
    assert_int_equal(world->rows_read, tree_world_count(world, &year));
}

static void reads_all_again_when_it_has_forgotten(void **state)
{
    struct tree_world *world = *state;
    const struct range last = { world->year_starts[5], world->whole.to_day };
    tree_world_fill(world, 15000);
    tree_world_empty(world, &last);
    tree_world_load(world);
    for (int i = 0; i < world->ids; i += 5)
        world->mirror[i] = (struct tree_row){ .day = i % 3 ? TREE_WORLD_NOWHERE : last.from_day + 9,
                                              .version = 1 };
    struct tree *tree = tree_world_tree(world);
    struct tree_due due = tree_world_due(world, 1);
    tree_forget(tree);
    assert_in_range(tree_walk_due(tree, &due), 2, 12);
    assert_int_equal(tree_world_walk(world, tree), TREE_WORLD_PUBLISHED);
    assert_true(tree_world_is_equal(world, &world->whole));
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_CONFIRMED);
}

static void heals_a_mirror_of_an_empty_ledger_when_it_has_forgotten(void **state)
{
    struct tree_world *world = *state;
    tree_world_add(world, world->year_starts[1], 3);
    tree_world_empty(world, &world->whole);
    tree_world_load(world);
    world->mirror[1] = (struct tree_row){ .day = world->year_starts[1], .version = 1 };
    struct tree *tree = tree_world_tree(world);
    struct tree_due due = tree_world_due(world, 1);
    tree_forget(tree);
    assert_int_equal(tree_walk_due(tree, &due), 1);
    assert_int_equal(tree_world_walk(world, tree), TREE_WORLD_PUBLISHED);
    assert_true(tree_world_is_equal(world, &world->whole));
}

static void leaves_out_what_the_horizon_no_longer_leads_to(void **state)
{
    struct tree_world *world = *state;
    tree_world_fill(world, 3000);
    tree_world_load(world);
    const struct range moved = { world->year_starts[1], world->whole.to_day };
    struct tree *tree = tree_new(&moved, world->year_starts + 1, TREE_WORLD_YEARS - 1);
    struct tree_due due = tree_world_due(world, 0);
    struct tree_step step;
    for (int i = 0; i < world->kept_count; i++)
        tree_load(tree, &world->kept[i].memory);
    assert_int_equal(tree_walk_due(tree, &due), 1);
    assert_int_equal(tree_next(tree, &step), 0);
    assert_true(range_equals(&step.slice.days, &moved));
    assert_null(step.digest);
    tree_free(tree);
}

/* --- without digests of Tripletex --- */

static void follows_by_reading_where_no_digest_is_given(void **state)
{
    struct tree_world *world = *state;
    world->is_blind = 1;
    tree_world_fill(world, 3000);
    tree_world_load(world);
    assert_int_equal(tree_world_pull(world, 1), TREE_WORLD_CONFIRMED);
    assert_int_equal(world->rows_read, tree_world_count(world, &world->whole));
    for (int i = 0; i < 60; i++) {
        world->changes_percent = (int)tree_world_below(world, 20);
        tree_world_change(world);
        (void)tree_world_pull(world, 1);
    }
    world->changes_percent = 0;
    assert_int_not_equal(tree_world_pull(world, 1), TREE_WORLD_GIVEN_UP);
    assert_true(tree_world_is_equal(world, &world->whole));
}

static void sees_the_same_content_under_another_digest(void **state)
{
    struct tree_world *world = *state;
    struct tree *tree = tree_world_tree(world);
    struct tree_due due = tree_world_due(world, 1);
    struct tree_step step;
    assert_int_equal(tree_walk_due(tree, &due), 1);
    assert_int_equal(tree_next(tree, &step), 0);
    assert_false(tree_note_content(tree, "theirs 1", "ours 1"));
    tree_answer_read(tree, "theirs 1", 9, 1);
    tree_start_round(tree);
    assert_int_equal(tree_next(tree, &step), 0);
    assert_true(tree_note_content(tree, "theirs 2", "ours 1"));
    assert_false(tree_note_content(tree, "theirs 2", "ours 2"));
    tree_free(tree);
}

static void sees_a_digest_that_another_range_has(void **state)
{
    struct tree_world *world = *state;
    const struct tree_memory known = { .slice = slice_of_days(world->year_starts[0],
                                                              world->year_starts[3]),
                                       .digest = "d",
                                       .rows = 5 };
    struct tree *tree = tree_world_tree(world);
    struct tree_due due = tree_world_due(world, 1);
    struct tree_step step;
    tree_load(tree, &known);
    assert_int_equal(tree_walk_due(tree, &due), 1);
    assert_int_equal(tree_next(tree, &step), 0);
    assert_true(tree_has_digest_elsewhere(tree, "d", 6));
    assert_false(tree_has_digest_elsewhere(tree, "d", 5));
    assert_false(tree_has_digest_elsewhere(tree, "e", 6));
    tree_free(tree);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_world_setup, tree_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(costs_one_request_when_nothing_changed),
        TEST(costs_one_request_a_top),
        TEST(costs_one_request_where_there_is_nothing),
        TEST(reads_little_where_little_changed),
        TEST(finds_every_change_made_between_walks),
        TEST(proves_what_changes_in_the_middle_of_a_walk),
        TEST(sees_what_came_and_went_while_it_read),
        TEST(is_never_quiet_while_all_is_moving),
        TEST(sees_a_move_from_year_to_year),
        TEST(sees_a_range_that_empties_and_fills),
        TEST(splits_and_merges_tops_as_the_ledger_grows_and_shrinks),
        TEST(names_a_voucher_number_that_is_too_large),
        TEST(cuts_a_day_by_accounts_and_voucher_numbers),
        TEST(reads_all_parts_of_a_day_that_is_cut_where_one_changed),
        TEST(cuts_a_day_whatever_the_upper_bound_of_accounts_means),
        TEST(comes_back_to_one_top_when_a_large_day_shrinks),
        TEST(packs_neighbours_into_as_few_tops_as_there_can_be),
        TEST(loads_years_one_by_one),
        TEST(reads_a_year_in_full_whatever_is_remembered),
        TEST(reads_all_again_when_it_has_forgotten),
        TEST(heals_a_mirror_of_an_empty_ledger_when_it_has_forgotten),
        TEST(leaves_out_what_the_horizon_no_longer_leads_to),
        TEST(follows_by_reading_where_no_digest_is_given),
        TEST(sees_the_same_content_under_another_digest),
        TEST(sees_a_digest_that_another_range_has),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
