/*
 * list.h - reads a list answer while its bytes arrive, and hands out one row at a time.
 *
 * For the envelope {fullResultSize, from, count, versionDigest, values: [...]}. Which JSON path
 * goes to which column is the caller's table; numbers stay text, so that money is never a double.
 * Memory is bounded by one row. Fields that the table does not name are skipped, and the first is
 * reported.
 */
#ifndef SALDOD_JSON_LIST_H
#define SALDOD_JSON_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct err;
struct json_list;

enum json_type {
    JSON_ID,          /* whole number, int64 */
    JSON_INT,         /* whole number, int32 */
    JSON_MONEY,       /* number; any JSON number syntax */
    JSON_BOOL,        /* true or false */
    JSON_DATE,        /* string "yyyy-mm-dd" */
    JSON_TEXT,        /* string */
    JSON_NUMBER_TEXT, /* whole number or string, kept as text: account numbers and the like */
    JSON_ID_LIST,     /* "postings.id": of an array of objects, the id of each: "7,8,9" */
};

struct json_column {
    const char *path; /* "voucher.id"; up to 4 levels; no other path may begin like that of a
                         JSON_ID_LIST */
    const char *name; /* of the database column; not used by this module */
    enum json_type type;
    int is_required; /* missing or null is an error that names the path */
};

/* The values of an enumeration, NULL-terminated; another one is noted, not refused. */
struct json_known {
    const char *path;
    const char *const *values;
};

/* What was noticed and is no error: fields that no column names ("voucher.new"), and values that an
 * enumeration did not have ("type = NEW"). Each stands once. */
enum { JSON_NOTES_MAX = 8, JSON_NOTE_BYTES = 96 };
struct json_notes {
    int count;
    char texts[JSON_NOTES_MAX][JSON_NOTE_BYTES];
};
/* Those of `from` that are not there yet; beyond the maximum they are left out. */
void json_notes_add(struct json_notes *notes, const struct json_notes *from);

enum { JSON_LIST_COLUMNS_MAX = 64, JSON_LIST_DEPTH_MAX = 24, JSON_LIST_TEXT_BYTES_MAX = 262144 };

/* One value of a row; borrowed for the call. Checked for its type; text is valid UTF-8, U+0000
 * replaced by U+FFFD. `text` is NULL where null or missing. */
struct json_value {
    const char *text; /* not NUL-terminated */
    size_t len;
};

/* Values in the order of the columns. A return other than 0 ends the list with that error. */
typedef int json_row_fn(void *ctx, const struct json_value *values, struct err *err);

/* What the envelope said, and what was noticed; valid after json_list_finish. */
struct json_list_head {
    int64_t rows;          /* counted by us; of a nested list: values, not rows */
    char digest[256];      /* versionDigest; "" = null or missing */
    int was_nul_replaced;  /* a text held U+0000 */
    char unknown_path[96]; /* the first field that no column names; "" = none.
                              id, version, url, changes and displayName are never reported */
    struct json_notes notes;
};

/* Borrows `columns` until freed. */
struct json_list *json_list_new(const struct json_column *columns, int count, json_row_fn *row,
                                void *ctx) MUST_USE;

/* As above, but the rows are the elements of the array `nested` of each value, and of the value
 * itself nothing else is taken. Borrows `nested`. */
struct json_list *json_list_new_nested(const struct json_column *columns, int count,
                                       const char *nested, json_row_fn *row, void *ctx) MUST_USE;

/* Enumerations among the columns, ended by a path NULL; before anything is fed. Borrowed. */
void json_list_set_known(struct json_list *list, const struct json_known *known);

/* Errors name the path and the row (and its id, where that came before), as "values[17].voucher.id:
 * expected a whole number, got \"x\"" (the value shown is cut at 40 characters). After an error the
 * list takes nothing more. -EPROTO: not JSON or the wrong shape; -EMSGSIZE: too deep, or a text too
 * long. */
int json_list_feed(struct json_list *list, const char *bytes, size_t len, struct err *err) MUST_USE;

/* The body has ended: a truncated document or one without `values` is -EPROTO. */
int json_list_finish(struct json_list *list, struct json_list_head *ret_head,
                     struct err *err) MUST_USE;

void json_list_free(struct json_list *list); /* NULL is fine */

#endif
