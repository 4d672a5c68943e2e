#include "lib/base/locked.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

char *locked_strndup(const char *text, size_t len)
{
    /* Does nothing but the first time. Without memory the process ends, as mem.h has it. */
    char *copy = sodium_init() < 0 ? NULL : sodium_malloc(len + 1);
    if (!copy)
        abort();
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *locked_strdup(const char *text)
{
    return text ? locked_strndup(text, strlen(text)) : NULL;
}

void locked_free(char *text)
{
    sodium_free(text);
}
