#include "tests/sandbox/extras.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/rows.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

enum {
    BANK = 1920,
    UNMATCHED_EVERY = 7, /* so many of the bank's lines find no posting */
    FEE_ORE = 5000,
    ASSETS_PER_ACCOUNT = 3,
    OPEN_MONTHS = 2, /* the last ones are not reconciled yet */
};

static struct row next_row(struct company *company)
{
    return (struct row){ company_next_id(company), 1 };
}

static char *text_of(const char *before, uint32_t number, const char *after)
{
    char text[60];
    snprintf(text, sizeof(text), "%s%u%s", before, number, after);
    return mem_text(text);
}

/* --- dimensions and documents --- */

static void fill_dimensions(struct company *company)
{
    static const char *const NAMES[] = { "Region", "Kampanje" };
    static const char *const VALUES[] = { "Nord", "Sør", "Øst", "Vest" };
    for (uint32_t i = 0; i < COUNT(NAMES); i++) {
        struct dimension *dimension = mem_zero(sizeof(*dimension));
        *dimension = (struct dimension){
            .row = next_row(company), .index = (int32_t)i + 1, .name = NAMES[i], .is_active = true
        };
        vec_add(&company->dimensions, dimension);
        for (uint32_t j = 0; j < COUNT(VALUES); j++) {
            struct dimension_value *value = mem_zero(sizeof(*value));
            *value = (struct dimension_value){ .row = next_row(company),
                                               .index = (int32_t)i + 1,
                                               .position = (int32_t)j,
                                               .name = VALUES[j],
                                               .is_active = true };
            value->own = text_of("", 10 * (i + 1) + j, "");
            vec_add(&company->dimension_values, value);
        }
    }
}

static void fill_documents(struct company *company)
{
    for (uint32_t i = 0; i < 5; i++) {
        struct document *document = mem_zero(sizeof(*document));
        *document = (struct document){ .row = next_row(company), .size = 1000 + (int32_t)i };
        document->own = text_of("bilag ", i + 1, ".pdf");
        vec_add(&company->documents, document);
    }
}

static void tie_voucher(struct company *company, struct voucher *voucher)
{
    uint32_t at = (uint32_t)(voucher->row.id % 10);
    if (at < company->documents.n)
        voucher->document = company->documents.at[at];
    if (at % 3 == 0)
        voucher->attachment = company->documents.at[0];
}

static void tie_posting(struct company *company, struct posting *posting)
{
    uint32_t values = company->dimension_values.n / 2;
    uint32_t at = (uint32_t)(posting->row.id % 11);
    if (posting->account->is_balance)
        return;
    if (at < values)
        posting->dimension[0] = company->dimension_values.at[at];
    if (at % 5 == 0)
        posting->dimension[1] = company->dimension_values.at[values + at / 5];
}

/* --- assets --- */

static struct asset *add_asset(struct company *company, struct account *account, uint32_t number)
{
    struct asset *asset = mem_zero(sizeof(*asset));
    const struct annual_account *first = company->years.at[0];
    *asset = (struct asset){ .row = next_row(company),
                             .account = account,
                             .depreciation_account = company_account(company, 6017),
                             .department = company->departments.at[number % 4],
                             .acquired = first->start,
                             .lifetime = 60,
                             .rate = money_of_ore(2000) };
    asset->own = text_of("Driftsmiddel ", (uint32_t)account->number * 10 + number, "");
    vec_add(&company->assets, asset);
    return asset;
}

static bool holds_assets(const struct account *account)
{
    return account->number >= 1100 && account->number < 1300;
}

static void fill_assets(struct company *company)
{
    for (uint32_t i = 0; i < company->accounts.n; i++) {
        struct account *account = company->accounts.at[i];
        for (uint32_t n = 0; holds_assets(account) && n < ASSETS_PER_ACCOUNT; n++)
            add_asset(company, account, n);
    }
}

static void tie_asset(struct company *company, struct posting *posting)
{
    uint32_t nth = (uint32_t)(posting->row.id % ASSETS_PER_ACCOUNT);
    for (uint32_t i = 0; holds_assets(posting->account) && i < company->assets.n; i++) {
        struct asset *asset = company->assets.at[i];
        if (asset->account == posting->account && nth-- == 0) {
            posting->asset = asset;
            return;
        }
    }
}

static void count_posting(const struct posting *posting, int32_t year_start)
{
    struct asset *asset = posting->asset;
    if (!asset)
        return;
    asset->cost += posting->amount > 0 ? posting->amount : 0;
    asset->depreciated -= posting->amount < 0 ? posting->amount : 0;
    asset->balance_in += posting->day < year_start ? posting->amount : 0;
    asset->balance_change += posting->day < year_start ? 0 : posting->amount;
    asset->balance_out += posting->amount;
}

