/* Tests of daemon/budget.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/budget.h"

enum { NOW_MS = 1000000, SLACK_MS = 50 };

static struct budget told(int limit, int remaining, int reset_s)
{
    struct budget budget;
    budget_init(&budget);
    budget_learn(&budget, &(struct answer_budget){ limit, remaining, reset_s }, 0, 0, NOW_MS);
    return budget;
}

static int64_t wait_ms(const struct budget *budget)
{
    return budget_wait_ms(budget, 20, 0, NOW_MS);
}

static void goes_ahead_while_nothing_is_known(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget);
    budget_spend(&budget);
    assert_int_equal(wait_ms(&budget), 0);
    budget_learn(&budget, &(struct answer_budget){ -1, -1, -1 }, 0, 3, NOW_MS);
    assert_int_equal(wait_ms(&budget), 0);
    assert_int_equal(budget.limit, -1);
}

static void leaves_others_their_share(void **state)
{
    (void)state;
    struct budget budget = told(100, 21, 30);
    assert_int_equal(wait_ms(&budget), 0);
    budget_spend(&budget);
    assert_int_equal(wait_ms(&budget), 30000 + SLACK_MS);
    assert_int_equal(budget_wait_ms(&budget, 0, 0, NOW_MS), 0);
}

static void lets_the_urgent_use_a_quarter_of_that_share(void **state)
{
    (void)state;
    struct budget budget = told(100, 20, 30);
    assert_int_equal(budget_wait_ms(&budget, 20, 1, NOW_MS), 0);
    for (int i = 0; i < 4; i++)
        budget_spend(&budget);
    assert_int_equal(budget_wait_ms(&budget, 20, 1, NOW_MS), 0);
    budget_spend(&budget);
    assert_int_equal(budget_wait_ms(&budget, 20, 1, NOW_MS), 30000 + SLACK_MS);
}

static void begins_anew_when_the_window_ends(void **state)
{
    (void)state;
    struct budget budget = told(100, 0, 10);
    const int64_t end_ms = NOW_MS + 10000 + SLACK_MS;
    assert_int_equal(budget_wait_ms(&budget, 20, 0, end_ms - 1), 1);
    assert_int_equal(budget_wait_ms(&budget, 20, 0, end_ms), 0);
    budget_learn(&budget, &(struct answer_budget){ 100, 99, 10 }, 0, 0, end_ms);
    assert_int_equal(budget.remaining, 99);
}

static void only_falls_within_a_window(void **state)
{
    (void)state;
    struct budget budget = told(100, 50, 30);
    budget_learn(&budget, &(struct answer_budget){ 100, 55, 30 }, 0, 0, NOW_MS + 100);
    assert_int_equal(budget.remaining, 50);
    /* Another program uses the same token. */
    budget_learn(&budget, &(struct answer_budget){ 100, 12, 29 }, 0, 0, NOW_MS + 200);
    assert_int_equal(budget.remaining, 12);
}

static void counts_what_is_under_way(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget);
    budget_learn(&budget, &(struct answer_budget){ 100, 30, 30 }, 0, 8, NOW_MS);
    assert_int_equal(budget.remaining, 22);
    budget_learn(&budget, &(struct answer_budget){ 100, 3, 30 }, 0, 8, NOW_MS);
    assert_int_equal(budget.remaining, 0);
    budget_spend(&budget);
    assert_int_equal(budget.remaining, 0);
}

static void waits_as_long_as_a_refusal_says(void **state)
{
    (void)state;
    struct budget budget = told(100, 50, 30);
    budget_learn(&budget, &(struct answer_budget){ 100, 0, 7 }, 1, 0, NOW_MS);
    assert_int_equal(wait_ms(&budget), 7000 + SLACK_MS);
    assert_int_equal(budget_wait_ms(&budget, 0, 1, NOW_MS), 7000 + SLACK_MS);
}

static void waits_for_the_window_it_knows_when_a_refusal_says_nothing(void **state)
{
    (void)state;
    struct budget budget = told(100, 50, 30);
    budget_learn(&budget, &(struct answer_budget){ -1, -1, -1 }, 1, 0, NOW_MS);
    assert_int_equal(wait_ms(&budget), 30000 + SLACK_MS);
}

static void waits_longer_each_time_when_nothing_is_said_at_all(void **state)
{
    static const int WAITS_MS[] = { 5000, 10000, 20000, 40000, 60000, 60000 };
    int64_t now_ms = NOW_MS;
    struct budget budget;
    (void)state;
    budget_init(&budget);
    for (size_t i = 0; i < ARRAY_LEN(WAITS_MS); i++) {
        budget_learn(&budget, &(struct answer_budget){ -1, -1, -1 }, 1, 0, now_ms);
        assert_int_equal(budget_wait_ms(&budget, 20, 0, now_ms), WAITS_MS[i]);
        now_ms += WAITS_MS[i];
        assert_int_equal(budget_wait_ms(&budget, 20, 0, now_ms), 0);
    }
    /* An answer with a budget ends the guessing. */
    budget_learn(&budget, &(struct answer_budget){ 100, 80, 10 }, 0, 0, now_ms);
    assert_int_equal(budget_wait_ms(&budget, 20, 0, now_ms), 0);
    now_ms += 60000;
    budget_learn(&budget, &(struct answer_budget){ -1, -1, -1 }, 1, 0, now_ms);
    assert_int_equal(budget_wait_ms(&budget, 20, 0, now_ms), BUDGET_BLIND_WAIT_MS);
}

static void is_not_reopened_by_an_answer_that_was_overtaken(void **state)
{
    (void)state;
    struct budget budget = told(100, 50, 30);
    budget_learn(&budget, &(struct answer_budget){ 100, 0, 20 }, 1, 0, NOW_MS);
    budget_learn(&budget, &(struct answer_budget){ 100, 41, 20 }, 0, 0, NOW_MS + 1);
    assert_int_equal(budget.remaining, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_ahead_while_nothing_is_known),
        cmocka_unit_test(leaves_others_their_share),
        cmocka_unit_test(lets_the_urgent_use_a_quarter_of_that_share),
        cmocka_unit_test(begins_anew_when_the_window_ends),
        cmocka_unit_test(only_falls_within_a_window),
        cmocka_unit_test(counts_what_is_under_way),
        cmocka_unit_test(waits_as_long_as_a_refusal_says),
        cmocka_unit_test(waits_for_the_window_it_knows_when_a_refusal_says_nothing),
        cmocka_unit_test(waits_longer_each_time_when_nothing_is_said_at_all),
        cmocka_unit_test(is_not_reopened_by_an_answer_that_was_overtaken),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
