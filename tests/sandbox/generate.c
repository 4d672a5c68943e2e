#include "tests/sandbox/generate.h"

#include <stdio.h>

#include "tests/sandbox/closegroup.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/draft.h"
#include "tests/sandbox/rows.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))
#define HUGE_ORE 999999999999LL /* 9,999,999,999.99 */

static int64_t amount_ore(struct rng *rng)
{
    static const int64_t SIZES[] = { 100, 10000, 500000, 2500000, 100000000 };
    return 1 + (int64_t)(rng_next(rng) % (uint64_t)SIZES[rng_below(rng, COUNT(SIZES))]);
}

static char *number_text(const char *prefix, int64_t number)
{
    char text[40];
    snprintf(text, sizeof(text), "%s%lld", prefix, (long long)number);
    return mem_text(text);
}

static void decorate(struct company *company, struct rng *rng, struct posting *posting)
{
    if (rng_percent(rng, 50))
        posting->department = company->departments.at[rng_below(rng, company->departments.n)];
    if (rng_percent(rng, 20))
        posting->project = company->projects.at[rng_below(rng, company->projects.n)];
    if (rng_percent(rng, 10))
        posting->product = company->products.at[rng_below(rng, company->products.n)];
    if (rng_percent(rng, 5))
        posting->external_ref = number_text("KID", rng_below(rng, 100000000));
}

/* The base row carries the gross; the VAT row is the system's own. */
static void vat_pair(struct company *company, struct rng *rng, struct voucher *voucher, int account,
                     int64_t net, const char *text)
{
    struct account *base = company_account(company, account);
    int64_t percent = (int64_t)(base->vat_type->percentage / 1000000);
    int64_t vat = net * percent / 100;
    struct posting *row = draft_row(company, voucher, account, money_of_ore(net), text);
    row->vat_type = base->vat_type;
    row->amount_gross = row->amount_gross_currency = money_of_ore(net + vat);
    decorate(company, rng, row);
    if (vat == 0)
        return;
    int vat_account = account < 4000 ? 2700 : 2710;
    struct posting *generated = draft_row(company, voucher, vat_account, money_of_ore(vat), text);
    generated->vat_type = base->vat_type;
    generated->system_generated = true;
    generated->amount_gross = generated->amount_gross_currency = 0;
}

static money_t draft_sum(const struct voucher *voucher)
{
    money_t sum = 0;
    for (uint32_t i = 0; i < voucher->postings.n; i++)
        sum += ((const struct posting *)voucher->postings.at[i])->amount;
    return sum;
}

static struct voucher *generate_sale(struct company *company, struct rng *rng, int32_t day)
{
    static const int SALES[] = { 3000, 3000, 3020, 3030, 3100, 3200, 3900 };
    struct voucher *voucher = draft_voucher(company, DRAFT_SALE, day, "Faktura");
    const char *text = draft_text(rng);
    for (uint32_t lines = 1 + rng_below(rng, 3); lines > 0; lines--) {
        int64_t sign = rng_percent(rng, 5) ? 1 : -1;
        vat_pair(company, rng, voucher, SALES[rng_below(rng, COUNT(SALES))], sign * amount_ore(rng),
                 text);
    }
    struct posting *claim = draft_row(company, voucher, 1500, -draft_sum(voucher), text);
    claim->customer = company->customers.at[rng_below(rng, company->customers.n)];
    claim->type = POSTING_OUTGOING_INVOICE;
    claim->invoice_number = number_text("", 100000 + voucher->number);
    claim->term_of_payment = day + 14;
    return voucher;
}

/* Amounts of a foreign row: the currency amount is what is known, the company's is derived. */
static void make_foreign(struct company *company, struct rng *rng, struct voucher *voucher)
{
    struct currency *currency = company->currencies.at[1 + rng_below(rng, 2)];
    int64_t rate = 1000 + rng_below(rng, 250); /* øre of the company for one unit */
    for (uint32_t i = 0; i < voucher->postings.n; i++) {
        struct posting *row = voucher->postings.at[i];
        row->currency = currency;
        row->amount_currency = row->amount / 10000 * 100 / rate * 10000;
        row->amount_gross_currency = row->amount_gross / 10000 * 100 / rate * 10000;
    }
}

