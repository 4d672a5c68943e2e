/*
 * cleanup.h - locals that clean themselves, and the attributes used everywhere.
 *
 * A variable marked AUTO_x is released when its scope ends, so an early return is the normal
 * style. Each module that has a `x_release` or `x_free` declares its own AUTO_ macro with these.
 */
#ifndef SALDOD_BASE_CLEANUP_H
#define SALDOD_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Declares `name_cleanup(type **)` for __attribute__((cleanup)) from a `free_fn(type *)`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses */
#define DEFINE_CLEANUP(type, name, free_fn)                                                        \
    static inline void name(type **subject)                                                        \
    {                                                                                              \
        if (*subject)                                                                              \
            free_fn(*subject);                                                                     \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

static inline void cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void cleanup_close(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

#define AUTO_FREE __attribute__((cleanup(cleanup_free)))
#define AUTO_CLOSE __attribute__((cleanup(cleanup_close)))

#endif
