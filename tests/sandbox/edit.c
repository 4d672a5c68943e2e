#include "tests/sandbox/edit.h"

#include <stdlib.h>

#include "tests/sandbox/closegroup.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/rows.h"

static void edit_done(struct company *company, struct posting *posting)
{
    posting->row.version++;
    posting->voucher->row.version++;
    company->ledger.revision++;
}

void edit_posting_amount(struct company *company, struct posting *posting, money_t delta)
{
    ledger_take(&company->ledger, posting);
    posting->amount += delta;
    posting->amount_gross += delta;
    if (posting->currency == company->currencies.at[0]) {
        posting->amount_currency += delta;
        posting->amount_gross_currency += delta;
    }
    ledger_put(&company->ledger, posting);
    edit_done(company, posting);
}

void edit_posting_text(struct company *company, struct posting *posting, const char *text)
{
    char *old = posting->description;
    posting->description = mem_text(text);
    free(old);
    edit_done(company, posting);
}

void edit_posting_account(struct company *company, struct posting *posting, struct account *account)
{
    ledger_take(&company->ledger, posting);
    posting->account = account;
    ledger_put(&company->ledger, posting);
    edit_done(company, posting);
}

void edit_posting_day(struct company *company, struct posting *posting, int32_t day)
{
    ledger_take(&company->ledger, posting);
    posting->day = day;
    ledger_put(&company->ledger, posting);
    edit_done(company, posting);
}

void edit_voucher_day(struct company *company, struct voucher *voucher, int32_t day)
{
    int32_t delta = day - voucher->day;
    int year = company_year_at(company, day).year;
    ledger_take_voucher(&company->ledger, voucher);
    voucher->day = day;
    if (year != voucher->year) {
        voucher->year = year;
        voucher->number = company_next_number(company, year);
    }
    ledger_put_voucher(&company->ledger, voucher);
    for (uint32_t i = 0; i < voucher->postings.n; i++) {
        struct posting *posting = voucher->postings.at[i];
        edit_posting_day(company, posting, posting->day + delta);
    }
}

void edit_voucher_text(struct company *company, struct voucher *voucher, const char *text)
{
    char *old = voucher->description;
    voucher->description = mem_text(text);
    free(old);
    voucher->row.version++;
    company->ledger.revision++;
}

uint32_t edit_voucher_new_ids(struct company *company, struct voucher *voucher, bool all)
{
    uint32_t made = 0;
    for (uint32_t i = 0; i < voucher->postings.n; i++) {
        struct posting *posting = voucher->postings.at[i];
        if (!all && !posting->system_generated)
            continue;
        closegroup_leave(company, posting);
        posting->matched = false;
        ledger_take(&company->ledger, posting);
        posting->row = (struct row){ company_next_id(company), 1 };
        ledger_put(&company->ledger, posting);
        made++;
    }
    voucher->row.version += made > 0;
    return made;
}

void edit_voucher_delete(struct company *company, struct voucher *voucher)
{
    for (uint32_t i = 0; i < voucher->postings.n; i++)
        closegroup_leave(company, voucher->postings.at[i]);
    ledger_drop_voucher(&company->ledger, voucher);
}
