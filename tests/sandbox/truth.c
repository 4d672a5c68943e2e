#include "tests/sandbox/truth.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/sandbox/balance.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/model.h"
#include "tests/sandbox/out.h"
#include "tests/sandbox/rows.h"

static void put_text(struct out *out, const char *name, const char *text)
{
    out_key(out, name);
    out_text(out, text);
}

static void put_int(struct out *out, const char *name, int64_t number)
{
    out_key(out, name);
    out_int(out, number);
}

static void put_bool(struct out *out, const char *name, bool yes)
{
    out_key(out, name);
    out_bool(out, yes);
}

static void put_day(struct out *out, const char *name, int32_t day)
{
    out_key(out, name);
    out_day(out, day);
}

static void put_money(struct out *out, const char *name, money_t money)
{
    out_key(out, name);
    out_money_text(out, money);
}

static void put_id(struct out *out, const char *name, const void *row)
{
    out_key(out, name);
    if (row)
        out_int(out, ((const struct row *)row)->id);
    else
        out_raw(out, "null");
}

static void put_number(struct out *out, const char *name, int number)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", number);
    put_text(out, name, text);
}

/* The text of an enumeration, as the API writes it. */
static void put_enum(struct out *out, const char *name, const struct model *model,
                     const char *field, size_t len, const void *row)
{
    struct value value = model_value(model_field(model, field, len), row);
    put_text(out, name, value.kind == VALUE_TEXT ? value.text : NULL);
}

static void truth_posting(const struct posting *posting, struct out *out)
{
    out_comma(out);
    out_raw(out, "{");
    put_int(out, "posting_id", posting->row.id);
    put_int(out, "voucher_id", posting->voucher->row.id);
    put_int(out, "voucher_year", posting->voucher->year);
    put_int(out, "voucher_number", posting->voucher->number);
    put_int(out, "row", posting->row_number);
    put_day(out, "posting_date", posting->day);
    put_number(out, "account_number", posting->account->number);
    put_text(out, "account_name", posting->account->name);
    put_money(out, "amount", posting->amount);
    put_money(out, "amount_currency", posting->amount_currency);
    put_money(out, "amount_gross", posting->amount_gross);
    put_money(out, "amount_gross_currency", posting->amount_gross_currency);
    put_text(out, "currency", posting->currency->code);
    put_text(out, "description", posting->description);
    put_text(out, "vat_code", posting->vat_type ? posting->vat_type->number : NULL);
    put_id(out, "customer_id", posting->customer);
    put_id(out, "supplier_id", posting->supplier);
    put_id(out, "employee_id", posting->employee);
    put_id(out, "department_id", posting->department);
    put_id(out, "project_id", posting->project);
    put_id(out, "product_id", posting->product);
    put_text(out, "invoice_number", posting->invoice_number);
    put_day(out, "term_of_payment", posting->term_of_payment);
    put_id(out, "close_group_id", posting->close_group);
    put_enum(out, "posting_type", &MODEL_POSTING, "type", 4, posting);
    put_text(out, "external_ref", posting->external_ref);
    put_bool(out, "system_generated", posting->system_generated);
    put_bool(out, "matched", posting->matched);
    put_int(out, "version", posting->row.version);
    put_id(out, "dimension1_id", posting->dimension[0]);
    put_id(out, "dimension2_id", posting->dimension[1]);
    put_id(out, "dimension3_id", NULL);
    put_id(out, "asset_id", posting->asset);
    out_raw(out, "}");
}

static void truth_clip(const struct calendar *calendar, int32_t *from, int32_t *to)
{
    *from = *from < ledger_first_day(calendar) ? ledger_first_day(calendar) : *from;
    *to = *to > ledger_end_day(calendar) ? ledger_end_day(calendar) : *to;
}

static bool truth_hides(const struct company *company, const struct voucher *voucher)
{
    return company->salary_hidden && voucher->type->is_salary;
}

void truth_postings(const struct company *company, int32_t from, int32_t to, struct out *out)
{
    const struct calendar *calendar = &company->ledger.postings;
    truth_clip(calendar, &from, &to);
    out_raw(out, "[");
    for (int32_t day = from; day < to; day++) {
        const struct vec *rows = ledger_day(calendar, day);
        for (uint32_t i = 0; i < rows->n; i++) {
            const struct posting *posting = rows->at[i];
            if (!truth_hides(company, posting->voucher))
                truth_posting(posting, out);
        }
    }
    out_raw(out, "]");
}

static void truth_voucher(const struct voucher *voucher, struct out *out)
{
    out_comma(out);
    out_raw(out, "{");
    put_int(out, "voucher_id", voucher->row.id);
    put_int(out, "voucher_year", voucher->year);
    put_int(out, "voucher_number", voucher->number);
    put_day(out, "voucher_date", voucher->day);
    put_text(out, "voucher_type", voucher->type->name);
    put_text(out, "description", voucher->description);
    put_id(out, "reverse_voucher_id", voucher->reverse);
    put_int(out, "version", voucher->row.version);
    put_int(out, "postings", voucher->postings.n);
    out_raw(out, "}");
}

