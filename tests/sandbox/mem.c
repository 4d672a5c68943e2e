#include "tests/sandbox/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *mem_checked(void *got)
{
    if (!got) {
        fputs("tripletex-sandbox: out of memory\n", stderr);
        abort();
    }
    return got;
}

void *mem_zero(size_t bytes)
{
    return mem_checked(calloc(1, bytes ? bytes : 1));
}

void *mem_resize(void *old, size_t bytes)
{
    return mem_checked(realloc(old, bytes ? bytes : 1));
}

char *mem_text(const char *text)
{
    return text ? mem_checked(strdup(text)) : NULL;
}

void vec_insert(struct vec *vec, uint32_t at, void *item)
{
    if (vec->n == vec->cap) {
        vec->cap = vec->cap ? vec->cap * 2 : 4;
        vec->at = mem_resize(vec->at, vec->cap * sizeof(*vec->at));
    }
    memmove(vec->at + at + 1, vec->at + at, (vec->n - at) * sizeof(*vec->at));
    vec->at[at] = item;
    vec->n++;
}

void vec_add(struct vec *vec, void *item)
{
    vec_insert(vec, vec->n, item);
}

void vec_remove(struct vec *vec, uint32_t at)
{
    vec->n--;
    memmove(vec->at + at, vec->at + at + 1, (vec->n - at) * sizeof(*vec->at));
}

void vec_release(struct vec *vec)
{
    free(vec->at);
    *vec = (struct vec){ 0 };
}
