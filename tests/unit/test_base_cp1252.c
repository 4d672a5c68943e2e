/* Tests of lib/base/cp1252.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/cp1252.h"

static void check(const char *utf8, size_t len, const char *bytes, size_t bytes_len, int replaced)
{
    AUTO_BUF struct buf out;
    buf_init(&out, 1024);
    assert_int_equal(cp1252_append(&out, utf8, len), replaced);
    assert_int_equal(out.len_bytes, bytes_len);
    assert_memory_equal(buf_text(&out), bytes, bytes_len);
}

#define CHECK(utf8, bytes, replaced)                                                               \
    check(utf8, sizeof(utf8) - 1, bytes, sizeof(bytes) - 1, replaced)

static void keeps_what_the_set_has(void **state)
{
    (void)state;
    CHECK("", "", 0);
    CHECK("1920\tBank\t-1,50\r\n", "1920\tBank\t-1,50\r\n", 0);
    CHECK("Ærlig Øl på Åsen", "\xC6rlig \xD8l p\xE5 \xC5sen", 0);
    CHECK("€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž", "\x80 \x82\x83\x84\x85\x86\x87\x88\x89\x8A\x8B\x8C \x8E", 0);
    CHECK("‘’“”•–—˜™š›œžŸ", "\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9A\x9B\x9C\x9E\x9F", 0);
    CHECK("\xC2\xA0\xC3\xBF", "\xA0\xFF", 0);
    CHECK("\0", "\0", 0);
}

static void counts_what_it_has_not(void **state)
{
    (void)state;
    CHECK("\xF0\x9F\x90\x9F fisk", "? fisk", 1);
    CHECK("Ćevapi Šibenik", "?evapi \x8Aibenik", 1);
    CHECK("\xC2\x81\xC2\x80", "??", 2); /* C1 controls: no such byte, and that byte is the euro */
    CHECK("\xFF\xC3", "??", 2);
    CHECK("日本", "??", 2);
}

static void stops_at_the_bound(void **state)
{
    (void)state;
    AUTO_BUF struct buf out;
    buf_init(&out, 3);
    assert_int_equal(cp1252_append(&out, "abcd", 4), -EMSGSIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_the_set_has),
        cmocka_unit_test(counts_what_it_has_not),
        cmocka_unit_test(stops_at_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
