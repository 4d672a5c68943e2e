/*
 * table.h - a result as a table for people.
 *
 * Fits the terminal by cutting its widest columns; colours states on a terminal only, and not where
 * NO_COLOR is set. Elsewhere nothing is cut beyond TABLE_CELL_MAX and nothing coloured, so that
 * scripts see the same everywhere. What could move the cursor is shown as '?'.
 */
#ifndef SALDOD_DAEMON_TABLE_H
#define SALDOD_DAEMON_TABLE_H

#include "lib/base/cleanup.h"

struct pg_result;

enum { TABLE_COLUMNS_MAX = 16, TABLE_CELL_MAX = 40, TABLE_CELL_MIN = 8 };

struct table_style {
    int width; /* of the terminal; 0 = none */
    int is_coloured;
};

/* Of standard output. */
struct table_style table_style_of_stdout(void) MUST_USE;

/* Narrows the widest columns until all, two spaces apart, fit `total`; none below TABLE_CELL_MIN.
 */
void table_fit(int *widths, int count, int total);

/* `columns` ends with NULL. The column "state" is coloured. */
void table_print(const struct pg_result *result, const char *const *columns,
                 const struct table_style *style);

#endif
