#include "daemon/saft.h"

#include <stdio.h>
#include <string.h>

#include "gen/sql_queries.h"
#include "lib/base/mem.h"
#include "lib/pg/pg.h"

#define NAMESPACE "urn:StandardAuditFile-Taxation-Financial:NO"
#define SCHEMA_FILE "Norwegian_SAF-T_Financial_Schema_v_1.30.xsd"
#define COMPANY_CURRENCY "NOK"
/* The schema wants a person and a telephone, which the mirror does not hold. */
#define UNKNOWN "NotUsed"

/* Lengths of the schema's types of text. */
enum { CODE = 9, SHORT = 18, MIDDLE_1 = 35, MIDDLE_2 = 70, LONG = 256, CURRENCY_CHARS = 3 };

struct saft {
    struct xml_writer *xml;
    const struct saft_facts *facts;
    int is_part_open;
    char *group; /* the party or voucher whose element is open; NULL = none */
    int64_t lines, ungrouped;
};

/* --- pieces --- */

static void text(struct saft *saft, const char *name, const char *value, int max_chars)
{
    xml_writer_text(saft->xml, name, value, max_chars);
}

static void column(struct saft *saft, const char *name, const struct pg_result *result, int row,
                   const char *its_name, int max_chars)
{
    text(saft, name, pg_result_text(result, row, its_name), max_chars);
}

static int is_credit(const char *amount)
{
    return amount && amount[0] == '-';
}

static const char *without_sign(const char *amount)
{
    return !amount ? "0.00" : is_credit(amount) ? amount + 1 : amount;
}

/* A balance, in the element of its side. */
static void balance(struct saft *saft, const char *debit, const char *credit, const char *amount)
{
    text(saft, is_credit(amount) ? credit : debit, without_sign(amount), 0);
}

static void balances(struct saft *saft, const struct pg_result *result, int row)
{
    balance(saft, "OpeningDebitBalance", "OpeningCreditBalance",
            pg_result_text(result, row, "opening"));
    balance(saft, "ClosingDebitBalance", "ClosingCreditBalance",
            pg_result_text(result, row, "closing"));
}

/* An element around the rows of a part is there only where a row is. */
static int open_part(struct saft *saft, const char *name)
{
    if (saft->is_part_open)
        return 0;
    saft->is_part_open = 1;
    xml_writer_start(saft->xml, name);
    return 1;
}

static void end_part(struct saft *saft)
{
    if (saft->is_part_open)
        xml_writer_end(saft->xml);
    saft->is_part_open = 0;
}

static void end_group(struct saft *saft)
{
    if (saft->group)
        xml_writer_end(saft->xml);
    free(saft->group);
    saft->group = NULL;
}

/* Whether this row begins another party or voucher; its element is for the caller to start. */
static int begin_group(struct saft *saft, const char *key)
{
    if (saft->group && strcmp(saft->group, key) == 0)
        return 0;
    end_group(saft);
    saft->group = mem_strdup(key);
    return 1;
}

static void end_grouped_part(struct saft *saft)
{
    end_group(saft);
    end_part(saft);
}

/* --- header --- */

static void write_company(struct saft *saft)
{
    xml_writer_start(saft->xml, "Company");
    text(saft, "RegistrationNumber", saft->facts->org_nr, MIDDLE_1);
    text(saft, "Name", saft->facts->name, LONG);
    xml_writer_start(saft->xml, "Contact");
    xml_writer_start(saft->xml, "ContactPerson");
    text(saft, "FirstName", UNKNOWN, 0);
    text(saft, "LastName", UNKNOWN, 0);
    xml_writer_end(saft->xml);
    text(saft, "Telephone", UNKNOWN, 0);
    xml_writer_end(saft->xml);
    xml_writer_end(saft->xml);
}

static void write_header(struct saft *saft)
{
    const struct saft_facts *facts = saft->facts;
    xml_writer_start(saft->xml, "Header");
    text(saft, "AuditFileVersion", "1.30", 0);
    text(saft, "AuditFileCountry", "NO", 0);
    text(saft, "AuditFileDateCreated", facts->today, 0);
    text(saft, "SoftwareCompanyName", "saldod", 0);
    text(saft, "SoftwareID", "saldod", 0);
    text(saft, "SoftwareVersion", SALDOD_VERSION, SHORT);
    write_company(saft);
    text(saft, "DefaultCurrencyCode", COMPANY_CURRENCY, 0);
    xml_writer_start(saft->xml, "SelectionCriteria");
    text(saft, "PeriodStart", "1", 0);
    text(saft, "PeriodStartYear", facts->year, 0);
    text(saft, "PeriodEnd", facts->periods, 0);
    text(saft, "PeriodEndYear", facts->year, 0);
    xml_writer_end(saft->xml);
    text(saft, "HeaderComment", facts->comment, LONG);
    text(saft, "TaxAccountingBasis", "A", 0);
    xml_writer_end(saft->xml);
}

