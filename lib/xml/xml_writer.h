/*
 * xml_writer.h - writes an XML document from beginning to end, in bounded memory.
 *
 * The only folder that sees libxml2. UTF-8, indented by one space a level. Faults stick: after the
 * first one nothing more is written, and xml_writer_finish tells it. What XML 1.0 cannot hold is
 * replaced by U+FFFD, what is longer than allowed is cut; both are counted, for the caller to tell.
 */
#ifndef SALDOD_XML_XML_WRITER_H
#define SALDOD_XML_XML_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct err;
struct xml_writer;

/* Takes all `len` bytes: 0, or -errno with `err`. */
typedef int xml_sink_fn(void *ctx, const char *bytes, size_t len, struct err *err);

struct xml_writer *xml_writer_new(xml_sink_fn *sink, void *ctx) MUST_USE;

/* Names are literals of the caller: they are not checked. */
void xml_writer_start(struct xml_writer *writer, const char *name);
void xml_writer_end(struct xml_writer *writer);
void xml_writer_attribute(struct xml_writer *writer, const char *name, const char *value);

/* <name>text</name>, of at most max_chars characters (0 = any); nothing where `text` is NULL. */
void xml_writer_text(struct xml_writer *writer, const char *name, const char *text, int max_chars);

int64_t xml_writer_replaced(const struct xml_writer *writer) MUST_USE; /* characters */
int64_t xml_writer_cut(const struct xml_writer *writer) MUST_USE;      /* texts */
int xml_writer_is_well(const struct xml_writer *writer) MUST_USE;

/* Ends every open element and hands the last bytes to the sink. 0, or the first fault. */
int xml_writer_finish(struct xml_writer *writer, struct err *err) MUST_USE;

void xml_writer_free(struct xml_writer *writer); /* NULL is fine; hands out nothing more */

#endif