static struct voucher *generate_purchase(struct company *company, struct rng *rng, int32_t day)
{
    static const int COSTS[] = { 4000, 4300, 4500, 6100, 6300, 6420, 6540,
                                 6800, 6900, 7000, 7140, 7320, 7500 };
    struct voucher *voucher = draft_voucher(company, DRAFT_PURCHASE, day, draft_text(rng));
    const char *text = draft_text(rng);
    for (uint32_t lines = 1 + rng_below(rng, 3); lines > 0; lines--)
        vat_pair(company, rng, voucher, COSTS[rng_below(rng, COUNT(COSTS))], amount_ore(rng), text);
    struct posting *debt = draft_row(company, voucher, 2400, -draft_sum(voucher), text);
    debt->supplier = company->suppliers.at[rng_below(rng, company->suppliers.n)];
    debt->type = POSTING_EXPENSE;
    debt->invoice_number = number_text("L-", 5000 + rng_below(rng, 90000));
    debt->term_of_payment = day + 30;
    voucher->vendor_invoice_number = mem_text(debt->invoice_number);
    if (rng_percent(rng, 20))
        make_foreign(company, rng, voucher);
    return voucher;
}

/* A customer pays: some of the sales of the days before are settled. */
static struct posting *open_claim(struct company *company, struct rng *rng, int32_t day)
{
    for (int tries = 0; tries < 20; tries++) {
        int32_t then = day - 1 - (int32_t)rng_below(rng, 60);
        const struct vec *rows = ledger_day(&company->ledger.postings, then);
        if (rows->n == 0)
            continue;
        struct posting *posting = rows->at[rng_below(rng, rows->n)];
        if (posting->account->number == 1500 && !posting->close_group && posting->customer)
            return posting;
    }
    return NULL;
}

static struct voucher *generate_payment(struct company *company, struct rng *rng, int32_t day)
{
    struct posting *claim = open_claim(company, rng, day);
    money_t amount = claim ? claim->amount : money_of_ore(amount_ore(rng));
    struct voucher *voucher = draft_voucher(company, DRAFT_PAYMENT, day, "Betaling");
    draft_row(company, voucher, 1920, amount, "Innbetaling")->type = POSTING_INCOMING_PAYMENT;
    struct posting *settled = draft_row(company, voucher, 1500, -amount, draft_text(rng));
    settled->type = POSTING_INCOMING_PAYMENT_OPPOSITE;
    settled->customer = claim ? claim->customer : company->customers.at[0];
    if (claim) {
        struct posting *const both[] = { claim, settled };
        settled->invoice_number = mem_text(claim->invoice_number);
        closegroup_close(company, both, 2, day, false);
    }
    return voucher;
}

static struct voucher *generate_salary(struct company *company, struct rng *rng, int32_t day)
{
    struct voucher *voucher = draft_voucher(company, DRAFT_SALARY, day, "Lønn");
    int64_t gross = 2500000 + rng_below(rng, 5000000), tax = gross * 35 / 100;
    int64_t fee = gross * 141 / 1000;
    draft_row(company, voucher, 5000, money_of_ore(gross), "Fastlønn");
    draft_row(company, voucher, 2600, money_of_ore(-tax), "Forskuddstrekk");
    draft_row(company, voucher, 2930, money_of_ore(tax - gross), "Netto lønn");
    draft_row(company, voucher, 5400, money_of_ore(fee), "Arbeidsgiveravgift");
    draft_row(company, voucher, 2770, money_of_ore(-fee), "Arbeidsgiveravgift");
    struct employee *employee = company->employees.at[rng_below(rng, company->employees.n)];
    for (uint32_t i = 0; i < voucher->postings.n; i++) {
        struct posting *row = voucher->postings.at[i];
        row->employee = employee;
        row->type = POSTING_WAGE;
    }
    return voucher;
}

