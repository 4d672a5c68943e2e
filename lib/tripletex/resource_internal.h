/* Columns that rows of both parts of the catalogue share; for resource*.c alone. */
#ifndef SALDOD_TRIPLETEX_RESOURCE_INTERNAL_H
#define SALDOD_TRIPLETEX_RESOURCE_INTERNAL_H

#include "lib/tripletex/resource.h"

enum { CUSTOMER_COLUMNS_COUNT = 6, SUPPLIER_COLUMNS_COUNT = 6 };

extern const struct json_column CUSTOMER_COLUMNS[CUSTOMER_COLUMNS_COUNT];
extern const struct json_column SUPPLIER_COLUMNS[SUPPLIER_COLUMNS_COUNT];

#endif
