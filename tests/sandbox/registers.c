#include "tests/sandbox/registers.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/rows.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static const char *const FIRST_NAMES[] = { "Ingrid", "Ola",      "Kari", "Åse",      "Bjørn",
                                           "Sølvi",  "Per-Erik", "Nina", "Mohammed", "Łukasz" };
static const char *const LAST_NAMES[] = { "Hansen", "Ødegård", "Nordmann", "O'Brien", "Sætre",
                                          "Bakke",  "Li",      "Aasen",    "Berg",    "Moe" };
static const char *const PARTY_NAMES[] = {
    "Fjord & Fisk",     "Nordlys",   "Brødrene \"Dahl\"", "Ålesund Mek",
    "Tømrer\tSvendsen", "Kaffe ☕",   "Bygg\\Anlegg",      "Øst-Vest Transport",
    "Vidde Data",       "Skog;Jord", "Café Zoë",          "Havn, Last"
};

static char *text_of(const char *format, const char *text, uint32_t number)
{
    char out[200];
    if (format[0] == '#')
        snprintf(out, sizeof(out), "%u", number);
    else
        snprintf(out, sizeof(out), "%s %s %u", text, format, number);
    return mem_text(out);
}

static void registers_departments(struct company *company)
{
    static const char *const NAMES[] = { "Administrasjon", "Salg", "Verksted", "Lager \"nord\"",
                                         "Nedlagt avdeling" };
    for (uint32_t i = 0; i < COUNT(NAMES); i++) {
        struct department *department = mem_zero(sizeof(*department));
        *department = (struct department){ .row = { company_next_id(company), 1 },
                                           .name = mem_text(NAMES[i]),
                                           .number = text_of("#", NULL, (i + 1) * 10),
                                           .is_inactive = i + 1 == COUNT(NAMES) };
        vec_add(&company->departments, department);
    }
}

static void registers_employees(struct company *company, struct rng *rng)
{
    for (uint32_t i = 0; i < 12; i++) {
        struct employee *employee = mem_zero(sizeof(*employee));
        char email[64];
        snprintf(email, sizeof(email), "ansatt%u@example.invalid", i + 1);
        *employee = (struct employee){
            .row = { company_next_id(company), 1 },
            .number = text_of("#", NULL, i + 1),
            .first_name = mem_text(FIRST_NAMES[rng_below(rng, COUNT(FIRST_NAMES))]),
            .last_name = mem_text(LAST_NAMES[rng_below(rng, COUNT(LAST_NAMES))]),
            .email = mem_text(email),
            .department = company->departments.at[rng_below(rng, 4)]
        };
        vec_add(&company->employees, employee);
    }
}

static void registers_party(struct company *company, struct rng *rng, uint32_t i, bool is_customer)
{
    struct party *party = mem_zero(sizeof(*party));
    *party = (struct party){ .row = { company_next_id(company), 1 },
                             .name = text_of(is_customer ? "AS" : "Leverandør AS",
                                             PARTY_NAMES[rng_below(rng, COUNT(PARTY_NAMES))],
                                             i + 1),
                             .org_nr = mem_text(i % 4 ? "974760673" : ""),
                             .email = mem_text("post@example.invalid"),
                             .customer_number = is_customer ? 10000 + (int32_t)i : 0,
                             .supplier_number = is_customer ? 0 : 50000 + (int32_t)i,
                             .is_customer = is_customer,
                             .is_supplier = !is_customer,
                             .is_inactive = i % 9 == 8,
                             .is_private = i % 7 == 6,
                             .changed_unix_s = company->now_unix_s - 86400 };
    vec_add(is_customer ? &company->customers : &company->suppliers, party);
}

static void registers_projects(struct company *company, struct rng *rng)
{
    const struct annual_account *first = company->years.at[0];
    for (uint32_t i = 0; i < 8; i++) {
        struct project *project = mem_zero(sizeof(*project));
        *project = (struct project){
            .row = { company_next_id(company), 1 },
            .name = text_of("bygg", "Prosjekt", i + 1),
            .number = text_of("#", NULL, i + 1),
            .start = first->start,
            .end = DAY_NONE,
            .manager = company->employees.at[rng_below(rng, company->employees.n)],
            .department = company->departments.at[rng_below(rng, 4)],
            .customer = company->customers.at[rng_below(rng, company->customers.n)],
            .is_closed = i == 7
        };
        vec_add(&company->projects, project);
    }
}

static void registers_products(struct company *company, struct rng *rng)
{
    for (uint32_t i = 0; i < 10; i++) {
        struct product *product = mem_zero(sizeof(*product));
        *product = (struct product){ .row = { company_next_id(company), 1 },
                                     .name = text_of("vare", "Produkt", i + 1),
                                     .number = text_of("#", NULL, 1000 + i),
                                     .vat_type = company->vat_types.at[4],
                                     .price = money_of_ore(100 * (1 + rng_below(rng, 5000))) };
        vec_add(&company->products, product);
    }
}

void registers_fill(struct company *company)
{
    struct rng rng = { .state = rng_mix(company->seed) };
    uint32_t parties = company->postings_per_year / 100;
    parties = parties < 25 ? 25 : parties > 3000 ? 3000 : parties;
    registers_departments(company);
    registers_employees(company, &rng);
    for (uint32_t i = 0; i < parties; i++)
        registers_party(company, &rng, i, true);
    for (uint32_t i = 0; i < parties; i++)
        registers_party(company, &rng, i, false);
    registers_projects(company, &rng);
    registers_products(company, &rng);
}

typedef void free_fn(void *row);

static void free_all(struct vec *rows, free_fn *end)
{
    for (uint32_t i = 0; i < rows->n; i++) {
        if (end)
            end(rows->at[i]);
        free(rows->at[i]);
    }
    vec_release(rows);
}

static void end_account(void *row)
{
    struct account *account = row;
    free(account->name);
    free(account->saft_code);
    free(account->grouping_code);
    free(account->bank_account_number);
}

static void end_department(void *row)
{
    struct department *department = row;
    free(department->name);
    free(department->number);
}

static void end_employee(void *row)
{
    struct employee *employee = row;
    free(employee->first_name);
    free(employee->last_name);
    free(employee->number);
    free(employee->email);
}

static void end_party(void *row)
{
    struct party *party = row;
    free(party->name);
    free(party->org_nr);
    free(party->email);
}

static void end_project(void *row)
{
    struct project *project = row;
    free(project->name);
    free(project->number);
}

static void end_product(void *row)
{
    struct product *product = row;
    free(product->name);
    free(product->number);
}

static void end_period(void *row)
{
    free(((struct period *)row)->name);
}

static void end_close_group(void *row)
{
    vec_release(&((struct close_group *)row)->postings);
}

void registers_release(struct company *company)
{
    free_all(&company->accounts, end_account);
    free_all(&company->departments, end_department);
    free_all(&company->employees, end_employee);
    free_all(&company->customers, end_party);
    free_all(&company->suppliers, end_party);
    free_all(&company->projects, end_project);
    free_all(&company->products, end_product);
    free_all(&company->periods, end_period);
    free_all(&company->close_groups, end_close_group);
    free_all(&company->currencies, NULL);
    free_all(&company->vat_types, NULL);
    free_all(&company->voucher_types, NULL);
    free_all(&company->years, NULL);
}
