/*
 * text.h - texts of JSON: checked as strictly as PostgreSQL does, and shown in messages.
 *
 * Internal to lib/json. yajl's own check lets overlong forms and surrogates through; this one does
 * not. Owns nothing.
 */
#ifndef SALDOD_JSON_TEXT_H
#define SALDOD_JSON_TEXT_H

#include <stddef.h>

#include "lib/base/cleanup.h"

/* 1 where all of it is well-formed UTF-8; U+0000 is. */
int text_is_utf8(const char *bytes, size_t len) MUST_USE;

/* Copies at most `chars_max` characters into `out`, NUL-terminated; control characters and broken
 * bytes become '?', and what was cut ends in an ellipsis. */
void text_show(char *out, size_t out_bytes, const char *bytes, size_t len, int chars_max);

#endif
