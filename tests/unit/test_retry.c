/* Tests of daemon/retry.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/retry.h"
#include "lib/base/err.h"

enum { SENT_US = 1000 };

/* How often it is tried, the first time counted, where every try fails in this way. */
static int count_tries(enum answer_class class, int code)
{
    struct retry retry = { 0 };
    struct err err = ERR_NONE;
    err_set(&err, code, "a fault");
    int tries = 1;
    while (retry_wait_ms(&retry, class, &err, SENT_US) >= 0)
        assert_true(++tries < 100);
    return tries;
}

static void what_may_pass_is_tried_four_times(void **state)
{
    (void)state;
    assert_int_equal(count_tries(ANSWER_PASSING, EREMOTEIO), RETRY_TRIES_MAX);
    assert_int_equal(count_tries(ANSWER_PASSING, ECONNRESET), RETRY_TRIES_MAX);
    assert_int_equal(count_tries(ANSWER_PASSING, EPROTO), RETRY_TRIES_MAX);
}

static void what_hardly_changes_is_tried_once_more(void **state)
{
    (void)state;
    static const int DEAR[] = { ETIMEDOUT, EMSGSIZE, ERANGE, EINVAL };
    for (size_t i = 0; i < ARRAY_LEN(DEAR); i++)
        assert_int_equal(count_tries(ANSWER_PASSING, DEAR[i]), 2);
    assert_int_equal(count_tries(ANSWER_REFUSED, EPROTO), 2);
    assert_int_equal(count_tries(ANSWER_FORBIDDEN, EPERM), 2);
    assert_int_equal(count_tries(ANSWER_GONE, ENOENT), 2);
    assert_int_equal(count_tries(ANSWER_UNAUTHORIZED, EACCES), 2);
}

static void what_is_an_answer_is_not_tried_again(void **state)
{
    (void)state;
    assert_int_equal(count_tries(ANSWER_TOO_LARGE, EPROTO), 1);
    assert_int_equal(count_tries(ANSWER_OVER_BUDGET, EAGAIN), 1);
}

/* It has waited for the session or the budget long enough. */
static void what_was_never_sent_is_not_tried_again(void **state)
{
    (void)state;
    struct retry retry = { 0 };
    struct err err = ERR_NONE;
    err_set(&err, EREMOTEIO, "no session");
    assert_int_equal(retry_wait_ms(&retry, ANSWER_PASSING, &err, 0), -1);
}

static void waits_double_and_differ(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    err_set(&err, EREMOTEIO, "a fault");
    int has_differed = 0;
    int64_t before_ms = -1;
    for (int i = 0; i < 50; i++) {
        struct retry retry = { 0 };
        for (int64_t usual_ms = RETRY_FIRST_MS; usual_ms <= 4 * RETRY_FIRST_MS; usual_ms *= 2) {
            int64_t wait_ms = retry_wait_ms(&retry, ANSWER_PASSING, &err, SENT_US);
            assert_in_range(wait_ms, usual_ms * 3 / 4, usual_ms * 5 / 4);
            if (usual_ms == RETRY_FIRST_MS) {
                has_differed |= before_ms >= 0 && wait_ms != before_ms;
                before_ms = wait_ms;
            }
        }
    }
    assert_true(has_differed);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(what_may_pass_is_tried_four_times),
        cmocka_unit_test(what_hardly_changes_is_tried_once_more),
        cmocka_unit_test(what_is_an_answer_is_not_tried_again),
        cmocka_unit_test(what_was_never_sent_is_not_tried_again),
        cmocka_unit_test(waits_double_and_differ),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
