/* The project, product and company models, fields in the order of the specification. */
#include "tests/sandbox/model_table.h"

#include <stdio.h>

#include "tests/sandbox/out.h"
#include "tests/sandbox/rows.h"
#include "tests/sandbox/world.h"

static void write_false(struct out *out, const void *row)
{
    (void)row;
    out_bool(out, false);
}

static void write_language(struct out *out, const void *row)
{
    (void)row;
    out_text(out, "no");
}

static const struct field PROJECT_FIELDS[] = {
    HEAD,
    AT(project, "name", FIELD_TEXT, name),
    AT(project, "number", FIELD_TEXT, number),
    AT(project, "displayName", FIELD_TEXT, name),
    NONE("description"),
    REF(project, "projectManager", manager, MODEL_EMPLOYEE),
    REF(project, "department", department, MODEL_DEPARTMENT),
    NO_OBJECT("mainProject", MODEL_PROJECT),
    AT(project, "startDate", FIELD_DAY, start),
    AT(project, "endDate", FIELD_DAY, end),
    REF(project, "customer", customer, MODEL_CUSTOMER),
    AT(project, "isClosed", FIELD_BOOL, is_closed),
    CALL("isReadyForInvoicing", write_false),
    CALL("isInternal", write_false),
    CALL("isOffer", write_false),
    CALL("isFixedPrice", write_false),
    NO_OBJECT("projectCategory", MODEL_OPAQUE),
    NO_OBJECT("deliveryAddress", MODEL_OPAQUE),
    NO_OBJECT("boligmappaAddress", MODEL_OPAQUE),
    NONE("displayNameFormat"),
    NONE("reference"),
    NONE("externalAccountsNumber"),
    NONE("discountPercentage"),
    NO_OBJECT("vatType", MODEL_VAT_TYPE),
    NONE("fixedprice"),
    NONE("contributionMarginPercent"),
    NONE("numberOfSubProjects"),
    NONE("numberOfProjectParticipants"),
    NO_ROWS("orderLines", MODEL_OPAQUE),
    NO_OBJECT("currency", MODEL_CURRENCY),
    NONE("markUpOrderLines"),
    NONE("markUpFeesEarned"),
    CALL("isPriceCeiling", write_false),
    NONE("priceCeilingAmount"),
    NO_ROWS("projectHourlyRates", MODEL_OPAQUE),
    CALL("forParticipantsOnly", write_false),
    NO_ROWS("participants", MODEL_OPAQUE),
    NO_OBJECT("contact", MODEL_OPAQUE),
    NO_OBJECT("attention", MODEL_OPAQUE),
    NONE("invoiceComment"),
    NO_ROWS("invoicingPlan", MODEL_OPAQUE),
    NO_OBJECT("preliminaryInvoice", MODEL_OPAQUE),
    CALL("generalProjectActivitiesPerProjectOnly", write_false),
    NO_ROWS("projectActivities", MODEL_OPAQUE),
    NONE("hierarchyNameAndNumber"),
    NONE("invoiceDueDate"),
    NONE("invoiceDueDateType"),
    NONE("invoiceReceiverEmail"),
    NONE("overdueNoticeEmail"),
    NONE("accessType"),
    CALL("useProductNetPrice", write_false),
    CALL("ignoreCompanyProductDiscountAgreement", write_false),
    NONE("customerName"),
    NONE("hierarchyLevel"),
    NONE("projectManagerNameAndNumber"),
    NONE("totalInvoicedOnAccountAmountAbsoluteCurrency"),
    CALL("invoiceOnAccountVatHigh", write_false),
    NONE("invoiceReserveTotalAmountCurrency"),
    NO_ROWS("accountingDimensionValues", MODEL_DIMENSION),
};
const struct model MODEL_PROJECT = MODEL("Project", "/project", PROJECT_FIELDS);

