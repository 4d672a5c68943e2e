/* The tables of the ledger's models. The order of fields is that of the specification. */
#include "tests/sandbox/model_table.h"

#include <stdio.h>

#include "tests/sandbox/balance.h"
#include "tests/sandbox/out.h"
#include "tests/sandbox/rows.h"

static void write_false(struct out *out, const void *row)
{
    (void)row;
    out_bool(out, false);
}

static void write_zero(struct out *out, const void *row)
{
    (void)row;
    out_int(out, 0);
}

static const char *const POSTING_TYPES[] = { NULL,
                                             "INCOMING_PAYMENT",
                                             "INCOMING_PAYMENT_OPPOSITE",
                                             "INCOMING_INVOICE_CUSTOMER_POSTING",
                                             "INVOICE_EXPENSE",
                                             "OUTGOING_INVOICE_CUSTOMER_POSTING",
                                             "WAGE" };

static const struct field POSTING_FIELDS[] = {
    HEAD,
    REF(posting, "voucher", voucher, MODEL_VOUCHER),
    AT(posting, "date", FIELD_DAY, day),
    AT(posting, "description", FIELD_TEXT, description),
    REF(posting, "account", account, MODEL_ACCOUNT),
    NO_OBJECT("amortizationAccount", MODEL_ACCOUNT),
    NONE("amortizationStartDate"),
    NONE("amortizationEndDate"),
    REF(posting, "customer", customer, MODEL_CUSTOMER),
    REF(posting, "supplier", supplier, MODEL_SUPPLIER),
    REF(posting, "employee", employee, MODEL_EMPLOYEE),
    REF(posting, "project", project, MODEL_PROJECT),
    REF(posting, "product", product, MODEL_PRODUCT),
    REF(posting, "department", department, MODEL_DEPARTMENT),
    REF(posting, "vatType", vat_type, MODEL_VAT_TYPE),
    AT(posting, "amount", FIELD_MONEY, amount),
    AT(posting, "amountCurrency", FIELD_MONEY, amount_currency),
    AT(posting, "amountGross", FIELD_MONEY, amount_gross),
    AT(posting, "amountGrossCurrency", FIELD_MONEY, amount_gross_currency),
    REF(posting, "currency", currency, MODEL_CURRENCY),
    REF(posting, "closeGroup", close_group, MODEL_CLOSE_GROUP),
    AT(posting, "invoiceNumber", FIELD_TEXT, invoice_number),
    AT(posting, "termOfPayment", FIELD_DAY, term_of_payment),
    AT(posting, "row", FIELD_INT, row_number),
    ENUM(posting, "type", type, POSTING_TYPES),
    AT(posting, "externalRef", FIELD_TEXT, external_ref),
    AT(posting, "systemGenerated", FIELD_BOOL, system_generated),
    NONE("taxTransactionType"),
    NONE("taxTransactionTypeId"),
    AT(posting, "matched", FIELD_BOOL, matched),
    NONE("quantityAmount1"),
    NO_OBJECT("quantityType1", MODEL_OPAQUE),
    NONE("quantityAmount2"),
    NO_OBJECT("quantityType2", MODEL_OPAQUE),
    CALL("isVatReadonly", write_false),
    CALL("isAmountVatClosed", write_false),
    CALL("postingRuleId", write_zero),
    REF(posting, "freeAccountingDimension1", dimension[0], MODEL_DIMENSION_VALUE),
    REF(posting, "freeAccountingDimension2", dimension[1], MODEL_DIMENSION_VALUE),
    NO_OBJECT("freeAccountingDimension3", MODEL_DIMENSION_VALUE),
    REF(posting, "asset", asset, MODEL_ASSET),
};
const struct model MODEL_POSTING = MODEL("Posting", "/ledger/posting", POSTING_FIELDS);

static void write_voucher_name(struct out *out, const void *row)
{
    const struct voucher *voucher = row;
    char name[64];
    snprintf(name, sizeof(name), "%d-%d", voucher->number, voucher->year);
    out_text(out, name);
}

