#include "lib/base/cp1252.h"

#include "lib/base/buf.h"
#include "lib/base/utf8.h"

/* 0x80 to 0x9F; 0 where the set has nothing. Source: the mapping that Unicode publishes. */
static const uint16_t UPPER_CONTROLS[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

static uint32_t decode(const char *bytes, size_t char_bytes)
{
    static const unsigned char FIRST_BITS[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    uint32_t code = (unsigned char)bytes[0] & FIRST_BITS[char_bytes];
    for (size_t i = 1; i < char_bytes; i++)
        code = code << 6 | ((unsigned char)bytes[i] & 0x3F);
    return code;
}

/* 0 where the set does not have it. */
static uint8_t encode(uint32_t code)
{
    if (code < 0x80 || (code >= 0xA0 && code <= 0xFF))
        return (uint8_t)code;
    for (size_t i = 0; i < ARRAY_LEN(UPPER_CONTROLS); i++) {
        if (UPPER_CONTROLS[i] == code)
            return (uint8_t)(0x80 + i);
    }
    return 0;
}

int64_t cp1252_append(struct buf *out, const char *utf8, size_t len)
{
    int64_t replaced = 0;
    while (len > 0) {
        size_t char_bytes = utf8_char_bytes(utf8, len);
        uint32_t code = char_bytes > 0 ? decode(utf8, char_bytes) : 0xFFFD;
        uint8_t byte = encode(code);
        if (byte == 0 && code != 0) {
            byte = '?';
            replaced++;
        }
        int ret = buf_append_byte(out, byte);
        if (ret < 0)
            return ret;
        utf8 += char_bytes > 0 ? char_bytes : 1;
        len -= char_bytes > 0 ? char_bytes : 1;
    }
    return replaced;
}
