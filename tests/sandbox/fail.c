#include "tests/sandbox/fail.h"

#include <stdarg.h>
#include <stdio.h>

bool fail_set(struct fail *fail, int status, int code, const char *field, const char *format, ...)
{
    va_list args;
    fail->status = status;
    fail->code = code;
    snprintf(fail->field, sizeof(fail->field), "%s", field ? field : "");
    va_start(args, format);
    vsnprintf(fail->message, sizeof(fail->message), format, args);
    va_end(args);
    return false;
}
