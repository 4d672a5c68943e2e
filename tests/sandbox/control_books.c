/* Control of a company's books: vouchers, rows, groups, registers, and random changes. */
#include "tests/sandbox/control.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/chart.h"
#include "tests/sandbox/closegroup.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/draft.h"
#include "tests/sandbox/edit.h"
#include "tests/sandbox/mutate.h"
#include "tests/sandbox/rows.h"
#include "tests/sandbox/world.h"

enum { BULK_MAX = 1000000 };

/* A member of an object that is a date; false has refused. Absent leaves *ret_day. */
static bool day_in(struct control *control, const json_t *object, const char *name,
                   int32_t *ret_day)
{
    const json_t *value = json_object_get(object, name);
    if (!value || (json_is_string(value) && day_parse(json_string_value(value), ret_day)))
        return true;
    control_refuse(control, "%s: must be a date like 2026-01-31", name);
    return false;
}

/* Amounts are texts, or whole numbers: a JSON real would not be exact. */
static bool money_in(struct control *control, const json_t *object, const char *name,
                     money_t *ret_money)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return true;
    if (json_is_integer(value)) {
        *ret_money = money_of_ore(json_integer_value(value) * 100);
        return true;
    }
    if (json_is_string(value) && money_parse(json_string_value(value), ret_money))
        return true;
    control_refuse(control, "%s: must be an exact decimal in quotes, like \"1234.50\"", name);
    return false;
}

static struct account *account_in(struct control *control, const struct company *company,
                                  const json_t *object)
{
    int number = (int)json_integer_value(json_object_get(object, "account"));
    struct account *account = company_account(company, number);
    if (!account)
        control_refuse(control, "account: there is no account %d", number);
    return account;
}

static void row_texts(const json_t *spec, struct posting *posting)
{
    const char *invoice = json_string_value(json_object_get(spec, "invoiceNumber"));
    const char *ref = json_string_value(json_object_get(spec, "externalRef"));
    if (invoice) {
        free(posting->invoice_number);
        posting->invoice_number = mem_text(invoice);
    }
    if (ref) {
        free(posting->external_ref);
        posting->external_ref = mem_text(ref);
    }
}

static struct currency *currency_in(const struct company *company, const json_t *spec)
{
    const char *code = json_string_value(json_object_get(spec, "currency"));
    for (uint32_t i = 0; code && i < company->currencies.n; i++) {
        struct currency *currency = company->currencies.at[i];
        if (strcmp(currency->code, code) == 0)
            return currency;
    }
    return NULL;
}

static bool row_create(struct control *control, struct company *company, struct voucher *voucher,
                       const json_t *spec)
{
    money_t amount = 0;
    struct account *account = account_in(control, company, spec);
    if (!account || !money_in(control, spec, "amount", &amount))
        return false;
    struct posting *row = draft_row(company, voucher, account->number, amount,
                                    json_string_value(json_object_get(spec, "description")));
    struct currency *currency = currency_in(company, spec);
    row->currency = currency ? currency : row->currency;
    row->system_generated = json_is_true(json_object_get(spec, "systemGenerated"));
    row->customer = company_row(&company->customers,
                                json_integer_value(json_object_get(spec, "customerId")));
    row->supplier = company_row(&company->suppliers,
                                json_integer_value(json_object_get(spec, "supplierId")));
    row->department = company_row(&company->departments,
                                  json_integer_value(json_object_get(spec, "departmentId")));
    row_texts(spec, row);
    return money_in(control, spec, "amountCurrency", &row->amount_currency) &&
           money_in(control, spec, "amountGross", &row->amount_gross) &&
           money_in(control, spec, "amountGrossCurrency", &row->amount_gross_currency) &&
           day_in(control, spec, "termOfPayment", &row->term_of_payment) &&
           day_in(control, spec, "date", &row->day);
}

