/* Names, types and defaults are those of the specification, in its order. */
#include "tests/sandbox/params_table.h"

#include "tests/sandbox/company.h"
#include "tests/sandbox/model.h"

#define NONE(name, type)                                                                           \
    {                                                                                              \
        name, type, false, USE_NONE, NULL, NULL                                                    \
    }
#define MUST(name, type)                                                                           \
    {                                                                                              \
        name, type, true, USE_NONE, NULL, NULL                                                     \
    }
#define USE(name, type, use, field)                                                                \
    {                                                                                              \
        name, type, false, use, field, NULL                                                        \
    }
#define WORDS(name, use, field, list)                                                              \
    {                                                                                              \
        name, PARAM_ENUM, false, use, field, list                                                  \
    }
#define DEFAULT(name, type, use, field, value)                                                     \
    {                                                                                              \
        name, type, false, use, field, value                                                       \
    }
#define PAGE                                                                                       \
    { "from", PARAM_INT64, false, USE_NONE, NULL, "0" },                                           \
        { "count", PARAM_INT64, false, USE_NONE, NULL, "1000" }, NONE("sorting", PARAM_TEXT),      \
        NONE("fields", PARAM_TEXT),                                                                \
    {                                                                                              \
        NULL, PARAM_TEXT, false, USE_NONE, NULL, NULL                                              \
    }

static const struct param CLIENT_PARAMS[] = { PAGE };

#define POSTING_FILTERS                                                                            \
    USE("accountId", PARAM_INT64, USE_EQUAL, "account"),                                           \
        USE("supplierId", PARAM_INT64, USE_EQUAL, "supplier"),                                     \
        USE("customerId", PARAM_INT64, USE_EQUAL, "customer"),                                     \
        USE("employeeId", PARAM_INT64, USE_EQUAL, "employee"),                                     \
        USE("departmentId", PARAM_INT64, USE_EQUAL, "department"),                                 \
        USE("projectId", PARAM_INT64, USE_EQUAL, "project"),                                       \
        USE("productId", PARAM_INT64, USE_EQUAL, "product"),                                       \
        USE("accountNumberFrom", PARAM_INT32, USE_FROM, "account.number"),                         \
        USE("accountNumberTo", PARAM_INT32, USE_UP_TO, "account.number"),                          \
        NONE("accountingDimensionValue1Id", PARAM_INT64),                                          \
        NONE("accountingDimensionValue2Id", PARAM_INT64),                                          \
        NONE("accountingDimensionValue3Id", PARAM_INT64)

static const struct param POSTING_PARAMS[] = {
    MUST("dateFrom", PARAM_DAY),
    MUST("dateTo", PARAM_DAY),
    NONE("openPostings", PARAM_TEXT),
    POSTING_FILTERS,
    WORDS("type", USE_EQUAL, "type",
          "INCOMING_PAYMENT INCOMING_PAYMENT_OPPOSITE INCOMING_INVOICE_CUSTOMER_POSTING "
          "INVOICE_EXPENSE OUTGOING_INVOICE_CUSTOMER_POSTING WAGE"),
    PAGE
};
static const struct param BY_DATE_PARAMS[] = { MUST("dateFrom", PARAM_DAY),
                                               MUST("dateTo", PARAM_DAY), PAGE };
static const struct param OPEN_POST_PARAMS[] = { MUST("date", PARAM_DAY), POSTING_FILTERS,
                                                 NONE("sorted", PARAM_BOOL), PAGE };
static const struct param VOUCHER_PARAMS[] = { USE("id", PARAM_IDS, USE_ONE_OF, "id"),
                                               USE("number", PARAM_IDS, USE_ONE_OF, "number"),
                                               USE("numberFrom", PARAM_INT32, USE_FROM, "number"),
                                               USE("numberTo", PARAM_INT32, USE_BEFORE, "number"),
                                               USE("typeId", PARAM_IDS, USE_ONE_OF, "voucherType"),
                                               MUST("dateFrom", PARAM_DAY),
                                               MUST("dateTo", PARAM_DAY),
                                               PAGE };
