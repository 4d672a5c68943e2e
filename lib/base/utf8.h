/*
 * utf8.h - tells UTF-8 from other bytes, and cuts it without breaking a character.
 *
 * Strict: no overlong forms, no surrogates, nothing above U+10FFFF. Allocates nothing.
 */
#ifndef SALDOD_BASE_UTF8_H
#define SALDOD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/cleanup.h"

#define UTF8_ELLIPSIS "\xE2\x80\xA6"

/* Length of the character at the start of `bytes`; 0 where it is not valid, or len is 0. */
size_t utf8_char_bytes(const char *bytes, size_t len) MUST_USE;

/* Whether the `char_bytes` at `bytes`, one valid character, are a control character (C0, DEL, C1).
 */
bool utf8_is_control(const char *bytes, size_t char_bytes) MUST_USE;

/* The greatest length up to max_bytes that does not cut a character in two. max_bytes <=
 * strlen(text). */
size_t utf8_cut_bytes(const char *text, size_t max_bytes) MUST_USE;

/* Makes a line of what may be anything: '?' in the place of every byte that is no part of a valid
 * character or is one of a control character, a space for white space. */
void utf8_repair(char *text);

/* Ends a text that filled its `size` bytes (final NUL included) with an ellipsis; size >= 8. */
void utf8_end_with_ellipsis(char *text, size_t size);

#endif
