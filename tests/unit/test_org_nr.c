/* Tests of lib/ledger/org_nr.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/ledger/org_nr.h"

static void accepts_valid_numbers(void **state)
{
    (void)state;
    static const char *const VALID[] = { "974760673", "811126489", "123456785", "889640782" };
    for (size_t i = 0; i < ARRAY_LEN(VALID); i++) {
        struct err err = ERR_NONE;
        assert_int_equal(org_nr_check(VALID[i], &err), 0);
        assert_int_equal(err.code, 0);
    }
}

static void check_refused(const char *text, const char *part)
{
    struct err err = ERR_NONE;
    assert_int_equal(org_nr_check(text, &err), -EINVAL);
    assert_int_equal(err.code, EINVAL);
    assert_non_null(strstr(err.text, part));
    assert_string_not_equal(err.remedy, "");
    assert_int_equal(org_nr_check(text, NULL), -EINVAL);
}

static void names_the_rule_that_failed(void **state)
{
    (void)state;
    check_refused("", "is empty");
    check_refused("97476067", "'97476067' is not nine digits");
    check_refused("9747606733", "is not nine digits");
    check_refused("974 760 673", "is not nine digits");
    check_refused("97476067x", "is not nine digits");
    check_refused(" 974760673", "is not nine digits");
    check_refused("974760673\n", "is not nine digits");
    check_refused("\xd9\xa9\xd9\xa9\xd9\xa9\xd9\xa9\x31", "is not nine digits");
    check_refused("974760674", "would have to be 3");
    check_refused("123456789", "would have to be 5");
    check_refused("974760683", "would have to be 1");
}

/* Every single mistyped digit is found: what the control digit is for. */
static void finds_single_mistakes(void **state)
{
    (void)state;
    static const char VALID[] = "974760673";
    for (size_t at = 0; at < 9; at++) {
        for (char digit = '0'; digit <= '9'; digit++) {
            char text[10];
            memcpy(text, VALID, sizeof(text));
            text[at] = digit;
            assert_int_equal(org_nr_check(text, NULL), digit == VALID[at] ? 0 : -EINVAL);
        }
    }
}

/* Where the control digit would have to be 10, no last digit makes the number valid. */
static void refuses_what_would_need_a_ten(void **state)
{
    (void)state;
    int found = 0;
    for (int body = 90000000; body < 90000200; body++) {
        char text[24];
        int valid = 0;
        for (int last = 0; last < 10; last++) {
            (void)snprintf(text, sizeof(text), "%d%d", body, last);
            valid += org_nr_check(text, NULL) == 0;
        }
        assert_in_range(valid, 0, 1);
        if (valid)
            continue;
        found++;
        check_refused(text, "no organisation number begins with 9000");
    }
    assert_true(found > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_valid_numbers),
        cmocka_unit_test(names_the_rule_that_failed),
        cmocka_unit_test(finds_single_mistakes),
        cmocka_unit_test(refuses_what_would_need_a_ten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