static const struct field VOUCHER_FIELDS[] = {
    HEAD,
    AT(voucher, "date", FIELD_DAY, day),
    AT(voucher, "number", FIELD_INT, number),
    CALL("tempNumber", write_zero),
    AT(voucher, "year", FIELD_INT, year),
    AT(voucher, "description", FIELD_TEXT, description),
    REF(voucher, "voucherType", type, MODEL_VOUCHER_TYPE),
    REF(voucher, "reverseVoucher", reverse, MODEL_VOUCHER),
    ROWS(voucher, "postings", postings, MODEL_POSTING),
    REF(voucher, "document", document, MODEL_DOCUMENT),
    REF(voucher, "attachment", attachment, MODEL_DOCUMENT),
    AT(voucher, "externalVoucherNumber", FIELD_TEXT, external_number),
    NO_OBJECT("ediDocument", MODEL_DOCUMENT),
    NONE("supplierVoucherType"),
    CALL("wasAutoMatched", write_false),
    AT(voucher, "vendorInvoiceNumber", FIELD_TEXT, vendor_invoice_number),
    CALL("displayName", write_voucher_name),
    CALL("numberAsString", write_voucher_name),
};
const struct model MODEL_VOUCHER = MODEL("Voucher", "/ledger/voucher", VOUCHER_FIELDS);

static const char *const ACCOUNT_TYPES[] = { "ASSETS",
                                             "EQUITY",
                                             "LIABILITIES",
                                             "OPERATING_REVENUES",
                                             "OPERATING_EXPENSES",
                                             "INVESTMENT_INCOME",
                                             "COST_OF_CAPITAL",
                                             "TAX_ON_ORDINARY_ACTIVITIES",
                                             "ANNUAL_RESULT",
                                             "TRANSFERS_AND_ALLOCATIONS" };
static const char *const LEDGER_TYPES[] = { "GENERAL", "CUSTOMER", "VENDOR", "EMPLOYEE", "ASSET" };

static void write_account_pretty(struct out *out, const void *row)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", ((const struct account *)row)->number);
    out_text(out, text);
}

static void write_account_name(struct out *out, const void *row)
{
    const struct account *account = row;
    char text[300];
    snprintf(text, sizeof(text), "%d %s", account->number, account->name);
    out_text(out, text);
}

static const struct field ACCOUNT_FIELDS[] = {
    HEAD,
    AT(account, "number", FIELD_INT, number),
    CALL("numberPretty", write_account_pretty),
    AT(account, "name", FIELD_TEXT, name),
    NONE("description"),
    ENUM(account, "type", type, ACCOUNT_TYPES),
    NO_ROWS("legalVatTypes", MODEL_VAT_TYPE),
    ENUM(account, "ledgerType", ledger_type, LEDGER_TYPES),
    NONE("balanceGroup"),
    REF(account, "vatType", vat_type, MODEL_VAT_TYPE),
    CALL("vatLocked", write_false),
    REF(account, "currency", currency, MODEL_CURRENCY),
    AT(account, "isCloseable", FIELD_BOOL, is_closeable),
    CALL("isApplicableForSupplierInvoice", write_false),
    AT(account, "requireReconciliation", FIELD_BOOL, requires_reconciliation),
    AT(account, "isInactive", FIELD_BOOL, is_inactive),
    AT(account, "isBankAccount", FIELD_BOOL, is_bank),
    AT(account, "isInvoiceAccount", FIELD_BOOL, is_bank),
    AT(account, "bankAccountNumber", FIELD_TEXT, bank_account_number),
    NO_OBJECT("bankAccountCountry", MODEL_OPAQUE),
    NONE("bankName"),
    NONE("bankAccountIBAN"),
    NONE("bankAccountSWIFT"),
    AT(account, "saftCode", FIELD_TEXT, saft_code),
    AT(account, "groupingCode", FIELD_TEXT, grouping_code),
    CALL("displayName", write_account_name),
    CALL("requiresDepartment", write_false),
    CALL("requiresProject", write_false),
    NO_OBJECT("invoicingDepartment", MODEL_DEPARTMENT),
    NONE("isPostingsExist"),
    NO_OBJECT("quantityType1", MODEL_OPAQUE),
    NO_OBJECT("quantityType2", MODEL_OPAQUE),
    NO_OBJECT("department", MODEL_DEPARTMENT),
    { "#isBalance", FIELD_EXTRA, offsetof(struct account, is_balance), NULL, NULL, NULL },
};
const struct model MODEL_ACCOUNT = MODEL("Account", "/ledger/account", ACCOUNT_FIELDS);