/* Rent paid in advance: pairs dated in the months to come, now and then far ahead. */
static struct voucher *generate_accrual(struct company *company, struct rng *rng, int32_t day)
{
    struct voucher *voucher = draft_voucher(company, DRAFT_MEMO, day, "Periodisering leie");
    money_t part = money_of_ore(amount_ore(rng));
    int step = rng_percent(rng, 3) ? 9 : 1;
    uint32_t pairs = 2 + rng_below(rng, 3);
    for (uint32_t i = 0; i < pairs; i++) {
        struct posting *cost = draft_row(company, voucher, 6300, part, "Leie");
        struct posting *prepaid = draft_row(company, voucher, 1700, -part, "Leie");
        cost->day = prepaid->day = day_add_months(day, (int)i * step);
        decorate(company, rng, cost);
    }
    return voucher;
}

static struct voucher *generate_memo(struct company *company, struct rng *rng, int32_t day)
{
    static const int ACCOUNTS[] = { 1250, 1570, 1749, 2050, 2960, 2990, 5001,
                                    6017, 7770, 7790, 8050, 8160, 8170, 1910 };
    struct voucher *voucher = draft_voucher(company, DRAFT_MEMO, day, draft_text(rng));
    uint32_t lines = 1 + rng_below(rng, 6);
    for (uint32_t i = 0; i < lines; i++) {
        int64_t ore = rng_percent(rng, 10) ? 0 : amount_ore(rng);
        ore = rng_percent(rng, 2) ? HUGE_ORE : rng_percent(rng, 40) ? -ore : ore;
        struct posting *row = draft_row(company, voucher, ACCOUNTS[rng_below(rng, COUNT(ACCOUNTS))],
                                        money_of_ore(ore), draft_text(rng));
        decorate(company, rng, row);
    }
    draft_row(company, voucher, 2990, -draft_sum(voucher), draft_text(rng));
    voucher->external_number = rng_percent(rng, 10) ? number_text("EXT-", voucher->number) : NULL;
    return voucher;
}

struct voucher *generate_voucher(struct company *company, struct rng *rng, int32_t day)
{
    uint32_t kind = rng_below(rng, 100);
    if (kind < 35)
        return generate_sale(company, rng, day);
    if (kind < 65)
        return generate_purchase(company, rng, day);
    if (kind < 80)
        return generate_payment(company, rng, day);
    if (kind < 87)
        return generate_salary(company, rng, day);
    return kind < 91 ? generate_accrual(company, rng, day) : generate_memo(company, rng, day);
}

/* A third of the companies open with a result not yet disposed of: the sum is not 0. */
static void generate_opening(struct company *company, struct rng *rng)
{
    static const int ACCOUNTS[] = { 1250, 1500, 1920, 1950, 2400, 2600, 2740, 2940 };
    struct voucher *voucher = draft_voucher(company, DRAFT_OPENING, company->opening_day,
                                            "Åpningsbalanse");
    for (size_t i = 0; i < COUNT(ACCOUNTS); i++) {
        int64_t ore = 100 + rng_below(rng, 900000000);
        draft_row(company, voucher, ACCOUNTS[i], money_of_ore(ACCOUNTS[i] < 2000 ? ore : -ore),
                  "Inngående balanse");
    }
    money_t left = company->seed % 3 == 0 ? money_of_ore(1234567) : 0;
    draft_row(company, voucher, 2050, left - draft_sum(voucher), "Egenkapital");
    ledger_add_voucher(&company->ledger, voucher);
}

void generate_vouchers(struct company *company)
{
    struct rng rng = { .state = rng_mix(company->seed * 31 + 5) };
    generate_opening(company, &rng);
    for (uint32_t y = 0; y < company->years.n; y++) {
        const struct annual_account *year = company->years.at[y];
        uint32_t days = (uint32_t)(year->end - year->start), made = 0;
        while (made < company->postings_per_year) {
            uint64_t share = (uint64_t)made * days / company->postings_per_year;
            uint32_t jitter = rng_below(&rng, 3);
            int32_t day = year->start + (int32_t)share - (int32_t)(jitter < share ? jitter : 0);
            struct voucher *voucher = generate_voucher(company, &rng, day);
            made += voucher->postings.n;
            ledger_add_voucher(&company->ledger, voucher);
        }
    }
}
