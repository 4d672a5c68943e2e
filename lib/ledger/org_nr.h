/*
 * org_nr.h - Norwegian organisation numbers: nine digits, the last a control digit.
 *
 * Source: Brønnøysundregistrene; modulus 11 with weights 3 2 7 6 5 4 3 2. A remainder that would
 * need the digit 10 makes the number invalid.
 */
#ifndef SALDOD_LEDGER_ORG_NR_H
#define SALDOD_LEDGER_ORG_NR_H

#include "lib/base/cleanup.h"

struct err;

/* 0, or -EINVAL with the rule that failed. */
int org_nr_check(const char *text, struct err *err) MUST_USE;

#endif
