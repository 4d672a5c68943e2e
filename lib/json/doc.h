/*
 * doc.h - small JSON documents, read by path, with errors that name the path.
 *
 * For session, company and error answers (not for lists and never for money). Texts are borrowed
 * from the document. Depth and size are bounded.
 */
#ifndef SALDOD_JSON_DOC_H
#define SALDOD_JSON_DOC_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct buf;
struct err;
struct json_doc;

enum { JSON_DOC_BYTES_MAX = 4 * 1024 * 1024 };

/* NULL with `err` (line, column and what was expected; never the text itself: it may hold a
 * secret). */
struct json_doc *json_doc_parse(const char *text, size_t len, struct err *err) MUST_USE;

/* `path` is "value.company.id". 0, -ENOENT (missing or null), -EPROTO (another type); err names the
 * path. */
int json_doc_get_text(const struct json_doc *doc, const char *path, const char **ret_text,
                      struct err *err) MUST_USE;
int json_doc_get_int(const struct json_doc *doc, const char *path, int64_t *ret_value,
                     struct err *err) MUST_USE;

/* Calls for text members of an array of objects: the path of the array, e.g. "validationMessages";
 * -1 = no array. */
int json_doc_count(const struct json_doc *doc, const char *array_path) MUST_USE;
/* Member of element i: "" path segments as above. NULL where missing or no text. */
const char *json_doc_item_text(const struct json_doc *doc, const char *array_path, int index,
                               const char *member) MUST_USE;

/* Appends text as a JSON string with quotes. 0 or -EMSGSIZE, -EILSEQ (no valid UTF-8). */
int json_append_string(struct buf *out, const char *text) MUST_USE;

void json_doc_free(
    struct json_doc *doc); /* NULL is fine; wipes nothing: see json_doc_free_secret */
/* Overwrites string values before freeing: for session answers. */
void json_doc_free_secret(struct json_doc *doc);

DEFINE_CLEANUP(struct json_doc, json_doc_cleanup, json_doc_free)
#define AUTO_JSON_DOC __attribute__((cleanup(json_doc_cleanup)))

#endif
