#include "tests/sandbox/collect.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/balance.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/fail.h"
#include "tests/sandbox/model.h"
#include "tests/sandbox/params.h"
#include "tests/sandbox/rows.h"
#include "tests/sandbox/sort.h"
#include "tests/sandbox/world.h"

#define COLLECT_SORT_MAX 10000 /* longer results are refused as a whole */

/* One parameter that chooses rows, resolved once for all rows. */
struct filter {
    const struct param *param;
    struct model_path path;
    const char *text;
    int64_t number;
    enum param_use use;
};

struct filters {
    struct filter at[PARAMS_MAX];
    int n;
};

static void filters_prepare(const struct world *world, const struct query *query,
                            struct filters *filters)
{
    filters->n = 0;
    for (int i = 0; query->endpoint->params[i].name; i++) {
        const struct param *param = &query->endpoint->params[i];
        if (!query->text[i] || param->use == USE_NONE)
            continue;
        struct filter *filter = &filters->at[filters->n];
        *filter = (struct filter){
            .param = param, .text = query->text[i], .number = query->number[i], .use = param->use
        };
        if (param->use == USE_UP_TO && world->options.posting_account_to_excluded)
            filter->use = USE_BEFORE;
        if (param->use == USE_SINCE && !day_parse_moment(filter->text, &filter->number))
            continue;
        if (model_path_find(query->endpoint->model, param->field, &filter->path))
            filters->n++;
    }
}

static bool filter_one_of(const struct filter *filter, const struct value *value)
{
    int64_t id, own = value->number;
    if (value->kind == VALUE_TEXT) {
        size_t len = strlen(value->text);
        for (const char *at = filter->text; at; at = strchr(at, ','), at = at ? at + 1 : NULL) {
            if (strncmp(at, value->text, len) == 0 && (at[len] == ',' || at[len] == '\0'))
                return true;
        }
        return false;
    }
    for (const char *at = filter->text; params_next_id(&at, &id);) {
        if (id == own)
            return true;
    }
    return false;
}

static bool filter_equal(const struct filter *filter, const struct value *value)
{
    return value->kind == VALUE_TEXT ? strcmp(value->text, filter->text) == 0
                                     : value->number == filter->number;
}

static bool filter_wants(const struct filter *filter, const void *row)
{
    struct value value = model_path_value(&filter->path, row);
    if (value.kind == VALUE_NULL)
        return false;
    switch (filter->use) {
    case USE_EQUAL:
        return filter_equal(filter, &value);
    case USE_FROM:
    case USE_SINCE:
        return value.number >= filter->number;
    case USE_BEFORE:
        return value.number < filter->number;
    case USE_UP_TO:
        return value.number <= filter->number;
    case USE_ONE_OF:
        return filter_one_of(filter, &value);
    case USE_HAS:
        return value.kind == VALUE_TEXT && strcasestr(value.text, filter->text);
    default:
        return true;
    }
}

static bool filters_want(const struct filters *filters, const void *row)
{
    for (int i = 0; i < filters->n; i++) {
        if (!filter_wants(&filters->at[i], row))
            return false;
    }
    return true;
}

static bool is_hidden(const struct company *company, const struct voucher *voucher)
{
    return company->salary_hidden && voucher->type->is_salary;
}

static bool is_open(const struct posting *posting)
{
    return posting->account->is_closeable && !posting->close_group;
}

static void collect_days(const struct company *company, const struct query *query,
                         const struct filters *filters, int32_t from, int32_t to, struct vec *rows)
{
    enum source source = query->endpoint->source;
    bool of_vouchers = source == SOURCE_VOUCHERS;
    const struct calendar *calendar = of_vouchers ? &company->ledger.vouchers
                                                  : &company->ledger.postings;
    from = from < ledger_first_day(calendar) ? ledger_first_day(calendar) : from;
    to = to > ledger_end_day(calendar) ? ledger_end_day(calendar) : to;
    for (int32_t day = from; day < to; day++) {
        const struct vec *of_day = ledger_day(calendar, day);
        for (uint32_t i = 0; i < of_day->n; i++) {
            void *row = of_day->at[i];
            const struct voucher *voucher = of_vouchers ? row
                                                        : ((const struct posting *)row)->voucher;
            if (is_hidden(company, voucher) || !filters_want(filters, row))
                continue;
            if (source == SOURCE_OPEN_POSTS && !is_open(row))
                continue;
            vec_add(rows, row);
        }
    }
}

