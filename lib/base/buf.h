/*
 * buf.h - a byte buffer that grows up to a stated maximum.
 *
 * The maximum is given at init and is what protects the process from a hostile or broken peer.
 * `data` is always followed by a NUL byte that `len` does not count. A value type: embed it.
 */
#ifndef SALDOD_BASE_BUF_H
#define SALDOD_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct buf {
    char *data; /* NULL until the first byte */
    size_t len_bytes;
    size_t cap_bytes;
    size_t max_bytes;
};

void buf_init(struct buf *buf, size_t max_bytes);

/* All appenders return 0, or -EMSGSIZE where the maximum would be passed; nothing is appended
 * then. What is appended must not lie in the buffer itself. Growing leaves no copy behind. */
int buf_append(struct buf *buf, const void *bytes, size_t len) MUST_USE;
int buf_append_text(struct buf *buf, const char *text) MUST_USE;
int buf_append_byte(struct buf *buf, uint8_t byte) MUST_USE;
int buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;

/* Never NULL; "" when empty. Borrowed until the next change. */
const char *buf_text(const struct buf *buf);

/* Hands the bytes over (free with free()) and leaves the buffer empty; "" rather than NULL. */
char *buf_steal(struct buf *buf) MUST_USE;

void buf_clear(struct buf *buf);   /* keeps the memory */
void buf_wipe(struct buf *buf);    /* overwrites, then clears: for secrets */
void buf_release(struct buf *buf); /* frees; may be used again after */

#define AUTO_BUF __attribute__((cleanup(buf_release)))

#endif
