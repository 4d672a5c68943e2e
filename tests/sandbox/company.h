/*
 * company.h - one company: its settings, its registers and its ledger. Owns them all.
 */
#ifndef SANDBOX_COMPANY_H
#define SANDBOX_COMPANY_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/ledger.h"
#include "tests/sandbox/mem.h"
#include "tests/sandbox/rng.h"

#define COMPANY_YEAR_MIN 1950
#define COMPANY_YEARS 200

struct account;
struct annual_account;

struct company {
    char *org_nr, *name;
    int64_t id; /* the user name of Basic authentication */
    int32_t customer_company_id;
    int64_t next_id;    /* of every row to come */
    int64_t now_unix_s; /* the moment of the change being made */
    uint64_t seed;
    int fiscal_start_month, first_year, last_year;
    uint32_t postings_per_year;
    int32_t opening_day;
    bool salary_hidden;
    int32_t numbers[COMPANY_YEARS]; /* the last voucher number of each year */
    struct rng mutations;
    struct vec accounts, departments, projects, customers, suppliers, employees, products,
        currencies, vat_types, voucher_types, close_groups, years, periods, dimensions,
        dimension_values, documents, assets, bank_statements, bank_transactions,
        bank_reconciliations, bank_matches, budgets, drafts, sales_modules, subscriptions;
    uint64_t assets_revision; /* of the ledger, when the assets were last counted */
    struct ledger ledger;
    uint64_t told_revision; /* what subscribers know (deliver.h) */
    uint32_t told_vouchers;
};

#define COMPANY_PLAN_YEARS_MAX 20

/* A fiscal year whose bounds are given; `end` is the first day after it. */
struct company_plan_year {
    int year;
    int32_t start, end;
};

/* What a company is made from; zeros and NULLs have sensible defaults. */
struct company_plan {
    const char *org_nr, *name, *opening_date;
    int64_t id;
    uint64_t seed;
    int fiscal_start_month, first_year, last_year, ordinal;
    uint32_t postings_per_year;
    int64_t now_unix_s;
    bool end_inclusive;
    int n_years; /* 0: whole years from first_year to last_year */
    struct company_plan_year years[COMPANY_PLAN_YEARS_MAX];
};

struct company *company_new(const struct company_plan *plan);
void company_free(struct company *company);

/* True when the nine digits end with the right control digit. */
bool company_org_nr_valid(const char *org_nr);

int64_t company_next_id(struct company *company);
struct account *company_account(const struct company *company, int number);
void *company_row(const struct vec *rows, int64_t id); /* NULL when there is none */

/* The fiscal year that holds a day; years beyond the known ones continue by twelve months. */
struct annual_account company_year_at(const struct company *company, int32_t day);
int32_t company_next_number(struct company *company, int year);

/* A new fiscal year, its periods, and what the API says about their ends. */
void company_add_year(struct company *company, int year, int32_t start, int32_t end);
void company_show_ends(struct company *company, bool inclusive);

#endif
