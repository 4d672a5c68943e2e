/*
 * child.h - runs a program with a text on its standard input, without blocking the loop.
 *
 * No shell: the words are given one by one. The program gets a small environment, no descriptor
 * of ours but its standard error, and a process group of its own, which is killed when its time is
 * up. Its standard output goes nowhere.
 */
#ifndef SALDOD_BASE_CHILD_H
#define SALDOD_BASE_CHILD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct child;
struct err;
struct loop;

enum { CHILD_WORDS_MAX = 32, CHILD_INPUT_BYTES_MAX = 64 * 1024 };

struct child_options {
    const char *const *words; /* ends with NULL; the first is an absolute path */
    const char *input;        /* copied; cut off where the program does not read it */
    int64_t timeout_ms;
};

/* `err` NULL = it ended with status 0. Runs once, from the loop. */
typedef void child_done_fn(void *ctx, const struct err *err);

/* NULL with `err`: it could not be started, and `done` will not run. */
struct child *child_start(struct loop *loop, const struct child_options *options,
                          child_done_fn *done, void *ctx, struct err *err) MUST_USE;

/* Kills it; `done` does not run. NULL is fine. */
void child_free(struct child *child);

#endif
