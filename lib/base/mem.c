/*
 * mem.c - memory that is there, or the process ends.
 */
#include "lib/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Says so without needing memory: stdio might allocate. */
static _Noreturn void die_without_memory(void)
{
    static const char WORDS[] = "saldod: out of memory\n";
    ssize_t written = write(STDERR_FILENO, WORDS, sizeof(WORDS) - 1);
    (void)written;
    abort();
}

void *mem_new(size_t count, size_t size)
{
    /* calloc(0) may be NULL, which would look like failure. */
    void *fresh = count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);
    if (!fresh)
        die_without_memory();
    return fresh;
}

void *mem_grow(void *old, size_t count, size_t size)
{
    /* realloc(old, 0) would free. */
    void *grown = count == 0 || size == 0 ? realloc(old, 1) : reallocarray(old, count, size);
    if (!grown)
        die_without_memory();
    return grown;
}

char *mem_strdup(const char *text)
{
    if (!text)
        return NULL;
    char *copy = strdup(text);
    if (!copy)
        die_without_memory();
    return copy;
}

char *mem_strndup(const char *text, size_t max_bytes)
{
    if (!text)
        return NULL;
    char *copy = strndup(text, max_bytes);
    if (!copy)
        die_without_memory();
    return copy;
}

char *mem_printf(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        die_without_memory();
    return text;
}

void mem_free_secret(char *secret)
{
    if (!secret)
        return;
    mem_wipe(secret, strlen(secret));
    free(secret);
}

void mem_wipe(void *bytes, size_t len)
{
    if (len > 0)
        explicit_bzero(bytes, len);
}
