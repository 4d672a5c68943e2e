/* The envelope of a list, over yajl; rows are row.c's. */
#include "lib/json/list.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/json/escape.h"
#include "lib/json/row.h"

enum {
    SLICE_BYTES = 65536,
    /* yajl gathers an unfinished token without a limit of its own: six bytes a character at most.
     */
    QUIET_BYTES_MAX = 6 * JSON_LIST_TEXT_BYTES_MAX + SLICE_BYTES,
};

/* IN_VALUE and IN_NESTED are of a list whose rows are nested in its values. */
enum list_place { AT_START, IN_ENVELOPE, IN_VALUES, IN_VALUE, IN_NESTED, IN_ROW, AT_END };
enum list_key { KEY_OTHER, KEY_VALUES, KEY_DIGEST };

struct json_list {
    struct row *row;
    json_row_fn *row_fn;
    void *ctx;
    yajl_handle parser;
    enum list_place place;
    enum list_key key;   /* of the envelope: whose value comes next */
    const char *nested;  /* the key of the rows in a value; NULL = a value is a row */
    int is_nested_next;  /* within a value: that of the rows comes next */
    int has_nested;      /* within a value: it has come */
    int64_t rows;        /* handed out */
    int has_key[3];      /* by enum list_key: it has come */
    int depth;           /* open objects and arrays */
    int skipped;         /* of these, inside what nobody wants */
    int is_heard;        /* a callback ran during this slice */
    size_t quiet_bytes;  /* since the last token ended */
    int64_t taken_bytes; /* given to the parser before this slice */
    int failed;          /* the code that ended it; 0 = none */
    struct err why;      /* of `failed` */
    struct json_list_head head;
    size_t held_bytes; /* of `slice`: an escape cut short */
    char slice[ESCAPE_HELD_MAX + SLICE_BYTES];
};

/* For the callbacks: keeps the error, and tells yajl to stop. */
static int list_fail(struct json_list *list, int code)
{
    list->failed = code;
    return 0;
}

static int list_go(struct json_list *list, int code)
{
    return code < 0 ? list_fail(list, code) : 1;
}

static int envelope_fail(struct json_list *list, const char *what)
{
    return list_fail(list, err_set(&list->why, EPROTO, "%s", what));
}

static int digest_keep(struct json_list *list, const char *text, size_t len)
{
    if (len >= sizeof(list->head.digest))
        return list_fail(list, err_set(&list->why, EMSGSIZE,
                                       "versionDigest: the text is longer than %zu bytes",
                                       sizeof(list->head.digest) - 1));
    /* It goes back in a request header. */
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return envelope_fail(list, "versionDigest: expected printable ASCII without spaces");
    }
    memcpy(list->head.digest, text, len);
    list->head.digest[len] = '\0';
    return 1;
}

static int envelope_scalar(struct json_list *list, enum row_kind kind, const char *text, size_t len)
{
    if (list->key == KEY_VALUES)
        return envelope_fail(list, kind == ROW_NULL ? "values missing: expected an array, got null"
                                                    : "values: expected an array");
    if (list->key == KEY_DIGEST && kind == ROW_STRING)
        return digest_keep(list, text, len);
    if (list->key == KEY_DIGEST && kind != ROW_NULL)
        return envelope_fail(list, "versionDigest: expected a string or null");
    return 1;
}

static int not_an_object(struct json_list *list)
{
    return list_fail(list, err_set(&list->why, EPROTO, "values[%lld]: expected an object",
                                   (long long)list->head.rows));
}

static int nested_fail(struct json_list *list, const char *what)
{
    return list_fail(list, err_set(&list->why, EPROTO, "values[%lld].%s: %s",
                                   (long long)list->head.rows, list->nested, what));
}