static void answer_voucher(struct control *control, const struct voucher *voucher)
{
    struct out *out = &control->out;
    out_printf(out, "{\"ok\":true,\"id\":%lld,\"year\":%d,\"number\":%d,\"date\":",
               (long long)voucher->row.id, voucher->year, voucher->number);
    out_day(out, voucher->day);
    out_raw(out, ",\"postings\":[");
    for (uint32_t i = 0; i < voucher->postings.n; i++) {
        const struct posting *row = voucher->postings.at[i];
        out_comma(out);
        out_printf(out, "{\"id\":%lld,\"account\":%d,\"amount\":", (long long)row->row.id,
                   row->account->number);
        out_money_text(out, row->amount);
        out_raw(out, "}");
    }
    out_raw(out, "]}");
}

/* A type by its name; memorial where none is given. */
static enum draft_type type_in(const struct control *control, const struct company *company)
{
    const char *name = control_text(control, "type");
    for (uint32_t i = 0; name && i < company->voucher_types.n; i++) {
        const struct voucher_type *type = company->voucher_types.at[i];
        if (strcmp(type->name, name) == 0)
            return i;
    }
    return DRAFT_MEMO;
}

/* Many vouchers of two rows each on one day, as a cash register makes them. */
static void call_bulk(struct control *control)
{
    struct company *company = control_company(control);
    int64_t count = control_int(control, "count", 0);
    int debit = (int)control_int(control, "debit", 1920);
    int credit = (int)control_int(control, "credit", 3000);
    int32_t day = DAY_NONE;
    if (!company || !day_in(control, control->body, "date", &day))
        return;
    if (day == DAY_NONE || count < 1 || count > BULK_MAX || !company_account(company, debit) ||
        !company_account(company, credit)) {
        control_refuse(control, "date, count (1 to %d), debit, credit: one is missing or wrong",
                       BULK_MAX);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        struct voucher *voucher = draft_voucher(company, DRAFT_MEMO, day, "Kassesalg");
        draft_row(company, voucher, debit, money_of_ore(100 + i), "Kassesalg");
        draft_row(company, voucher, credit, money_of_ore(-100 - i), "Kassesalg");
        ledger_add_voucher(&company->ledger, voucher);
    }
    out_printf(&control->out, "{\"ok\":true,\"vouchers\":%lld}", (long long)count);
}

static void call_new_voucher(struct control *control)
{
    struct company *company = control_company(control);
    const json_t *rows = json_object_get(control->body, "rows"), *spec;
    int32_t day = DAY_NONE;
    size_t i;
    if (!company || !day_in(control, control->body, "date", &day))
        return;
    if (day == DAY_NONE || json_array_size(rows) == 0) {
        control_refuse(control, "date and rows: a voucher needs both");
        return;
    }
    struct voucher *voucher = draft_voucher(company, type_in(control, company), day,
                                            control_text(control, "description"));
    bool ok = true;
    json_array_foreach(rows, i, spec) ok = ok && row_create(control, company, voucher, spec);
    ledger_add_voucher(&company->ledger, voucher);
    if (ok)
        answer_voucher(control, voucher);
    else
        ledger_drop_voucher(&company->ledger, voucher);
}

static struct voucher *voucher_in(struct control *control, struct company *company)
{
    struct voucher *voucher = company
                                  ? ledger_voucher(&company->ledger, control_int(control, "id", 0))
                                  : NULL;
    if (company && !voucher)
        control_refuse(control, "id: there is no voucher %lld",
                       (long long)control_int(control, "id", 0));
    return voucher;
}

static bool row_edit(struct control *control, struct company *company, struct posting *row,
                     const json_t *spec)
{
    money_t amount = row->amount;
    int32_t day = row->day;
    if (!money_in(control, spec, "amount", &amount) || !day_in(control, spec, "date", &day))
        return false;
    if (json_object_get(spec, "account")) {
        struct account *account = account_in(control, company, spec);
        if (!account)
            return false;
        edit_posting_account(company, row, account);
    }
    if (amount != row->amount)
        edit_posting_amount(company, row, amount - row->amount);
    if (day != row->day)
        edit_posting_day(company, row, day);
    if (json_object_get(spec, "description"))
        edit_posting_text(company, row, json_string_value(json_object_get(spec, "description")));
    row_texts(spec, row);
    return true;
}

