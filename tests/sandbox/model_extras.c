/* The tables of what lies beyond the ledger. The order of fields is that of the specification. */
#include "tests/sandbox/model_table.h"

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

static const struct field DIMENSION_FIELDS[] = {
    HEAD,
    AT(dimension, "dimensionName", FIELD_TEXT, name),
    NONE("description"),
    AT(dimension, "dimensionIndex", FIELD_INT, index),
    AT(dimension, "active", FIELD_BOOL, is_active),
};
const struct model MODEL_DIMENSION = MODEL("AccountingDimensionName",
                                           "/ledger/accountingDimensionName", DIMENSION_FIELDS);

static const struct field DIMENSION_VALUE_FIELDS[] = {
    HEAD,
    AT(dimension_value, "displayName", FIELD_TEXT, name),
    AT(dimension_value, "nameAndNumber", FIELD_TEXT, name),
    AT(dimension_value, "dimensionIndex", FIELD_INT, index),
    AT(dimension_value, "active", FIELD_BOOL, is_active),
    AT(dimension_value, "number", FIELD_TEXT, own),
    CALL("showInVoucherRegistration", write_false),
    AT(dimension_value, "position", FIELD_INT, position),
};
const struct model MODEL_DIMENSION_VALUE = MODEL(
    "AccountingDimensionValue", "/ledger/accountingDimensionValue", DIMENSION_VALUE_FIELDS);

static void write_pdf(struct out *out, const void *row)
{
    (void)row;
    out_text(out, "application/pdf");
}

static const struct field DOCUMENT_FIELDS[] = {
    HEAD,
    AT(document, "fileName", FIELD_TEXT, own),
    AT(document, "size", FIELD_INT, size),
    CALL("mimeType", write_pdf),
};
const struct model MODEL_DOCUMENT = MODEL("Document", "/document", DOCUMENT_FIELDS);

static void write_method(struct out *out, const void *row)
{
    (void)row;
    out_text(out, "STRAIGHT_LINE");
}

static void write_ready(struct out *out, const void *row)
{
    (void)row;
    out_text(out, "READY_TO_DEPRECIATE");
}

static const struct field ASSET_FIELDS[] = {
    HEAD,
    AT(asset, "name", FIELD_TEXT, own),
    AT(asset, "displayName", FIELD_TEXT, own),
    NONE("description"),
    AT(asset, "dateOfAcquisition", FIELD_DAY, acquired),
    AT(asset, "acquisitionCost", FIELD_MONEY, cost),
    REF(asset, "account", account, MODEL_ACCOUNT),
    CALL("incomingBalance", write_zero),
    AT(asset, "lifetime", FIELD_INT, lifetime),
    CALL("status", write_ready),
    AT(asset, "depreciationRemainingValue", FIELD_MONEY, balance_out),
    REF(asset, "depreciationAccount", depreciation_account, MODEL_ACCOUNT),
    CALL("hasHistoryFromExternalSystem", write_false),
    NONE("externalLastDepreciation"),
    NONE("externalLastAccountedValue"),
    NONE("externalAccumulatedDepreciation"),
    CALL("depreciationMethod", write_method),
    AT(asset, "depreciationFrom", FIELD_DAY, acquired),
    AT(asset, "accumulatedDepreciation", FIELD_MONEY, depreciated),
    AT(asset, "depreciationRate", FIELD_MONEY, rate),
    REF(asset, "department", department, MODEL_DEPARTMENT),
    NO_OBJECT("project", MODEL_PROJECT),
    CALL("startingBalance", write_zero),
    AT(asset, "balanceIn", FIELD_MONEY, balance_in),
    AT(asset, "balanceOut", FIELD_MONEY, balance_out),
    AT(asset, "balanceChange", FIELD_MONEY, balance_change),
    AT(asset, "depreciationBasis", FIELD_MONEY, cost),
    AT(asset, "numberOfMonths", FIELD_INT, lifetime),
    CALL("annualDepreciation", write_zero),
    CALL("depreciationDiscrepancy", write_zero),
    CALL("depreciationAmount", write_zero),
    AT(asset, "totalDepreciationAmount", FIELD_MONEY, depreciated),
    CALL("improvements", write_zero),
    AT(asset, "newHires", FIELD_MONEY, cost),
    CALL("salesAndOtherRealizations", write_zero),
    NONE("saleDate"),
    CALL("accountingRelatedProfitOrLoss", write_zero),
};
const struct model MODEL_ASSET = MODEL("Asset", "/asset", ASSET_FIELDS);

