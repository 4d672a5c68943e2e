/*
 * model.h - the fields of each resource as the specification names them, as tables.
 *
 * A row is read, written, filtered and sorted through its model, never by name elsewhere.
 */
#ifndef SANDBOX_MODEL_H
#define SANDBOX_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sandbox/money.h"

struct out;
struct model;

enum field_kind {
    FIELD_ID,
    FIELD_VERSION,
    FIELD_URL,
    FIELD_INT,
    FIELD_LONG,
    FIELD_TEXT,
    FIELD_DAY,
    FIELD_BOOL,
    FIELD_MONEY,
    FIELD_ENUM,
    FIELD_REF,
    FIELD_ROWS,
    FIELD_NULL,
    FIELD_NO_ROWS,
    FIELD_CALL,
    FIELD_EXTRA /* for filters only: not a field of the specification */
};

struct field {
    const char *name;
    enum field_kind kind;
    uint16_t offset;
    const struct model *ref;  /* of FIELD_REF, FIELD_ROWS, FIELD_NULL that is an object */
    const char *const *names; /* of FIELD_ENUM; a NULL name is written as null */
    void (*write)(struct out *out, const void *row);
};

struct model {
    const char *name, *path;
    const struct field *fields;
    size_t n;
};

enum value_kind { VALUE_NULL, VALUE_INT, VALUE_MONEY, VALUE_TEXT };

struct value {
    enum value_kind kind;
    int64_t number;
    money_t money;
    const char *text;
};

#define MODEL_PATH_DEPTH 6

/* A way from a row to a value, as in sorting=voucher.number. */
struct model_path {
    const struct field *step[MODEL_PATH_DEPTH];
    int n;
};

extern const struct model MODEL_POSTING, MODEL_VOUCHER, MODEL_ACCOUNT, MODEL_ANNUAL_ACCOUNT,
    MODEL_PERIOD, MODEL_VOUCHER_TYPE, MODEL_VAT_TYPE, MODEL_DEPARTMENT, MODEL_PROJECT,
    MODEL_CUSTOMER, MODEL_SUPPLIER, MODEL_EMPLOYEE, MODEL_CURRENCY, MODEL_CLOSE_GROUP,
    MODEL_PRODUCT, MODEL_BALANCE, MODEL_CLIENT, MODEL_COMPANY, MODEL_USER, MODEL_OPAQUE,
    MODEL_CHANGE, MODEL_DIMENSION, MODEL_DIMENSION_VALUE, MODEL_ASSET, MODEL_DOCUMENT,
    MODEL_BANK_STATEMENT, MODEL_BANK_TRANSACTION, MODEL_BANK_RECONCILIATION, MODEL_BANK_MATCH,
    MODEL_BUDGET, MODEL_DRAFT_VOUCHER, MODEL_SALES_MODULE, MODEL_SUBSCRIPTION;

const struct field *model_field(const struct model *model, const char *name, size_t len);

/* Resolve "account.number"; false when a step is no field of its model. */
bool model_path_find(const struct model *model, const char *text, struct model_path *ret_path);
struct value model_path_value(const struct model_path *path, const void *row);
int model_value_compare(const struct value *a, const struct value *b); /* null before all */

struct value model_value(const struct field *field, const void *row);
void model_write_url(struct out *out, const struct model *model, const void *row);

/* Follow a FIELD_REF; NULL when it is not set. */
const void *model_ref(const struct field *field, const void *row);

#endif