static int list_scalar(struct json_list *list, enum row_kind kind, const char *text, size_t len)
{
    list->is_heard = 1;
    if (list->skipped > 0)
        return 1;
    switch (list->place) {
    case IN_ENVELOPE:
        return envelope_scalar(list, kind, text, len);
    case IN_VALUES:
        return not_an_object(list);
    case IN_VALUE:
        return list->is_nested_next ? nested_fail(list, "expected an array") : 1;
    case IN_NESTED:
        return nested_fail(list, "expected objects");
    case IN_ROW:
        return list_go(list, row_scalar(list->row, kind, text, len, &list->why));
    case AT_START:
    case AT_END:
        break;
    }
    return envelope_fail(list, "expected an object at the top of the answer");
}

static int envelope_open(struct json_list *list, enum row_kind kind)
{
    if (list->key == KEY_VALUES && kind != ROW_ARRAY)
        return envelope_fail(list, "values: expected an array, got an object");
    if (list->key == KEY_DIGEST)
        return envelope_fail(list, "versionDigest: expected a string or null");
    if (list->key == KEY_VALUES)
        list->place = IN_VALUES;
    else
        list->skipped = 1;
    return 1;
}

static int row_open_next(struct json_list *list)
{
    row_begin(list->row, list->rows);
    list->place = IN_ROW;
    return 1;
}

static int values_open(struct json_list *list, enum row_kind kind)
{
    if (kind != ROW_OBJECT)
        return not_an_object(list);
    list->has_nested = list->is_nested_next = 0;
    list->place = IN_VALUE;
    return list->nested ? 1 : row_open_next(list);
}

static int value_open(struct json_list *list, enum row_kind kind)
{
    if (list->is_nested_next && kind != ROW_ARRAY)
        return nested_fail(list, "expected an array, got an object");
    if (list->is_nested_next)
        list->place = IN_NESTED;
    else
        list->skipped = 1;
    return 1;
}

static int nested_open(struct json_list *list, enum row_kind kind)
{
    return kind == ROW_OBJECT ? row_open_next(list) : nested_fail(list, "expected objects");
}

static int list_open(struct json_list *list, enum row_kind kind)
{
    list->is_heard = 1;
    if (++list->depth > JSON_LIST_DEPTH_MAX)
        return list_fail(list, err_set(&list->why, EMSGSIZE, "the answer is nested deeper than %d",
                                       JSON_LIST_DEPTH_MAX));
    if (list->skipped > 0) {
        list->skipped++;
        return 1;
    }
    switch (list->place) {
    case IN_ENVELOPE:
        return envelope_open(list, kind);
    case IN_VALUES:
        return values_open(list, kind);
    case IN_VALUE:
        return value_open(list, kind);
    case IN_NESTED:
        return nested_open(list, kind);
    case IN_ROW: {
        int step = row_open(list->row, kind, &list->why);
        list->skipped = step == ROW_SKIPPED;
        return list_go(list, step);
    }
    case AT_START:
        if (kind != ROW_OBJECT)
            return envelope_fail(list, "expected an object at the top of the answer, got an array");
        list->place = IN_ENVELOPE;
        return 1;
    case AT_END:
        break;
    }
    return envelope_fail(list, "something follows the end of the answer");
}

static int row_end(struct json_list *list)
{
    const struct json_value *values;
    list->place = list->nested ? IN_NESTED : IN_VALUES;
    int rc = row_values(list->row, &values, &list->why);
    if (rc == 0)
        rc = list->row_fn(list->ctx, values, &list->why);
    if (rc != 0)
        return list_fail(list, rc);
    list->rows++;
    list->head.rows += list->nested == NULL;
    return 1;
}

static int value_end(struct json_list *list)
{
    if (!list->has_nested)
        return nested_fail(list, "missing");
    list->head.rows++;
    list->place = IN_VALUES;
    return 1;
}

static int list_close(struct json_list *list)
{
    list->is_heard = 1;
    list->depth--;
    if (list->skipped > 0) {
        list->skipped--;
        return 1;
    }
    if (list->place == IN_ROW)
        return row_close(list->row) ? row_end(list) : 1;
    if (list->place == IN_VALUE)
        return value_end(list);
    list->place = list->place == IN_NESTED   ? IN_VALUE
                  : list->place == IN_VALUES ? IN_ENVELOPE
                                             : AT_END;
    return 1;
}

