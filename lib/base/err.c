/*
 * err.c - an error as a value: what happened, and what to do about it.
 */
#include "lib/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/utf8.h"

static void format_text(char *out, size_t size, const char *fmt, va_list args)
{
    int len = vsnprintf(out, size, fmt, args);
    if (len < 0)
        out[0] = '\0';
    else if ((size_t)len >= size)
        utf8_end_with_ellipsis(out, size);
    utf8_repair(out); /* texts of peers are quoted, and go to the log and the database */
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
    if (code == 0)
        code = EIO;
    else if (code < 0)
        code = -code;
    if (!err)
        return -code;

    /* Written aside, for the arguments may point into `err`. */
    struct err fresh = { .code = code };
    va_list args;
    va_start(args, fmt);
    format_text(fresh.text, sizeof(fresh.text), fmt, args);
    va_end(args);
    *err = fresh;
    return -code;
}

void err_prefix(struct err *err, const char *fmt, ...)
{
    if (!err || err->code == 0)
        return;
    char prefix[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, fmt);
    format_text(prefix, sizeof(prefix), fmt, args);
    va_end(args);

    char joined[2 * ERR_TEXT_BYTES + sizeof(": ")];
    (void)snprintf(joined, sizeof(joined), "%s: %s", prefix, err->text);
    size_t len = strlen(joined);
    memcpy(err->text, joined, len < sizeof(err->text) ? len + 1 : sizeof(err->text));
    if (len >= sizeof(err->text))
        utf8_end_with_ellipsis(err->text, sizeof(err->text));
}

void err_set_remedy(struct err *err, const char *fmt, ...)
{
    if (!err)
        return;
    char remedy[ERR_REMEDY_BYTES];
    va_list args;
    va_start(args, fmt);
    format_text(remedy, sizeof(remedy), fmt, args);
    va_end(args);
    memcpy(err->remedy, remedy, strlen(remedy) + 1);
}

void err_set_request_id(struct err *err, const char *request_id)
{
    if (!err)
        return;
    size_t len = request_id ? strlen(request_id) : 0;
    if (len == 0) {
        err->request_id[0] = '\0';
    } else if (len < sizeof(err->request_id)) {
        memmove(err->request_id, request_id, len + 1);
    } else {
        memmove(err->request_id, request_id, sizeof(err->request_id));
        utf8_end_with_ellipsis(err->request_id, sizeof(err->request_id));
    }
    utf8_repair(err->request_id);
}

const char *err_full(const struct err *err, char out[ERR_FULL_BYTES])
{
    (void)snprintf(out, ERR_FULL_BYTES, "%s%s%s", err->text, *err->remedy ? ". " : "", err->remedy);
    return out;
}

void err_copy(struct err *to, const struct err *from)
{
    if (to && from)
        memmove(to, from, sizeof(*to));
}
