/*
 * fail.h - why a request is refused, in the terms of the API's error envelope.
 */
#ifndef SANDBOX_FAIL_H
#define SANDBOX_FAIL_H

#include <stdbool.h>

struct fail {
    int status, code;
    char field[64];
    char message[400];
};

/* Fills `fail` and returns false, so that a check can end with `return fail_set(...)`. */
bool fail_set(struct fail *fail, int status, int code, const char *field, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