static const struct field BANK_STATEMENT_FIELDS[] = {
    HEAD,
    AT(bank_statement, "openingBalanceCurrency", FIELD_MONEY, opening),
    AT(bank_statement, "closingBalanceCurrency", FIELD_MONEY, closing),
    AT(bank_statement, "fileName", FIELD_TEXT, own),
    NO_OBJECT("bank", MODEL_OPAQUE),
    AT(bank_statement, "fromDate", FIELD_DAY, from),
    AT(bank_statement, "toDate", FIELD_DAY, to),
    ROWS(bank_statement, "transactions", transactions, MODEL_BANK_TRANSACTION),
};
const struct model MODEL_BANK_STATEMENT = MODEL("BankStatement", "/bank/statement",
                                                BANK_STATEMENT_FIELDS);

static void write_match_type(struct out *out, const void *row)
{
    const struct bank_transaction *transaction = row;
    out_text(out, transaction->is_matched ? "ONE_TRANSACTION_TO_ONE_POSTING" : "NO_MATCH");
}

static const struct field BANK_TRANSACTION_FIELDS[] = {
    HEAD,
    AT(bank_transaction, "postedDate", FIELD_DAY, day),
    AT(bank_transaction, "description", FIELD_TEXT, own),
    AT(bank_transaction, "amountCurrency", FIELD_MONEY, amount),
    REF(bank_transaction, "bankStatement", statement, MODEL_BANK_STATEMENT),
    REF(bank_transaction, "account", account, MODEL_ACCOUNT),
    NO_ROWS("groupedPostings", MODEL_OPAQUE),
    CALL("matchType", write_match_type),
    NONE("companyId"),
    AT(bank_transaction, "matched", FIELD_BOOL, is_matched),
    NONE("bankReconciliationMatchSum"),
    NONE("paymentId"),
    NO_OBJECT("sourceVoucher", MODEL_VOUCHER),
};
const struct model MODEL_BANK_TRANSACTION = MODEL("BankTransaction", "/bank/statement/transaction",
                                                  BANK_TRANSACTION_FIELDS);

static void write_manual(struct out *out, const void *row)
{
    (void)row;
    out_text(out, "MANUAL");
}

static const struct field BANK_RECONCILIATION_FIELDS[] = {
    HEAD,
    REF(bank_reconciliation, "account", account, MODEL_ACCOUNT),
    REF(bank_reconciliation, "accountingPeriod", period, MODEL_PERIOD),
    NO_OBJECT("voucher", MODEL_VOUCHER),
    NO_ROWS("transactions", MODEL_BANK_TRANSACTION),
    AT(bank_reconciliation, "isClosed", FIELD_BOOL, is_closed),
    CALL("type", write_manual),
    AT(bank_reconciliation, "bankAccountClosingBalanceCurrency", FIELD_MONEY, closing),
    AT(bank_reconciliation, "closedDate", FIELD_DAY, closed),
    NO_OBJECT("closedByContact", MODEL_OPAQUE),
    REF(bank_reconciliation, "closedByEmployee", closed_by, MODEL_EMPLOYEE),
    CALL("approvable", write_false),
    CALL("autoPayReconciliation", write_false),
    NO_OBJECT("attachment", MODEL_DOCUMENT),
};
const struct model MODEL_BANK_RECONCILIATION = MODEL("BankReconciliation", "/bank/reconciliation",
                                                     BANK_RECONCILIATION_FIELDS);

/* Named by its id alone: it may be gone from the ledger. */
static void write_match_postings(struct out *out, const void *row)
{
    out_raw(out, "[{\"id\":");
    out_int(out, ((const struct bank_match *)row)->posting_id);
    out_raw(out, "}]");
}

