/*
 * Paths are kept as a tree of keys. Rows of one list name their keys in one order, so each node
 * remembers which sibling came after it last time: the common case is one comparison a key.
 */
#include "lib/json/row.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/json/text.h"

enum {
    PATH_LEVELS_MAX = 4,
    NODES_MAX = 1 + JSON_LIST_COLUMNS_MAX * PATH_LEVELS_MAX,
    ROOT = 0,
    NONE = -1,
    NUMBER_CHARS_MAX = 200,
    SHOWN_CHARS_MAX = 40,
    PATH_BYTES = 160,
    NAME_BYTES = 64,
};

static const char REPLACEMENT_CHAR[] = "\xef\xbf\xbd";

/* The keys that every object of the API carries and that nobody needs to hear of. */
static const char *const NEVER_REPORTED[] = { "id", "version", "url", "changes", "displayName" };

static const char *const KIND_NAMES[] = {
    [ROW_NULL] = "null",       [ROW_BOOL] = "true or false", [ROW_NUMBER] = "a number",
    [ROW_STRING] = "a string", [ROW_ARRAY] = "an array",     [ROW_OBJECT] = "an object",
};

static const char *const EXPECTED[] = {
    [JSON_ID] = "a whole number of at most 64 bits",
    [JSON_INT] = "a whole number of at most 32 bits",
    [JSON_MONEY] = "a number",
    [JSON_BOOL] = "true or false",
    [JSON_DATE] = "a date as \"yyyy-mm-dd\"",
    [JSON_TEXT] = "a string",
    [JSON_NUMBER_TEXT] = "a whole number or a string",
    [JSON_ID_LIST] = "a whole number of at most 64 bits",
};

struct node {
    const char *key; /* within the caller's path */
    size_t key_len;
    int parent, first_child, next; /* indexes, or NONE */
    int follower;    /* the child expected next, after this one (of the root: first) */
    int column;      /* NONE for an object on the way */
    int is_list;     /* an array of objects on the way */
    int64_t seen_in; /* the last row that had it */
};

struct row {
    const struct json_column *columns;
    const char *const *known[JSON_LIST_COLUMNS_MAX]; /* NULL = any value */
    int count;
    struct node nodes[NODES_MAX];
    int nodes_count;
    int at;    /* the object that is open */
    int key;   /* whose value comes next; NONE = nobody's */
    int guess; /* the node whose follower is likely the next key */
    int is_in_list, is_in_element;
    int64_t number;
    uint64_t present; /* a bit per column */
    struct json_value values[JSON_LIST_COLUMNS_MAX];
    size_t offsets[JSON_LIST_COLUMNS_MAX]; /* into `texts`, which moves while it grows */
    struct buf texts;
    int was_nul_replaced;
    struct json_notes notes;
    char unknown_path[sizeof(((struct json_list_head *)0)->unknown_path)];
};

static int child_find(const struct row *row, int parent, const char *key, size_t len)
{
    for (int i = row->nodes[parent].first_child; i != NONE; i = row->nodes[i].next) {
        if (row->nodes[i].key_len == len && memcmp(row->nodes[i].key, key, len) == 0)
            return i;
    }
    return NONE;
}

static int child_add(struct row *row, int parent, const char *key, size_t len)
{
    assert(row->nodes_count < NODES_MAX);
    int index = row->nodes_count++;
    row->nodes[index] = (struct node){
        .key = key,
        .key_len = len,
        .parent = parent,
        .first_child = NONE,
        .next = row->nodes[parent].first_child,
        .follower = NONE,
        .column = NONE,
        .seen_in = -1,
    };
    row->nodes[parent].first_child = index;
    return index;
}

static void path_add(struct row *row, int column)
{
    int at = ROOT;
    const char *key = row->columns[column].path;
    for (;;) {
        size_t len = strcspn(key, ".");
        int child = child_find(row, at, key, len);
        at = child == NONE ? child_add(row, at, key, len) : child;
        if (key[len] == '\0')
            break;
        key += len + 1;
    }
    row->nodes[at].column = column;
    if (row->columns[column].type == JSON_ID_LIST)
        row->nodes[row->nodes[at].parent].is_list = 1;
}