struct saft *saft_new(const struct saft_facts *facts, xml_sink_fn *sink, void *ctx)
{
    struct saft *saft = mem_new(1, sizeof(*saft));
    saft->facts = facts;
    saft->xml = xml_writer_new(sink, ctx);
    xml_writer_start(saft->xml, "AuditFile");
    xml_writer_attribute(saft->xml, "xmlns", NAMESPACE);
    xml_writer_attribute(saft->xml, "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
    xml_writer_attribute(saft->xml, "xsi:schemaLocation", NAMESPACE " " SCHEMA_FILE);
    write_header(saft);
    xml_writer_start(saft->xml, "MasterFiles");
    return saft;
}

/* --- master files --- */

static void account_row(struct saft *saft, const struct pg_result *result, int row)
{
    (void)open_part(saft, "GeneralLedgerAccounts");
    xml_writer_start(saft->xml, "Account");
    column(saft, "AccountID", result, row, "account_number", MIDDLE_2);
    column(saft, "AccountDescription", result, row, "account_name", LONG);
    column(saft, "GroupingCategory", result, row, "grouping_category", LONG);
    column(saft, "GroupingCode", result, row, "grouping_code", MIDDLE_1);
    text(saft, "AccountType", "GL", 0);
    balances(saft, result, row);
    xml_writer_end(saft->xml);
    saft->ungrouped += pg_result_bool(result, row, "is_ungrouped");
}

static void party_row(struct saft *saft, const struct pg_result *result, int row, const char *part,
                      const char *element, const char *id)
{
    (void)open_part(saft, part);
    if (begin_group(saft, pg_result_text(result, row, "party_number"))) {
        const char *org_nr = pg_result_text(result, row, "organization_number");
        xml_writer_start(saft->xml, element);
        text(saft, "RegistrationNumber", org_nr && *org_nr ? org_nr : NULL, MIDDLE_1);
        column(saft, "Name", result, row, "party_name", LONG);
        column(saft, id, result, row, "party_number", MIDDLE_1);
    }
    if (!pg_result_text(result, row, "account_number"))
        return;
    xml_writer_start(saft->xml, "BalanceAccount");
    column(saft, "AccountID", result, row, "account_number", MIDDLE_2);
    balances(saft, result, row);
    xml_writer_end(saft->xml);
}

static void customer_row(struct saft *saft, const struct pg_result *result, int row)
{
    party_row(saft, result, row, "Customers", "Customer", "CustomerID");
}

static void supplier_row(struct saft *saft, const struct pg_result *result, int row)
{
    party_row(saft, result, row, "Suppliers", "Supplier", "SupplierID");
}

static void vat_type_row(struct saft *saft, const struct pg_result *result, int row)
{
    if (open_part(saft, "TaxTable")) {
        xml_writer_start(saft->xml, "TaxTableEntry");
        text(saft, "TaxType", "MVA", 0);
        text(saft, "Description", "Merverdiavgift", 0);
    }
    xml_writer_start(saft->xml, "TaxCodeDetails");
    column(saft, "TaxCode", result, row, "vat_code", MIDDLE_2);
    column(saft, "Description", result, row, "vat_name", LONG);
    column(saft, "TaxPercentage", result, row, "percentage", 0);
    text(saft, "Country", "NO", 0);
    column(saft, "StandardTaxCode", result, row, "standard_code", 0);
    text(saft, "BaseRate", "100", 0);
    xml_writer_end(saft->xml);
}

static void vat_type_end(struct saft *saft)
{
    if (saft->is_part_open)
        xml_writer_end(saft->xml); /* TaxTableEntry */
    end_part(saft);
}

static void dimension_row(struct saft *saft, const struct pg_result *result, int row)
{
    (void)open_part(saft, "AnalysisTypeTable");
    xml_writer_start(saft->xml, "AnalysisTypeTableEntry");
    column(saft, "AnalysisType", result, row, "type", CODE);
    column(saft, "AnalysisTypeDescription", result, row, "type_name", LONG);
    column(saft, "AnalysisID", result, row, "number", MIDDLE_1);
    column(saft, "AnalysisIDDescription", result, row, "name", LONG);
    xml_writer_end(saft->xml);
}

/* --- entries --- */

static void lines_begin(struct saft *saft)
{
    xml_writer_end(saft->xml); /* MasterFiles */
    xml_writer_start(saft->xml, "GeneralLedgerEntries");
    text(saft, "NumberOfEntries", saft->facts->vouchers, 0);
    text(saft, "TotalDebit", saft->facts->debit, 0);
    text(saft, "TotalCredit", saft->facts->credit, 0);
}

/* The day a voucher was entered is not in the mirror: its date stands for it. */
static void write_transaction(struct saft *saft, const struct pg_result *result, int row)
{
    xml_writer_start(saft->xml, "Transaction");
    column(saft, "TransactionID", result, row, "transaction_id", MIDDLE_2);
    column(saft, "Period", result, row, "period", 0);
    text(saft, "PeriodYear", saft->facts->year, 0);
    column(saft, "TransactionDate", result, row, "voucher_date", 0);
    column(saft, "VoucherType", result, row, "voucher_type", MIDDLE_2);
    column(saft, "Description", result, row, "voucher_description", LONG);
    column(saft, "SystemEntryDate", result, row, "voucher_date", 0);
    column(saft, "GLPostingDate", result, row, "posting_date", 0);
    column(saft, "SystemID", result, row, "system_id", SHORT);
}

static void analysis(struct saft *saft, const char *type, const char *id)
{
    if (!id)
        return;
    xml_writer_start(saft->xml, "Analysis");
    text(saft, "AnalysisType", type, 0);
    text(saft, "AnalysisID", id, MIDDLE_1);
    xml_writer_end(saft->xml);
}

static void write_amount(struct saft *saft, const struct pg_result *result, int row)
{
    const char *amount = pg_result_text(result, row, "amount");
    const char *currency = pg_result_text(result, row, "currency");
    const char *in_currency = pg_result_text(result, row, "amount_currency");
    xml_writer_start(saft->xml, is_credit(amount) ? "CreditAmount" : "DebitAmount");
    text(saft, "Amount", without_sign(amount), 0);
    if (currency && in_currency && strlen(currency) == CURRENCY_CHARS &&
        strcmp(currency, COMPANY_CURRENCY) != 0) {
        text(saft, "CurrencyCode", currency, 0);
        text(saft, "CurrencyAmount", in_currency, 0);
    }
    xml_writer_end(saft->xml);
}

static void write_tax(struct saft *saft, const struct pg_result *result, int row)
{
    const char *tax = pg_result_text(result, row, "vat_amount");
    if (!pg_result_text(result, row, "vat_code"))
        return;
    xml_writer_start(saft->xml, "TaxInformation");
    text(saft, "TaxType", "MVA", 0);
    column(saft, "TaxCode", result, row, "vat_code", MIDDLE_2);
    column(saft, "TaxPercentage", result, row, "vat_percentage", 0);
    text(saft, "Country", "NO", 0);
    text(saft, "TaxBase", without_sign(pg_result_text(result, row, "amount")), 0);
    xml_writer_start(saft->xml, is_credit(tax) ? "CreditTaxAmount" : "DebitTaxAmount");
    text(saft, "Amount", without_sign(tax), 0);
    xml_writer_end(saft->xml);
    xml_writer_end(saft->xml);
}

static void line_row(struct saft *saft, const struct pg_result *result, int row)
{
    const char *posting_date = pg_result_text(result, row, "posting_date");
    if (open_part(saft, "Journal")) {
        text(saft, "JournalID", "GL", 0);
        text(saft, "Description", "Hovedbok", 0);
        text(saft, "Type", "GL", 0);
    }
    if (begin_group(saft, pg_result_text(result, row, "voucher_id")))
        write_transaction(saft, result, row);
    xml_writer_start(saft->xml, "Line");
    column(saft, "RecordID", result, row, "record_id", SHORT);
    column(saft, "AccountID", result, row, "account_number", MIDDLE_2);
    analysis(saft, "A", pg_result_text(result, row, "department"));
    analysis(saft, "P", pg_result_text(result, row, "project"));
    if (strcmp(posting_date, pg_result_text(result, row, "voucher_date")) != 0)
        text(saft, "ValueDate", posting_date, 0);
    column(saft, "CustomerID", result, row, "customer", MIDDLE_1);
    column(saft, "SupplierID", result, row, "supplier", MIDDLE_1);
    column(saft, "Description", result, row, "description", LONG);
    write_amount(saft, result, row);
    write_tax(saft, result, row);
    column(saft, "ReferenceNumber", result, row, "invoice_number", MIDDLE_1);
    column(saft, "DueDate", result, row, "term_of_payment", 0);
    xml_writer_end(saft->xml);
    saft->lines++;
}

const struct saft_part *saft_parts(size_t *ret_count)
{
    static const struct saft_part PARTS[] = {
        { &SQL_export_accounts, 4, NULL, account_row, end_part },
        { &SQL_export_customers, 3, NULL, customer_row, end_grouped_part },
        { &SQL_export_suppliers, 3, NULL, supplier_row, end_grouped_part },
        { &SQL_export_vat_types, 1, NULL, vat_type_row, vat_type_end },
        { &SQL_export_dimensions, 3, NULL, dimension_row, end_part },
        { &SQL_export_lines, 3, lines_begin, line_row, end_grouped_part },
    };
    *ret_count = ARRAY_LEN(PARTS);
    return PARTS;
}

/* --- the end --- */

int64_t saft_lines(const struct saft *saft)
{
    return saft->lines;
}

int64_t saft_ungrouped(const struct saft *saft)
{
    return saft->ungrouped;
}

int64_t saft_replaced(const struct saft *saft)
{
    return xml_writer_replaced(saft->xml);
}

int64_t saft_cut(const struct saft *saft)
{
    return xml_writer_cut(saft->xml);
}

int saft_is_well(const struct saft *saft)
{
    return xml_writer_is_well(saft->xml);
}

int saft_finish(struct saft *saft, struct err *err)
{
    return xml_writer_finish(saft->xml, err);
}

void saft_free(struct saft *saft)
{
    if (!saft)
        return;
    xml_writer_free(saft->xml);
    free(saft->group);
    free(saft);
}
