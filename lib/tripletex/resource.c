#include "lib/tripletex/resource_internal.h"

#include <string.h>

#include "lib/base/buf.h"

/* What the specification lists (openapi.json 2.74): Posting.type, Account.type, Account.ledgerType.
 */
static const char *const POSTING_TYPES[] = { "INCOMING_PAYMENT",
                                             "INCOMING_PAYMENT_OPPOSITE",
                                             "INCOMING_INVOICE_CUSTOMER_POSTING",
                                             "INVOICE_EXPENSE",
                                             "OUTGOING_INVOICE_CUSTOMER_POSTING",
                                             "WAGE",
                                             NULL };
static const char *const ACCOUNT_TYPES[] = { "ASSETS",
                                             "EQUITY",
                                             "LIABILITIES",
                                             "OPERATING_REVENUES",
                                             "OPERATING_EXPENSES",
                                             "INVESTMENT_INCOME",
                                             "COST_OF_CAPITAL",
                                             "TAX_ON_ORDINARY_ACTIVITIES",
                                             "EXTRAORDINARY_INCOME",
                                             "EXTRAORDINARY_COST",
                                             "TAX_ON_EXTRAORDINARY_ACTIVITIES",
                                             "ANNUAL_RESULT",
                                             "TRANSFERS_AND_ALLOCATIONS",
                                             NULL };
static const char *const LEDGER_TYPES[] = { "GENERAL",  "CUSTOMER", "VENDOR",
                                            "EMPLOYEE", "ASSET",    NULL };

static const struct json_known POSTING_KNOWN[] = { { "type", POSTING_TYPES }, { NULL, NULL } };
static const struct json_known ACCOUNT_KNOWN[] = { { "type", ACCOUNT_TYPES },
                                                   { "ledgerType", LEDGER_TYPES },
                                                   { NULL, NULL } };

/* A voucher may hold hundreds of postings. */
enum { POSTING_VOUCHER_ID = 2, NESTED_PAGE_ROWS = 2000 };

