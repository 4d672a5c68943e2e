/* Tests of daemon/budget.h. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/budget.h"

enum { NOW_MS = 1000000, SLACK_MS = BUDGET_ROUNDING_MS, LEAVE = 20 };

static const struct answer_budget NOTHING = { -1, -1, -1, -1 };

static void learn(struct budget *budget, int limit, int remaining, int reset_s, int64_t told_ms)
{
    budget_learn(
        budget,
        &(struct budget_answer){ .header = { limit, remaining, reset_s, -1 }, .told_ms = told_ms },
        LEAVE);
}

/* A 429. */
static void refuse(struct budget *budget, int reset_s, int retry_after_s, int64_t told_ms)
{
    budget_learn(budget,
                 &(struct budget_answer){ .header = { -1, -1, reset_s, retry_after_s },
                                          .is_over = 1,
                                          .is_question = 1,
                                          .told_ms = told_ms },
                 LEAVE);
}

static int spend(struct budget *budget, int64_t now_ms)
{
    return budget_spend(budget, now_ms);
}

/* After one answer. */
static struct budget told(int limit, int remaining, int reset_s)
{
    struct budget budget;
    budget_init(&budget);
    assert_true(spend(&budget, NOW_MS));
    budget_learn(&budget,
                 &(struct budget_answer){ .header = { limit, remaining, reset_s, -1 },
                                          .is_question = 1,
                                          .told_ms = NOW_MS },
                 LEAVE);
    return budget;
}

static int64_t wait_ms(const struct budget *budget)
{
    return budget_wait_ms(budget, LEAVE, 0, NOW_MS);
}

/* --- what is not known is asked by one --- */

static void one_request_asks_while_nothing_is_known(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget);
    assert_int_equal(wait_ms(&budget), 0);
    assert_true(spend(&budget, NOW_MS));
    assert_int_equal(wait_ms(&budget), BUDGET_ASKED_MS);
    /* Its answer is not waited for endlessly. */
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 0, NOW_MS + BUDGET_ASKED_MS), 0);
    assert_true(spend(&budget, NOW_MS + BUDGET_ASKED_MS));
    assert_true(budget_wait_ms(&budget, LEAVE, 0, NOW_MS + BUDGET_ASKED_MS) > 0);
}

static void the_next_one_asks_when_the_first_is_lost(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget);
    assert_true(spend(&budget, NOW_MS));
    budget_learn(&budget, &(struct budget_answer){ .is_lost = 1, .is_question = 1 }, LEAVE);
    assert_int_equal(wait_ms(&budget), 0);
    assert_true(spend(&budget, NOW_MS));
    assert_false(spend(&budget, NOW_MS));
}

static void keeps_to_nothing_where_no_answer_tells_a_budget(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget);
    assert_true(spend(&budget, NOW_MS));
    budget_learn(&budget,
                 &(struct budget_answer){ .header = NOTHING, .is_question = 1, .told_ms = NOW_MS },
                 LEAVE);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(wait_ms(&budget), 0);
        assert_false(spend(&budget, NOW_MS));
    }
    assert_int_equal(budget_useful_requests(&budget, LEAVE, 100), INT_MAX);
    /* Until one does. */
    learn(&budget, 100, 10, 30, NOW_MS);
    assert_true(wait_ms(&budget) > 0);
}

static void one_request_asks_what_a_new_window_holds(void **state)
{
    (void)state;
    struct budget budget = told(100, 0, 10);
    const int64_t end_ms = NOW_MS + 10000 + SLACK_MS;
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 0, end_ms - 1), 1);
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 0, end_ms), 0);
    assert_true(spend(&budget, end_ms));
    assert_true(budget_wait_ms(&budget, LEAVE, 0, end_ms) > 0);
    learn(&budget, 100, 99, 10, end_ms + 20);
    assert_int_equal(budget.remaining, 99);
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 0, end_ms + 20), 0);
}

static void an_answer_made_before_the_end_tells_nothing_of_what_follows(void **state)
{
    (void)state;
    struct budget budget = told(100, 50, 10);
    const int64_t end_ms = NOW_MS + 10000 + SLACK_MS;
    assert_false(spend(&budget, NOW_MS)); /* its body takes long */
    assert_true(spend(&budget, end_ms + 10));
    learn(&budget, 100, 49, 10, NOW_MS + 5);
    assert_true(budget_wait_ms(&budget, LEAVE, 0, end_ms + 20) > 0);
    budget_learn(&budget,
                 &(struct budget_answer){
                     .header = { 100, 99, 10, -1 }, .is_question = 1, .told_ms = end_ms + 30 },
                 LEAVE);
    assert_int_equal(budget.remaining, 99);
}