static int key_is(const char *key, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(key, name, len) == 0;
}

static int envelope_key(struct json_list *list, const char *key, size_t len)
{
    list->key = key_is(key, len, "values")          ? KEY_VALUES
                : key_is(key, len, "versionDigest") ? KEY_DIGEST
                                                    : KEY_OTHER;
    if (list->key != KEY_OTHER && list->has_key[list->key])
        return envelope_fail(list, list->key == KEY_VALUES ? "values: stands twice in the answer"
                                                           : "versionDigest: stands twice in the "
                                                             "answer");
    list->has_key[list->key] = 1;
    return 1;
}

static int value_key(struct json_list *list, const char *key, size_t len)
{
    list->is_nested_next = key_is(key, len, list->nested);
    if (list->is_nested_next && list->has_nested)
        return nested_fail(list, "stands twice");
    list->has_nested |= list->is_nested_next;
    return 1;
}

static int list_key(struct json_list *list, const char *key, size_t len)
{
    list->is_heard = 1;
    if (list->skipped > 0)
        return 1;
    if (list->place == IN_ROW)
        return list_go(list, row_key(list->row, key, len, &list->why));
    if (list->place == IN_VALUE)
        return value_key(list, key, len);
    return envelope_key(list, key, len);
}

static int null_cb(void *ctx)
{
    return list_scalar(ctx, ROW_NULL, "null", 4);
}

static int boolean_cb(void *ctx, int is_true)
{
    return list_scalar(ctx, ROW_BOOL, is_true ? "true" : "false", is_true ? 4 : 5);
}

static int number_cb(void *ctx, const char *text, size_t len)
{
    return list_scalar(ctx, ROW_NUMBER, text, len);
}

static int string_cb(void *ctx, const unsigned char *text, size_t len)
{
    return list_scalar(ctx, ROW_STRING, (const char *)text, len);
}

static int start_map_cb(void *ctx)
{
    return list_open(ctx, ROW_OBJECT);
}

static int map_key_cb(void *ctx, const unsigned char *key, size_t len)
{
    return list_key(ctx, (const char *)key, len);
}

static int start_array_cb(void *ctx)
{
    return list_open(ctx, ROW_ARRAY);
}

static int end_cb(void *ctx)
{
    return list_close(ctx);
}

static const yajl_callbacks CALLBACKS = {
    .yajl_null = null_cb,
    .yajl_boolean = boolean_cb,
    .yajl_number = number_cb,
    .yajl_string = string_cb,
    .yajl_start_map = start_map_cb,
    .yajl_map_key = map_key_cb,
    .yajl_end_map = end_cb,
    .yajl_start_array = start_array_cb,
    .yajl_end_array = end_cb,
};

struct json_list *json_list_new(const struct json_column *columns, int count, json_row_fn *row,
                                void *ctx)
{
    struct json_list *list = mem_new(1, sizeof(*list));
    list->row = row_new(columns, count);
    list->row_fn = row;
    list->ctx = ctx;
    list->parser = yajl_alloc(&CALLBACKS, NULL, list);
    /* As with all memory: without it the process cannot go on. */
    if (!list->parser)
        abort();
    return list;
}

void json_list_set_known(struct json_list *list, const struct json_known *known)
{
    for (; known && known->path; known++)
        row_set_known(list->row, known);
}

struct json_list *json_list_new_nested(const struct json_column *columns, int count,
                                       const char *nested, json_row_fn *row, void *ctx)
{
    struct json_list *list = json_list_new(columns, count, row, ctx);
    list->nested = nested;
    return list;
}