static const struct param ACCOUNT_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"),
    USE("number", PARAM_IDS, USE_ONE_OF, "number"),
    USE("isBankAccount", PARAM_BOOL, USE_EQUAL, "isBankAccount"),
    USE("isInactive", PARAM_BOOL, USE_EQUAL, "isInactive"),
    NONE("isApplicableForSupplierInvoice", PARAM_BOOL),
    WORDS("ledgerType", USE_EQUAL, "ledgerType", "GENERAL CUSTOMER VENDOR EMPLOYEE ASSET"),
    USE("isBalanceAccount", PARAM_BOOL, USE_EQUAL, "#isBalance"),
    USE("saftCode", PARAM_TEXT, USE_EQUAL, "saftCode"),
    PAGE
};
static const struct param ANNUAL_ACCOUNT_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"), USE("yearFrom", PARAM_INT32, USE_FROM, "year"),
    USE("yearTo", PARAM_INT32, USE_BEFORE, "year"), PAGE
};
static const struct param PERIOD_PARAMS[] = { USE("id", PARAM_IDS, USE_ONE_OF, "id"),
                                              USE("numberFrom", PARAM_INT32, USE_FROM, "number"),
                                              USE("numberTo", PARAM_INT32, USE_BEFORE, "number"),
                                              USE("startFrom", PARAM_DAY, USE_FROM, "start"),
                                              USE("startTo", PARAM_DAY, USE_BEFORE, "start"),
                                              USE("endFrom", PARAM_DAY, USE_FROM, "end"),
                                              USE("endTo", PARAM_DAY, USE_BEFORE, "end"),
                                              { "count", PARAM_INT32, false, USE_NONE, NULL,
                                                "1400" },
                                              PAGE };
static const struct param VOUCHER_TYPE_PARAMS[] = { USE("name", PARAM_TEXT, USE_HAS, "name"),
                                                    PAGE };
