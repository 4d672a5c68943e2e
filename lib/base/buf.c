/*
 * buf.c - a byte buffer that grows up to a stated maximum.
 */
#include "lib/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/mem.h"

enum { BUF_FIRST_BYTES = 64 };

void buf_init(struct buf *buf, size_t max_bytes)
{
    *buf = (struct buf){ .max_bytes = max_bytes };
}

/* Doubles, so that appending stays linear, but never allocates past the maximum and its NUL. */
static size_t next_cap(const struct buf *buf, size_t needed)
{
    size_t cap = buf->cap_bytes > 0 ? buf->cap_bytes : BUF_FIRST_BYTES;
    while (cap < needed)
        cap = cap > SIZE_MAX / 2 ? needed : cap * 2;
    return cap - 1 > buf->max_bytes ? buf->max_bytes + 1 : cap;
}

/* Room for `more` bytes and the NUL. */
static int buf_reserve(struct buf *buf, size_t more)
{
    if (more > buf->max_bytes || buf->len_bytes > buf->max_bytes - more)
        return -EMSGSIZE;
    size_t needed = buf->len_bytes + more + 1;
    if (needed <= buf->cap_bytes)
        return 0;

    /* Not realloc(): it would leave a copy behind, which may be half a secret. */
    size_t cap = next_cap(buf, needed);
    char *data = mem_grow(NULL, cap, 1);
    if (buf->len_bytes > 0)
        memcpy(data, buf->data, buf->len_bytes);
    data[buf->len_bytes] = '\0';
    mem_wipe(buf->data, buf->cap_bytes);
    free(buf->data);
    buf->data = data;
    buf->cap_bytes = cap;
    return 0;
}

int buf_append(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0)
        return 0;
    int rc = buf_reserve(buf, len);
    if (rc != 0)
        return rc;
    memcpy(buf->data + buf->len_bytes, bytes, len);
    buf->len_bytes += len;
    buf->data[buf->len_bytes] = '\0';
    return 0;
}

int buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

int buf_append_byte(struct buf *buf, uint8_t byte)
{
    return buf_append(buf, &byte, 1);
}

int buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        return -EMSGSIZE;
    if (len == 0)
        return 0;
    int rc = buf_reserve(buf, (size_t)len);
    if (rc != 0)
        return rc;
    va_start(args, fmt);
    (void)vsnprintf(buf->data + buf->len_bytes, (size_t)len + 1, fmt, args);
    va_end(args);
    buf->len_bytes += (size_t)len;
    return 0;
}

const char *buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

char *buf_steal(struct buf *buf)
{
    char *data = buf->data ? buf->data : mem_strdup("");
    buf_init(buf, buf->max_bytes);
    return data;
}

void buf_clear(struct buf *buf)
{
    buf->len_bytes = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

void buf_wipe(struct buf *buf)
{
    mem_wipe(buf->data, buf->cap_bytes);
    buf_clear(buf);
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->max_bytes);
}
