#include "tests/sandbox/chart.h"

#include <stdio.h>
#include <string.h>

#include "tests/sandbox/company.h"
#include "tests/sandbox/rows.h"

/* The places of ACCOUNT_TYPES in model_ledger.c. */
enum {
    ASSETS,
    EQUITY,
    LIABILITIES,
    REVENUES,
    EXPENSES,
    INVESTMENT,
    CAPITAL_COST,
    TAX,
    RESULT,
    TRANSFERS
};

struct chart_account {
    int number;
    const char *name, *vat;
};

static const struct chart_account ACCOUNTS[] = {
    { 1000, "Forskning og utvikling", "" },
    { 1020, "Konsesjoner", "" },
    { 1070, "Utsatt skattefordel", "" },
    { 1080, "Goodwill", "" },
    { 1100, "Bygninger", "" },
    { 1130, "Anlegg under utførelse", "" },
    { 1150, "Tomter og andre grunnarealer", "" },
    { 1200, "Maskiner og anlegg", "" },
    { 1230, "Personbiler", "" },
    { 1240, "Varebiler", "" },
    { 1250, "Inventar", "" },
    { 1260, "Fast bygningsinventar", "" },
    { 1280, "Kontormaskiner", "" },
    { 1300, "Investeringer i datterselskap", "" },
    { 1350, "Investeringer i aksjer og andeler", "" },
    { 1380, "Fordringer på ansatte", "" },
    { 1390, "Andre langsiktige fordringer", "" },
    { 1400, "Råvarer og innkjøpte halvfabrikater", "" },
    { 1420, "Varer under tilvirkning", "" },
    { 1440, "Ferdige egentilvirkede varer", "" },
    { 1460, "Innkjøpte varer for videresalg", "" },
    { 1500, "Kundefordringer", "" },
    { 1530, "Opptjente, ikke fakturerte inntekter", "" },
    { 1560, "Kortsiktige fordringer på konsernselskap", "" },
    { 1570, "Andre kortsiktige fordringer", "" },
    { 1580, "Avsetning tap på fordringer", "" },
    { 1700, "Forskuddsbetalt leie", "" },
    { 1740, "Forskuddsbetalt lønn", "" },
    { 1749, "Andre forskuddsbetalte kostnader", "" },
    { 1800, "Aksjer i norske selskaper", "" },
    { 1900, "Kontanter, NOK", "" },
    { 1910, "Kasse, \"resepsjonen\"", "" },
    { 1920, "Bankinnskudd", "" },
    { 1930, "Valutakonto EUR", "" },
    { 1950, "Bankinnskudd for skattetrekk", "" },
    { 2000, "Aksjekapital", "" },
    { 2020, "Overkurs", "" },
    { 2050, "Annen egenkapital", "" },
    { 2080, "Udekket tap", "" },
    { 2120, "Utsatt skatt", "" },
    { 2220, "Gjeld til kredittinstitusjoner", "" },
    { 2240, "Pantelån", "" },
    { 2290, "Annen langsiktig gjeld", "" },
    { 2380, "Kassekreditt", "" },
    { 2400, "Leverandørgjeld", "" },
    { 2500, "Betalbar skatt, ikke utlignet", "" },
    { 2600, "Forskuddstrekk", "" },
    { 2640, "Fagforeningstrekk", "" },
    { 2700, "Utgående merverdiavgift, høy sats", "" },
    { 2701, "Utgående merverdiavgift, middels sats", "" },
    { 2702, "Utgående merverdiavgift, lav sats", "" },
    { 2710, "Inngående merverdiavgift, høy sats", "" },
    { 2711, "Inngående merverdiavgift, middels sats", "" },
    { 2712, "Inngående merverdiavgift, lav sats", "" },
    { 2740, "Oppgjørskonto merverdiavgift", "" },
    { 2770, "Skyldig arbeidsgiveravgift", "" },
    { 2780, "Påløpt arbeidsgiveravgift av feriepenger", "" },
    { 2800, "Avsatt utbytte", "" },
    { 2900, "Forskudd fra kunder", "" },
    { 2910, "Gjeld til ansatte og eiere", "" },
    { 2930, "Skyldig lønn", "" },
    { 2940, "Skyldige feriepenger", "" },
    { 2960, "Påløpte renter og kostnader", "" },
    { 2990, "Annen kortsiktig gjeld", "" },
    { 3000, "Salgsinntekt, avgiftspliktig, høy sats", "3" },
    { 3020, "Salgsinntekt, avgiftspliktig, lav sats", "32" },
    { 3030, "Salgsinntekt, avgiftspliktig, middels sats", "31" },
    { 3100, "Salgsinntekt, avgiftsfri", "5" },
    { 3200, "Salgsinntekt, utenfor avgiftsområdet", "6" },
    { 3400, "Offentlig tilskudd", "" },
    { 3600, "Leieinntekt fast eiendom", "" },
    { 3900, "Annen driftsrelatert inntekt", "" },
    { 3960, "Gevinst ved avgang av anleggsmidler", "" },
    { 4000, "Innkjøp av råvarer, høy sats", "1" },
    { 4090, "Beholdningsendring råvarer", "" },
    { 4300, "Innkjøp av varer for videresalg, høy sats", "1" },
    { 4360, "Frakt, toll og spedisjon", "1" },
    { 4390, "Beholdningsendring varer", "" },
    { 4500, "Fremmedytelse og underentreprise", "1" },
    { 5000, "Lønn til ansatte", "" },
    { 5001, "Overtid\tog tillegg", "" },
    { 5090, "Påløpt, ikke utbetalt lønn", "" },
    { 5180, "Feriepenger", "" },
    { 5210, "Fri bil", "" },
    { 5290, "Motkonto for gruppe 52", "" },
    { 5400, "Arbeidsgiveravgift", "" },
    { 5405, "Arbeidsgiveravgift av feriepenger", "" },
    { 5420, "Innberetningspliktig pensjonskostnad", "" },
    { 5800, "Refusjon av sykepenger", "" },
    { 5900, "Gaver til ansatte", "" },
    { 5950, "Egen pensjonsordning", "" },
    { 6000, "Avskrivning på bygninger", "" },
    { 6010, "Avskrivning på transportmidler", "" },
    { 6015, "Avskrivning på maskiner", "" },
    { 6017, "Avskrivning på inventar", "" },
    { 6100, "Frakt, transport og forsikring", "1" },
    { 6300, "Leie lokale", "" },
    { 6320, "Renovasjon, vann, avløp", "1" },
    { 6340, "Lys, varme", "1" },
    { 6420, "Leie datasystemer", "1" },
    { 6540, "Inventar", "1" },
    { 6553, "Programvare, årlig vedlikehold", "1" },
    { 6600, "Reparasjon bygninger", "1" },
    { 6700, "Revisjonshonorar", "1" },
    { 6705, "Regnskapshonorar", "1" },
    { 6790, "Annen fremmed tjeneste", "1" },
    { 6800, "Kontorrekvisita", "1" },
    { 6860, "Møter, kurs, oppdatering", "" },
    { 6900, "Telefon", "1" },
    { 6940, "Porto", "" },
    { 7000, "Drivstoff", "1" },
    { 7020, "Vedlikehold biler", "1" },
    { 7040, "Forsikring biler", "" },
    { 7100, "Bilgodtgjørelse, oppgavepliktig", "" },
    { 7140, "Reisekostnad", "13" },
    { 7320, "Reklamekostnad", "1" },
    { 7350, "Representasjon, fradragsberettiget", "" },
    { 7400, "Kontingent, fradragsberettiget", "" },
    { 7500, "Forsikringspremie", "" },
    { 7770, "Bank- og kortgebyr", "" },
    { 7790, "Annen kostnad, \\ diverse", "" },
    { 7830, "Tap på fordringer", "" },
    { 8050, "Annen renteinntekt", "" },
    { 8060, "Valutagevinst (agio)", "" },
    { 8070, "Annen finansinntekt", "" },
    { 8150, "Annen rentekostnad", "" },
    { 8160, "Valutatap (disagio)", "" },
    { 8170, "Annen finanskostnad", "" },
    { 8300, "Betalbar skatt", "" },
    { 8320, "Endring utsatt skatt", "" },
    { 8800, "Årsresultat", "" },
    { 8960, "Overføringer annen egenkapital", "" },
};