static const struct param VAT_TYPE_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"),
    USE("number", PARAM_IDS, USE_ONE_OF, "number"),
    WORDS("typeOfVat", USE_NONE, NULL, "OUTGOING INCOMING INCOMING_INVOICE PROJECT LEDGER"),
    NONE("vatDate", PARAM_DAY),
    NONE("shouldIncludeSpecificationTypes", PARAM_BOOL),
    PAGE
};
static const struct param DEPARTMENT_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"),
    USE("name", PARAM_TEXT, USE_HAS, "name"),
    USE("departmentNumber", PARAM_TEXT, USE_HAS, "departmentNumber"),
    NONE("departmentManagerId", PARAM_IDS),
    USE("isInactive", PARAM_BOOL, USE_EQUAL, "isInactive"),
    PAGE
};
static const struct param PROJECT_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"),
    USE("name", PARAM_TEXT, USE_HAS, "name"),
    USE("number", PARAM_TEXT, USE_EQUAL, "number"),
    NONE("isOffer", PARAM_BOOL),
    USE("projectManagerId", PARAM_IDS, USE_ONE_OF, "projectManager"),
    NONE("customerAccountManagerId", PARAM_IDS),
    NONE("employeeInProjectId", PARAM_IDS),
    USE("departmentId", PARAM_IDS, USE_ONE_OF, "department"),
    USE("startDateFrom", PARAM_DAY, USE_FROM, "startDate"),
    USE("startDateTo", PARAM_DAY, USE_BEFORE, "startDate"),
    USE("endDateFrom", PARAM_DAY, USE_FROM, "endDate"),
    USE("endDateTo", PARAM_DAY, USE_BEFORE, "endDate"),
    USE("isClosed", PARAM_BOOL, USE_EQUAL, "isClosed"),
    NONE("isFixedPrice", PARAM_BOOL),
    USE("customerId", PARAM_IDS, USE_ONE_OF, "customer"),
    NONE("externalAccountsNumber", PARAM_TEXT),
    NONE("includeRecentlyClosed", PARAM_BOOL),
    PAGE
};
static const struct param CUSTOMER_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"),
    USE("customerAccountNumber", PARAM_IDS, USE_ONE_OF, "customerNumber"),
    USE("organizationNumber", PARAM_TEXT, USE_EQUAL, "organizationNumber"),
    USE("email", PARAM_TEXT, USE_EQUAL, "email"),
    NONE("invoiceEmail", PARAM_TEXT),
    USE("customerName", PARAM_TEXT, USE_HAS, "name"),
    NONE("phoneNumberMobile", PARAM_TEXT),
    DEFAULT("isInactive", PARAM_BOOL, USE_EQUAL, "isInactive", "false"),
    NONE("accountManagerId", PARAM_IDS),
    USE("changedSince", PARAM_TEXT, USE_SINCE, "#changed"),
    PAGE
};
static const struct param SUPPLIER_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"),
    USE("supplierNumber", PARAM_IDS, USE_ONE_OF, "supplierNumber"),
    USE("organizationNumber", PARAM_TEXT, USE_EQUAL, "organizationNumber"),
    USE("email", PARAM_TEXT, USE_EQUAL, "email"),
    NONE("invoiceEmail", PARAM_TEXT),
    DEFAULT("isInactive", PARAM_BOOL, USE_EQUAL, "isInactive", "false"),
    NONE("accountManagerId", PARAM_IDS),
    USE("changedSince", PARAM_TEXT, USE_SINCE, "#changed"),
    NONE("isWholesaler", PARAM_BOOL),
    NONE("showProducts", PARAM_BOOL),
    PAGE
};
static const struct param EMPLOYEE_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"),
    USE("firstName", PARAM_TEXT, USE_HAS, "firstName"),
    USE("lastName", PARAM_TEXT, USE_HAS, "lastName"),
    USE("employeeNumber", PARAM_TEXT, USE_EQUAL, "employeeNumber"),
    USE("email", PARAM_TEXT, USE_HAS, "email"),
    NONE("allowInformationRegistration", PARAM_BOOL),
    NONE("includeContacts", PARAM_BOOL),
    USE("departmentId", PARAM_IDS, USE_ONE_OF, "department"),
    NONE("onlyProjectManagers", PARAM_BOOL),
    NONE("onlyContacts", PARAM_BOOL),
    NONE("assignableProjectManagers", PARAM_BOOL),
    NONE("periodStart", PARAM_DAY),
    NONE("periodEnd", PARAM_DAY),
    NONE("hasSystemAccess", PARAM_BOOL),
    NONE("onlyEmployeeTokens", PARAM_BOOL),
    PAGE
};
static const struct param CURRENCY_PARAMS[] = { USE("id", PARAM_IDS, USE_ONE_OF, "id"),
                                                USE("code", PARAM_TEXT, USE_ONE_OF, "code"), PAGE };
static const struct param BALANCE_PARAMS[] = { MUST("dateFrom", PARAM_DAY),
                                               MUST("dateTo", PARAM_DAY),
                                               NONE("accountNumberFrom", PARAM_INT32),
                                               NONE("accountNumberTo", PARAM_INT32),
                                               NONE("customerId", PARAM_INT64),
                                               NONE("employeeId", PARAM_INT64),
                                               NONE("departmentId", PARAM_INT64),
                                               NONE("projectId", PARAM_INT64),
                                               NONE("includeSubProjects", PARAM_BOOL),
                                               NONE("includeActiveAccountsWithoutMovements",
                                                    PARAM_BOOL),
                                               PAGE };
static const struct param CLOSE_GROUP_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"),
    { "dateFrom", PARAM_DAY, true, USE_FROM, "date", NULL },
    { "dateTo", PARAM_DAY, true, USE_BEFORE, "date", NULL },
    PAGE
};
static const struct param DIMENSION_PARAMS[] = { USE("activeOnly", PARAM_BOOL, USE_NONE, NULL),
                                                 PAGE };
static const struct param DIMENSION_VALUE_PARAMS[] = {
    USE("dimensionIndex", PARAM_INT32, USE_EQUAL, "dimensionIndex"), NONE("activeOnly", PARAM_BOOL),
    NONE("showInVoucherRegistration", PARAM_BOOL), PAGE
};
static const struct param ASSET_PARAMS[] = { USE("id", PARAM_IDS, USE_ONE_OF, "id"),
                                             USE("name", PARAM_TEXT, USE_HAS, "name"),
                                             NONE("description", PARAM_TEXT), PAGE };
