/* Lone surrogates; see escape.h. */
#include "lib/json/escape.h"

#include <string.h>

static const char REPLACEMENT[] = "\\ufffd";
enum { ESCAPE_BYTES = 6 };

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The code unit of "\uXXXX"; -1 where it is no such escape (the parser says so then). */
static int escape_unit(const char *text)
{
    int unit = 0;
    if (text[0] != '\\' || text[1] != 'u')
        return -1;
    for (int i = 2; i < ESCAPE_BYTES; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static int is_high(int unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static int is_low(int unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Whether the bytes after a high surrogate may still turn out to be its low one. */
static int is_undecided(const char *rest, size_t len)
{
    return len < ESCAPE_BYTES && (len < 1 || rest[0] == '\\') && (len < 2 || rest[1] == 'u');
}

/* Settles the escape at `text`; 0 = more bytes are needed. */
static size_t escape_settle(char *text, size_t len)
{
    if (len < 2)
        return 0;
    if (text[1] != 'u')
        return 2;
    if (len < ESCAPE_BYTES)
        return 0;
    int unit = escape_unit(text);
    if (unit < 0)
        return 2;
    if (is_high(unit)) {
        const char *rest = text + ESCAPE_BYTES;
        if (is_undecided(rest, len - ESCAPE_BYTES))
            return 0;
        if (len >= 2 * ESCAPE_BYTES && is_low(escape_unit(rest)))
            return 2 * ESCAPE_BYTES;
    }
    if (is_high(unit) || is_low(unit))
        memcpy(text, REPLACEMENT, ESCAPE_BYTES);
    return ESCAPE_BYTES;
}

size_t escape_mend(char *text, size_t len)
{
    size_t at = 0;
    char *escape;
    while (at < len && (escape = memchr(text + at, '\\', len - at))) {
        at = (size_t)(escape - text);
        size_t step = escape_settle(escape, len - at);
        if (step == 0)
            return at;
        at += step;
    }
    return len;
}
