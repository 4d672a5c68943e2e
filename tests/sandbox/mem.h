/*
 * mem.h - memory that is there or ends the program, and the growing array of pointers.
 *
 * A vec owns its array, never what the pointers point to.
 */
#ifndef SANDBOX_MEM_H
#define SANDBOX_MEM_H

#include <stddef.h>
#include <stdint.h>

struct vec {
    void **at;
    uint32_t n, cap;
};

void *mem_zero(size_t bytes);
void *mem_resize(void *old, size_t bytes);
char *mem_text(const char *text); /* NULL stays NULL */

void vec_add(struct vec *vec, void *item);
void vec_insert(struct vec *vec, uint32_t at, void *item);
void vec_remove(struct vec *vec, uint32_t at);
void vec_release(struct vec *vec);

#endif
