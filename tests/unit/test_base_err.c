/* Tests of lib/base/err.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"

static void sets_and_returns_the_negative_code(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    assert_int_equal(err_set(&err, EPROTO, "page %d is garbled", 7), -EPROTO);
    assert_int_equal(err.code, EPROTO);
    assert_string_equal(err.text, "page 7 is garbled");
    assert_string_equal(err.remedy, "");
    assert_string_equal(err.request_id, "");
}

static void never_returns_success(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    assert_int_equal(err_set(&err, 0, "x"), -EIO);
    assert_int_equal(err.code, EIO);
    assert_int_equal(err_set(&err, -EPERM, "x"), -EPERM);
    assert_int_equal(err.code, EPERM);
}

static void does_without_an_err(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ENOENT, "x"), -ENOENT);
    err_prefix(NULL, "x");
    err_set_remedy(NULL, "x");
    err_set_request_id(NULL, "x");
    err_copy(NULL, NULL);
}

static void forgets_the_error_before(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    (void)err_set(&err, EPERM, "first");
    err_set_remedy(&err, "ask");
    err_set_request_id(&err, "req-1");
    (void)err_set(&err, EIO, "second after %s", err.text);
    assert_string_equal(err.text, "second after first");
    assert_string_equal(err.remedy, "");
    assert_string_equal(err.request_id, "");
}

static void tells_where_from_one_level_up(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    err_prefix(&err, "nothing happened");
    assert_string_equal(err.text, "");
    (void)err_set(&err, EIO, "no answer");
    err_prefix(&err, "client %s", "974760673");
    assert_string_equal(err.text, "client 974760673: no answer");
    err_prefix(&err, "%s", err.text);
    assert_string_equal(err.text, "client 974760673: no answer: client 974760673: no answer");
}

static void assert_cut(const char *text, size_t size)
{
    size_t len = strlen(text);
    assert_in_range(len, size - 4, size - 1);
    assert_string_equal(text + len - 3, "…");
    /* The character before the ellipsis is whole: an ø is C3 B8. */
    assert_int_equal((uint8_t)text[len - 4], 0xB8);
}

static void cuts_long_texts_between_characters(void **state)
{
    (void)state;
    char many[2001];
    for (size_t i = 0; i < sizeof(many) - 1; i += 2)
        memcpy(many + i, "\xC3\xB8", 2);
    many[sizeof(many) - 1] = '\0';
    for (int shift = 0; shift < 2; shift++) {
        struct err err = ERR_NONE;
        const char *before = shift ? "x" : "";
        (void)err_set(&err, EIO, "%s%s", before, many);
        assert_cut(err.text, sizeof(err.text));
        err_prefix(&err, "a place");
        assert_cut(err.text, sizeof(err.text));
        assert_memory_equal(err.text, "a place: ", 9);
        err_prefix(&err, "%s", many);
        assert_cut(err.text, sizeof(err.text));
        err_set_remedy(&err, "%s%s", before, many);
        assert_cut(err.remedy, sizeof(err.remedy));
        err_set_request_id(&err, many + shift * 2);
        assert_cut(err.request_id, sizeof(err.request_id));
    }
}

static void fits_to_the_last_byte(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    (void)err_set(&err, EIO, "%*s", ERR_TEXT_BYTES - 1, "z");
    assert_int_equal(err.text[ERR_TEXT_BYTES - 2], 'z');
    (void)err_set(&err, EIO, "%*s", ERR_TEXT_BYTES - 4, "z");
    err_prefix(&err, "p");
    assert_int_equal(err.text[ERR_TEXT_BYTES - 2], 'z');
}

static void copies_and_keeps(void **state)
{
    (void)state;
    struct err from = ERR_NONE;
    struct err to = ERR_NONE;
    (void)err_set(&from, EIO, "text");
    err_set_remedy(&from, "remedy");
    err_set_request_id(&from, "id");
    err_copy(&to, &from);
    assert_memory_equal(&to, &from, sizeof(to));
    err_copy(&to, NULL);
    assert_string_equal(to.text, "text");
    err_set_request_id(&to, NULL);
    assert_string_equal(to.request_id, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_and_returns_the_negative_code),
        cmocka_unit_test(never_returns_success),
        cmocka_unit_test(does_without_an_err),
        cmocka_unit_test(forgets_the_error_before),
        cmocka_unit_test(tells_where_from_one_level_up),
        cmocka_unit_test(cuts_long_texts_between_characters),
        cmocka_unit_test(fits_to_the_last_byte),
        cmocka_unit_test(copies_and_keeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
