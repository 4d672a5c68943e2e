/* Small documents over jansson; see doc.h. */
#include "lib/json/doc.h"

#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/json/text.h"

struct json_doc {
    json_t *root;
};

/* jansson keeps copies of what it reads (the last token, the buffers it grew out of) and frees them
 * as they are. Session answers hold tokens, so nothing of it is freed before it is overwritten. */
static void free_wiped(void *memory)
{
    if (memory)
        mem_wipe(memory, malloc_usable_size(memory));
    free(memory);
}

/* jansson's own text quotes the input, which may be a secret; its code does not. */
static const char *fault_name(const json_error_t *fault)
{
    switch (json_error_code(fault)) {
    case json_error_stack_overflow:
        return "it is nested too deep";
    case json_error_premature_end_of_input:
        return "it is cut off";
    case json_error_end_of_input_expected:
        return "something follows its end";
    case json_error_invalid_utf8:
        return "a text is no valid UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a text holds U+0000";
    case json_error_duplicate_key:
        return "a field stands twice in one object";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_out_of_memory:
        return "there was no memory for it";
    default:
        return "it is no JSON object or array";
    }
}

static int is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!strchr(" \t\r\n", text[i]) || text[i] == '\0')
            return 0;
    }
    return 1;
}

struct json_doc *json_doc_parse(const char *text, size_t len, struct err *err)
{
    if (len > JSON_DOC_BYTES_MAX) {
        err_set(err, EMSGSIZE, "the document is longer than %d bytes", JSON_DOC_BYTES_MAX);
        return NULL;
    }
    if (is_blank(text, len)) {
        err_set(err, EPROTO, "the document is empty: expected JSON");
        return NULL;
    }
    json_set_alloc_funcs(malloc, free_wiped);
    json_error_t fault;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &fault);
    if (!root) {
        err_set(err, EPROTO, "the document cannot be read at line %d, column %d: %s", fault.line,
                fault.column, fault_name(&fault));
        mem_wipe(&fault, sizeof(fault));
        return NULL;
    }
    struct json_doc *doc = mem_new(1, sizeof(*doc));
    doc->root = root;
    return doc;
}

/* Follows `path` ("" = `at` itself) and sets *ret_found, which may be a JSON null. -EPROTO where
 * something on the way is no object; *ret_len is then how much of the path names it. */
static int path_walk(const json_t *at, const char *path, const json_t **ret_found, size_t *ret_len)
{
    const char *key = path;
    while (*key != '\0') {
        size_t len = strcspn(key, ".");
        if (!json_is_object(at)) {
            *ret_len = key > path ? (size_t)(key - path) - 1 : 0;
            return at && !json_is_null(at) ? -EPROTO : -ENOENT;
        }
        at = json_object_getn(at, key, len);
        key += key[len] == '.' ? len + 1 : len;
    }
    if (!at || json_is_null(at))
        return -ENOENT;
    *ret_found = at;
    return 0;
}

static int doc_find(const struct json_doc *doc, const char *path, const json_t **ret_found,
                    struct err *err)
{
    size_t len = 0;
    int rc = path_walk(doc->root, path, ret_found, &len);
    if (rc == -ENOENT)
        return err_set(err, ENOENT, "%s: the field is missing or null", path);
    if (rc == -EPROTO)
        return err_set(err, EPROTO, "%.*s: expected an object", (int)len, path);
    return 0;
}

int json_doc_get_text(const struct json_doc *doc, const char *path, const char **ret_text,
                      struct err *err)
{
    const json_t *found;
    int rc = doc_find(doc, path, &found, err);
    if (rc < 0)
        return rc;
    if (!json_is_string(found))
        return err_set(err, EPROTO, "%s: expected a string", path);
    *ret_text = json_string_value(found);
    return 0;
}

int json_doc_get_int(const struct json_doc *doc, const char *path, int64_t *ret_value,
                     struct err *err)
{
    const json_t *found;
    int rc = doc_find(doc, path, &found, err);
    if (rc < 0)
        return rc;
    if (!json_is_integer(found))
        return err_set(err, EPROTO, "%s: expected a whole number", path);
    *ret_value = json_integer_value(found);
    return 0;
}

/* The array at `path`; NULL = none. */
static const json_t *doc_array(const struct json_doc *doc, const char *path)
{
    const json_t *found;
    size_t len;
    return path_walk(doc->root, path, &found, &len) == 0 && json_is_array(found) ? found : NULL;
}

int json_doc_count(const struct json_doc *doc, const char *array_path)
{
    const json_t *array = doc_array(doc, array_path);
    return array ? (int)json_array_size(array) : -1;
}

const char *json_doc_item_text(const struct json_doc *doc, const char *array_path, int index,
                               const char *member)
{
    const json_t *array = doc_array(doc, array_path);
    const json_t *found;
    size_t len;
    if (!array || index < 0)
        return NULL;
    if (path_walk(json_array_get(array, (size_t)index), member, &found, &len) < 0)
        return NULL;
    return json_string_value(found);
}

static int append_char(struct buf *out, const char *text, size_t len)
{
    switch (*text) {
    case '"':
        return buf_append_text(out, "\\\"");
    case '\\':
        return buf_append_text(out, "\\\\");
    case '\n':
        return buf_append_text(out, "\\n");
    case '\r':
        return buf_append_text(out, "\\r");
    case '\t':
        return buf_append_text(out, "\\t");
    default:
        if ((unsigned char)*text < 0x20)
            return buf_printf(out, "\\u%04x", (unsigned)*text);
        return buf_append(out, text, len);
    }
}

static int append_quoted(struct buf *out, const char *text, size_t len)
{
    if (buf_append_byte(out, '"') < 0)
        return -EMSGSIZE;
    for (size_t at = 0, step; at < len; at += step) {
        step = utf8_char_bytes(text + at, len - at);
        if (append_char(out, text + at, step) < 0)
            return -EMSGSIZE;
    }
    return buf_append_byte(out, '"');
}

int json_append_string(struct buf *out, const char *text)
{
    size_t len = strlen(text), before = out->len_bytes;
    if (!text_is_utf8(text, len))
        return -EILSEQ;
    int rc = append_quoted(out, text, len);
    if (rc < 0 && out->data) {
        mem_wipe(out->data + before, out->len_bytes - before);
        out->len_bytes = before;
    }
    return rc;
}

void json_doc_free(struct json_doc *doc)
{
    if (!doc)
        return;
    json_decref(doc->root);
    free(doc);
}

static void value_wipe(json_t *value)
{
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_string(value))
        mem_wipe((char *)(uintptr_t)json_string_value(value), json_string_length(value));
    json_object_foreach(value, key, member) value_wipe(member);
    json_array_foreach(value, index, member) value_wipe(member);
}

void json_doc_free_secret(struct json_doc *doc)
{
    if (doc)
        value_wipe(doc->root);
    json_doc_free(doc);
}
