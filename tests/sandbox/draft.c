#include "tests/sandbox/draft.h"

#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/rows.h"

static const char *const TEXTS[] = {
    "Faktura fra leverandør",
    "Månedlig leie",
    "Betaling mottatt",
    "Kontorrekvisita",
    "Korreksjon",
    "Avtale \"ABC\" – rabatt",
    "Linje 1\nLinje 2",
    "Kolonne\tmed\ttab",
    "C:\\regnskap\\bilag",
    "Fiskekaker 🐟🧾",
    "Skille\xe2\x80\xa8"
    "tegn",
    "",
    NULL,
    "'; DROP TABLE posting; --",
    "50 % ; , | \r\n slutt",
    "Æ Ø Å æ ø å ß ñ 漢字",
    "  mellomrom  ",
    "\\N",
    "\\.",
    "{\"json\":[1]}",
};

const char *draft_text(struct rng *rng)
{
    return TEXTS[rng_below(rng, sizeof(TEXTS) / sizeof(*TEXTS))];
}

struct voucher *draft_voucher(struct company *company, enum draft_type type, int32_t day,
                              const char *description)
{
    struct voucher *voucher = mem_zero(sizeof(*voucher));
    int year = company_year_at(company, day).year;
    *voucher = (struct voucher){ .row = { company_next_id(company), 1 },
                                 .day = day,
                                 .year = year,
                                 .number = company_next_number(company, year),
                                 .description = mem_text(description),
                                 .type = company->voucher_types.at[type] };
    return voucher;
}

struct posting *draft_row(struct company *company, struct voucher *voucher, int account,
                          money_t amount, const char *description)
{
    struct posting *posting = mem_zero(sizeof(*posting));
    *posting = (struct posting){ .row = { company_next_id(company), 1 },
                                 .day = voucher->day,
                                 .term_of_payment = DAY_NONE,
                                 .row_number = (int32_t)voucher->postings.n,
                                 .voucher = voucher,
                                 .account = company_account(company, account),
                                 .vat_type = company->vat_types.at[0],
                                 .currency = company->currencies.at[0],
                                 .description = mem_text(description),
                                 .amount = amount,
                                 .amount_currency = amount,
                                 .amount_gross = amount,
                                 .amount_gross_currency = amount };
    vec_add(&voucher->postings, posting);
    return posting;
}
