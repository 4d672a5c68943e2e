/* Tests of lib/base/buf.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"

static void begins_empty(void **state)
{
    (void)state;
    AUTO_BUF struct buf buf;
    buf_init(&buf, 10);
    assert_null(buf.data);
    assert_string_equal(buf_text(&buf), "");
    assert_int_equal(buf_append(&buf, NULL, 0), 0);
    assert_int_equal(buf_append_text(&buf, ""), 0);
    assert_int_equal(buf.len_bytes, 0);
    buf_clear(&buf);
    buf_wipe(&buf);
}

static void grows_and_stays_terminated(void **state)
{
    (void)state;
    AUTO_BUF struct buf buf;
    buf_init(&buf, 100000);
    for (size_t i = 0; i < 100000; i++) {
        assert_int_equal(buf_append_byte(&buf, (uint8_t)('a' + i % 26)), 0);
        assert_int_equal(buf.data[buf.len_bytes], '\0');
    }
    assert_int_equal(buf.len_bytes, 100000);
    assert_true(buf.cap_bytes <= 100001);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(buf.data[i], 'a' + i % 26);
}

static void stops_at_its_maximum_and_stays_as_it_was(void **state)
{
    (void)state;
    AUTO_BUF struct buf buf;
    buf_init(&buf, 5);
    assert_int_equal(buf_append_text(&buf, "abcdef"), -EMSGSIZE);
    assert_string_equal(buf_text(&buf), "");
    assert_int_equal(buf_append_text(&buf, "abc"), 0);
    assert_int_equal(buf_append_text(&buf, "def"), -EMSGSIZE);
    assert_int_equal(buf_printf(&buf, "%d", 123), -EMSGSIZE);
    assert_string_equal(buf_text(&buf), "abc");
    assert_int_equal(buf_printf(&buf, "%d", 12), 0);
    assert_string_equal(buf_text(&buf), "abc12");
    assert_int_equal(buf_append_byte(&buf, 'x'), -EMSGSIZE);
    assert_int_equal(buf.len_bytes, 5);
    assert_int_equal(buf.cap_bytes, 6);
}

static void does_not_overflow(void **state)
{
    (void)state;
    AUTO_BUF struct buf buf;
    buf_init(&buf, SIZE_MAX);
    assert_int_equal(buf_append_text(&buf, "abc"), 0);
    assert_int_equal(buf_append(&buf, "x", SIZE_MAX - 2), -EMSGSIZE);
    assert_string_equal(buf_text(&buf), "abc");
}

static void carries_nul_bytes(void **state)
{
    (void)state;
    AUTO_BUF struct buf buf;
    buf_init(&buf, 100);
    assert_int_equal(buf_append(&buf, "a\0b", 3), 0);
    assert_int_equal(buf.len_bytes, 3);
    assert_memory_equal(buf.data, "a\0b", 4);
}

static void hands_its_bytes_over(void **state)
{
    (void)state;
    AUTO_BUF struct buf buf;
    buf_init(&buf, 4);
    AUTO_FREE char *nothing = buf_steal(&buf);
    assert_string_equal(nothing, "");
    assert_int_equal(buf_append_text(&buf, "abcd"), 0);
    AUTO_FREE char *text = buf_steal(&buf);
    assert_string_equal(text, "abcd");
    assert_null(buf.data);
    assert_int_equal(buf_append_text(&buf, "efgh"), 0);
    assert_int_equal(buf_append_text(&buf, "i"), -EMSGSIZE);
    assert_string_equal(buf_text(&buf), "efgh");
}

static void clears_and_wipes(void **state)
{
    (void)state;
    AUTO_BUF struct buf buf;
    buf_init(&buf, 100);
    assert_int_equal(buf_append_text(&buf, "secret"), 0);
    const char *data = buf.data;
    buf_clear(&buf);
    assert_string_equal(buf_text(&buf), "");
    assert_ptr_equal(buf.data, data);
    assert_int_equal(buf_append_text(&buf, "secret"), 0);
    buf_wipe(&buf);
    assert_int_equal(buf.len_bytes, 0);
    assert_memory_equal(buf.data, "\0\0\0\0\0\0\0", 7);
    buf_release(&buf);
    assert_int_equal(buf_append_text(&buf, "again"), 0);
    assert_string_equal(buf_text(&buf), "again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_empty),
        cmocka_unit_test(grows_and_stays_terminated),
        cmocka_unit_test(stops_at_its_maximum_and_stays_as_it_was),
        cmocka_unit_test(does_not_overflow),
        cmocka_unit_test(carries_nul_bytes),
        cmocka_unit_test(hands_its_bytes_over),
        cmocka_unit_test(clears_and_wipes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