void extras_refresh(struct company *company)
{
    const struct calendar *calendar = &company->ledger.postings;
    const struct annual_account *year = company->years.at[company->years.n - 1];
    if (company->assets_revision == company->ledger.revision)
        return;
    for (uint32_t i = 0; i < company->assets.n; i++) {
        struct asset *asset = company->assets.at[i];
        asset->before = asset->balance_out;
        asset->cost = asset->depreciated = 0;
        asset->balance_in = asset->balance_change = asset->balance_out = 0;
    }
    for (int32_t day = ledger_first_day(calendar); day < ledger_end_day(calendar); day++) {
        const struct vec *rows = ledger_day(calendar, day);
        for (uint32_t i = 0; i < rows->n; i++)
            count_posting(rows->at[i], year->start);
    }
    for (uint32_t i = 0; i < company->assets.n; i++) {
        struct asset *asset = company->assets.at[i];
        asset->row.version += asset->before != asset->balance_out;
    }
    company->assets_revision = company->ledger.revision;
}

/* --- the bank --- */

static struct bank_transaction *add_line(struct company *company, struct bank_statement *statement,
                                         int32_t day, money_t amount, const char *text)
{
    struct bank_transaction *line = mem_zero(sizeof(*line));
    *line = (struct bank_transaction){ .row = next_row(company),
                                       .statement = statement,
                                       .account = company_account(company, BANK),
                                       .day = day,
                                       .amount = amount,
                                       .own = mem_text(text) };
    statement->closing += amount;
    vec_add(&statement->transactions, line);
    vec_add(&company->bank_transactions, line);
    return line;
}

static void match_line(struct company *company, struct bank_reconciliation *reconciliation,
                       struct bank_transaction *line, const struct posting *posting)
{
    struct bank_match *match = mem_zero(sizeof(*match));
    *match = (struct bank_match){ .row = next_row(company),
                                  .reconciliation = reconciliation,
                                  .posting_id = posting->row.id };
    line->is_matched = true;
    vec_add(&match->transactions, line);
    vec_add(&company->bank_matches, match);
}

static void reconcile(struct company *company, struct bank_reconciliation *reconciliation,
                      struct bank_statement *statement, const struct period *period)
{
    for (int32_t day = period->start; day < period->end; day++) {
        const struct vec *rows = ledger_day(&company->ledger.postings, day);
        for (uint32_t i = 0; i < rows->n; i++) {
            const struct posting *posting = rows->at[i];
            if (posting->account->number != BANK)
                continue;
            struct bank_transaction *line = add_line(company, statement, day, posting->amount,
                                                     posting->description);
            if (posting->row.id % UNMATCHED_EVERY != 0)
                match_line(company, reconciliation, line, posting);
        }
    }
    add_line(company, statement, period->end - 1, money_of_ore(-FEE_ORE), "Gebyr");
}

static money_t add_statement(struct company *company, struct period *period, money_t opening,
                             bool is_closed)
{
    struct bank_statement *statement = mem_zero(sizeof(*statement));
    struct bank_reconciliation *reconciliation = mem_zero(sizeof(*reconciliation));
    *statement = (struct bank_statement){ .row = next_row(company),
                                          .from = period->start,
                                          .to = period->end - 1,
                                          .opening = opening,
                                          .closing = opening };
    statement->own = text_of("camt053 ", company->bank_statements.n + 1, ".xml");
    *reconciliation = (struct bank_reconciliation){ .row = next_row(company),
                                                    .account = company_account(company, BANK),
                                                    .period = period,
                                                    .is_closed = is_closed,
                                                    .closed = is_closed ? period->end + 5
                                                                        : DAY_NONE };
    if (is_closed)
        reconciliation->closed_by = company->employees.at[0];
    vec_add(&company->bank_statements, statement);
    vec_add(&company->bank_reconciliations, reconciliation);
    reconcile(company, reconciliation, statement, period);
    reconciliation->closing = statement->closing;
    return statement->closing;
}

static void fill_bank(struct company *company)
{
    const struct account *bank = company_account(company, BANK);
    const struct annual_account *first = company->years.at[0];
    money_t *sums = mem_zero(company->accounts.n * sizeof(*sums));
    int32_t today = day_in_oslo(company->now_unix_s);
    ledger_sum(&company->ledger, company->opening_day, first->start, sums);
    money_t balance = sums[bank->ordinal];
    free(sums);
    for (uint32_t i = 0; i < company->periods.n; i++) {
        struct period *period = company->periods.at[i];
        if (period->start <= today)
            balance = add_statement(company, period, balance,
                                    period->end <= day_add_months(today, -OPEN_MONTHS));
    }
}