static const struct param ASSET_POSTING_PARAMS[] = {
    USE(PARAMS_PATH_ID, PARAM_INT64, USE_EQUAL, "asset"), NONE("dateFrom", PARAM_DAY),
    NONE("dateToExclusive", PARAM_DAY), PAGE
};
static const struct param BANK_STATEMENT_PARAMS[] = { USE("id", PARAM_IDS, USE_ONE_OF, "id"),
                                                      NONE("accountId", PARAM_IDS),
                                                      NONE("fileFormats", PARAM_TEXT), PAGE };
static const struct param BANK_TRANSACTION_PARAMS[] = {
    { "bankStatementId", PARAM_INT64, true, USE_EQUAL, "bankStatement", NULL }, PAGE
};
static const struct param BANK_RECONCILIATION_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"),
    USE("accountingPeriodId", PARAM_IDS, USE_ONE_OF, "accountingPeriod"),
    USE("accountId", PARAM_IDS, USE_ONE_OF, "account"), PAGE
};
static const struct param BANK_MATCH_PARAMS[] = {
    USE("id", PARAM_IDS, USE_ONE_OF, "id"),
    USE("bankReconciliationId", PARAM_IDS, USE_ONE_OF, "bankReconciliation"),
    { "count", PARAM_INT32, false, USE_NONE, NULL, "5000" },
    NONE("approved", PARAM_BOOL),
    PAGE
};
static const struct param BUDGET_PARAMS[] = { USE("year", PARAM_INT32, USE_EQUAL, "#year"), PAGE };
static const struct param DRAFT_VOUCHER_PARAMS[] = { USE("dateFrom", PARAM_DAY, USE_FROM, "date"),
                                                     USE("dateTo", PARAM_DAY, USE_BEFORE, "date"),
                                                     MUST("includeNonApproved", PARAM_BOOL),
                                                     NONE("changedSince", PARAM_TEXT), PAGE };
static const struct param PLAIN_PARAMS[] = { PAGE };
static const struct param PRODUCT_PARAMS[] = {
    USE("number", PARAM_IDS, USE_ONE_OF, "number"),
    USE("ids", PARAM_IDS, USE_ONE_OF, "id"),
    USE("productNumber", PARAM_TEXT, USE_ONE_OF, "number"),
    USE("name", PARAM_TEXT, USE_HAS, "name"),
    NONE("ean", PARAM_TEXT),
    USE("isInactive", PARAM_BOOL, USE_EQUAL, "isInactive"),
    NONE("isStockItem", PARAM_BOOL),
    NONE("isSupplierProduct", PARAM_BOOL),
    NONE("supplierId", PARAM_TEXT),
    NONE("currencyId", PARAM_TEXT),
    USE("vatTypeId", PARAM_IDS, USE_ONE_OF, "vatType"),
    NONE("productUnitId", PARAM_TEXT),
    NONE("departmentId", PARAM_TEXT),
    NONE("accountId", PARAM_TEXT),
    NONE("costExcludingVatCurrencyFrom", PARAM_NUMBER),
    NONE("costExcludingVatCurrencyTo", PARAM_NUMBER),
    NONE("priceExcludingVatCurrencyFrom", PARAM_NUMBER),
    NONE("priceExcludingVatCurrencyTo", PARAM_NUMBER),
    NONE("priceIncludingVatCurrencyFrom", PARAM_NUMBER),
    NONE("priceIncludingVatCurrencyTo", PARAM_NUMBER),
    PAGE
};

#define REGISTER(path, model, member, params)                                                      \
    {                                                                                              \
        path, &(model), SOURCE_REGISTER, offsetof(struct company, member), params                  \
    }

