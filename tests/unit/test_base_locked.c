/* Tests of lib/base/locked.h: secrets that live on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/locked.h"

static void copies_text(void **state)
{
    (void)state;
    char *whole = locked_strdup("a secret");
    char *part = locked_strndup("a secret", 3);
    char *empty = locked_strdup("");
    assert_string_equal(whole, "a secret");
    assert_string_equal(part, "a s");
    assert_string_equal(empty, "");
    locked_free(whole);
    locked_free(part);
    locked_free(empty);
}

static void nothing_stays_nothing(void **state)
{
    (void)state;
    assert_null(locked_strdup(NULL));
    locked_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_text),
        cmocka_unit_test(nothing_stays_nothing),
    };
    return cmocka_run_group_tests_name("locked", tests, NULL, NULL);
}
