/* Tests of lib/base/utf8.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/utf8.h"

static void measures_valid_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_char_bytes("a", 1), 1);
    assert_int_equal(utf8_char_bytes("\0", 1), 1);
    assert_int_equal(utf8_char_bytes("ø", 2), 2);
    assert_int_equal(utf8_char_bytes("€", 3), 3);
    assert_int_equal(utf8_char_bytes("\xF0\x9F\x98\x80", 4), 4);
    assert_int_equal(utf8_char_bytes("\xF4\x8F\xBF\xBF", 4), 4);
    assert_int_equal(utf8_char_bytes("\xED\x9F\xBF", 3), 3);
}

static void refuses_what_is_not_utf8(void **state)
{
    (void)state;
    static const char *const WRONG[] = {
        "\x80",             /* continuation alone */
        "\xC0\xAF",         /* overlong */
        "\xC1\xBF",         /* overlong */
        "\xE0\x9F\xBF",     /* overlong */
        "\xF0\x8F\xBF\xBF", /* overlong */
        "\xED\xA0\x80",     /* surrogate */
        "\xF4\x90\x80\x80", /* above U+10FFFF */
        "\xF5\x80\x80\x80", /* no such lead */
        "\xFF",             /* no such byte */
        "\xC3(",            /* broken off */
        "\xE2\x82",         /* cut short */
    };
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++)
        assert_int_equal(utf8_char_bytes(WRONG[i], strlen(WRONG[i])), 0);
    assert_int_equal(utf8_char_bytes("", 0), 0);
    assert_int_equal(utf8_char_bytes("ø", 1), 0);
}

static void knows_control_characters(void **state)
{
    (void)state;
    assert_true(utf8_is_control("\0", 1));
    assert_true(utf8_is_control("\n", 1));
    assert_true(utf8_is_control("\x7F", 1));
    assert_true(utf8_is_control("\xC2\x9B", 2));
    assert_false(utf8_is_control("\xC2\xA0", 2));
    assert_false(utf8_is_control(" ", 1));
    assert_false(utf8_is_control("\xC3\x85", 2));
}

static void cuts_between_characters(void **state)
{
    (void)state;
    assert_int_equal(utf8_cut_bytes("abc", 3), 3);
    assert_int_equal(utf8_cut_bytes("abc", 2), 2);
    assert_int_equal(utf8_cut_bytes("aø", 2), 1);
    assert_int_equal(utf8_cut_bytes("€", 2), 0);
    assert_int_equal(utf8_cut_bytes("\xF0\x9F\x98\x80z", 3), 0);
    assert_int_equal(utf8_cut_bytes("\xF0\x9F\x98\x80z", 4), 4);
    assert_int_equal(utf8_cut_bytes("ø", 0), 0);
    /* Not UTF-8: cut where asked. */
    assert_int_equal(utf8_cut_bytes("\x80\x80\x80\x80\x80\x80", 5), 5);
}

static void ends_a_full_text_with_an_ellipsis(void **state)
{
    (void)state;
    char text[10] = "abcdeøghi";
    text[9] = '\0';
    utf8_end_with_ellipsis(text, sizeof(text));
    assert_string_equal(text, "abcde…");
}

static void makes_a_line_of_anything(void **state)
{
    (void)state;
    char text[] = "a\tø\n\x1b[2J\xC2\x9Bz\xFF\x7F";
    utf8_repair(text);
    assert_string_equal(text, "a ø ?[2J??z??");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_valid_characters),
        cmocka_unit_test(refuses_what_is_not_utf8),
        cmocka_unit_test(knows_control_characters),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(ends_a_full_text_with_an_ellipsis),
        cmocka_unit_test(makes_a_line_of_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