static const struct json_column POSTING_COLUMNS[] = {
    { "id", "posting_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 1 },
    { "voucher.id", "voucher_id", JSON_ID, 1 },
    { "voucher.version", "voucher_version", JSON_INT, 0 },
    { "voucher.year", "voucher_year", JSON_INT, 0 },
    { "voucher.number", "voucher_number", JSON_INT, 0 },
    { "voucher.date", "voucher_date", JSON_DATE, 0 },
    { "voucher.description", "voucher_description", JSON_TEXT, 0 },
    { "voucher.voucherType.id", "voucher_type_id", JSON_ID, 0 },
    { "voucher.reverseVoucher.id", "reverse_voucher_id", JSON_ID, 0 },
    { "row", "row", JSON_INT, 0 },
    { "date", "posting_date", JSON_DATE, 1 },
    { "account.id", "account_id", JSON_ID, 1 },
    { "account.number", "account_number", JSON_NUMBER_TEXT, 0 },
    { "amount", "amount", JSON_MONEY, 1 },
    { "amountCurrency", "amount_currency", JSON_MONEY, 0 },
    { "amountGross", "amount_gross", JSON_MONEY, 0 },
    { "amountGrossCurrency", "amount_gross_currency", JSON_MONEY, 0 },
    { "currency.code", "currency", JSON_TEXT, 0 },
    { "description", "description", JSON_TEXT, 0 },
    { "vatType.id", "vat_type_id", JSON_ID, 0 },
    { "customer.id", "customer_id", JSON_ID, 0 },
    { "supplier.id", "supplier_id", JSON_ID, 0 },
    { "employee.id", "employee_id", JSON_ID, 0 },
    { "department.id", "department_id", JSON_ID, 0 },
    { "project.id", "project_id", JSON_ID, 0 },
    { "product.id", "product_id", JSON_ID, 0 },
    { "invoiceNumber", "invoice_number", JSON_TEXT, 0 },
    { "termOfPayment", "term_of_payment", JSON_DATE, 0 },
    { "closeGroup.id", "close_group_id", JSON_ID, 0 },
    { "type", "posting_type", JSON_TEXT, 0 },
    { "externalRef", "external_ref", JSON_TEXT, 0 },
    { "systemGenerated", "system_generated", JSON_BOOL, 0 },
    { "matched", "matched", JSON_BOOL, 0 },
    { "freeAccountingDimension1.id", "dimension1_id", JSON_ID, 0 },
    { "freeAccountingDimension2.id", "dimension2_id", JSON_ID, 0 },
    { "freeAccountingDimension3.id", "dimension3_id", JSON_ID, 0 },
    { "asset.id", "asset_id", JSON_ID, 0 },
};

const struct resource RESOURCE_POSTING = {
    .name = "posting",
    .path = "/ledger/posting",
    .sorting = "id",
    .known = POSTING_KNOWN,
    RESOURCE_COLUMNS(POSTING_COLUMNS),
};

const struct resource RESOURCE_VOUCHER_POSTING = {
    .name = "posting",
    .path = "/ledger/voucher",
    .sorting = "id",
    RESOURCE_COLUMNS(POSTING_COLUMNS),
    .id_column = POSTING_VOUCHER_ID,
    .nested = "postings",
    .page_rows = NESTED_PAGE_ROWS,
    .known = POSTING_KNOWN,
};

static const struct json_column BALANCE_COLUMNS[] = {
    { "account.id", "account_id", JSON_ID, 1 },
    { "account.number", "account_number", JSON_NUMBER_TEXT, 1 },
    { "balanceIn", "balance_in", JSON_MONEY, 1 },
    { "balanceChange", "balance_change", JSON_MONEY, 1 },
    { "balanceOut", "balance_out", JSON_MONEY, 1 },
};

const struct resource RESOURCE_BALANCE = {
    .name = "balance",
    .path = "/balanceSheet",
    RESOURCE_COLUMNS(BALANCE_COLUMNS),
    .id_column = -1,
};

static const struct json_column ACCESS_COLUMNS[] = {
    { "id", "company_id", JSON_ID, 1 },
    { "name", "name", JSON_TEXT, 0 },
    { "organizationNumber", "org_nr", JSON_TEXT, 0 },
};

const struct resource RESOURCE_ACCESS = {
    .name = "access",
    .path = "/company/%3EwithLoginAccess",
    .sorting = "id",
    RESOURCE_COLUMNS(ACCESS_COLUMNS),
    .id_column = -1,
};

static const struct json_column SUBSCRIPTION_COLUMNS[] = {
    { "id", "subscription_id", JSON_ID, 1 },
    { "event", "event", JSON_TEXT, 0 },
    { "targetUrl", "target_url", JSON_TEXT, 0 },
    { "status", "status", JSON_TEXT, 0 },
};

const struct resource RESOURCE_SUBSCRIPTION = {
    .name = "subscription",
    .path = "/event/subscription",
    RESOURCE_COLUMNS(SUBSCRIPTION_COLUMNS),
    .id_column = -1,
};

static const struct json_column ANNUAL_ACCOUNT_COLUMNS[] = {
    { "id", "annual_account_id", JSON_ID, 1 }, { "version", "version", JSON_INT, 0 },
    { "year", "year", JSON_INT, 1 },           { "start", "start_date", JSON_DATE, 1 },
    { "end", "end_date", JSON_DATE, 1 },
};

static const struct json_column ACCOUNT_COLUMNS[] = {
    { "id", "account_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "number", "number", JSON_NUMBER_TEXT, 1 },
    { "name", "name", JSON_TEXT, 0 },
    { "type", "type", JSON_TEXT, 0 },
    { "ledgerType", "ledger_type", JSON_TEXT, 0 },
    { "isBankAccount", "is_bank_account", JSON_BOOL, 0 },
    { "isCloseable", "is_closeable", JSON_BOOL, 0 },
    { "requireReconciliation", "requires_reconciliation", JSON_BOOL, 0 },
    { "saftCode", "saft_code", JSON_TEXT, 0 },
    { "groupingCode", "grouping_code", JSON_TEXT, 0 },
    { "vatType.id", "vat_type_id", JSON_ID, 0 },
    { "currency.code", "currency", JSON_TEXT, 0 },
    { "isInactive", "is_inactive", JSON_BOOL, 0 },
};

static const struct json_column VOUCHER_TYPE_COLUMNS[] = {
    { "id", "voucher_type_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "name", "name", JSON_TEXT, 0 },
};

static const struct json_column VAT_TYPE_COLUMNS[] = {
    { "id", "vat_type_id", JSON_ID, 1 },           { "version", "version", JSON_INT, 0 },
    { "number", "number", JSON_NUMBER_TEXT, 0 },   { "name", "name", JSON_TEXT, 0 },
    { "percentage", "percentage", JSON_MONEY, 0 },
};

static const struct json_column ACCOUNTING_PERIOD_COLUMNS[] = {
    { "id", "accounting_period_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "number", "number", JSON_INT, 0 },
    { "name", "name", JSON_TEXT, 0 },
    { "start", "start_date", JSON_DATE, 1 },
    { "end", "end_date", JSON_DATE, 1 },
    { "isClosed", "is_closed", JSON_BOOL, 0 },
    { "checkLedgerLogEmployeeName", "checked_by", JSON_TEXT, 0 },
    { "checkLedgerLogTime", "checked_at", JSON_TEXT, 0 },
};

static const struct json_column DEPARTMENT_COLUMNS[] = {
    { "id", "department_id", JSON_ID, 1 },          { "version", "version", JSON_INT, 0 },
    { "departmentNumber", "number", JSON_TEXT, 0 }, { "name", "name", JSON_TEXT, 0 },
    { "isInactive", "is_inactive", JSON_BOOL, 0 },
};

static const struct json_column PROJECT_COLUMNS[] = {
    { "id", "project_id", JSON_ID, 1 },        { "version", "version", JSON_INT, 0 },
    { "number", "number", JSON_TEXT, 0 },      { "name", "name", JSON_TEXT, 0 },
    { "isClosed", "is_closed", JSON_BOOL, 0 },
};

const struct json_column CUSTOMER_COLUMNS[CUSTOMER_COLUMNS_COUNT] = {
    { "id", "customer_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "customerNumber", "number", JSON_NUMBER_TEXT, 0 },
    { "name", "name", JSON_TEXT, 0 },
    { "organizationNumber", "organization_number", JSON_TEXT, 0 },
    { "isInactive", "is_inactive", JSON_BOOL, 0 },
};

const struct json_column SUPPLIER_COLUMNS[SUPPLIER_COLUMNS_COUNT] = {
    { "id", "supplier_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "supplierNumber", "number", JSON_NUMBER_TEXT, 0 },
    { "name", "name", JSON_TEXT, 0 },
    { "organizationNumber", "organization_number", JSON_TEXT, 0 },
    { "isInactive", "is_inactive", JSON_BOOL, 0 },
};

static const struct json_column EMPLOYEE_COLUMNS[] = {
    { "id", "employee_id", JSON_ID, 1 },          { "version", "version", JSON_INT, 0 },
    { "employeeNumber", "number", JSON_TEXT, 0 }, { "firstName", "first_name", JSON_TEXT, 0 },
    { "lastName", "last_name", JSON_TEXT, 0 },
};

static const struct json_column VOUCHER_COLUMNS[] = {
    { "id", "voucher_id", JSON_ID, 1 },
    { "version", "version", JSON_INT, 0 },
    { "year", "year", JSON_INT, 0 },
    { "number", "number", JSON_INT, 0 },
    { "date", "voucher_date", JSON_DATE, 1 },
    { "description", "description", JSON_TEXT, 0 },
    { "voucherType.id", "voucher_type_id", JSON_ID, 0 },
    { "reverseVoucher.id", "reverse_voucher_id", JSON_ID, 0 },
    { "document.id", "document_id", JSON_ID, 0 },
    { "attachment.id", "attachment_id", JSON_ID, 0 },
    { "ediDocument.id", "edi_document_id", JSON_ID, 0 },
};

const struct resource RESOURCE_VOUCHER = {
    .name = "voucher",
    .path = "/ledger/voucher",
    .sorting = "id",
    RESOURCE_COLUMNS(VOUCHER_COLUMNS),
};

/* The API answers only one of the two kinds where isInactive is left out. */
static const char *const ACTIVE_AND_INACTIVE[] = { "isInactive=false", "isInactive=true", NULL };

static const struct resource MASTERS[] = {
    { .name = "annual_account",
      .path = "/ledger/annualAccount",
      .sorting = "id",
      RESOURCE_COLUMNS(ANNUAL_ACCOUNT_COLUMNS) },
    { .name = "account",
      .path = "/ledger/account",
      .sorting = "id",
      .known = ACCOUNT_KNOWN,
      RESOURCE_COLUMNS(ACCOUNT_COLUMNS) },
    { .name = "voucher_type",
      .path = "/ledger/voucherType",
      .sorting = "id",
      RESOURCE_COLUMNS(VOUCHER_TYPE_COLUMNS) },
    { .name = "vat_type",
      .path = "/ledger/vatType",
      .sorting = "id",
      RESOURCE_COLUMNS(VAT_TYPE_COLUMNS) },
    { .name = "accounting_period",
      .path = "/ledger/accountingPeriod",
      .sorting = "id",
      RESOURCE_COLUMNS(ACCOUNTING_PERIOD_COLUMNS) },
    { .name = "department",
      .path = "/department",
      .sorting = "id",
      RESOURCE_COLUMNS(DEPARTMENT_COLUMNS) },
    { .name = "project", .path = "/project", .sorting = "id", RESOURCE_COLUMNS(PROJECT_COLUMNS) },
    { .name = "customer",
      .path = "/customer",
      .sorting = "id",
      .variants = ACTIVE_AND_INACTIVE,
      RESOURCE_COLUMNS(CUSTOMER_COLUMNS) },
    { .name = "supplier",
      .path = "/supplier",
      .sorting = "id",
      .variants = ACTIVE_AND_INACTIVE,
      RESOURCE_COLUMNS(SUPPLIER_COLUMNS) },
    { .name = "employee",
      .path = "/employee",
      .sorting = "id",
      RESOURCE_COLUMNS(EMPLOYEE_COLUMNS) },
};

const struct resource *const RESOURCE_MASTERS[] = {
    &MASTERS[0], &MASTERS[1], &MASTERS[2], &MASTERS[3], &MASTERS[4], &MASTERS[5],
    &MASTERS[6], &MASTERS[7], &MASTERS[8], &MASTERS[9], NULL,
};

/* Length of the common parents of two paths, in bytes, up to and with the last common dot. */
static size_t common_parents(const char *a, const char *b)
{
    size_t common = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++) {
        if (a[i] == '.')
            common = i + 1;
    }
    return common;
}

static int count_dots(const char *text)
{
    int dots = 0;
    for (; *text != '\0'; text++)
        dots += *text == '.';
    return dots;
}

/* The rest of a path below its open parents: each dot opens a parenthesis. */
static int append_path(struct buf *out, const char *path)
{
    for (; *path != '\0'; path++) {
        int ret = buf_append_byte(out, *path == '.' ? '(' : (uint8_t)*path);
        if (ret < 0)
            return ret;
    }
    return 0;
}

static int close_parents(struct buf *out, int count)
{
    for (int i = 0; i < count; i++) {
        int ret = buf_append_byte(out, ')');
        if (ret < 0)
            return ret;
    }
    return 0;
}

static int append_columns(const struct resource *resource, struct buf *out)
{
    const char *before = "";
    for (int i = 0; i < resource->columns_count; i++) {
        const char *path = resource->columns[i].path;
        size_t common = common_parents(before, path);
        int ret = close_parents(out, count_dots(before + common));
        if (ret == 0 && i > 0)
            ret = buf_append_byte(out, ',');
        if (ret == 0)
            ret = append_path(out, path + common);
        if (ret < 0)
            return ret;
        before = path;
    }
    return close_parents(out, count_dots(before));
}

int resource_append_fields(const struct resource *resource, struct buf *out)
{
    int ret = resource->nested ? buf_printf(out, "id,%s(", resource->nested) : 0;
    if (ret == 0)
        ret = append_columns(resource, out);
    return ret == 0 && resource->nested ? buf_append_byte(out, ')') : ret;
}

static const char *column_sql_type(enum json_type type)
{
    static const char *const NAMES[] = {
        [JSON_ID] = "bigint",        [JSON_INT] = "integer",  [JSON_MONEY] = "numeric",
        [JSON_BOOL] = "boolean",     [JSON_DATE] = "date",    [JSON_TEXT] = "text",
        [JSON_NUMBER_TEXT] = "text", [JSON_ID_LIST] = "text",
    };
    return NAMES[type];
}

int resource_append_stage(const struct resource *resource, struct buf *out)
{
    int ret = buf_printf(out, "CREATE TEMPORARY TABLE IF NOT EXISTS stage_%s (", resource->name);
    for (int i = 0; ret == 0 && i < resource->columns_count; i++) {
        const struct json_column *column = &resource->columns[i];
        ret = buf_printf(out, "%s\"%s\" %s", i > 0 ? ", " : "", column->name,
                         column_sql_type(column->type));
    }
    return ret < 0 ? ret : buf_append_text(out, ")");
}

int resource_append_copy(const struct resource *resource, struct buf *out)
{
    return buf_printf(out, "COPY stage_%s FROM STDIN (FORMAT binary)", resource->name);
}