struct row *row_new(const struct json_column *columns, int count)
{
    assert(count > 0 && count <= JSON_LIST_COLUMNS_MAX);
    struct row *row = mem_new(1, sizeof(*row));
    row->columns = columns;
    row->count = count;
    row->nodes[ROOT] = (struct node){ .parent = NONE,
                                      .first_child = NONE,
                                      .next = NONE,
                                      .follower = NONE,
                                      .column = NONE,
                                      .seen_in = -1 };
    row->nodes_count = 1;
    for (int i = 0; i < count; i++)
        path_add(row, i);
    buf_init(&row->texts, ROW_TEXT_BYTES_MAX);
    return row;
}

void row_set_known(struct row *row, const struct json_known *known)
{
    for (int i = 0; i < row->count; i++) {
        if (strcmp(row->columns[i].path, known->path) == 0)
            row->known[i] = known->values;
    }
}

void row_begin(struct row *row, int64_t number)
{
    row->number = number;
    row->at = ROOT;
    row->key = NONE;
    row->guess = ROOT;
    row->is_in_list = 0;
    row->is_in_element = 0;
    row->present = 0;
    buf_clear(&row->texts);
}

/* "voucher.id" of a node, within the row. */
static void path_write(const struct row *row, int node, char *out, size_t out_bytes)
{
    int chain[PATH_LEVELS_MAX];
    int levels = 0;
    for (; node != ROOT && levels < PATH_LEVELS_MAX; node = row->nodes[node].parent)
        chain[levels++] = node;
    size_t used = 0;
    out[0] = '\0';
    while (levels-- > 0 && used < out_bytes) {
        const struct node *step = &row->nodes[chain[levels]];
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%.*s", used ? "." : "",
                                 (int)step->key_len, step->key);
    }
}

/* "values[17]", and the id of the row where it is known already. */
static void row_name(const struct row *row, char *out, size_t out_bytes)
{
    int has_id = (row->present & 1) != 0 && strcmp(row->columns[0].path, "id") == 0;
    int used = snprintf(out, out_bytes, "values[%lld]", (long long)row->number);
    if (has_id && used > 0 && (size_t)used < out_bytes)
        snprintf(out + used, out_bytes - (size_t)used, " (id %.*s)", (int)row->values[0].len,
                 buf_text(&row->texts) + row->offsets[0]);
}

static int row_fail(const struct row *row, int node, int code, struct err *err, const char *what)
{
    char path[PATH_BYTES], name[NAME_BYTES];
    path_write(row, node, path, sizeof(path));
    row_name(row, name, sizeof(name));
    return err_set(err, code, "%s.%s: %s", name, path, what);
}

static int fail_type(const struct row *row, int node, const char *expected, enum row_kind kind,
                     const char *text, size_t len, struct err *err)
{
    char shown[SHOWN_CHARS_MAX * 4 + 8], what[sizeof(shown) + 128];
    if (kind == ROW_STRING || kind == ROW_NUMBER || kind == ROW_BOOL)
        text_show(shown, sizeof(shown), text, len, SHOWN_CHARS_MAX);
    else
        snprintf(shown, sizeof(shown), "%s", KIND_NAMES[kind]);
    const char *quote = kind == ROW_STRING ? "\"" : "";
    snprintf(what, sizeof(what), "expected %s, got %s%s%s", expected, quote, shown, quote);
    return row_fail(row, node, EPROTO, err, what);
}

static int is_reported(const char *key, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(NEVER_REPORTED); i++) {
        if (strlen(NEVER_REPORTED[i]) == len && memcmp(NEVER_REPORTED[i], key, len) == 0)
            return 0;
    }
    return 1;
}

void row_note(struct json_notes *notes, const char *text)
{
    for (int i = 0; i < notes->count; i++) {
        if (strcmp(notes->texts[i], text) == 0)
            return;
    }
    if (notes->count < JSON_NOTES_MAX)
        snprintf(notes->texts[notes->count++], JSON_NOTE_BYTES, "%s", text);
}

static void note_unknown(struct row *row, const char *key, size_t len)
{
    if (row->notes.count == JSON_NOTES_MAX || !is_reported(key, len))
        return;
    char path[PATH_BYTES], shown[sizeof(row->unknown_path)], note[JSON_NOTE_BYTES];
    path_write(row, row->at, path, sizeof(path));
    text_show(shown, sizeof(shown), key, len, (int)sizeof(shown));
    char whole[sizeof(path) + sizeof(shown) + 2];
    int used = snprintf(whole, sizeof(whole), "%s%s%s", path, path[0] ? "." : "",
                        len > 0 ? shown : "\"\"");
    text_show(note, sizeof(note), whole, (size_t)used, used);
    row_note(&row->notes, note);
    if (row->unknown_path[0] == '\0')
        memcpy(row->unknown_path, note, sizeof(row->unknown_path));
}