const struct endpoint ENDPOINTS[] = {
    { "/company/>withLoginAccess", &MODEL_CLIENT, SOURCE_CLIENTS, 0, CLIENT_PARAMS },
    { "/ledger/posting", &MODEL_POSTING, SOURCE_POSTINGS, 0, POSTING_PARAMS },
    { "/ledger/postingByDate", &MODEL_POSTING, SOURCE_POSTINGS_BY_DATE, 0, BY_DATE_PARAMS },
    { "/ledger/posting/openPost", &MODEL_POSTING, SOURCE_OPEN_POSTS, 0, OPEN_POST_PARAMS },
    { "/ledger/voucher", &MODEL_VOUCHER, SOURCE_VOUCHERS, 0, VOUCHER_PARAMS },
    { "/balanceSheet", &MODEL_BALANCE, SOURCE_BALANCE, 0, BALANCE_PARAMS },
    REGISTER("/ledger/account", MODEL_ACCOUNT, accounts, ACCOUNT_PARAMS),
    REGISTER("/ledger/annualAccount", MODEL_ANNUAL_ACCOUNT, years, ANNUAL_ACCOUNT_PARAMS),
    REGISTER("/ledger/accountingPeriod", MODEL_PERIOD, periods, PERIOD_PARAMS),
    REGISTER("/ledger/voucherType", MODEL_VOUCHER_TYPE, voucher_types, VOUCHER_TYPE_PARAMS),
    REGISTER("/ledger/vatType", MODEL_VAT_TYPE, vat_types, VAT_TYPE_PARAMS),
    REGISTER("/ledger/closeGroup", MODEL_CLOSE_GROUP, close_groups, CLOSE_GROUP_PARAMS),
    REGISTER("/ledger/accountingDimensionName", MODEL_DIMENSION, dimensions, DIMENSION_PARAMS),
    REGISTER("/ledger/accountingDimensionValue/search", MODEL_DIMENSION_VALUE, dimension_values,
             DIMENSION_VALUE_PARAMS),
    REGISTER("/ledger/voucher/>nonPosted", MODEL_DRAFT_VOUCHER, drafts, DRAFT_VOUCHER_PARAMS),
    REGISTER("/bank/statement", MODEL_BANK_STATEMENT, bank_statements, BANK_STATEMENT_PARAMS),
    REGISTER("/bank/statement/transaction", MODEL_BANK_TRANSACTION, bank_transactions,
             BANK_TRANSACTION_PARAMS),
    REGISTER("/bank/reconciliation", MODEL_BANK_RECONCILIATION, bank_reconciliations,
             BANK_RECONCILIATION_PARAMS),
    REGISTER("/bank/reconciliation/match", MODEL_BANK_MATCH, bank_matches, BANK_MATCH_PARAMS),
    REGISTER("/asset", MODEL_ASSET, assets, ASSET_PARAMS),
    { "/asset/" PARAMS_PATH_ID "/postings", &MODEL_POSTING, SOURCE_ASSET_POSTINGS, 0,
      ASSET_POSTING_PARAMS },
    REGISTER("/resultbudget/company", MODEL_BUDGET, budgets, BUDGET_PARAMS),
    REGISTER("/company/salesmodules", MODEL_SALES_MODULE, sales_modules, PLAIN_PARAMS),
    REGISTER("/event/subscription", MODEL_SUBSCRIPTION, subscriptions, PLAIN_PARAMS),
    REGISTER("/department", MODEL_DEPARTMENT, departments, DEPARTMENT_PARAMS),
    REGISTER("/project", MODEL_PROJECT, projects, PROJECT_PARAMS),
    REGISTER("/customer", MODEL_CUSTOMER, customers, CUSTOMER_PARAMS),
    REGISTER("/supplier", MODEL_SUPPLIER, suppliers, SUPPLIER_PARAMS),
    REGISTER("/employee", MODEL_EMPLOYEE, employees, EMPLOYEE_PARAMS),
    REGISTER("/currency", MODEL_CURRENCY, currencies, CURRENCY_PARAMS),
    REGISTER("/product", MODEL_PRODUCT, products, PRODUCT_PARAMS),
};
const size_t ENDPOINTS_N = sizeof(ENDPOINTS) / sizeof(*ENDPOINTS);