/* --- shares --- */

static void leaves_others_their_share(void **state)
{
    (void)state;
    struct budget budget = told(100, 21, 30);
    assert_int_equal(wait_ms(&budget), 0);
    assert_false(spend(&budget, NOW_MS));
    assert_int_equal(wait_ms(&budget), 30000 + SLACK_MS);
    assert_int_equal(budget_wait_ms(&budget, 0, 0, NOW_MS), 0);
}

static void lets_the_urgent_use_a_quarter_of_that_share(void **state)
{
    (void)state;
    struct budget budget = told(100, 20, 30);
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 1, NOW_MS), 0);
    for (int i = 0; i < 4; i++)
        assert_false(spend(&budget, NOW_MS));
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 1, NOW_MS), 0);
    assert_false(spend(&budget, NOW_MS));
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 1, NOW_MS), 30000 + SLACK_MS);
}

static void a_limit_that_is_not_told_is_what_was_left_at_most(void **state)
{
    (void)state;
    struct budget budget = told(-1, 50, 30);
    assert_int_equal(budget.limit, 50);
    assert_int_equal(wait_ms(&budget), 0);
    assert_false(spend(&budget, NOW_MS));
    learn(&budget, -1, 10, 30, NOW_MS + 1);
    assert_true(wait_ms(&budget) > 0);
}

/* --- counting --- */

static void only_falls_within_a_window_while_others_run(void **state)
{
    (void)state;
    struct budget budget = told(100, 50, 30);
    assert_false(spend(&budget, NOW_MS));
    assert_false(spend(&budget, NOW_MS));
    learn(&budget, 100, 55, 30, NOW_MS + 100);
    assert_int_equal(budget.remaining, 48);
    /* Another program uses the same token. */
    assert_false(spend(&budget, NOW_MS));
    learn(&budget, 100, 12, 30, NOW_MS + 200);
    assert_int_equal(budget.remaining, 11);
    /* Nothing else runs: it is exact. */
    learn(&budget, 100, 13, 30, NOW_MS + 300);
    assert_int_equal(budget.remaining, 13);
}

static void counts_what_runs(void **state)
{
    (void)state;
    struct budget budget = told(100, 100, 30);
    for (int i = 0; i < 9; i++)
        assert_false(spend(&budget, NOW_MS));
    learn(&budget, 100, 30, 30, NOW_MS);
    assert_int_equal(budget.remaining, 22);
    learn(&budget, 100, 3, 30, NOW_MS);
    assert_int_equal(budget.remaining, 0);
    assert_false(spend(&budget, NOW_MS));
    assert_int_equal(budget.remaining, 0);
}

static void each_answer_bounds_the_end_of_the_window(void **state)
{
    (void)state;
    struct budget budget = told(100, 100, 30);
    assert_int_equal(budget.ends_ms, NOW_MS + 31000);
    for (int i = 0; i < 3; i++)
        assert_false(spend(&budget, NOW_MS));
    learn(&budget, 100, 99, 29, NOW_MS + 200);
    assert_int_equal(budget.ends_ms, NOW_MS + 200 + 30000);
    learn(&budget, 100, 98, 29, NOW_MS + 900);
    assert_int_equal(budget.ends_ms, NOW_MS + 200 + 30000);
    /* It ends later than rounding explains: that is another window. */
    learn(&budget, 100, 97, 60, NOW_MS + 1000);
    assert_int_equal(budget.ends_ms, NOW_MS + 1000 + 61000);
    assert_int_equal(budget.remaining, 97);
}

static void does_not_believe_in_windows_of_more_than_an_hour(void **state)
{
    (void)state;
    struct budget budget = told(100, 0, 999999999);
    assert_int_equal(wait_ms(&budget), BUDGET_WINDOW_MAX_MS + SLACK_MS);
}

static void waits_blindly_where_the_end_is_never_told(void **state)
{
    (void)state;
    struct budget budget = told(100, 20, -1);
    assert_int_equal(wait_ms(&budget), BUDGET_BLIND_WAIT_MS);
    assert_true(spend(&budget, NOW_MS + 5000));
    learn(&budget, 100, 20, -1, NOW_MS + 5000);
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 0, NOW_MS + 5000), 2 * BUDGET_BLIND_WAIT_MS);
    assert_true(spend(&budget, NOW_MS + 15000));
    learn(&budget, 100, 99, -1, NOW_MS + 15000);
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 0, NOW_MS + 15000), 0);
    assert_int_equal(budget.blind_ms, 0);
}

/* --- 429 --- */

