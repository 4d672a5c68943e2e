/* The tables of the master data models. The order of fields is that of the specification. */
#include "tests/sandbox/model_table.h"

#include <stdio.h>

#include "tests/sandbox/out.h"
#include "tests/sandbox/rows.h"

static void write_false(struct out *out, const void *row)
{
    (void)row;
    out_bool(out, false);
}

static void write_employee_name(struct out *out, const void *row)
{
    const struct employee *employee = row;
    char name[200];
    snprintf(name, sizeof(name), "%s %s", employee->first_name, employee->last_name);
    out_text(out, name);
}

static const struct field DEPARTMENT_FIELDS[] = {
    HEAD,
    AT(department, "name", FIELD_TEXT, name),
    AT(department, "departmentNumber", FIELD_TEXT, number),
    NO_OBJECT("departmentManager", MODEL_EMPLOYEE),
    AT(department, "displayName", FIELD_TEXT, name),
    AT(department, "isInactive", FIELD_BOOL, is_inactive),
    NONE("businessActivityTypeId"),
};
const struct model MODEL_DEPARTMENT = MODEL("Department", "/department", DEPARTMENT_FIELDS);

static const struct field CUSTOMER_FIELDS[] = {
    HEAD,
    AT(party, "name", FIELD_TEXT, name),
    AT(party, "organizationNumber", FIELD_TEXT, org_nr),
    NONE("globalLocationNumber"),
    AT(party, "supplierNumber", FIELD_INT, supplier_number),
    AT(party, "customerNumber", FIELD_INT, customer_number),
    AT(party, "isSupplier", FIELD_BOOL, is_supplier),
    AT(party, "isCustomer", FIELD_BOOL, is_customer),
    AT(party, "isInactive", FIELD_BOOL, is_inactive),
    NO_OBJECT("accountManager", MODEL_EMPLOYEE),
    NO_OBJECT("department", MODEL_DEPARTMENT),
    AT(party, "email", FIELD_TEXT, email),
    NONE("invoiceEmail"),
    NONE("overdueNoticeEmail"),
    NO_ROWS("bankAccounts", MODEL_OPAQUE),
    NONE("phoneNumber"),
    NONE("phoneNumberMobile"),
    NONE("description"),
    NONE("language"),
    AT(party, "displayName", FIELD_TEXT, name),
    AT(party, "isPrivateIndividual", FIELD_BOOL, is_private),
    CALL("singleCustomerInvoice", write_false),
    NONE("invoiceSendMethod"),
    NONE("emailAttachmentType"),
    NO_OBJECT("postalAddress", MODEL_OPAQUE),
    NO_OBJECT("physicalAddress", MODEL_OPAQUE),
    NO_OBJECT("deliveryAddress", MODEL_OPAQUE),
    NO_OBJECT("category1", MODEL_OPAQUE),
    NO_OBJECT("category2", MODEL_OPAQUE),
    NO_OBJECT("category3", MODEL_OPAQUE),
    NONE("invoicesDueIn"),
    NONE("invoicesDueInType"),
    NO_OBJECT("currency", MODEL_CURRENCY),
    NO_ROWS("bankAccountPresentation", MODEL_OPAQUE),
    NO_OBJECT("ledgerAccount", MODEL_ACCOUNT),
    CALL("isFactoring", write_false),
    CALL("invoiceSendSMSNotification", write_false),
    NONE("invoiceSMSNotificationNumber"),
    CALL("isAutomaticSoftReminderEnabled", write_false),
    CALL("isAutomaticReminderEnabled", write_false),
    CALL("isAutomaticNoticeOfDebtCollectionEnabled", write_false),
    NONE("discountPercentage"),
    NONE("website"),
    { "#changed", FIELD_LONG, offsetof(struct party, changed_unix_s), NULL, NULL, NULL },
};
const struct model MODEL_CUSTOMER = MODEL("Customer", "/customer", CUSTOMER_FIELDS);

