#include "tests/sandbox/company.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/chart.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/extras.h"
#include "tests/sandbox/generate.h"
#include "tests/sandbox/registers.h"
#include "tests/sandbox/rows.h"

bool company_org_nr_valid(const char *org_nr)
{
    static const int WEIGHTS[] = { 3, 2, 7, 6, 5, 4, 3, 2 };
    int sum = 0;
    for (int i = 0; i < 9; i++) {
        if (!isdigit((unsigned char)org_nr[i]))
            return false;
        sum += i < 8 ? WEIGHTS[i] * (org_nr[i] - '0') : 0;
    }
    return org_nr[9] == '\0' && (11 - sum % 11) % 11 == org_nr[8] - '0';
}

int64_t company_next_id(struct company *company)
{
    return company->next_id++;
}

struct account *company_account(const struct company *company, int number)
{
    for (uint32_t i = 0; i < company->accounts.n; i++) {
        struct account *account = company->accounts.at[i];
        if (account->number == number)
            return account;
    }
    return NULL;
}

void *company_row(const struct vec *rows, int64_t id)
{
    for (uint32_t i = 0; i < rows->n; i++) {
        struct row *row = rows->at[i];
        if (row->id == id)
            return row;
    }
    return NULL;
}

static struct annual_account year_moved(struct annual_account year, int steps)
{
    year.row.id = 0;
    year.year += steps;
    year.start = day_add_months(year.start, 12 * steps);
    year.end = day_add_months(year.end, 12 * steps);
    return year;
}

struct annual_account company_year_at(const struct company *company, int32_t day)
{
    const struct annual_account *first = company->years.at[0];
    const struct annual_account *last = company->years.at[company->years.n - 1];
    struct annual_account year = *last;
    for (uint32_t i = 0; i < company->years.n; i++) {
        const struct annual_account *known = company->years.at[i];
        if (day >= known->start && day < known->end)
            return *known;
    }
    for (int steps = 1; day >= year.end && steps < 100; steps++)
        year = year_moved(*last, steps);
    if (day < first->start) {
        year = year_moved(*first, -1);
        year.end = first->start;
        for (int steps = 2; day < year.start && steps < 100; steps++)
            year = year_moved(*first, -steps);
    }
    return year;
}

int32_t company_next_number(struct company *company, int year)
{
    int at = year - COMPANY_YEAR_MIN;
    at = at < 0 ? 0 : at >= COMPANY_YEARS ? COMPANY_YEARS - 1 : at;
    return ++company->numbers[at];
}

void company_add_year(struct company *company, int year, int32_t start, int32_t end)
{
    struct annual_account *row = mem_zero(sizeof(*row));
    *row = (struct annual_account){ .row = { company_next_id(company), 1 },
                                    .year = year,
                                    .start = start,
                                    .end = end,
                                    .shown_end = end };
    vec_add(&company->years, row);
    int number = 1;
    for (int32_t from = start; from < end; number++) {
        struct period *period = mem_zero(sizeof(*period));
        int32_t next = day_add_months(day_month_start(from), 1);
        next = next > end ? end : next;
        char name[16];
        snprintf(name, sizeof(name), "%d.%d", number, year);
        *period = (struct period){ .row = { company_next_id(company), 1 },
                                   .name = mem_text(name),
                                   .number = number,
                                   .start = from,
                                   .end = next,
                                   .shown_end = next,
                                   .is_closed = year <= company->last_year - 2 };
        vec_add(&company->periods, period);
        from = next;
    }
}

void company_show_ends(struct company *company, bool inclusive)
{
    for (uint32_t i = 0; i < company->years.n; i++) {
        struct annual_account *year = company->years.at[i];
        year->shown_end = year->end - inclusive;
    }
    for (uint32_t i = 0; i < company->periods.n; i++) {
        struct period *period = company->periods.at[i];
        period->shown_end = period->end - inclusive;
    }
}

/* A deviating fiscal year is named after the calendar year it ends in. */
static void company_add_years(struct company *company, const struct company_plan *plan)
{
    for (int i = 0; i < plan->n_years; i++)
        company_add_year(company, plan->years[i].year, plan->years[i].start, plan->years[i].end);
    if (plan->n_years > 0)
        return;
    int month = company->fiscal_start_month;
    for (int year = company->first_year; year <= company->last_year; year++) {
        int32_t start = day_of(month == 1 ? year : year - 1, month, 1);
        company_add_year(company, year, start, day_add_months(start, 12));
    }
}

static void company_defaults(struct company *company, const struct company_plan *plan)
{
    int year, month, mday;
    day_split(day_in_oslo(plan->now_unix_s), &year, &month, &mday);
    char name[40];
    snprintf(name, sizeof(name), "Selskap %s AS", plan->org_nr);
    company->org_nr = mem_text(plan->org_nr);
    company->name = mem_text(plan->name ? plan->name : name);
    company->id = plan->id ? plan->id : 5000000 + plan->ordinal;
    company->customer_company_id = 700000 + plan->ordinal;
    company->next_id = ((int64_t)plan->ordinal + 1) * 1000000000;
    company->now_unix_s = plan->now_unix_s;
    company->seed = plan->seed ? plan->seed : 1 + (uint64_t)plan->ordinal;
    company->mutations.state = rng_mix(company->seed + 77);
    company->fiscal_start_month = plan->fiscal_start_month ? plan->fiscal_start_month : 1;
    company->first_year = plan->first_year ? plan->first_year : year - 2;
    company->last_year = plan->last_year ? plan->last_year : year;
    if (plan->n_years > 0) {
        company->first_year = plan->years[0].year;
        company->last_year = plan->years[plan->n_years - 1].year;
    }
    company->postings_per_year = plan->postings_per_year;
}

struct company *company_new(const struct company_plan *plan)
{
    struct company *company = mem_zero(sizeof(*company));
    company_defaults(company, plan);
    company_add_years(company, plan);
    company_show_ends(company, plan->end_inclusive);
    const struct annual_account *first = company->years.at[0];
    if (!plan->opening_date || !day_parse(plan->opening_date, &company->opening_day))
        company->opening_day = first->start - 1;
    chart_fill(company);
    registers_fill(company);
    generate_vouchers(company);
    extras_fill(company);
    return company;
}

void company_free(struct company *company)
{
    ledger_release(&company->ledger);
    extras_release(company);
    registers_release(company);
    free(company->org_nr);
    free(company->name);
    free(company);
}
