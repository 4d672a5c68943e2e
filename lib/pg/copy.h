/*
 * copy.h - writes rows in PostgreSQL's binary COPY format.
 *
 * A plain encoder into a bounded buffer: knows nothing of connections. Numbers arrive as decimal
 * text and become exact numerics; what cannot be carried exactly is refused. Format: PostgreSQL's
 * documentation of COPY, section "Binary Format"; numeric as numeric_recv() reads it.
 */
#ifndef SALDOD_PG_COPY_H
#define SALDOD_PG_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"

struct err;

enum {
    COPY_HEADER_BYTES = 19,
    COPY_TRAILER_BYTES = 2,
    COPY_NUMERIC_DIGITS_MAX = 60,   /* written ones, the leading zero of "0.5" apart */
    COPY_NUMERIC_EXPONENT_MAX = 60, /* either way */
};

struct copy {
    struct buf bytes; /* what goes to pg_copy after copy_finish */
    int64_t rows;
    size_t row_at;    /* where the row in hand begins */
    int columns_left; /* that it still lacks */
    int has_row;
};

void copy_init(struct copy *copy, size_t max_bytes);

/* Begins a row of so many columns. All return 0, or -EMSGSIZE where the buffer's maximum would be
 * passed; nothing is appended then, and the row must be taken back. The trailer always has room. */
int copy_row(struct copy *copy, int columns) MUST_USE;
int copy_null(struct copy *copy) MUST_USE;
int copy_int4(struct copy *copy, int32_t value) MUST_USE;
int copy_int8(struct copy *copy, int64_t value) MUST_USE;
int copy_bool(struct copy *copy, int value) MUST_USE;
int copy_date(struct copy *copy, int32_t day) MUST_USE; /* days since 1970-01-01 (clock.h) */
/* Valid UTF-8 without NUL. */
int copy_text(struct copy *copy, const char *text, size_t len) MUST_USE;
/* JSON number syntax, e.g. "-12.50", "1e3"; -ERANGE beyond the limits above, -EINVAL where it is no
 * number. Exact; keeps the scale as written ("0.00" has two decimals, "1.50e1" is 15.0). */
int copy_numeric(struct copy *copy, const char *text, size_t len) MUST_USE;

/* Takes back everything written since the last copy_row; where that one failed, nothing. */
void copy_drop_row(struct copy *copy);

/* Writes the trailer. copy_clear makes it ready for the next batch. */
int copy_finish(struct copy *copy) MUST_USE;
void copy_clear(struct copy *copy);
void copy_release(struct copy *copy);

#endif
