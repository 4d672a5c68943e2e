/*
 * out.h - text that grows, and JSON written straight into it.
 *
 * Lists of 10,000 rows are written without building a tree first.
 */
#ifndef SANDBOX_OUT_H
#define SANDBOX_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sandbox/money.h"

struct out {
    char *text;
    size_t len, cap;
    enum money_style style;
};

void out_release(struct out *out);
char *out_take(struct out *out, size_t *ret_len); /* the text, to be freed by the caller */

void out_bytes(struct out *out, const char *bytes, size_t len);
void out_raw(struct out *out, const char *text);
void out_printf(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* JSON values; a NULL text and DAY_NONE become null. */
void out_text(struct out *out, const char *text);
void out_int(struct out *out, int64_t number);
void out_bool(struct out *out, bool yes);
void out_day(struct out *out, int32_t day);
void out_money(struct out *out, money_t money);
void out_money_text(struct out *out, money_t money); /* as a JSON string, always short */
void out_month(struct out *out, int32_t day);

/* "name": - with a comma before it unless an object or list has just begun. */
void out_key(struct out *out, const char *name);
void out_comma(struct out *out);

#endif
