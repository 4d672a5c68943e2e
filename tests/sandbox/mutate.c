#include "tests/sandbox/mutate.h"

#include <string.h>

#include "tests/sandbox/closegroup.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/draft.h"
#include "tests/sandbox/edit.h"
#include "tests/sandbox/generate.h"
#include "tests/sandbox/rows.h"

static const char *const KINDS[MUTATE_KINDS] = { "new",  "amount",   "text",   "account",
                                                 "date", "row_date", "delete", "close",
                                                 "open", "header",   "vat" };

bool mutate_kind_named(const char *name, enum mutation *ret_kind)
{
    for (int i = 0; name && i < MUTATE_KINDS; i++) {
        if (strcmp(KINDS[i], name) == 0) {
            *ret_kind = i;
            return true;
        }
    }
    return false;
}

const char *mutate_kind_name(enum mutation kind)
{
    return KINDS[kind];
}

static int32_t random_day(const struct company *company, struct rng *rng)
{
    const struct annual_account *first = company->years.at[0];
    const struct annual_account *last = company->years.at[company->years.n - 1];
    return first->start + (int32_t)rng_below(rng, (uint32_t)(last->end - first->start));
}

/* A voucher that is not the opening balance; NULL when there is none at hand. */
static struct voucher *random_voucher(const struct company *company, struct rng *rng)
{
    for (int tries = 0; tries < 20 && company->ledger.all.n; tries++) {
        struct voucher *voucher = company->ledger.all.at[rng_below(rng, company->ledger.all.n)];
        if (voucher->type != company->voucher_types.at[DRAFT_OPENING] && voucher->postings.n)
            return voucher;
    }
    return NULL;
}

static struct posting *random_row(const struct voucher *voucher, struct rng *rng)
{
    return voucher->postings.at[rng_below(rng, voucher->postings.n)];
}

static bool mutate_new(struct company *company, struct rng *rng)
{
    struct voucher *voucher = generate_voucher(company, rng, random_day(company, rng));
    ledger_add_voucher(&company->ledger, voucher);
    return true;
}

/* Two rows of one day change by the same amount, so that the voucher still sums to 0. */
static bool mutate_amount(struct company *company, struct rng *rng, struct voucher *voucher)
{
    struct posting *a = random_row(voucher, rng), *b = random_row(voucher, rng);
    money_t delta = money_of_ore((int64_t)rng_below(rng, 2000000) - 1000000);
    if (a == b || a->day != b->day || delta == 0)
        return false;
    edit_posting_amount(company, a, delta);
    edit_posting_amount(company, b, -delta);
    return true;
}

static bool mutate_account(struct company *company, struct rng *rng, struct voucher *voucher)
{
    struct account *account = company->accounts.at[rng_below(rng, company->accounts.n)];
    edit_posting_account(company, random_row(voucher, rng), account);
    return true;
}

/* Half of the moves stay near, half go anywhere. */
static bool mutate_date(struct company *company, struct rng *rng, struct voucher *voucher)
{
    int32_t day = voucher->day + (int32_t)rng_below(rng, 80) - 40;
    const struct annual_account *first = company->years.at[0];
    if (rng_percent(rng, 50) || day < first->start)
        day = random_day(company, rng);
    edit_voucher_day(company, voucher, day);
    return true;
}

/* Two rows that cancel out, in one voucher: both move, as an accrual is moved. */
static bool mutate_row_date(struct company *company, struct rng *rng, struct voucher *voucher)
{
    struct posting *a = random_row(voucher, rng), *b = random_row(voucher, rng);
    if (a == b || a->amount + b->amount != 0)
        return false;
    int32_t day = random_day(company, rng);
    edit_posting_day(company, a, day);
    edit_posting_day(company, b, day);
    return true;
}

static bool mutate_close(struct company *company, struct rng *rng, struct voucher *voucher,
                         bool quietly)
{
    struct voucher *other = random_voucher(company, rng);
    if (!other)
        return false;
    struct posting *const both[] = { random_row(voucher, rng), random_row(other, rng) };
    if (both[0] == both[1] || both[0]->close_group || both[1]->close_group)
        return false;
    closegroup_close(company, both, 2, both[0]->day > both[1]->day ? both[0]->day : both[1]->day,
                     quietly);
    return true;
}

static bool mutate_open(struct company *company, struct rng *rng, bool quietly)
{
    if (company->close_groups.n == 0)
        return false;
    uint32_t at = rng_below(rng, company->close_groups.n);
    closegroup_open(company, company->close_groups.at[at], quietly);
    return true;
}

static bool mutate_voucher(struct company *company, struct rng *rng, enum mutation kind,
                           bool quiet_groups)
{
    struct voucher *voucher = random_voucher(company, rng);
    if (!voucher)
        return false;
    switch (kind) {
    case MUTATE_AMOUNT:
        return mutate_amount(company, rng, voucher);
    case MUTATE_ACCOUNT:
        return mutate_account(company, rng, voucher);
    case MUTATE_DATE:
        return mutate_date(company, rng, voucher);
    case MUTATE_ROW_DATE:
        return mutate_row_date(company, rng, voucher);
    case MUTATE_CLOSE:
        return mutate_close(company, rng, voucher, quiet_groups);
    case MUTATE_VAT:
        return edit_voucher_new_ids(company, voucher, false) > 0;
    case MUTATE_DELETE:
        edit_voucher_delete(company, voucher);
        return true;
    case MUTATE_HEADER:
        edit_voucher_text(company, voucher, draft_text(rng));
        return true;
    case MUTATE_TEXT:
        edit_posting_text(company, random_row(voucher, rng), draft_text(rng));
        return true;
    default:
        return false;
    }
}

void mutate(struct company *company, struct rng *rng, uint32_t count, uint32_t kinds,
            bool quiet_groups, uint32_t done[MUTATE_KINDS])
{
    uint32_t made = 0;
    for (uint64_t tries = 0; made < count && tries < (uint64_t)count * 200; tries++) {
        enum mutation kind = rng_below(rng, MUTATE_KINDS);
        if (!(kinds & 1u << kind))
            continue;
        bool ok = kind == MUTATE_NEW    ? mutate_new(company, rng)
                  : kind == MUTATE_OPEN ? mutate_open(company, rng, quiet_groups)
                                        : mutate_voucher(company, rng, kind, quiet_groups);
        done[kind] += ok;
        made += ok;
    }
}
