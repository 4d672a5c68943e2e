#include "lib/xml/xml_writer.h"

#include <errno.h>
#include <string.h>

#include <libxml/xmlwriter.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"

enum { TEXT_BYTES_MAX = 4 * 1024 * 1024 };

static const char REPLACEMENT[] = "\xEF\xBF\xBD";

struct xml_writer {
    xmlTextWriterPtr text_writer;
    xml_sink_fn *sink;
    void *ctx;
    struct buf clean; /* a text without what XML cannot hold */
    int64_t replaced, cut;
    struct err failure; /* the first one; code 0 = none */
};

static const xmlChar *as_xml(const char *text)
{
    return (const xmlChar *)text;
}

static void fail(struct xml_writer *writer)
{
    if (writer->failure.code == 0)
        err_set(&writer->failure, EIO, "the XML document could not be written");
}

/* libxml2 hands over what it has gathered, some kilobytes each time. */
static int sink_cb(void *ctx, const char *bytes, int len)
{
    struct xml_writer *writer = ctx;
    if (writer->failure.code != 0 ||
        writer->sink(writer->ctx, bytes, (size_t)len, &writer->failure) < 0)
        return -1;
    return len;
}

/* libxml2 would print what the caller is told by xml_writer_finish. */
static void ignore_cb(void *ctx, xmlErrorPtr error)
{
    (void)ctx;
    (void)error;
}

struct xml_writer *xml_writer_new(xml_sink_fn *sink, void *ctx)
{
    struct xml_writer *writer = mem_new(1, sizeof(*writer));
    writer->sink = sink;
    writer->ctx = ctx;
    buf_init(&writer->clean, TEXT_BYTES_MAX);
    xmlSetStructuredErrorFunc(NULL, ignore_cb);
    xmlOutputBufferPtr out = xmlOutputBufferCreateIO(sink_cb, NULL, writer, NULL);
    writer->text_writer = out ? xmlNewTextWriter(out) : NULL; /* owns `out` from here on */
    if (out && !writer->text_writer)
        (void)xmlOutputBufferClose(out);
    if (!writer->text_writer || xmlTextWriterSetIndent(writer->text_writer, 1) < 0 ||
        xmlTextWriterStartDocument(writer->text_writer, "1.0", "UTF-8", NULL) < 0)
        fail(writer);
    return writer;
}

int xml_writer_is_well(const struct xml_writer *writer)
{
    return writer->failure.code == 0;
}

void xml_writer_start(struct xml_writer *writer, const char *name)
{
    if (xml_writer_is_well(writer) &&
        xmlTextWriterStartElement(writer->text_writer, as_xml(name)) < 0)
        fail(writer);
}

void xml_writer_end(struct xml_writer *writer)
{
    if (xml_writer_is_well(writer) && xmlTextWriterEndElement(writer->text_writer) < 0)
        fail(writer);
}

void xml_writer_attribute(struct xml_writer *writer, const char *name, const char *value)
{
    if (xml_writer_is_well(writer) &&
        xmlTextWriterWriteAttribute(writer->text_writer, as_xml(name), as_xml(value)) < 0)
        fail(writer);
}

/* Source: XML 1.0, production 2 (Char). Surrogates are no valid UTF-8 to begin with. */
static int is_xml_char(const char *bytes, size_t char_bytes)
{
    unsigned char first = (unsigned char)bytes[0];
    if (char_bytes == 0)
        return 0;
    if (char_bytes == 1)
        return first >= 0x20 || first == '\t' || first == '\n' || first == '\r';
    return char_bytes != 3 ||
           (memcmp(bytes, "\xEF\xBF\xBE", 3) != 0 && memcmp(bytes, "\xEF\xBF\xBF", 3) != 0);
}

/* The text as it can be written; most texts are so already. NULL where it passes every bound. */
static const char *clean_text(struct xml_writer *writer, const char *text, int max_chars)
{
    int chars = 0;
    int ret = 0;
    buf_clear(&writer->clean);
    for (size_t left = strlen(text); left > 0 && ret == 0; chars++) {
        size_t char_bytes = utf8_char_bytes(text, left);
        if (max_chars > 0 && chars == max_chars) {
            writer->cut++;
            break;
        }
        if (is_xml_char(text, char_bytes)) {
            ret = buf_append(&writer->clean, text, char_bytes);
        } else {
            writer->replaced++;
            ret = buf_append_text(&writer->clean, REPLACEMENT);
        }
        text += char_bytes > 0 ? char_bytes : 1;
        left -= char_bytes > 0 ? char_bytes : 1;
    }
    return ret < 0 ? NULL : buf_text(&writer->clean);
}

void xml_writer_text(struct xml_writer *writer, const char *name, const char *text, int max_chars)
{
    if (!text || !xml_writer_is_well(writer))
        return;
    const char *clean = clean_text(writer, text, max_chars);
    if (!clean || xmlTextWriterStartElement(writer->text_writer, as_xml(name)) < 0 ||
        xmlTextWriterWriteString(writer->text_writer, as_xml(clean)) < 0 ||
        xmlTextWriterEndElement(writer->text_writer) < 0)
        fail(writer);
}

int64_t xml_writer_replaced(const struct xml_writer *writer)
{
    return writer->replaced;
}

int64_t xml_writer_cut(const struct xml_writer *writer)
{
    return writer->cut;
}

int xml_writer_finish(struct xml_writer *writer, struct err *err)
{
    if (xml_writer_is_well(writer) && (xmlTextWriterEndDocument(writer->text_writer) < 0 ||
                                       xmlTextWriterFlush(writer->text_writer) < 0))
        fail(writer);
    if (xml_writer_is_well(writer))
        return 0;
    err_copy(err, &writer->failure);
    return -writer->failure.code;
}

void xml_writer_free(struct xml_writer *writer)
{
    if (!writer)
        return;
    fail(writer); /* closing hands over what is left otherwise */
    if (writer->text_writer)
        xmlFreeTextWriter(writer->text_writer);
    buf_release(&writer->clean);
    free(writer);
}
