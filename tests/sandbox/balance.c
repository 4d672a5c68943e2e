#include "tests/sandbox/balance.h"

#include <stdlib.h>

#include "tests/sandbox/company.h"
#include "tests/sandbox/rows.h"

bool balance_in_one_year(const struct company *company, int32_t from, int32_t to)
{
    struct annual_account year = company_year_at(company, from);
    return from < to && to <= year.end;
}

static bool balance_wants(const struct balance_ask *ask, const struct posting *posting)
{
    if (ask->customer_id && (!posting->customer || posting->customer->row.id != ask->customer_id))
        return false;
    if (ask->employee_id && (!posting->employee || posting->employee->row.id != ask->employee_id))
        return false;
    if (ask->department_id &&
        (!posting->department || posting->department->row.id != ask->department_id))
        return false;
    return !ask->project_id || (posting->project && posting->project->row.id == ask->project_id);
}

static void balance_scan(const struct company *company, const struct balance_ask *ask, int32_t from,
                         int32_t to, money_t *sums)
{
    const struct calendar *calendar = &company->ledger.postings;
    from = from < ledger_first_day(calendar) ? ledger_first_day(calendar) : from;
    to = to > ledger_end_day(calendar) ? ledger_end_day(calendar) : to;
    for (int32_t day = from; day < to; day++) {
        const struct vec *rows = ledger_day(calendar, day);
        for (uint32_t i = 0; i < rows->n; i++) {
            const struct posting *posting = rows->at[i];
            if (balance_wants(ask, posting))
                sums[posting->account->ordinal] += posting->amount;
        }
    }
}

static money_t *balance_sum(const struct company *company, const struct balance_ask *ask,
                            int32_t from, int32_t to)
{
    money_t *sums = mem_zero(LEDGER_ACCOUNTS_MAX * sizeof(*sums));
    if (ask->customer_id || ask->employee_id || ask->department_id || ask->project_id)
        balance_scan(company, ask, from, to, sums);
    else
        ledger_sum(&company->ledger, from, to, sums);
    return sums;
}

static void balance_add(const struct balance_ask *ask, struct account *account, money_t in,
                        money_t change, struct vec *rows)
{
    bool is_quiet = in == 0 && change == 0;
    if (account->number < ask->account_from ||
        (ask->account_to && account->number >= ask->account_to))
        return;
    if (is_quiet && !(ask->with_quiet_accounts && !account->is_inactive))
        return;
    struct balance_row *row = mem_zero(sizeof(*row));
    *row = (struct balance_row){ .id = account->row.id,
                                 .account = account,
                                 .balance_in = in,
                                 .balance_change = change,
                                 .balance_out = in + change,
                                 .start = ask->from,
                                 .end = ask->to };
    vec_add(rows, row);
}

void balance_rows(const struct company *company, const struct balance_ask *ask,
                  struct vec *ret_rows)
{
    struct annual_account year = company_year_at(company, ask->from);
    money_t *before = balance_sum(company, ask, INT32_MIN, year.start);
    money_t *this_year = balance_sum(company, ask, year.start, ask->from);
    money_t *change = balance_sum(company, ask, ask->from, ask->to);
    for (uint32_t i = 0; i < company->accounts.n; i++) {
        struct account *account = company->accounts.at[i];
        money_t in = this_year[i] + (account->is_balance ? before[i] : 0);
        balance_add(ask, account, in, change[i], ret_rows);
    }
    free(before);
    free(this_year);
    free(change);
}