static const struct field BANK_MATCH_FIELDS[] = {
    HEAD,
    REF(bank_match, "bankReconciliation", reconciliation, MODEL_BANK_RECONCILIATION),
    CALL("type", write_manual),
    ROWS(bank_match, "transactions", transactions, MODEL_BANK_TRANSACTION),
    { "postings", FIELD_CALL, 0, &MODEL_POSTING, NULL, write_match_postings },
};
const struct model MODEL_BANK_MATCH = MODEL("BankReconciliationMatch", "/bank/reconciliation/match",
                                            BANK_MATCH_FIELDS);

static void write_company_budget(struct out *out, const void *row)
{
    (void)row;
    out_text(out, "COMPANY");
}

static const struct field BUDGET_FIELDS[] = {
    HEAD,
    REF(budget_row, "account", account, MODEL_ACCOUNT),
    REF(budget_row, "accountingPeriod", period, MODEL_PERIOD),
    AT(budget_row, "amount", FIELD_MONEY, amount),
    NO_OBJECT("department", MODEL_DEPARTMENT),
    NO_OBJECT("project", MODEL_PROJECT),
    NO_OBJECT("product", MODEL_PRODUCT),
    NO_OBJECT("employee", MODEL_EMPLOYEE),
    CALL("resultBudgetType", write_company_budget),
    { "#year", FIELD_INT, offsetof(struct budget_row, year), NULL, NULL, NULL },
};
const struct model MODEL_BUDGET = MODEL("ResultBudget", "/resultbudget/company", BUDGET_FIELDS);

static const struct field DRAFT_VOUCHER_FIELDS[] = {
    HEAD,
    AT(draft_voucher, "date", FIELD_DAY, day),
    CALL("number", write_zero),
    AT(draft_voucher, "tempNumber", FIELD_INT, temporary_number),
    CALL("year", write_zero),
    AT(draft_voucher, "description", FIELD_TEXT, description),
    REF(draft_voucher, "voucherType", type, MODEL_VOUCHER_TYPE),
    NO_OBJECT("reverseVoucher", MODEL_VOUCHER),
    NO_ROWS("postings", MODEL_POSTING),
    REF(draft_voucher, "document", document, MODEL_DOCUMENT),
    NO_OBJECT("attachment", MODEL_DOCUMENT),
    NONE("externalVoucherNumber"),
    NO_OBJECT("ediDocument", MODEL_DOCUMENT),
    NONE("supplierVoucherType"),
    CALL("wasAutoMatched", write_false),
    AT(draft_voucher, "vendorInvoiceNumber", FIELD_TEXT, own),
    NONE("displayName"),
    NONE("numberAsString"),
};
const struct model MODEL_DRAFT_VOUCHER = MODEL("Voucher", "/ledger/voucher", DRAFT_VOUCHER_FIELDS);

static const struct field SALES_MODULE_FIELDS[] = {
    AT(sales_module, "name", FIELD_TEXT, name),
    AT(sales_module, "costStartDate", FIELD_DAY, cost_start),
};
const struct model MODEL_SALES_MODULE = MODEL("SalesModule", "/company/salesmodules",
                                              SALES_MODULE_FIELDS);

static const char *const STATUSES[] = { "ACTIVE", "DISABLED", "DISABLED_TOO_MANY_ERRORS",
                                        "DISABLED_RATE_LIMIT_EXCEEDED", "DISABLED_MISUSE" };

static const struct field SUBSCRIPTION_FIELDS[] = {
    HEAD,
    AT(subscription, "event", FIELD_TEXT, event),
    NONE("targetUrl"),
    NONE("fields"),
    ENUM(subscription, "status", status, STATUSES),
    NONE("authHeaderName"),
    NONE("authHeaderValue"),
    NONE("hmacSharedSecret"),
};
const struct model MODEL_SUBSCRIPTION = MODEL("Subscription", "/event/subscription",
                                              SUBSCRIPTION_FIELDS);
