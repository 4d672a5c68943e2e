/* UTF-8, checked strictly; see text.h. */
#include "lib/json/text.h"

#include <stdint.h>
#include <string.h>

#include "lib/base/utf8.h"

/* Length of the leading part that is plain ASCII, at eight bytes a step. */
static size_t ascii_span(const char *bytes, size_t len)
{
    size_t at = 0;
    for (uint64_t word; at + sizeof(word) <= len; at += sizeof(word)) {
        memcpy(&word, bytes + at, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (at < len && !(bytes[at] & 0x80))
        at++;
    return at;
}

int text_is_utf8(const char *bytes, size_t len)
{
    for (size_t at = ascii_span(bytes, len); at < len; at += ascii_span(bytes + at, len - at)) {
        size_t step = utf8_char_bytes(bytes + at, len - at);
        if (step == 0)
            return 0;
        at += step;
    }
    return 1;
}

void text_show(char *out, size_t out_bytes, const char *bytes, size_t len, int chars_max)
{
    size_t used = 0, at = 0;
    for (int chars = 0; at < len && chars < chars_max; chars++) {
        size_t step = utf8_char_bytes(bytes + at, len - at);
        int is_shown = step > 0 && !utf8_is_control(bytes + at, step);
        size_t width = is_shown ? step : 1;
        if (used + width + sizeof(UTF8_ELLIPSIS) > out_bytes)
            break;
        memcpy(out + used, is_shown ? bytes + at : "?", width);
        used += width;
        at += step ? step : 1;
    }
    if (at < len && used + sizeof(UTF8_ELLIPSIS) <= out_bytes) {
        memcpy(out + used, UTF8_ELLIPSIS, sizeof(UTF8_ELLIPSIS) - 1);
        used += sizeof(UTF8_ELLIPSIS) - 1;
    }
    if (out_bytes > 0)
        out[used] = '\0';
}