/* Rows are named by "id", or by "row", their place in the voucher from 0. */
static bool rows_edit(struct control *control, struct company *company, struct voucher *voucher)
{
    size_t i;
    const json_t *spec;
    json_array_foreach(json_object_get(control->body, "rows"), i, spec)
    {
        const json_t *place = json_object_get(spec, "row");
        struct posting *row = company_row(&voucher->postings,
                                          json_integer_value(json_object_get(spec, "id")));
        if (place && json_integer_value(place) < voucher->postings.n)
            row = voucher->postings.at[json_integer_value(place)];
        if (!row) {
            control_refuse(control, "rows: the voucher has no such row");
            return false;
        }
        if (!row_edit(control, company, row, spec))
            return false;
    }
    return true;
}

static void call_edit_voucher(struct control *control)
{
    struct company *company = control_company(control);
    struct voucher *voucher = voucher_in(control, company);
    if (!voucher)
        return;
    int32_t day = voucher->day;
    if (!day_in(control, control->body, "date", &day) || !rows_edit(control, company, voucher))
        return;
    if (json_object_get(control->body, "description"))
        edit_voucher_text(company, voucher, control_text(control, "description"));
    if (day != voucher->day)
        edit_voucher_day(company, voucher, day);
    if (control_bool(control, "newVatRows", false))
        edit_voucher_new_ids(company, voucher, false);
    if (control_bool(control, "newIds", false))
        edit_voucher_new_ids(company, voucher, true);
    answer_voucher(control, voucher);
}

static void call_delete_voucher(struct control *control)
{
    struct company *company = control_company(control);
    struct voucher *voucher = voucher_in(control, company);
    if (voucher)
        edit_voucher_delete(company, voucher);
}

/* A voucher with the opposite amounts, each naming the other. */
static void call_reverse(struct control *control)
{
    struct company *company = control_company(control);
    struct voucher *voucher = voucher_in(control, company);
    int32_t day = voucher ? voucher->day : 0;
    if (!voucher || !day_in(control, control->body, "date", &day))
        return;
    struct voucher *reverse = draft_voucher(company, DRAFT_MEMO, day, "Reversering");
    for (uint32_t i = 0; i < voucher->postings.n; i++) {
        const struct posting *row = voucher->postings.at[i];
        draft_row(company, reverse, row->account->number, -row->amount, row->description);
    }
    reverse->reverse = voucher;
    voucher->reverse = reverse;
    voucher->row.version++;
    ledger_add_voucher(&company->ledger, reverse);
    answer_voucher(control, reverse);
}

static void call_header(struct control *control)
{
    struct company *company = control_company(control);
    struct voucher *voucher = voucher_in(control, company);
    if (voucher)
        edit_voucher_text(company, voucher, control_text(control, "description"));
}

static struct posting *posting_by_id(const struct company *company, int64_t id)
{
    const struct calendar *calendar = &company->ledger.postings;
    for (int32_t day = ledger_first_day(calendar); day < ledger_end_day(calendar); day++) {
        struct posting *posting = company_row(ledger_day(calendar, day), id);
        if (posting)
            return posting;
    }
    return NULL;
}

