/* Tests of lib/xml/xml_writer.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/xml/xml_writer.h"

#define PROLOGUE "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static int keep(void *ctx, const char *bytes, size_t len, struct err *err)
{
    (void)err;
    return buf_append(ctx, bytes, len);
}

/* Takes some bytes, and then no more. */
static int refuse(void *ctx, const char *bytes, size_t len, struct err *err)
{
    int64_t *room = ctx;
    (void)bytes;
    *room -= (int64_t)len;
    return *room < 0 ? err_set(err, ENOSPC, "the disk is full") : 0;
}

static void writes_a_document(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    AUTO_BUF struct buf out;
    buf_init(&out, 4096);
    struct xml_writer *writer = xml_writer_new(keep, &out);
    xml_writer_start(writer, "File");
    xml_writer_attribute(writer, "xmlns", "urn:a\"b");
    xml_writer_text(writer, "Name", "Tre < små & \"griser\" ÅS", 0);
    xml_writer_text(writer, "None", NULL, 0);
    xml_writer_start(writer, "Empty");
    xml_writer_end(writer);
    xml_writer_text(writer, "Blank", "", 0);
    assert_int_equal(xml_writer_finish(writer, &err), 0);
    assert_string_equal(buf_text(&out),
                        PROLOGUE "<File xmlns=\"urn:a&quot;b\">\n"
                                 " <Name>Tre &lt; små &amp; &quot;griser&quot; ÅS</Name>\n"
                                 " <Empty/>\n <Blank></Blank>\n</File>\n");
    assert_int_equal(xml_writer_replaced(writer), 0);
    assert_int_equal(xml_writer_cut(writer), 0);
    xml_writer_free(writer);
}

static void check_text(const char *text, int max_chars, const char *expected, int replaced, int cut)
{
    struct err err = ERR_NONE;
    AUTO_BUF struct buf out;
    buf_init(&out, 4096);
    struct xml_writer *writer = xml_writer_new(keep, &out);
    xml_writer_text(writer, "T", text, max_chars);
    assert_int_equal(xml_writer_finish(writer, &err), 0);
    AUTO_FREE char *whole = mem_printf(PROLOGUE "<T>%s</T>\n", expected);
    assert_string_equal(buf_text(&out), whole);
    assert_int_equal(xml_writer_replaced(writer), replaced);
    assert_int_equal(xml_writer_cut(writer), cut);
    xml_writer_free(writer);
}

static void replaces_what_xml_cannot_hold(void **state)
{
    (void)state;
    check_text("a\x01\x1F\x0B", 0, "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3, 0);
    check_text("\xEF\xBF\xBE\xEF\xBF\xBF", 0, "\xEF\xBF\xBD\xEF\xBF\xBD", 2, 0);
    check_text("\xEF\xBF\xBD\xF0\x9F\x90\x9F\tx\ny", 0, "\xEF\xBF\xBD\xF0\x9F\x90\x9F\tx\ny", 0, 0);
    check_text("\xC3(", 0, "\xEF\xBF\xBD(", 1, 0);
    check_text("]]>\r", 0, "]]&gt;&#13;", 0, 0);
}

static void cuts_by_characters(void **state)
{
    (void)state;
    check_text("æøå", 3, "æøå", 0, 0);
    check_text("æøåx", 3, "æøå", 0, 1);
    check_text("\xF0\x9F\x90\x9F\xF0\x9F\x90\x9F", 1, "\xF0\x9F\x90\x9F", 0, 1);
    check_text("&&", 1, "&amp;", 0, 1);
}

static void tells_the_fault_of_the_sink(void **state)
{
    (void)state;
    struct err err = ERR_NONE;
    int64_t room = 20000;
    struct xml_writer *writer = xml_writer_new(refuse, &room);
    xml_writer_start(writer, "File");
    for (int i = 0; i < 10000; i++)
        xml_writer_text(writer, "Line", "0123456789", 0);
    assert_false(xml_writer_is_well(writer));
    assert_int_equal(xml_writer_finish(writer, &err), -ENOSPC);
    assert_string_equal(err.text, "the disk is full");
    xml_writer_free(writer);
}

static void hands_out_nothing_once_given_up(void **state)
{
    (void)state;
    AUTO_BUF struct buf out;
    buf_init(&out, 4096);
    struct xml_writer *writer = xml_writer_new(keep, &out);
    xml_writer_text(writer, "T", "text", 0);
    size_t had = out.len_bytes;
    xml_writer_free(writer);
    assert_int_equal(out.len_bytes, had);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_document),
        cmocka_unit_test(replaces_what_xml_cannot_hold),
        cmocka_unit_test(cuts_by_characters),
        cmocka_unit_test(tells_the_fault_of_the_sink),
        cmocka_unit_test(hands_out_nothing_once_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