static const struct field SUPPLIER_FIELDS[] = {
    HEAD,
    AT(party, "name", FIELD_TEXT, name),
    AT(party, "organizationNumber", FIELD_TEXT, org_nr),
    AT(party, "supplierNumber", FIELD_INT, supplier_number),
    AT(party, "customerNumber", FIELD_INT, customer_number),
    AT(party, "isSupplier", FIELD_BOOL, is_supplier),
    AT(party, "isCustomer", FIELD_BOOL, is_customer),
    AT(party, "isInactive", FIELD_BOOL, is_inactive),
    AT(party, "email", FIELD_TEXT, email),
    NO_ROWS("bankAccounts", MODEL_OPAQUE),
    NONE("invoiceEmail"),
    NONE("overdueNoticeEmail"),
    NONE("phoneNumber"),
    NONE("phoneNumberMobile"),
    NONE("description"),
    AT(party, "isPrivateIndividual", FIELD_BOOL, is_private),
    CALL("showProducts", write_false),
    NO_OBJECT("accountManager", MODEL_EMPLOYEE),
    NO_OBJECT("postalAddress", MODEL_OPAQUE),
    NO_OBJECT("physicalAddress", MODEL_OPAQUE),
    NO_OBJECT("deliveryAddress", MODEL_OPAQUE),
    NO_OBJECT("category1", MODEL_OPAQUE),
    NO_OBJECT("category2", MODEL_OPAQUE),
    NO_OBJECT("category3", MODEL_OPAQUE),
    NO_ROWS("bankAccountPresentation", MODEL_OPAQUE),
    NO_OBJECT("currency", MODEL_CURRENCY),
    NO_OBJECT("ledgerAccount", MODEL_ACCOUNT),
    NONE("language"),
    CALL("isWholesaler", write_false),
    AT(party, "displayName", FIELD_TEXT, name),
    NONE("locale"),
    NONE("website"),
    { "#changed", FIELD_LONG, offsetof(struct party, changed_unix_s), NULL, NULL, NULL },
};
const struct model MODEL_SUPPLIER = MODEL("Supplier", "/supplier", SUPPLIER_FIELDS);

static const struct field EMPLOYEE_FIELDS[] = {
    HEAD,
    AT(employee, "firstName", FIELD_TEXT, first_name),
    AT(employee, "lastName", FIELD_TEXT, last_name),
    CALL("displayName", write_employee_name),
    AT(employee, "employeeNumber", FIELD_TEXT, number),
    NONE("dateOfBirth"),
    AT(employee, "email", FIELD_TEXT, email),
    NO_OBJECT("phoneNumberMobileCountry", MODEL_OPAQUE),
    NONE("phoneNumberMobile"),
    NONE("phoneNumberHome"),
    NONE("phoneNumberWork"),
    NONE("nationalIdentityNumber"),
    NONE("dnumber"),
    NO_OBJECT("internationalId", MODEL_OPAQUE),
    NONE("bankAccountNumber"),
    NONE("iban"),
    NONE("bic"),
    NONE("creditorBankCountryId"),
    CALL("usesAbroadPayment", write_false),
    NONE("userType"),
    CALL("allowInformationRegistration", write_false),
    CALL("isContact", write_false),
    CALL("isProxy", write_false),
    NONE("comments"),
    NO_OBJECT("address", MODEL_OPAQUE),
    REF(employee, "department", department, MODEL_DEPARTMENT),
    NO_ROWS("employments", MODEL_OPAQUE),
    NO_OBJECT("holidayAllowanceEarned", MODEL_OPAQUE),
    NO_OBJECT("employeeCategory", MODEL_OPAQUE),
    CALL("isAuthProjectOverviewURL", write_false),
    NONE("pictureId"),
    NONE("companyId"),
    CALL("vismaConnect2FAactive", write_false),
};
const struct model MODEL_EMPLOYEE = MODEL("Employee", "/employee", EMPLOYEE_FIELDS);

static const struct field CURRENCY_FIELDS[] = {
    HEAD,
    AT(currency, "code", FIELD_TEXT, code),
    AT(currency, "description", FIELD_TEXT, description),
    AT(currency, "factor", FIELD_INT, factor),
    AT(currency, "displayName", FIELD_TEXT, code),
    AT(currency, "isDisabled", FIELD_BOOL, is_disabled),
};
const struct model MODEL_CURRENCY = MODEL("Currency", "/currency", CURRENCY_FIELDS);

static const struct field CHANGE_FIELDS[] = {
    NONE("employeeId"),
    NONE("timestamp"),
    NONE("changeType"),
};
const struct model MODEL_CHANGE = MODEL("Change", "/change", CHANGE_FIELDS);

/* Objects the sandbox never fills: their own fields are not checked beyond these. */
static const struct field OPAQUE_FIELDS[] = {
    HEAD,
    NONE("name"),
    NONE("displayName"),
};
const struct model MODEL_OPAQUE = MODEL("Object", "/object", OPAQUE_FIELDS);