struct chart_vat {
    const char *number, *name;
    int percent;
    bool is_outgoing;
};

static const struct chart_vat VATS[] = {
    { "0", "Ingen avgiftsbehandling", 0, false },
    { "1", "Fradrag inngående avgift, høy sats", 25, false },
    { "11", "Fradrag inngående avgift, middels sats", 15, false },
    { "13", "Fradrag inngående avgift, lav sats", 12, false },
    { "3", "Utgående avgift, høy sats", 25, true },
    { "31", "Utgående avgift, middels sats", 15, true },
    { "32", "Utgående avgift, lav sats", 12, true },
    { "5", "Ingen utgående avgift (innenfor mva-loven)", 0, true },
    { "6", "Ingen utgående avgift (utenfor mva-loven)", 0, true },
};

static const char *const VOUCHER_TYPES[] = { "Åpningsbalanse",    "Utgående faktura",
                                             "Leverandørfaktura", "Betaling",
                                             "Lønnsbilag",        "Memorialnota",
                                             "Bankavstemming",    "Purring" };

static void chart_currencies(struct company *company)
{
    static const char *const CURRENCIES[][2] = { { "NOK", "Norge" },   { "EUR", "EU" },
                                                 { "USD", "USA" },     { "SEK", "Sverige" },
                                                 { "DKK", "Danmark" }, { "GBP", "Storbritannia" } };
    for (size_t i = 0; i < sizeof(CURRENCIES) / sizeof(*CURRENCIES); i++) {
        struct currency *currency = mem_zero(sizeof(*currency));
        *currency = (struct currency){ .row = { (int64_t)i + 1, 1 },
                                       .code = CURRENCIES[i][0],
                                       .description = CURRENCIES[i][1],
                                       .factor = i == 3 || i == 4 ? 100 : 1 };
        vec_add(&company->currencies, currency);
    }
}

