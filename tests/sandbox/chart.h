/*
 * chart.h - currencies, VAT types, voucher types and the Norwegian standard chart of accounts.
 */
#ifndef SANDBOX_CHART_H
#define SANDBOX_CHART_H

struct company;

void chart_fill(struct company *company);
struct account *chart_add(struct company *company, int number, const char *name);

#endif