/* yajl's complaint names a rule of the grammar, never the text of the answer. */
static int syntax_fail(struct json_list *list, int64_t offset)
{
    unsigned char *complaint = yajl_get_error(list->parser, 0, NULL, 0);
    int len = complaint ? (int)strcspn((const char *)complaint, "\n") : 0;
    int code = err_set(&list->why, EPROTO, "the answer is not JSON at byte %lld: %.*s",
                       (long long)offset, len, complaint ? (const char *)complaint : "");
    yajl_free_error(list->parser, complaint);
    return code;
}

static int list_parse(struct json_list *list, const char *bytes, size_t len)
{
    list->is_heard = 0;
    yajl_status status = yajl_parse(list->parser, (const unsigned char *)bytes, len);
    if (status == yajl_status_client_canceled)
        return list->failed;
    if (status != yajl_status_ok) {
        size_t consumed = yajl_get_bytes_consumed(list->parser);
        return syntax_fail(list, list->taken_bytes + (int64_t)consumed);
    }
    list->taken_bytes += (int64_t)len;
    list->quiet_bytes = list->is_heard ? 0 : list->quiet_bytes + len;
    if (list->quiet_bytes > QUIET_BYTES_MAX)
        return err_set(&list->why, EMSGSIZE,
                       "a text or a gap of the answer is longer than %d bytes", QUIET_BYTES_MAX);
    return 0;
}

/* A slice with escapes in it goes through a copy, in which lone surrogates are mended. */
static int list_parse_mended(struct json_list *list, const char *bytes, size_t len)
{
    memcpy(list->slice + list->held_bytes, bytes, len);
    size_t whole = list->held_bytes + len;
    size_t settled = escape_mend(list->slice, whole);
    int rc = list_parse(list, list->slice, settled);
    list->held_bytes = whole - settled;
    memmove(list->slice, list->slice + settled, list->held_bytes);
    return rc;
}

static int list_refuse(struct json_list *list, struct err *err)
{
    err_copy(err, &list->why);
    return list->failed;
}

int json_list_feed(struct json_list *list, const char *bytes, size_t len, struct err *err)
{
    for (size_t at = 0; at < len && list->failed == 0;) {
        size_t take = len - at < SLICE_BYTES ? len - at : SLICE_BYTES;
        int is_plain = list->held_bytes == 0 && !memchr(bytes + at, '\\', take);
        list->failed = is_plain ? list_parse(list, bytes + at, take)
                                : list_parse_mended(list, bytes + at, take);
        at += take;
    }
    return list->failed == 0 ? 0 : list_refuse(list, err);
}

static int list_complete(struct json_list *list)
{
    yajl_status status = yajl_complete_parse(list->parser);
    if (list->taken_bytes + (int64_t)list->held_bytes == 0)
        return err_set(&list->why, EPROTO, "the answer is empty: expected a list");
    if (status != yajl_status_ok || list->place != AT_END)
        return err_set(&list->why, EPROTO, "the answer is cut off after %lld bytes",
                       (long long)list->taken_bytes + (long long)list->held_bytes);
    if (!list->has_key[KEY_VALUES])
        return err_set(&list->why, EPROTO, "values missing: the answer is no list");
    return 0;
}

int json_list_finish(struct json_list *list, struct json_list_head *ret_head, struct err *err)
{
    if (list->failed == 0)
        list->failed = list_complete(list);
    if (list->failed != 0)
        return list_refuse(list, err);
    list->head.was_nul_replaced = row_was_nul_replaced(list->row);
    snprintf(list->head.unknown_path, sizeof(list->head.unknown_path), "%s",
             row_unknown_path(list->row));
    list->head.notes = *row_notes(list->row);
    *ret_head = list->head;
    return 0;
}

void json_notes_add(struct json_notes *notes, const struct json_notes *from)
{
    for (int i = 0; i < from->count; i++)
        row_note(notes, from->texts[i]);
}

void json_list_free(struct json_list *list)
{
    if (!list)
        return;
    yajl_free(list->parser);
    row_free(list->row);
    free(list);
}