/* A value that the enumeration did not have when this was written: kept as it is, and told. */
static void note_value(struct row *row, int column, const char *text, size_t len)
{
    const char *const *known = row->known[column];
    char shown[SHOWN_CHARS_MAX * 4 + 8], note[JSON_NOTE_BYTES];
    for (; *known; known++) {
        if (strlen(*known) == len && memcmp(*known, text, len) == 0)
            return;
    }
    text_show(shown, sizeof(shown), text, len, SHOWN_CHARS_MAX / 2);
    snprintf(note, sizeof(note), "%s = %.60s", row->columns[column].path, shown);
    row_note(&row->notes, note);
}

int row_key(struct row *row, const char *key, size_t len, struct err *err)
{
    int found = row->nodes[row->guess].follower;
    if (found == NONE || row->nodes[found].parent != row->at || row->nodes[found].key_len != len ||
        memcmp(row->nodes[found].key, key, len) != 0)
        found = child_find(row, row->at, key, len);
    row->key = found;
    if (found == NONE) {
        note_unknown(row, key, len);
        return 0;
    }
    row->nodes[row->guess].follower = found;
    row->guess = found;
    /* Which of two would be meant is anybody's guess, and parsers differ in it. */
    if (row->nodes[found].seen_in == row->number)
        return row_fail(row, found, EPROTO, err, "the field stands twice in one object");
    row->nodes[found].seen_in = row->number;
    return 0;
}

/* Whether the text of a JSON number is whole and within +-max. */
static int is_whole_within(const char *text, size_t len, uint64_t max)
{
    uint64_t sum = 0;
    size_t at = text[0] == '-' ? 1 : 0;
    max += at;
    for (; at < len; at++) {
        if (text[at] < '0' || text[at] > '9')
            return 0;
        uint64_t digit = (uint64_t)(text[at] - '0');
        if (sum > (max - digit) / 10)
            return 0;
        sum = sum * 10 + digit;
    }
    return 1;
}

static int is_whole(const char *text, size_t len)
{
    return !memchr(text, '.', len) && !memchr(text, 'e', len) && !memchr(text, 'E', len);
}

static int is_date(const char *text, size_t len)
{
    int32_t day;
    return clock_parse_date(text, len, &day) == 0;
}

static int is_of_type(enum json_type type, enum row_kind kind, const char *text, size_t len)
{
    switch (type) {
    case JSON_ID:
    case JSON_ID_LIST:
        return kind == ROW_NUMBER && is_whole_within(text, len, INT64_MAX);
    case JSON_INT:
        return kind == ROW_NUMBER && is_whole_within(text, len, INT32_MAX);
    case JSON_MONEY:
        return kind == ROW_NUMBER;
    case JSON_BOOL:
        return kind == ROW_BOOL;
    case JSON_DATE:
        return kind == ROW_STRING && is_date(text, len);
    case JSON_TEXT:
        return kind == ROW_STRING;
    case JSON_NUMBER_TEXT:
        return kind == ROW_STRING || (kind == ROW_NUMBER && is_whole(text, len));
    }
    return 0;
}

/* A text with U+0000 in it: PostgreSQL takes none, and the value is not to be cut there. */
static int append_without_nul(struct row *row, const char *text, size_t len)
{
    const char *end = text + len;
    row->was_nul_replaced = 1;
    while (text < end) {
        const char *nul = memchr(text, 0, (size_t)(end - text));
        const char *stop = nul ? nul : end;
        if (buf_append(&row->texts, text, (size_t)(stop - text)) < 0 ||
            (nul && buf_append(&row->texts, REPLACEMENT_CHAR, sizeof(REPLACEMENT_CHAR) - 1) < 0))
            return -EMSGSIZE;
        text = nul ? nul + 1 : end;
    }
    return 0;
}

static int value_keep(struct row *row, int column, const char *text, size_t len)
{
    int is_more = row->columns[column].type == JSON_ID_LIST && row->present & UINT64_C(1) << column;
    size_t begin = is_more ? row->offsets[column] : row->texts.len_bytes;
    int rc = is_more ? buf_append_byte(&row->texts, ',') : 0;
    if (rc < 0)
        return rc;
    rc = len > 0 && memchr(text, 0, len) ? append_without_nul(row, text, len)
                                         : buf_append(&row->texts, text, len);
    if (rc < 0)
        return rc;
    row->offsets[column] = begin;
    row->values[column].len = row->texts.len_bytes - begin;
    row->present |= UINT64_C(1) << column;
    return 0;
}