static void waits_as_long_as_a_refusal_says(void **state)
{
    (void)state;
    struct budget budget = told(100, 50, 30);
    assert_false(spend(&budget, NOW_MS));
    refuse(&budget, 7, -1, NOW_MS);
    assert_int_equal(wait_ms(&budget), 7000 + SLACK_MS);
    assert_int_equal(budget_wait_ms(&budget, 0, 1, NOW_MS), 7000 + SLACK_MS);
    budget = told(100, 50, 30);
    assert_false(spend(&budget, NOW_MS));
    refuse(&budget, -1, 12, NOW_MS);
    assert_in_range(wait_ms(&budget), 12000, 12000 + SLACK_MS);
}

static void waits_for_the_window_it_knows_when_a_refusal_says_nothing(void **state)
{
    (void)state;
    struct budget budget = told(100, 50, 30);
    assert_false(spend(&budget, NOW_MS));
    refuse(&budget, -1, -1, NOW_MS);
    assert_int_equal(wait_ms(&budget), 30000 + SLACK_MS);
}

static void asks_once_and_ever_later_when_nothing_is_said_at_all(void **state)
{
    static const int WAITS_MS[] = { 5000, 10000, 20000, 40000, 60000, 60000 };
    int64_t now_ms = NOW_MS;
    struct budget budget;
    (void)state;
    budget_init(&budget);
    for (size_t i = 0; i < ARRAY_LEN(WAITS_MS); i++) {
        assert_true(spend(&budget, now_ms));
        assert_true(budget_wait_ms(&budget, LEAVE, 0, now_ms) > 0); /* only one asks */
        refuse(&budget, -1, -1, now_ms);
        assert_int_equal(budget_wait_ms(&budget, LEAVE, 0, now_ms), WAITS_MS[i]);
        now_ms += WAITS_MS[i];
        assert_int_equal(budget_wait_ms(&budget, LEAVE, 0, now_ms), 0);
    }
    /* An answer with a budget ends the guessing. */
    assert_true(spend(&budget, now_ms));
    learn(&budget, 100, 80, 10, now_ms);
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 0, now_ms), 0);
    now_ms += 60000;
    assert_true(spend(&budget, now_ms));
    refuse(&budget, -1, -1, now_ms);
    assert_int_equal(budget_wait_ms(&budget, LEAVE, 0, now_ms), BUDGET_BLIND_WAIT_MS);
}

static void is_not_reopened_by_an_answer_that_was_overtaken(void **state)
{
    (void)state;
    struct budget budget = told(100, 50, 20);
    for (int i = 0; i < 3; i++)
        assert_false(spend(&budget, NOW_MS));
    refuse(&budget, 20, -1, NOW_MS);
    learn(&budget, 100, 41, 20, NOW_MS + 1);
    assert_int_equal(budget.remaining, 0);
}

/* --- how many at once --- */

static void runs_no_more_at_once_than_use_the_window_up(void **state)
{
    (void)state;
    struct budget budget = told(120, 119, 60);
    /* 96 a minute of 100 ms each: one does it. */
    assert_int_equal(budget_useful_requests(&budget, LEAVE, 100), 1);
    /* Pages of 5 s each: eight on the average. */
    assert_int_equal(budget_useful_requests(&budget, LEAVE, 5000), 17);
    budget = told(1000000, 999999, 60);
    assert_true(budget_useful_requests(&budget, LEAVE, 20) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request_asks_while_nothing_is_known),
        cmocka_unit_test(the_next_one_asks_when_the_first_is_lost),
        cmocka_unit_test(keeps_to_nothing_where_no_answer_tells_a_budget),
        cmocka_unit_test(one_request_asks_what_a_new_window_holds),
        cmocka_unit_test(an_answer_made_before_the_end_tells_nothing_of_what_follows),
        cmocka_unit_test(leaves_others_their_share),
        cmocka_unit_test(lets_the_urgent_use_a_quarter_of_that_share),
        cmocka_unit_test(a_limit_that_is_not_told_is_what_was_left_at_most),
        cmocka_unit_test(only_falls_within_a_window_while_others_run),
        cmocka_unit_test(counts_what_runs),
        cmocka_unit_test(each_answer_bounds_the_end_of_the_window),
        cmocka_unit_test(does_not_believe_in_windows_of_more_than_an_hour),
        cmocka_unit_test(waits_blindly_where_the_end_is_never_told),
        cmocka_unit_test(waits_as_long_as_a_refusal_says),
        cmocka_unit_test(waits_for_the_window_it_knows_when_a_refusal_says_nothing),
        cmocka_unit_test(asks_once_and_ever_later_when_nothing_is_said_at_all),
        cmocka_unit_test(is_not_reopened_by_an_answer_that_was_overtaken),
        cmocka_unit_test(runs_no_more_at_once_than_use_the_window_up),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