static const struct field ANNUAL_ACCOUNT_FIELDS[] = {
    HEAD,
    AT(annual_account, "year", FIELD_INT, year),
    AT(annual_account, "start", FIELD_DAY, start),
    AT(annual_account, "end", FIELD_DAY, shown_end),
};
const struct model MODEL_ANNUAL_ACCOUNT = MODEL("AnnualAccount", "/ledger/annualAccount",
                                                ANNUAL_ACCOUNT_FIELDS);

static const struct field PERIOD_FIELDS[] = {
    HEAD,
    AT(period, "name", FIELD_TEXT, name),
    AT(period, "number", FIELD_INT, number),
    AT(period, "start", FIELD_DAY, start),
    AT(period, "end", FIELD_DAY, shown_end),
    AT(period, "isClosed", FIELD_BOOL, is_closed),
    NONE("checkLedgerLogEmployeeName"),
    CALL("checkLedgerLogEmployeePictureId", write_zero),
    NONE("checkLedgerLogTime"),
    NONE("checkWageLogEmployeeName"),
    CALL("checkWageLogEmployeePictureId", write_zero),
    NONE("checkWageLogTime"),
};
const struct model MODEL_PERIOD = MODEL("AccountingPeriod", "/ledger/accountingPeriod",
                                        PERIOD_FIELDS);

static const struct field VOUCHER_TYPE_FIELDS[] = {
    HEAD,
    AT(voucher_type, "name", FIELD_TEXT, name),
    AT(voucher_type, "displayName", FIELD_TEXT, name),
};
const struct model MODEL_VOUCHER_TYPE = MODEL("VoucherType", "/ledger/voucherType",
                                              VOUCHER_TYPE_FIELDS);

static const struct field VAT_TYPE_FIELDS[] = {
    HEAD,
    AT(vat_type, "name", FIELD_TEXT, name),
    AT(vat_type, "number", FIELD_TEXT, number),
    AT(vat_type, "displayName", FIELD_TEXT, name),
    AT(vat_type, "percentage", FIELD_MONEY, percentage),
    AT(vat_type, "deductionPercentage", FIELD_MONEY, deduction),
    NO_OBJECT("parentType", MODEL_VAT_TYPE),
    { "#isOutgoing", FIELD_EXTRA, offsetof(struct vat_type, is_outgoing), NULL, NULL, NULL },
};
const struct model MODEL_VAT_TYPE = MODEL("VatType", "/ledger/vatType", VAT_TYPE_FIELDS);

static const struct field CLOSE_GROUP_FIELDS[] = {
    HEAD,
    AT(close_group, "date", FIELD_DAY, day),
    ROWS(close_group, "postings", postings, MODEL_POSTING),
};
const struct model MODEL_CLOSE_GROUP = MODEL("CloseGroup", "/ledger/closeGroup",
                                             CLOSE_GROUP_FIELDS);

static const struct field BALANCE_FIELDS[] = {
    REF(balance_row, "account", account, MODEL_ACCOUNT),
    AT(balance_row, "balanceIn", FIELD_MONEY, balance_in),
    AT(balance_row, "balanceChange", FIELD_MONEY, balance_change),
    AT(balance_row, "balanceOut", FIELD_MONEY, balance_out),
    AT(balance_row, "startDate", FIELD_DAY, start),
    AT(balance_row, "endDate", FIELD_DAY, end),
};
const struct model MODEL_BALANCE = MODEL("BalanceSheetAccount", "/balanceSheet", BALANCE_FIELDS);