int row_scalar(struct row *row, enum row_kind kind, const char *text, size_t len, struct err *err)
{
    if (row->key == NONE || kind == ROW_NULL)
        return 0;
    int column = row->nodes[row->key].column;
    if (column == NONE)
        return fail_type(row, row->key, "an object", kind, text, len, err);
    enum json_type type = row->columns[column].type;
    if (kind == ROW_STRING && len > JSON_LIST_TEXT_BYTES_MAX)
        return row_fail(row, row->key, EMSGSIZE, err, "the text is longer than 262144 bytes");
    if (kind == ROW_NUMBER && len > NUMBER_CHARS_MAX)
        return row_fail(row, row->key, EMSGSIZE, err, "the number is longer than 200 characters");
    if (!is_of_type(type, kind, text, len))
        return fail_type(row, row->key, EXPECTED[type], kind, text, len, err);
    if (kind == ROW_STRING && !text_is_utf8(text, len))
        return row_fail(row, row->key, EPROTO, err, "the text is no valid UTF-8");
    if (row->known[column] && row->notes.count < JSON_NOTES_MAX)
        note_value(row, column, text, len);
    if (value_keep(row, column, text, len) < 0)
        return row_fail(row, row->key, EMSGSIZE, err,
                        "the texts of the row are longer than 1048576 bytes together");
    return 0;
}

/* The array itself: its elements are read as the object that its paths name. Nothing else is kept
 * of it, so that the ids of one array lie side by side in `texts`. */
static int array_open(struct row *row, enum row_kind kind, struct err *err)
{
    if (kind != ROW_ARRAY)
        return fail_type(row, row->key, "an array of objects", kind, NULL, 0, err);
    row->at = row->key;
    row->key = NONE;
    row->is_in_list = 1;
    return ROW_ENTERED;
}

static int element_open(struct row *row)
{
    for (int i = row->nodes[row->at].first_child; i != NONE; i = row->nodes[i].next)
        row->nodes[i].seen_in = -1;
    row->guess = row->at;
    row->is_in_element = 1;
    return ROW_ENTERED;
}

int row_open(struct row *row, enum row_kind kind, struct err *err)
{
    if (row->is_in_list && !row->is_in_element && kind == ROW_OBJECT)
        return element_open(row);
    if (row->key == NONE)
        return ROW_SKIPPED;
    const struct node *node = &row->nodes[row->key];
    if (node->is_list)
        return array_open(row, kind, err);
    if (node->column != NONE)
        return fail_type(row, row->key, EXPECTED[row->columns[node->column].type], kind, NULL, 0,
                         err);
    if (kind != ROW_OBJECT)
        return fail_type(row, row->key, "an object", kind, NULL, 0, err);
    row->at = row->key;
    row->key = NONE;
    return ROW_ENTERED;
}

int row_close(struct row *row)
{
    row->key = NONE;
    if (row->is_in_element) {
        row->is_in_element = 0;
        return 0;
    }
    if (row->at == ROOT)
        return 1;
    row->is_in_list = 0;
    row->at = row->nodes[row->at].parent;
    return 0;
}

/* The field itself, or the object that would have held it. */
static int fail_missing(const struct row *row, int column, struct err *err)
{
    char name[NAME_BYTES];
    row_name(row, name, sizeof(name));
    return err_set(err, EPROTO, "%s.%s: the field is required, but missing or null", name,
                   row->columns[column].path);
}

int row_values(struct row *row, const struct json_value **ret_values, struct err *err)
{
    const char *texts = buf_text(&row->texts);
    for (int i = 0; i < row->count; i++) {
        if (row->present & UINT64_C(1) << i) {
            row->values[i].text = texts + row->offsets[i];
            continue;
        }
        if (row->columns[i].is_required)
            return fail_missing(row, i, err);
        row->values[i] = (struct json_value){ .text = NULL };
    }
    *ret_values = row->values;
    return 0;
}

int row_was_nul_replaced(const struct row *row)
{
    return row->was_nul_replaced;
}

const struct json_notes *row_notes(const struct row *row)
{
    return &row->notes;
}

const char *row_unknown_path(const struct row *row)
{
    return row->unknown_path;
}

void row_free(struct row *row)
{
    if (!row)
        return;
    buf_release(&row->texts);
    free(row);
}
