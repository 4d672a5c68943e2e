/* Control of a company's registers: names, accounts, fiscal years and periods. */
#include "tests/sandbox/control.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/chart.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/rows.h"
#include "tests/sandbox/world.h"

/* Registers whose rows have one text for a name. */
struct named_register {
    const char *name;
    size_t in_company, in_row;
};

static const struct named_register REGISTERS[] = {
    { "account", offsetof(struct company, accounts), offsetof(struct account, name) },
    { "department", offsetof(struct company, departments), offsetof(struct department, name) },
    { "project", offsetof(struct company, projects), offsetof(struct project, name) },
    { "product", offsetof(struct company, products), offsetof(struct product, name) },
    { "customer", offsetof(struct company, customers), offsetof(struct party, name) },
    { "supplier", offsetof(struct company, suppliers), offsetof(struct party, name) },
    { "employee", offsetof(struct company, employees), offsetof(struct employee, last_name) },
};

static const struct named_register *register_in(struct control *control)
{
    const char *name = control_text(control, "register");
    for (size_t i = 0; name && i < sizeof(REGISTERS) / sizeof(*REGISTERS); i++) {
        if (strcmp(REGISTERS[i].name, name) == 0)
            return &REGISTERS[i];
    }
    control_refuse(control, "register: must be account, department, project, product, customer, "
                            "supplier or employee");
    return NULL;
}

static void replace_text(char **text, const char *with)
{
    char *old = *text;
    *text = mem_text(with);
    free(old);
}

/* By "id", or by "place" from 0. */
static void call_rename(struct control *control)
{
    struct company *company = control_company(control);
    const struct named_register *named = company ? register_in(control) : NULL;
    const char *name = control_text(control, "name");
    if (!named)
        return;
    const struct vec *rows = (const void *)((const char *)company + named->in_company);
    int64_t place = control_int(control, "place", -1);
    void *row = company_row(rows, control_int(control, "id", -1));
    if (place >= 0 && place < rows->n)
        row = rows->at[place];
    if (!row || !name) {
        control_refuse(control, "id (or place) and name: a row that exists and its new name");
        return;
    }
    struct row *head = row;
    replace_text((char **)(void *)((char *)row + named->in_row), name);
    head->version++;
    if (rows == &company->customers || rows == &company->suppliers)
        ((struct party *)row)->changed_unix_s = world_now_s(control->world);
    out_printf(&control->out, "{\"ok\":true,\"id\":%lld}", (long long)head->id);
}

static void call_rename_company(struct control *control)
{
    struct company *company = control_company(control);
    const char *name = control_text(control, "name");
    if (company && name)
        replace_text(&company->name, name);
    else if (company)
        control_refuse(control, "name: is missing");
}

static void call_account(struct control *control)
{
    struct company *company = control_company(control);
    int number = (int)control_int(control, "number", 0);
    const char *name = control_text(control, "name");
    if (!company)
        return;
    if (number < 1000 || number > 99999999) {
        control_refuse(control, "number: an account has four digits or more");
        return;
    }
    struct account *account = company_account(company, number);
    if (!account && company->accounts.n == LEDGER_ACCOUNTS_MAX) {
        control_refuse(control, "number: at most %d accounts", LEDGER_ACCOUNTS_MAX);
        return;
    }
    if (!account)
        account = chart_add(company, number, name ? name : "Ny konto");
    else if (name)
        replace_text(&account->name, name);
    account->is_inactive = control_bool(control, "isInactive", account->is_inactive);
    account->number = (int)control_int(control, "newNumber", number);
    account->is_balance = account->number < 3000;
    account->row.version++;
    out_printf(&control->out, "{\"ok\":true,\"id\":%lld}", (long long)account->row.id);
}

/* The year after the last one; without dates it has twelve months. */
static void call_year(struct control *control)
{
    struct company *company = control_company(control);
    if (!company)
        return;
    const struct annual_account *last = company->years.at[company->years.n - 1];
    int32_t end = day_add_months(last->end, 12);
    const char *text = control_text(control, "end");
    if (text && (!day_parse(text, &end) || end <= last->end)) {
        control_refuse(control, "end: must be a date after the last known year");
        return;
    }
    company_add_year(company, last->year + 1, last->end, end);
    company_show_ends(company, control->world->options.end_inclusive);
}

static void call_period(struct control *control)
{
    struct company *company = control_company(control);
    const char *text = control_text(control, "date");
    int32_t day;
    if (!company)
        return;
    if (!text || !day_parse(text, &day)) {
        control_refuse(control, "date: a day of the period");
        return;
    }
    for (uint32_t i = 0; i < company->periods.n; i++) {
        struct period *period = company->periods.at[i];
        if (day >= period->start && day < period->end) {
            period->is_closed = control_bool(control, "isClosed", true);
            period->row.version++;
            return;
        }
    }
    control_refuse(control, "date: no period holds %s", text);
}

const struct control_call CONTROL_REGISTERS[] = {
    { "POST", "/rename", call_rename },   { "PUT", "/company", call_rename_company },
    { "POST", "/account", call_account }, { "POST", "/year", call_year },
    { "POST", "/period", call_period },   { NULL, NULL, NULL },
};