static void call_close(struct control *control)
{
    struct company *company = control_company(control);
    struct vec postings = { 0 };
    size_t i;
    const json_t *id;
    int32_t day = DAY_NONE;
    if (!company)
        return;
    json_array_foreach(json_object_get(control->body, "postings"), i, id)
    {
        struct posting *posting = posting_by_id(company, json_integer_value(id));
        if (posting) {
            vec_add(&postings, posting);
            day = posting->day > day ? posting->day : day;
        }
    }
    if (postings.n < 1 || postings.n != json_array_size(json_object_get(control->body, "postings")))
        control_refuse(control, "postings: a list of ids of postings that exist");
    else
        out_printf(&control->out, "{\"ok\":true,\"id\":%lld}",
                   (long long)closegroup_close(company, (struct posting *const *)postings.at,
                                               postings.n, day,
                                               !control->world->options.closegroup_bumps)
                       ->row.id);
    vec_release(&postings);
}

static void call_open(struct control *control)
{
    struct company *company = control_company(control);
    struct close_group *group = company ? company_row(&company->close_groups,
                                                      control_int(control, "id", 0))
                                        : NULL;
    if (group)
        closegroup_open(company, group, !control->world->options.closegroup_bumps);
    else if (company)
        control_refuse(control, "id: there is no such group");
}

static void call_salary(struct control *control)
{
    struct company *company = control_company(control);
    if (company) {
        company->salary_hidden = control_bool(control, "hidden", true);
        company->ledger.revision++;
    }
}

/* The set of kinds asked for, or all. */
static uint32_t kinds_in(struct control *control)
{
    const json_t *kinds = json_object_get(control->body, "kinds"), *name;
    uint32_t set = 0;
    size_t i;
    json_array_foreach(kinds, i, name)
    {
        enum mutation kind;
        if (mutate_kind_named(json_string_value(name), &kind))
            set |= 1u << kind;
        else
            control_refuse(control, "kinds: '%s' is not known",
                           json_is_string(name) ? json_string_value(name) : "?");
    }
    return set ? set : ~0u;
}

static void call_mutate(struct control *control)
{
    uint32_t done[MUTATE_KINDS] = { 0 }, kinds = kinds_in(control);
    const char *org_nr = control_text(control, "orgNr");
    bool all = !org_nr || strcmp(org_nr, "all") == 0;
    bool seeded = json_object_get(control->body, "seed");
    uint32_t count = (uint32_t)control_int(control, "count", 1);
    if (control->fail.status || (!all && !control_company(control)))
        return;
    for (uint32_t i = 0; i < control->world->companies.n; i++) {
        struct company *company = control->world->companies.at[i];
        struct rng rng = { .state = rng_mix((uint64_t)control_int(control, "seed", 0) + 1) };
        if (all || strcmp(company->org_nr, org_nr) == 0)
            mutate(company, seeded ? &rng : &company->mutations, count, kinds,
                   !control->world->options.closegroup_bumps, done);
    }
    out_raw(&control->out, "{\"ok\":true");
    for (int i = 0; i < MUTATE_KINDS; i++)
        out_printf(&control->out, ",\"%s\":%u", mutate_kind_name(i), done[i]);
    out_raw(&control->out, "}");
}

static void call_mutate_every(struct control *control)
{
    struct mutate_every *every = &control->world->mutate_every;
    free(every->org_nr);
    free(every->path);
    *every = (struct mutate_every){ .requests = control_int(control, "requests", 0),
                                    .count = (uint32_t)control_int(control, "count", 1),
                                    .org_nr = mem_text(control_text(control, "orgNr")),
                                    .path = mem_text(control_text(control, "path")) };
}

const struct control_call CONTROL_BOOKS[] = {
    { "POST", "/bulk", call_bulk },
    { "POST", "/voucher", call_new_voucher },
    { "PUT", "/voucher", call_edit_voucher },
    { "DELETE", "/voucher", call_delete_voucher },
    { "POST", "/reverse", call_reverse },
    { "POST", "/header", call_header },
    { "POST", "/closegroup", call_close },
    { "DELETE", "/closegroup", call_open },
    { "POST", "/salary", call_salary },
    { "POST", "/mutate", call_mutate },
    { "POST", "/mutate_every", call_mutate_every },
    { NULL, NULL, NULL },
};