void truth_vouchers(const struct company *company, int32_t from, int32_t to, struct out *out)
{
    const struct calendar *calendar = &company->ledger.vouchers;
    truth_clip(calendar, &from, &to);
    out_raw(out, "[");
    for (int32_t day = from; day < to; day++) {
        const struct vec *rows = ledger_day(calendar, day);
        for (uint32_t i = 0; i < rows->n; i++) {
            if (!truth_hides(company, rows->at[i]))
                truth_voucher(rows->at[i], out);
        }
    }
    out_raw(out, "]");
}

void truth_accounts(const struct company *company, struct out *out)
{
    out_raw(out, "[");
    for (uint32_t i = 0; i < company->accounts.n; i++) {
        const struct account *account = company->accounts.at[i];
        out_comma(out);
        out_raw(out, "{");
        put_int(out, "account_id", account->row.id);
        put_number(out, "account_number", account->number);
        put_text(out, "account_name", account->name);
        put_enum(out, "account_type", &MODEL_ACCOUNT, "type", 4, account);
        put_bool(out, "is_balance_account", account->is_balance);
        put_bool(out, "is_bank_account", account->is_bank);
        put_bool(out, "is_closeable", account->is_closeable);
        put_bool(out, "requires_reconciliation", account->requires_reconciliation);
        put_enum(out, "ledger_type", &MODEL_ACCOUNT, "ledgerType", 10, account);
        put_text(out, "saft_code", account->saft_code);
        put_text(out, "grouping_code", account->grouping_code);
        put_text(out, "vat_code", account->vat_type ? account->vat_type->number : NULL);
        put_text(out, "currency", account->currency ? account->currency->code : NULL);
        put_bool(out, "is_inactive", account->is_inactive);
        out_raw(out, "}");
    }
    out_raw(out, "]");
}

static void truth_month(const struct company *company, int32_t year, int32_t from, int32_t to,
                        struct out *out)
{
    struct vec rows = { 0 };
    struct balance_ask ask = { .from = from, .to = to };
    balance_rows(company, &ask, &rows);
    for (uint32_t i = 0; i < rows.n; i++) {
        struct balance_row *row = rows.at[i];
        out_comma(out);
        out_raw(out, "{");
        put_int(out, "year", year);
        put_day(out, "month", day_month_start(from));
        put_number(out, "account_number", row->account->number);
        put_text(out, "account_name", row->account->name);
        put_money(out, "balance_in", row->balance_in);
        put_money(out, "balance_change", row->balance_change);
        put_money(out, "balance_out", row->balance_out);
        out_raw(out, "}");
        free(row);
    }
    vec_release(&rows);
}

static int32_t truth_last_day(const struct company *company)
{
    const struct calendar *calendar = &company->ledger.postings;
    int32_t day = ledger_end_day(calendar) - 1;
    while (day > ledger_first_day(calendar) && ledger_day(calendar, day)->n == 0)
        day--;
    return day;
}

/* Whole fiscal years: the one that holds `from` up to the one that holds the day before `to`. */
void truth_saldo(const struct company *company, int32_t from, int32_t to, struct out *out)
{
    const struct annual_account *first = company->years.at[0];
    from = from < first->start ? first->start : from;
    struct annual_account year = company_year_at(company, from);
    if (to == INT32_MAX)
        to = truth_last_day(company) + 1;
    out_raw(out, "[");
    while (year.start < to) {
        for (int32_t month = year.start; month < year.end;) {
            int32_t next = day_add_months(day_month_start(month), 1);
            next = next > year.end ? year.end : next;
            truth_month(company, year.year, month, next, out);
            month = next;
        }
        year = company_year_at(company, year.end);
    }
    out_raw(out, "]");
}

void truth_years(const struct company *company, struct out *out)
{
    out_raw(out, "[");
    for (uint32_t i = 0; i < company->years.n; i++) {
        const struct annual_account *year = company->years.at[i];
        out_comma(out);
        out_raw(out, "{");
        put_int(out, "year", year->year);
        put_day(out, "start_date", year->start);
        put_day(out, "end_date", year->end);
        out_raw(out, "}");
    }
    out_raw(out, "]");
}

/* Postings that no group dated before `to` closes, as they stand now. */
void truth_open_posts(const struct company *company, int32_t to, struct out *out)
{
    const struct calendar *calendar = &company->ledger.postings;
    int32_t from = INT32_MIN, end = to;
    truth_clip(calendar, &from, &end);
    out_raw(out, "[");
    for (int32_t day = from; day < end; day++) {
        const struct vec *rows = ledger_day(calendar, day);
        for (uint32_t i = 0; i < rows->n; i++) {
            const struct posting *posting = rows->at[i];
            bool is_closed = posting->close_group && posting->close_group->day < to;
            if (posting->account->is_closeable && !is_closed &&
                !truth_hides(company, posting->voucher))
                truth_posting(posting, out);
        }
    }
    out_raw(out, "]");
}