static void chart_vats(struct company *company)
{
    for (size_t i = 0; i < sizeof(VATS) / sizeof(*VATS); i++) {
        struct vat_type *vat = mem_zero(sizeof(*vat));
        *vat = (struct vat_type){ .row = { i ? (int64_t)i + 100 : 0, 0 },
                                  .name = VATS[i].name,
                                  .number = VATS[i].number,
                                  .percentage = money_of_ore(VATS[i].percent * 100),
                                  .deduction = money_of_ore(10000),
                                  .is_outgoing = VATS[i].is_outgoing };
        vec_add(&company->vat_types, vat);
    }
}

static struct vat_type *chart_vat(const struct company *company, const char *number)
{
    for (uint32_t i = 0; i < company->vat_types.n; i++) {
        struct vat_type *vat = company->vat_types.at[i];
        if (strcmp(vat->number, number) == 0)
            return vat;
    }
    return NULL;
}

static uint8_t chart_type(int number)
{
    if (number < 2000)
        return ASSETS;
    if (number < 2100)
        return EQUITY;
    if (number < 3000)
        return LIABILITIES;
    if (number < 4000)
        return REVENUES;
    if (number < 8000)
        return EXPENSES;
    if (number < 8100)
        return INVESTMENT;
    if (number < 8300)
        return CAPITAL_COST;
    return number < 8400 ? TAX : number < 8900 ? RESULT : TRANSFERS;
}

static const char *chart_grouping(int number)
{
    static const char *const GROUPS[] = {
        "RF-1167",     "RF-1167",       "balanseverdiForAnleggsmiddel", "salgsinntekt",
        "varekostnad", "loennskostnad", "annenDriftskostnad",           "annenDriftskostnad",
        "finansposter"
    };
    return GROUPS[number / 1000 % 9];
}

struct account *chart_add(struct company *company, int number, const char *name)
{
    struct account *account = mem_zero(sizeof(*account));
    char code[16];
    snprintf(code, sizeof(code), "%02d", number / 100);
    *account = (struct account){
        .row = { company_next_id(company), 1 },
        .ordinal = company->accounts.n,
        .number = number,
        .name = mem_text(name),
        .type = chart_type(number),
        .ledger_type = number == 1500   ? 1
                       : number == 2400 ? 2
                       : number == 2910 ? 3
                                        : 0,
        .saft_code = mem_text(code),
        .grouping_code = mem_text(chart_grouping(number)),
        .is_closeable = number == 1500 || number == 2400 || number == 2910 || number == 1920,
        .requires_reconciliation = number == 1920 || number == 1950,
        .is_bank = number == 1920 || number == 1950 || number == 1930,
        .bank_account_number = number == 1920 ? mem_text("15032080119") : NULL,
        .is_inactive = number == 1130 || number == 3960,
        .is_balance = number < 3000,
        .currency = number == 1930 ? company->currencies.at[1] : NULL
    };
    vec_add(&company->accounts, account);
    return account;
}

void chart_fill(struct company *company)
{
    chart_currencies(company);
    chart_vats(company);
    for (size_t i = 0; i < sizeof(VOUCHER_TYPES) / sizeof(*VOUCHER_TYPES); i++) {
        struct voucher_type *type = mem_zero(sizeof(*type));
        *type = (struct voucher_type){ .row = { company_next_id(company), 1 },
                                       .name = VOUCHER_TYPES[i],
                                       .is_salary = i == 4 };
        vec_add(&company->voucher_types, type);
    }
    for (size_t i = 0; i < sizeof(ACCOUNTS) / sizeof(*ACCOUNTS); i++) {
        struct account *account = chart_add(company, ACCOUNTS[i].number, ACCOUNTS[i].name);
        account->vat_type = ACCOUNTS[i].vat[0] ? chart_vat(company, ACCOUNTS[i].vat)
                                               : company->vat_types.at[0];
    }
}
