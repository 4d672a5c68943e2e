/*
 * balance.h - saldobalanse: what went into a period, what moved, and what came out, by account.
 */
#ifndef SANDBOX_BALANCE_H
#define SANDBOX_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/money.h"

struct account;
struct company;
struct vec;

struct balance_row {
    int64_t id; /* the account's, so that rows can be told apart */
    int32_t version;
    struct account *account;
    money_t balance_in, balance_change, balance_out;
    int32_t start, end;
};

/* Zero ids mean: of all. */
struct balance_ask {
    int32_t from, to;
    int64_t customer_id, employee_id, department_id, project_id;
    int32_t account_from, account_to; /* account_to is excluded */
    bool with_quiet_accounts;
};

/*
 * Adds to `ret_rows` one new row an account, to be freed by the caller. Salary is never hidden
 * here.
 */
void balance_rows(const struct company *company, const struct balance_ask *ask,
                  struct vec *ret_rows);

/* True when both ends lie in one fiscal year. */
bool balance_in_one_year(const struct company *company, int32_t from, int32_t to);

#endif
