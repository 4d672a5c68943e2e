/*
 * utf8.c - tells UTF-8 from other bytes, and cuts it without breaking a character.
 */
#include "lib/base/utf8.h"

#include <stdint.h>
#include <string.h>

static bool is_continuation(char byte)
{
    return ((uint8_t)byte & 0xC0) == 0x80;
}

/* How many bytes a character has that begins with `lead`; 0 where none does. */
static size_t lead_bytes(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    if (lead >= 0xF0 && lead <= 0xF4)
        return 4;
    return 0;
}

/* The second byte is where overlong forms, surrogates and what lies above U+10FFFF show. */
static bool second_fits(uint8_t lead, uint8_t second)
{
    switch (lead) {
    case 0xE0:
        return second >= 0xA0;
    case 0xED:
        return second <= 0x9F;
    case 0xF0:
        return second >= 0x90;
    case 0xF4:
        return second <= 0x8F;
    default:
        return true;
    }
}

size_t utf8_char_bytes(const char *bytes, size_t len)
{
    if (len == 0)
        return 0;
    size_t wanted = lead_bytes((uint8_t)bytes[0]);
    if (wanted == 0 || wanted > len)
        return 0;
    for (size_t i = 1; i < wanted; i++) {
        if (!is_continuation(bytes[i]))
            return 0;
    }
    if (wanted > 1 && !second_fits((uint8_t)bytes[0], (uint8_t)bytes[1]))
        return 0;
    return wanted;
}

bool utf8_is_control(const char *bytes, size_t char_bytes)
{
    uint8_t first = (uint8_t)bytes[0];
    if (char_bytes == 1)
        return first < 0x20 || first == 0x7F;
    return char_bytes == 2 && first == 0xC2 && (uint8_t)bytes[1] < 0xA0;
}

size_t utf8_cut_bytes(const char *text, size_t max_bytes)
{
    size_t cut = max_bytes;
    /* No character has more than three continuation bytes: what has more is no UTF-8 anyway. */
    while (cut > 0 && max_bytes - cut < 3 && is_continuation(text[cut]))
        cut--;
    return is_continuation(text[cut]) ? max_bytes : cut;
}

void utf8_repair(char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len;) {
        size_t char_bytes = utf8_char_bytes(text + i, len - i);
        size_t bytes = char_bytes == 0 ? 1 : char_bytes;
        int is_space = text[i] == '\n' || text[i] == '\r' || text[i] == '\t';
        if (char_bytes == 0 || utf8_is_control(text + i, char_bytes))
            memset(text + i, is_space ? ' ' : '?', bytes);
        i += bytes;
    }
}

void utf8_end_with_ellipsis(char *text, size_t size)
{
    size_t cut = utf8_cut_bytes(text, size - sizeof(UTF8_ELLIPSIS));
    memcpy(text + cut, UTF8_ELLIPSIS, sizeof(UTF8_ELLIPSIS));
}
