/*
 * row.h - one row of a list while it is read: paths to columns, values checked and kept.
 *
 * Internal to lib/json. Told of keys, scalars and nested objects by list.c, in the order in which
 * they come; knows nothing of the envelope. Owns the texts of the row at hand; borrows the columns.
 */
#ifndef SALDOD_JSON_ROW_H
#define SALDOD_JSON_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/json/list.h"

struct err;
struct row;

/* Texts of one row together. */
enum { ROW_TEXT_BYTES_MAX = 4 * JSON_LIST_TEXT_BYTES_MAX };

/* What a scalar is in JSON. */
enum row_kind { ROW_NULL, ROW_BOOL, ROW_NUMBER, ROW_STRING, ROW_ARRAY, ROW_OBJECT };

enum row_step { ROW_ENTERED, ROW_SKIPPED };

struct row *row_new(const struct json_column *columns, int count) MUST_USE;

void row_set_known(struct row *row, const struct json_known *known);

/* Starts row number `number`, forgetting the one before. */
void row_begin(struct row *row, int64_t number);

/* All below: 0 (or a step), or -EPROTO/-EMSGSIZE with `err` naming row and path. */
int row_key(struct row *row, const char *key, size_t len, struct err *err) MUST_USE;
int row_scalar(struct row *row, enum row_kind kind, const char *text, size_t len,
               struct err *err) MUST_USE;
/* An object or array begins as the value of the last key: ROW_ENTERED, or ROW_SKIPPED (then nothing
 * within it may be told). */
int row_open(struct row *row, enum row_kind kind, struct err *err) MUST_USE;

/* An entered object ends; 1 = it was the row itself. */
int row_close(struct row *row) MUST_USE;

/* The values of a row that has ended; borrowed until row_begin. */
int row_values(struct row *row, const struct json_value **ret_values, struct err *err) MUST_USE;

int row_was_nul_replaced(const struct row *row) MUST_USE;
const char *row_unknown_path(const struct row *row) MUST_USE; /* "" = none */

const struct json_notes *row_notes(const struct row *row) MUST_USE;

/* Adds a text to notes, once, and as long as there is room. */
void row_note(struct json_notes *notes, const char *text);

void row_free(struct row *row); /* NULL is fine */

#endif
