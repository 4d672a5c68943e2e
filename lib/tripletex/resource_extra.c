/* What the reporting tools read beyond saldo and postings. A list that may pass the 10,000 rows of
 * the API is asked in parts, and each part is merged by itself. */
#include <string.h>

#include "lib/tripletex/resource_internal.h"

static const struct json_column OPEN_POST_COLUMNS[] = {
    { "id", "posting_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "voucher.id", "voucher_id", JSON_ID, 0 },
    { "voucher.year", "voucher_year", JSON_INT, 0 },
    { "voucher.number", "voucher_number", JSON_INT, 0 },
    { "date", "posting_date", JSON_DATE, 1 },
    { "account.id", "account_id", JSON_ID, 1 },
    { "amount", "amount", JSON_MONEY, 1 },
    { "amountCurrency", "amount_currency", JSON_MONEY, 0 },
    { "currency.code", "currency", JSON_TEXT, 0 },
    { "description", "description", JSON_TEXT, 0 },
    { "customer.id", "customer_id", JSON_ID, 0 },
    { "supplier.id", "supplier_id", JSON_ID, 0 },
    { "employee.id", "employee_id", JSON_ID, 0 },
    { "department.id", "department_id", JSON_ID, 0 },
    { "project.id", "project_id", JSON_ID, 0 },
    { "invoiceNumber", "invoice_number", JSON_TEXT, 0 },
    { "termOfPayment", "term_of_payment", JSON_DATE, 0 },
};

static const struct json_column CLOSE_GROUP_COLUMNS[] = {
    { "id", "close_group_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "date", "close_date", JSON_DATE, 0 },
    { "postings.id", "posting_ids", JSON_ID_LIST, 0 },
};

static const struct json_column BANK_STATEMENT_COLUMNS[] = {
    { "id", "bank_statement_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "fromDate", "from_date", JSON_DATE, 0 },
    { "toDate", "to_date", JSON_DATE, 0 },
    { "openingBalanceCurrency", "opening_balance_currency", JSON_MONEY, 0 },
    { "closingBalanceCurrency", "closing_balance_currency", JSON_MONEY, 0 },
    { "bank.name", "bank_name", JSON_TEXT, 0 },
    { "fileName", "file_name", JSON_TEXT, 0 },
};

static const struct json_column BANK_TRANSACTION_COLUMNS[] = {
    { "id", "bank_transaction_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "postedDate", "posted_date", JSON_DATE, 0 },
    { "description", "description", JSON_TEXT, 0 },
    { "amountCurrency", "amount_currency", JSON_MONEY, 0 },
    { "account.id", "account_id", JSON_ID, 0 },
    { "matched", "matched", JSON_BOOL, 0 },
    { "matchType", "match_type", JSON_TEXT, 0 },
    { "paymentId", "payment_id", JSON_TEXT, 0 },
};

static const struct json_column BANK_RECONCILIATION_COLUMNS[] = {
    { "id", "bank_reconciliation_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "account.id", "account_id", JSON_ID, 0 },
    { "accountingPeriod.id", "accounting_period_id", JSON_ID, 0 },
    { "voucher.id", "voucher_id", JSON_ID, 0 },
    { "type", "type", JSON_TEXT, 0 },
    { "bankAccountClosingBalanceCurrency", "closing_balance_currency", JSON_MONEY, 0 },
    { "isClosed", "is_closed", JSON_BOOL, 0 },
    { "closedDate", "closed_date", JSON_TEXT, 0 },
    { "closedByEmployee.id", "closed_by_employee_id", JSON_ID, 0 },
};

static const struct json_column BANK_MATCH_COLUMNS[] = {
    { "id", "bank_match_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "bankReconciliation.id", "bank_reconciliation_id", JSON_ID, 0 },
    { "type", "type", JSON_TEXT, 0 },
    { "transactions.id", "transaction_ids", JSON_ID_LIST, 0 },
    { "postings.id", "posting_ids", JSON_ID_LIST, 0 },
};

static const struct json_column ASSET_COLUMNS[] = {
    { "id", "asset_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "name", "name", JSON_TEXT, 0 },
    { "description", "description", JSON_TEXT, 0 },
    { "dateOfAcquisition", "acquisition_date", JSON_DATE, 0 },
    { "acquisitionCost", "acquisition_cost", JSON_MONEY, 0 },
    { "account.id", "account_id", JSON_ID, 0 },
    { "depreciationAccount.id", "depreciation_account_id", JSON_ID, 0 },
    { "incomingBalance", "incoming_balance", JSON_MONEY, 0 },
    { "lifetime", "lifetime_months", JSON_INT, 0 },
    { "status", "status", JSON_TEXT, 0 },
    { "depreciationMethod", "depreciation_method", JSON_TEXT, 0 },
    { "depreciationFrom", "depreciation_from", JSON_DATE, 0 },
    { "depreciationRate", "depreciation_rate", JSON_MONEY, 0 },
    { "accumulatedDepreciation", "accumulated_depreciation", JSON_MONEY, 0 },
    { "annualDepreciation", "annual_depreciation", JSON_MONEY, 0 },
    { "improvements", "improvements", JSON_MONEY, 0 },
    { "newHires", "additions", JSON_MONEY, 0 },
    { "salesAndOtherRealizations", "disposals", JSON_MONEY, 0 },
    { "saleDate", "sale_date", JSON_DATE, 0 },
    { "accountingRelatedProfitOrLoss", "profit_or_loss", JSON_MONEY, 0 },
    { "balanceIn", "balance_in", JSON_MONEY, 0 },
    { "balanceChange", "balance_change", JSON_MONEY, 0 },
    { "balanceOut", "balance_out", JSON_MONEY, 0 },
    { "department.id", "department_id", JSON_ID, 0 },
    { "project.id", "project_id", JSON_ID, 0 },
};

static const struct json_column ASSET_POSTING_COLUMNS[] = {
    { "id", "posting_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "voucher.id", "voucher_id", JSON_ID, 0 },
    { "date", "posting_date", JSON_DATE, 1 },
    { "account.id", "account_id", JSON_ID, 1 },
    { "amount", "amount", JSON_MONEY, 1 },
    { "description", "description", JSON_TEXT, 0 },
};

/* Which id a row of a budget has is nowhere said: account and period tell rows apart. */
static const struct json_column BUDGET_COLUMNS[] = {
    { "account.id", "account_id", JSON_ID, 1 },
    { "accountingPeriod.id", "accounting_period_id", JSON_ID, 1 },
    { "amount", "amount", JSON_MONEY, 0 },
};

static const struct json_column NON_POSTED_VOUCHER_COLUMNS[] = {
    { "id", "voucher_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "date", "voucher_date", JSON_DATE, 0 },
    { "number", "number", JSON_INT, 0 },
    { "tempNumber", "temporary_number", JSON_INT, 0 },
    { "year", "year", JSON_INT, 0 },
    { "description", "description", JSON_TEXT, 0 },
    { "voucherType.id", "voucher_type_id", JSON_ID, 0 },
    { "externalVoucherNumber", "external_number", JSON_TEXT, 0 },
    { "vendorInvoiceNumber", "invoice_number", JSON_TEXT, 0 },
    { "document.id", "document_id", JSON_ID, 0 },
    { "attachment.id", "attachment_id", JSON_ID, 0 },
};

static const struct json_column DIMENSION_COLUMNS[] = {
    { "id", "dimension_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "dimensionIndex", "dimension_index", JSON_INT, 0 },
    { "dimensionName", "name", JSON_TEXT, 0 },
    { "description", "description", JSON_TEXT, 0 },
    { "active", "is_active", JSON_BOOL, 0 },
};

static const struct json_column DIMENSION_VALUE_COLUMNS[] = {
    { "id", "dimension_value_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "dimensionIndex", "dimension_index", JSON_INT, 0 },
    { "number", "number", JSON_TEXT, 0 },
    { "displayName", "name", JSON_TEXT, 0 },
    { "active", "is_active", JSON_BOOL, 0 },
};

static const struct json_column PRODUCT_COLUMNS[] = {
    { "id", "product_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "number", "number", JSON_TEXT, 0 },
    { "name", "name", JSON_TEXT, 0 },
    { "isInactive", "is_inactive", JSON_BOOL, 0 },
};

static const struct json_column SALES_MODULE_COLUMNS[] = {
    { "name", "name", JSON_TEXT, 1 },
    { "costStartDate", "cost_start_date", JSON_TEXT, 0 },
};

/* The address may hold tokens of whoever made the subscription: it is not read. */
static const struct json_column SUBSCRIPTION_COLUMNS[] = {
    { "id", "subscription_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "event", "event", JSON_TEXT, 0 },
    { "status", "status", JSON_TEXT, 0 },
};

const struct resource RESOURCE_EXTRAS[] = {
    { .name = "dimension",
      .path = "/ledger/accountingDimensionName",
      .sorting = "id",
      RESOURCE_COLUMNS(DIMENSION_COLUMNS) },
    { .name = "dimension_value",
      .path = "/ledger/accountingDimensionValue/search",
      .sorting = "id",
      RESOURCE_COLUMNS(DIMENSION_VALUE_COLUMNS) },
    { .name = "customer_named",
      .path = "/customer",
      .sorting = "id",
      .has_parts = 1,
      .may_run_dry = 1,
      RESOURCE_COLUMNS(CUSTOMER_COLUMNS) },
    { .name = "supplier_named",
      .path = "/supplier",
      .sorting = "id",
      .has_parts = 1,
      .may_run_dry = 1,
      RESOURCE_COLUMNS(SUPPLIER_COLUMNS) },
    { .name = "open_post",
      .path = "/ledger/posting/openPost",
      .id_column = -1,
      .has_parts = 1,
      .may_run_dry = 1,
      RESOURCE_COLUMNS(OPEN_POST_COLUMNS) },
    { .name = "close_group",
      .path = "/ledger/closeGroup",
      .sorting = "id",
      .has_parts = 1,
      RESOURCE_COLUMNS(CLOSE_GROUP_COLUMNS) },
    { .name = "bank_statement",
      .path = "/bank/statement",
      .sorting = "id",
      RESOURCE_COLUMNS(BANK_STATEMENT_COLUMNS) },
    { .name = "bank_transaction",
      .path = "/bank/statement/transaction",
      .sorting = "id",
      .has_parts = 1,
      RESOURCE_COLUMNS(BANK_TRANSACTION_COLUMNS) },
    { .name = "bank_reconciliation",
      .path = "/bank/reconciliation",
      .sorting = "id",
      RESOURCE_COLUMNS(BANK_RECONCILIATION_COLUMNS) },
    { .name = "bank_match",
      .path = "/bank/reconciliation/match",
      .sorting = "id",
      .has_parts = 1,
      RESOURCE_COLUMNS(BANK_MATCH_COLUMNS) },
    { .name = "asset", .path = "/asset", .sorting = "id", RESOURCE_COLUMNS(ASSET_COLUMNS) },
    { .name = "asset_posting",
      .path = "/asset/{id}/postings",
      .sorting = "id",
      .has_parts = 1,
      RESOURCE_COLUMNS(ASSET_POSTING_COLUMNS) },
    { .name = "budget",
      .path = "/resultbudget/company",
      .id_column = -1,
      .has_parts = 1,
      RESOURCE_COLUMNS(BUDGET_COLUMNS) },
    { .name = "non_posted_voucher",
      .path = "/ledger/voucher/%3EnonPosted",
      .sorting = "id",
      .filter = "includeNonApproved=true",
      .may_run_dry = 1,
      RESOURCE_COLUMNS(NON_POSTED_VOUCHER_COLUMNS) },
    { .name = "product", .path = "/product", .sorting = "id", RESOURCE_COLUMNS(PRODUCT_COLUMNS) },
    { .name = "sales_module",
      .path = "/company/salesmodules",
      .id_column = -1,
      RESOURCE_COLUMNS(SALES_MODULE_COLUMNS) },
    { .name = "subscription",
      .path = "/event/subscription",
      .sorting = "id",
      .may_run_dry = 1,
      RESOURCE_COLUMNS(SUBSCRIPTION_COLUMNS) },
    { .name = NULL },
};

const struct resource *resource_find_extra(const char *name, size_t len)
{
    for (const struct resource *extra = RESOURCE_EXTRAS; extra->name; extra++) {
        if (strlen(extra->name) == len && memcmp(extra->name, name, len) == 0)
            return extra;
    }
    return NULL;
}
