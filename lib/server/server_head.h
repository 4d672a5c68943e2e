/*
 * server_head.h - the head of an HTTP/1.1 request, taken apart in place.
 *
 * Strict (RFC 9112): what two programs could understand in two ways is refused, so that a proxy
 * in front never sees another request than we do. A pure function on bytes; owns nothing.
 */
#ifndef SALDOD_SERVER_SERVER_HEAD_H
#define SALDOD_SERVER_SERVER_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

enum {
    SERVER_HEAD_BYTES_MAX = 16 * 1024,
    SERVER_TARGET_BYTES_MAX = 4096,
    SERVER_HEADERS_MAX = 64,
};

struct server_header {
    const char *name, *value;
};

struct server_head {
    char *method;
    char *path;  /* decoded; begins with '/', holds no NUL */
    char *query; /* as sent, "" = none */
    struct server_header headers[SERVER_HEADERS_MAX];
    int headers_count;
    int is_http_1_0;
    int is_closing;     /* the peer wants the connection closed after the answer */
    int64_t body_bytes; /* Content-Length; 0 = none */
};

/* Bytes of the head at the start of `text`, its empty line included; 0 = not whole yet. */
size_t server_head_length(const char *text, size_t len) MUST_USE;

/* Writes NULs into `text` (the head alone, followed by one byte that may be written). 0, or the
 * status to refuse with: 400, 414, 431, 501 or 505. */
int server_head_parse(char *text, size_t len, struct server_head *ret_head) MUST_USE;

/* By name in any case; NULL = absent. */
const char *server_head_find(const struct server_head *head, const char *name) MUST_USE;

/* The value of a parameter, decoded into `out`; 0, -ENOENT, or -EINVAL where it cannot be. */
int server_head_param(const struct server_head *head, const char *name, char *out,
                      size_t out_bytes) MUST_USE;

#endif
