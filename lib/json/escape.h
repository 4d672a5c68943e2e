/*
 * escape.h - mends \u escapes of lone surrogates before the parser sees them.
 *
 * Internal to lib/json. yajl turns a lone high surrogate into '?' and swallows the byte after it,
 * and a lone low one into bytes that are no UTF-8. Here each becomes \ufffd, which is as long, so
 * that bytes are patched in place. A value type; owns nothing.
 */
#ifndef SALDOD_JSON_ESCAPE_H
#define SALDOD_JSON_ESCAPE_H

#include <stddef.h>

#include "lib/base/cleanup.h"

enum { ESCAPE_HELD_MAX = 11 }; /* "\ud83d\ude0" may still become a pair */

/* Patches `text` and returns how many of its bytes are settled; the rest (at most ESCAPE_HELD_MAX)
 * is an escape cut short, to be put before the bytes that come next. */
size_t escape_mend(char *text, size_t len) MUST_USE;

#endif