/* --- plans, drafts, modules --- */

static void add_budget(struct company *company, struct account *account, struct period *period,
                       int64_t ore)
{
    struct budget_row *budget = mem_zero(sizeof(*budget));
    *budget = (struct budget_row){ .row = next_row(company),
                                   .account = account,
                                   .period = period,
                                   .year = company_year_at(company, period->start).year,
                                   .amount = money_of_ore(ore) };
    vec_add(&company->budgets, budget);
}

static void fill_budgets(struct company *company)
{
    static const int ACCOUNTS[] = { 3000, 4300, 5000, 6300, 6800 };
    for (uint32_t p = 0; p < company->periods.n; p++) {
        struct period *period = company->periods.at[p];
        for (size_t i = 0; i < COUNT(ACCOUNTS); i++) {
            int64_t ore = 1000000 * (int64_t)(i + 1) + 100 * period->number;
            add_budget(company, company_account(company, ACCOUNTS[i]), period,
                       ACCOUNTS[i] < 4000 ? -4 * ore : ore);
        }
    }
}

static void fill_drafts(struct company *company)
{
    int32_t today = day_in_oslo(company->now_unix_s);
    for (uint32_t i = 0; i < 3; i++) {
        struct draft_voucher *voucher = mem_zero(sizeof(*voucher));
        *voucher = (struct draft_voucher){ .row = next_row(company),
                                           .day = today - (int32_t)i,
                                           .temporary_number = (int32_t)i + 1,
                                           .description = "Faktura til godkjenning",
                                           .type = company->voucher_types.at[2],
                                           .document = company->documents.at[i] };
        voucher->own = text_of("L-", 70000 + i, "");
        vec_add(&company->drafts, voucher);
    }
}

static void fill_names(struct company *company)
{
    static const char *const MODULES[] = { "BASIS", "API_V2", "FIXED_ASSETS_REGISTER" };
    static const char *const EVENTS[] = { "voucher.update", "closeGroup.create" };
    for (uint32_t i = 0; i < COUNT(MODULES); i++) {
        struct sales_module *module = mem_zero(sizeof(*module));
        *module = (struct sales_module){ .row = next_row(company), .name = MODULES[i] };
        module->cost_start = ((const struct annual_account *)company->years.at[0])->start;
        vec_add(&company->sales_modules, module);
    }
    for (uint32_t i = 0; i < COUNT(EVENTS); i++) {
        struct subscription *subscription = mem_zero(sizeof(*subscription));
        *subscription = (struct subscription){ .row = next_row(company),
                                               .event = EVENTS[i],
                                               .status = (uint8_t)(i * 2) };
        vec_add(&company->subscriptions, subscription);
    }
}

void extras_fill(struct company *company)
{
    fill_dimensions(company);
    fill_documents(company);
    fill_assets(company);
    for (uint32_t i = 0; i < company->ledger.all.n; i++) {
        struct voucher *voucher = company->ledger.all.at[i];
        tie_voucher(company, voucher);
        for (uint32_t j = 0; j < voucher->postings.n; j++) {
            tie_posting(company, voucher->postings.at[j]);
            tie_asset(company, voucher->postings.at[j]);
        }
    }
    fill_bank(company);
    fill_budgets(company);
    fill_drafts(company);
    fill_names(company);
    company->assets_revision = company->ledger.revision + 1; /* not counted yet */
    extras_refresh(company);
}

static void release(struct vec *rows)
{
    for (uint32_t i = 0; i < rows->n; i++) {
        free(((struct extra *)rows->at[i])->own);
        free(rows->at[i]);
    }
    vec_release(rows);
}

void extras_release(struct company *company)
{
    for (uint32_t i = 0; i < company->bank_statements.n; i++)
        vec_release(&((struct bank_statement *)company->bank_statements.at[i])->transactions);
    for (uint32_t i = 0; i < company->bank_matches.n; i++)
        vec_release(&((struct bank_match *)company->bank_matches.at[i])->transactions);
    struct vec *const all[] = { &company->dimensions,      &company->dimension_values,
                                &company->documents,       &company->assets,
                                &company->bank_statements, &company->bank_transactions,
                                &company->bank_matches,    &company->bank_reconciliations,
                                &company->budgets,         &company->drafts,
                                &company->sales_modules,   &company->subscriptions };
    for (size_t i = 0; i < COUNT(all); i++)
        release(all[i]);
}
