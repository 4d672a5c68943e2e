/*
 * cp1252.h - UTF-8 to Windows-1252, for programs that read nothing else.
 *
 * What that character set does not have becomes '?', and is counted: a letter that only looks alike
 * would make another name of it.
 */
#ifndef SALDOD_BASE_CP1252_H
#define SALDOD_BASE_CP1252_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct buf;

/* Appends the text to `out`. Returns the number of characters that became '?', or -EMSGSIZE. */
int64_t cp1252_append(struct buf *out, const char *utf8, size_t len) MUST_USE;

#endif
