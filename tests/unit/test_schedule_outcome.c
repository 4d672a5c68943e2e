/* Tests of daemon/schedule_outcome.h: how long a client waits for its next pull. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/app.h"
#include "daemon/registry.h"
#include "daemon/schedule_outcome.h"
#include "daemon/settings.h"
#include "lib/base/err.h"

enum { S = 1000, MIN = 60 * S };

static int64_t wait_ms(const struct pull_result *result, int failures, int64_t failing_ms,
                       int64_t own_interval_ms)
{
    struct settings settings = { .pull_interval_ms = 5 * MIN };
    const struct app app = { .settings = &settings };
    const struct client client = { .failures = failures, .pull_interval_ms = own_interval_ms };
    return schedule_outcome_wait_ms(&app, &client, result, failing_ms);
}

static void goes_on_at_once_while_there_is_more(void **state)
{
    (void)state;
    assert_int_equal(wait_ms(&(struct pull_result){ .end = PULL_MORE }, 0, 0, 0), 0);
    assert_int_equal(wait_ms(&(struct pull_result){ .end = PULL_STOPPED }, 0, 0, 0), 0);
}

static void waits_until_a_range_is_due(void **state)
{
    (void)state;
    const struct pull_result result = { .end = PULL_UP_TO_DATE, .next_in_ms = 77 };
    assert_int_equal(wait_ms(&result, 0, 0, 0), 77);
    const struct pull_result overdue = { .end = PULL_UP_TO_DATE, .next_in_ms = -5 };
    assert_int_equal(wait_ms(&overdue, 0, 0, 0), 0);
}

static void looks_again_each_interval_while_held_back(void **state)
{
    (void)state;
    const struct pull_result result = { .end = PULL_HELD };
    assert_int_equal(wait_ms(&result, 9, 100 * MIN, 0), 5 * MIN);
    assert_int_equal(wait_ms(&result, 9, 100 * MIN, 1 * S), 1 * S);
}

static void doubles_with_every_failure(void **state)
{
    static const int WAITS_S[] = { 1, 1, 2, 4, 8, 16, 30, 30 };
    const struct pull_result result = { .end = PULL_FAILED, .class = ANSWER_PASSING };
    (void)state;
    for (int i = 0; i < (int)ARRAY_LEN(WAITS_S); i++)
        assert_int_equal(wait_ms(&result, i, 0, 0), WAITS_S[i] * S);
}

static void waits_up_to_ten_minutes_once_it_has_lasted(void **state)
{
    const struct pull_result result = { .end = PULL_FAILED, .class = ANSWER_PASSING };
    (void)state;
    assert_int_equal(wait_ms(&result, 1000000, 10 * MIN - 1, 0), 30 * S);
    assert_int_equal(wait_ms(&result, 7, 10 * MIN, 0), 64 * S);
    assert_int_equal(wait_ms(&result, 1000000, 10 * MIN, 0), 10 * MIN);
}

/* Where the token's session does not rest: only this company was refused. */
static void a_company_that_is_refused_waits_like_any_failure(void **state)
{
    const struct pull_result result = { .end = PULL_FAILED, .class = ANSWER_UNAUTHORIZED };
    (void)state;
    assert_int_equal(wait_ms(&result, 1, 0, 0), 1 * S);
    assert_int_equal(wait_ms(&result, 1000000, 9 * MIN, 0), 30 * S);
    assert_int_equal(wait_ms(&result, 1000000, 100 * MIN, 0), 10 * MIN);
}

/* A thousand clients that were all pulled at once, as after a start or an outage. */
static void clients_drift_apart_and_then_keep_their_interval(void **state)
{
    enum { CLIENTS = 1000, ROUNDS = 60 };
    struct settings settings = { .pull_interval_ms = 5 * MIN };
    const struct app app = { .settings = &settings };
    int per_second[5 * 60] = { 0 };
    (void)state;
    for (int i = 0; i < CLIENTS; i++) {
        const struct client client = { .client_id = i + 1 };
        int64_t now_ms = 1000 * MIN, last_ms = 0;
        for (int round = 0; round < ROUNDS; round++) {
            last_ms = now_ms;
            now_ms += schedule_outcome_slot_ms(&app, &client, now_ms, 5 * MIN);
            assert_in_range(now_ms - last_ms, 5 * MIN * 96 / 100, 5 * MIN);
        }
        assert_int_equal(now_ms - last_ms, 5 * MIN);
        per_second[now_ms / 1000 % (5 * 60)]++;
    }
    for (int i = 0; i < 5 * 60; i++)
        assert_in_range(per_second[i], 1, 8);
}

static void waits_longer_for_an_access_that_a_person_gives(void **state)
{
    const struct pull_result result = { .end = PULL_NO_ACCESS };
    (void)state;
    assert_int_equal(wait_ms(&result, 1, 0, 0), 15 * S);
    assert_int_equal(wait_ms(&result, 2, 0, 0), 30 * S);
    assert_int_equal(wait_ms(&result, 9, 0, 0), 30 * S);
    assert_int_equal(wait_ms(&result, 9, 11 * MIN, 0), 10 * MIN);
}

static void names_the_outcome_of_an_order(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    err_set(&err, 5, "it broke");
    assert_string_equal(schedule_outcome_text(&(struct pull_result){ .end = PULL_UP_TO_DATE }),
                        "done");
    assert_string_equal(
        schedule_outcome_text(&(struct pull_result){ .end = PULL_HELD, .err = &err }), "held");
    assert_string_equal(schedule_outcome_text(&(struct pull_result){ .end = PULL_FAILED }),
                        "failed");
    assert_non_null(
        strstr(schedule_outcome_text(&(struct pull_result){ .end = PULL_FAILED, .err = &err }),
               "it broke"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_at_once_while_there_is_more),
        cmocka_unit_test(waits_until_a_range_is_due),
        cmocka_unit_test(looks_again_each_interval_while_held_back),
        cmocka_unit_test(doubles_with_every_failure),
        cmocka_unit_test(waits_up_to_ten_minutes_once_it_has_lasted),
        cmocka_unit_test(clients_drift_apart_and_then_keep_their_interval),
        cmocka_unit_test(a_company_that_is_refused_waits_like_any_failure),
        cmocka_unit_test(waits_longer_for_an_access_that_a_person_gives),
        cmocka_unit_test(names_the_outcome_of_an_order),
    };
    return cmocka_run_group_tests_name("schedule_outcome", tests, NULL, NULL);
}
