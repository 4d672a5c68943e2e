/*
 * params_table.h - the resources served; for params.c only.
 */
#ifndef SANDBOX_PARAMS_TABLE_H
#define SANDBOX_PARAMS_TABLE_H

#include <stddef.h>

#include "tests/sandbox/params.h"

extern const struct endpoint ENDPOINTS[];
extern const size_t ENDPOINTS_N;

#endif
