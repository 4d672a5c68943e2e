/*
 * Fuzzer of copy_numeric (lib/pg/copy.h): any bytes are a numeric that PostgreSQL takes, or refused
 * by name; a plain decimal keeps every digit.
 */
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pg/copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_BYTES = 19, BYTES_MAX = 4096 };

static void must(int is_true)
{
    if (!is_true)
        abort();
}

static uint16_t word_at(const struct buf *bytes, size_t at)
{
    uint16_t value = 0;
    must(at + sizeof(value) <= bytes->len_bytes);
    memcpy(&value, bytes->data + at, sizeof(value));
    return be16toh(value);
}

/* What numeric_recv() of PostgreSQL asks for. */
static void check_numeric(const struct buf *bytes)
{
    size_t at = HEADER_BYTES + 2 + 4;
    int count = word_at(bytes, at);
    uint16_t sign = word_at(bytes, at + 4);
    must(bytes->len_bytes == at + 8 + 2 * (size_t)count);
    must(word_at(bytes, at - 4) == 0 && word_at(bytes, at - 2) == 8 + 2 * count);
    must(sign == 0 || (sign == 0x4000 && count > 0));
    must(word_at(bytes, at + 6) <= 0x3fff);
    for (int i = 0; i < count; i++)
        must(word_at(bytes, at + 8 + 2 * (size_t)i) < 10000);
    if (count > 0) {
        must(word_at(bytes, at + 8) != 0);
        must(word_at(bytes, at + 8 + 2 * (size_t)(count - 1)) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct copy copy;
    copy_init(&copy, BYTES_MAX);
    must(copy_row(&copy, 1) == 0);
    int ret = copy_numeric(&copy, (const char *)data, size);
    must(ret == 0 || ret == -EINVAL || ret == -ERANGE);
    if (ret == 0)
        check_numeric(&copy.bytes);
    copy_release(&copy);
    return 0;
}