static const struct field PRODUCT_FIELDS[] = {
    HEAD,
    AT(product, "name", FIELD_TEXT, name),
    AT(product, "number", FIELD_TEXT, number),
    AT(product, "displayNumber", FIELD_TEXT, number),
    NONE("description"),
    NONE("orderLineDescription"),
    NONE("ean"),
    NONE("elNumber"),
    NONE("nrfNumber"),
    NONE("costExcludingVatCurrency"),
    NONE("expenses"),
    NONE("expensesInPercent"),
    NONE("costPrice"),
    NONE("profit"),
    NONE("profitInPercent"),
    AT(product, "priceExcludingVatCurrency", FIELD_MONEY, price),
    NONE("priceIncludingVatCurrency"),
    AT(product, "isInactive", FIELD_BOOL, is_inactive),
    NO_OBJECT("discountGroup", MODEL_OPAQUE),
    NO_OBJECT("productUnit", MODEL_OPAQUE),
    CALL("isStockItem", write_false),
    NONE("stockOfGoods"),
    NONE("availableStock"),
    NONE("incomingStock"),
    NONE("outgoingStock"),
    REF(product, "vatType", vat_type, MODEL_VAT_TYPE),
    NO_OBJECT("currency", MODEL_CURRENCY),
    NO_OBJECT("department", MODEL_DEPARTMENT),
    NO_OBJECT("account", MODEL_ACCOUNT),
    NONE("discountPrice"),
    NO_OBJECT("supplier", MODEL_SUPPLIER),
    NO_OBJECT("resaleProduct", MODEL_PRODUCT),
    CALL("isDeletable", write_false),
    CALL("hasSupplierProductConnected", write_false),
    NONE("weight"),
    NONE("weightUnit"),
    NONE("volume"),
    NONE("volumeUnit"),
    NONE("hsnCode"),
    NO_OBJECT("image", MODEL_OPAQUE),
    NONE("markupListPercentage"),
    NONE("markupNetPercentage"),
    AT(product, "displayName", FIELD_TEXT, name),
    NO_OBJECT("mainSupplierProduct", MODEL_OPAQUE),
    CALL("isRoundPriceIncVat", write_false),
    NONE("priceInTargetCurrency"),
    NONE("purchasePriceCurrency"),
    NONE("minStockLevel"),
};
const struct model MODEL_PRODUCT = MODEL("Product", "/product", PRODUCT_FIELDS);

static const struct field COMPANY_FIELDS[] = {
    HEAD,
    AT(client_row, "name", FIELD_TEXT, name),
    AT(client_row, "displayName", FIELD_TEXT, name),
    AT(client_row, "startDate", FIELD_DAY, start),
    NONE("endDate"),
    AT(client_row, "organizationNumber", FIELD_TEXT, org_nr),
    NONE("email"),
    NONE("phoneNumber"),
    NONE("phoneNumberMobile"),
    NONE("faxNumber"),
    NO_OBJECT("address", MODEL_OPAQUE),
    NONE("type"),
    NO_OBJECT("currency", MODEL_CURRENCY),
    CALL("accountantOrSimilar", write_false),
    NONE("companyMigration"),
    CALL("invoiceShowDeliveryDate", write_false),
};
const struct model MODEL_COMPANY = MODEL("Company", "/company", COMPANY_FIELDS);

static const struct field CLIENT_FIELDS[] = {
    HEAD,
    AT(client_row, "name", FIELD_TEXT, name),
    AT(client_row, "displayName", FIELD_TEXT, name),
    AT(client_row, "startDate", FIELD_DAY, start),
    NONE("endDate"),
    AT(client_row, "organizationNumber", FIELD_TEXT, org_nr),
    NONE("email"),
    NONE("phoneNumber"),
    NONE("phoneNumberMobile"),
    NONE("faxNumber"),
    NO_OBJECT("address", MODEL_OPAQUE),
    NONE("type"),
    NO_OBJECT("currency", MODEL_CURRENCY),
    CALL("accountantOrSimilar", write_false),
    NONE("companyMigration"),
    CALL("invoiceShowDeliveryDate", write_false),
    AT(client_row, "customerCompanyId", FIELD_INT, customer_company_id),
};
const struct model MODEL_CLIENT = MODEL("Client", "/company", CLIENT_FIELDS);

static const struct field USER_FIELDS[] = {
    AT(user_row, "employeeId", FIELD_INT, employee_id),
    AT(user_row, "actualEmployeeId", FIELD_LONG, actual_employee_id),
    REF(user_row, "employee", employee, MODEL_EMPLOYEE),
    AT(user_row, "companyId", FIELD_INT, company_id),
    REF(user_row, "company", company, MODEL_COMPANY),
    CALL("language", write_language),
    CALL("loggedInWithConnect", write_false),
    AT(user_row, "employeeIsProxy", FIELD_BOOL, is_proxy),
};
const struct model MODEL_USER = MODEL("LoggedInUserInfo", "/token/session/>whoAmI", USER_FIELDS);