static void collect_register(const struct company *company, const struct query *query,
                             const struct filters *filters, struct vec *rows)
{
    const struct vec *all = (const void *)((const char *)company + query->endpoint->offset);
    for (uint32_t i = 0; i < all->n; i++) {
        if (filters_want(filters, all->at[i]))
            vec_add(rows, all->at[i]);
    }
}

static bool collect_balance(const struct company *company, const struct query *query,
                            struct rowset *set, struct fail *fail)
{
    struct balance_ask ask = {
        .from = (int32_t)params_number(query, "dateFrom", 0),
        .to = (int32_t)params_number(query, "dateTo", 0),
        .customer_id = params_number(query, "customerId", 0),
        .employee_id = params_number(query, "employeeId", 0),
        .department_id = params_number(query, "departmentId", 0),
        .project_id = params_number(query, "projectId", 0),
        .account_from = (int32_t)params_number(query, "accountNumberFrom", 0),
        .account_to = (int32_t)params_number(query, "accountNumberTo", 0),
        .with_quiet_accounts = params_number(query, "includeActiveAccountsWithoutMovements", 0)
    };
    if (!balance_in_one_year(company, ask.from, ask.to))
        return fail_set(fail, 422, 18000, "dateTo", "The period must lie within one fiscal year");
    set->owns_rows = true;
    balance_rows(company, &ask, &set->rows);
    return true;
}

static void collect_clients(const struct world *world, const struct token *token,
                            struct rowset *set)
{
    set->owns_rows = true;
    for (uint32_t i = 0; i < world->companies.n; i++) {
        const struct company *company = world->companies.at[i];
        if (!token->is_bureau || !token_may(token, company->org_nr))
            continue;
        struct client_row *row = mem_zero(sizeof(*row));
        const struct annual_account *first = company->years.at[0];
        *row = (struct client_row){ .id = company->id,
                                    .version = 1,
                                    .name = company->name,
                                    .org_nr = company->org_nr,
                                    .start = first->start,
                                    .customer_company_id = company->customer_company_id };
        vec_add(&set->rows, row);
    }
}

static bool collect_source(const struct world *world, const struct company *company,
                           const struct token *token, const struct query *query, struct rowset *set,
                           struct fail *fail)
{
    struct filters filters;
    int32_t from = (int32_t)params_number(query, "dateFrom", INT32_MIN);
    int32_t to = (int32_t)params_number(query, "dateTo", INT32_MAX);
    filters_prepare(world, query, &filters);
    switch (query->endpoint->source) {
    case SOURCE_CLIENTS:
        collect_clients(world, token, set);
        return true;
    case SOURCE_BALANCE:
        return collect_balance(company, query, set, fail);
    case SOURCE_REGISTER:
        collect_register(company, query, &filters, &set->rows);
        return true;
    case SOURCE_OPEN_POSTS:
        to = (int32_t)params_number(query, "date", INT32_MAX);
        break;
    case SOURCE_ASSET_POSTINGS:
        to = (int32_t)params_number(query, "dateToExclusive", INT32_MAX);
        break;
    case SOURCE_POSTINGS_BY_DATE:
        if (query->fields)
            return fail_set(fail, 422, 18000, "fields", "'fields' is not supported here");
        if (company->salary_hidden)
            return fail_set(fail, 422, 18000, NULL,
                            "The token must have access to all vouchers in the company");
        break;
    default:
        break;
    }
    collect_days(company, query, &filters, from, to, &set->rows);
    return true;
}

bool collect_rows(const struct world *world, const struct company *company,
                  const struct token *token, const struct query *query, struct rowset *ret_set,
                  struct fail *fail)
{
    struct rowset set = { .owns_rows = false };
    bool ok = collect_source(world, company, token, query, &set, fail);
    if (ok && set.rows.n <= COLLECT_SORT_MAX)
        ok = sort_rows(&set.rows, query->endpoint->model, query->sorting, fail);
    if (!ok) {
        collect_release(&set);
        return false;
    }
    *ret_set = set;
    return true;
}

void collect_release(struct rowset *set)
{
    for (uint32_t i = 0; set->owns_rows && i < set->rows.n; i++)
        free(set->rows.at[i]);
    vec_release(&set->rows);
}
