#include "tests/sandbox/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/day.h"
#include "tests/sandbox/mem.h"

void out_release(struct out *out)
{
    free(out->text);
    out->text = NULL;
    out->len = out->cap = 0;
}

char *out_take(struct out *out, size_t *ret_len)
{
    out_bytes(out, "", 1);
    char *text = out->text;
    *ret_len = out->len - 1;
    out->text = NULL;
    out->len = out->cap = 0;
    return text;
}

#define PRINTF_GUESS 120

static void out_reserve(struct out *out, size_t more)
{
    if (out->len + more <= out->cap)
        return;
    while (out->len + more > out->cap)
        out->cap = out->cap ? out->cap * 2 : 512;
    out->text = mem_resize(out->text, out->cap);
}

void out_bytes(struct out *out, const char *bytes, size_t len)
{
    out_reserve(out, len);
    memcpy(out->text + out->len, bytes, len);
    out->len += len;
}

void out_raw(struct out *out, const char *text)
{
    out_bytes(out, text, strlen(text));
}

void out_printf(struct out *out, const char *format, ...)
{
    va_list args;
    int need = PRINTF_GUESS;
    do {
        out_reserve(out, (size_t)need + 1);
        size_t room = out->cap - out->len;
        va_start(args, format);
        need = vsnprintf(out->text + out->len, room, format, args);
        va_end(args);
        if ((size_t)need < room)
            break;
    } while (true);
    out->len += (size_t)need;
}

static void out_escaped(struct out *out, unsigned char c)
{
    switch (c) {
    case '"':
        out_bytes(out, "\\\"", 2);
        break;
    case '\\':
        out_bytes(out, "\\\\", 2);
        break;
    case '\n':
        out_bytes(out, "\\n", 2);
        break;
    case '\r':
        out_bytes(out, "\\r", 2);
        break;
    case '\t':
        out_bytes(out, "\\t", 2);
        break;
    default:
        out_printf(out, "\\u%04x", c);
    }
}

void out_text(struct out *out, const char *text)
{
    if (!text) {
        out_bytes(out, "null", 4);
        return;
    }
    out_bytes(out, "\"", 1);
    const char *start = text;
    for (const char *at = text;; at++) {
        unsigned char c = (unsigned char)*at;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        out_bytes(out, start, (size_t)(at - start));
        if (c == '\0')
            break;
        out_escaped(out, c);
        start = at + 1;
    }
    out_bytes(out, "\"", 1);
}

void out_int(struct out *out, int64_t number)
{
    char digits[24];
    int at = sizeof(digits);
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        digits[--at] = '-';
    out_bytes(out, digits + at, sizeof(digits) - (size_t)at);
}

void out_bool(struct out *out, bool yes)
{
    out_raw(out, yes ? "true" : "false");
}

void out_day(struct out *out, int32_t day)
{
    char text[11];
    if (day == DAY_NONE) {
        out_bytes(out, "null", 4);
        return;
    }
    day_format(day, text);
    out_bytes(out, "\"", 1);
    out_bytes(out, text, 10);
    out_bytes(out, "\"", 1);
}

void out_month(struct out *out, int32_t day)
{
    out_day(out, day_month_start(day));
}

void out_money(struct out *out, money_t money)
{
    char text[MONEY_TEXT_MAX];
    int len = money_format(money, out->style, text);
    out_bytes(out, text, (size_t)len);
}

void out_money_text(struct out *out, money_t money)
{
    char text[MONEY_TEXT_MAX];
    money_format(money, MONEY_SHORT, text);
    out_text(out, text);
}

void out_comma(struct out *out)
{
    char last = out->len ? out->text[out->len - 1] : '{';
    if (last != '{' && last != '[')
        out_bytes(out, ",", 1);
}

void out_key(struct out *out, const char *name)
{
    out_comma(out);
    out_text(out, name);
    out_bytes(out, ":", 1);
}
