/*
 * rows.h - what a company's books hold: plain rows, owned by their company.
 *
 * Every row begins with its id and version. A reference is a pointer to a row of the same company.
 */
#ifndef SANDBOX_ROWS_H
#define SANDBOX_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/mem.h"
#include "tests/sandbox/money.h"

struct row {
    int64_t id;
    int32_t version;
};

struct currency {
    struct row row;
    const char *code, *description;
    int32_t factor;
    bool is_disabled;
};

struct vat_type {
    struct row row;
    const char *name, *number;
    money_t percentage, deduction;
    bool is_outgoing;
};

struct voucher_type {
    struct row row;
    const char *name;
    bool is_salary;
};

struct account {
    struct row row;
    uint32_t ordinal; /* its place in the company's list of accounts */
    int32_t number;
    char *name;
    uint8_t type, ledger_type;
    struct vat_type *vat_type;
    struct currency *currency;
    char *saft_code, *grouping_code, *bank_account_number;
    bool is_closeable, requires_reconciliation, is_inactive, is_bank, is_balance;
};

struct department {
    struct row row;
    char *name, *number;
    bool is_inactive;
};

struct employee {
    struct row row;
    char *first_name, *last_name, *number, *email;
    struct department *department;
};

/* A customer or a supplier. */
struct party {
    struct row row;
    char *name, *org_nr, *email;
    int32_t customer_number, supplier_number;
    bool is_customer, is_supplier, is_inactive, is_private;
    int64_t changed_unix_s;
};

struct project {
    struct row row;
    char *name, *number;
    struct employee *manager;
    struct department *department;
    struct party *customer;
    int32_t start, end;
    bool is_closed;
};

struct product {
    struct row row;
    char *name, *number;
    struct vat_type *vat_type;
    money_t price;
    bool is_inactive;
};

struct close_group {
    struct row row;
    int32_t day;
    struct vec postings;
};

struct annual_account {
    struct row row;
    int32_t year, start, end; /* end is the first day that does not belong to it */
    int32_t shown_end;        /* what the API says */
};

struct period {
    struct row row;
    char *name;
    int32_t number, start, end, shown_end;
    bool is_closed;
};

/* What lies beyond the ledger begins with a text of its own; the others are constant. */
struct extra {
    struct row row;
    char *own;
};

struct document {
    struct row row;
    char *own; /* name of the file */
    int32_t size;
};

struct dimension {
    struct row row;
    char *own;
    const char *name;
    int32_t index;
    bool is_active;
};

struct dimension_value {
    struct row row;
    char *own; /* number */
    const char *name;
    int32_t index, position;
    bool is_active;
};

struct asset {
    struct row row;
    char *own; /* name */
    struct account *account, *depreciation_account;
    struct department *department;
    int32_t acquired, lifetime;
    money_t rate, cost, depreciated, balance_in, balance_change, balance_out, before;
};

struct bank_statement {
    struct row row;
    char *own; /* name of the file */
    int32_t from, to;
    money_t opening, closing;
    struct vec transactions;
};

struct bank_transaction {
    struct row row;
    char *own; /* description */
    struct bank_statement *statement;
    struct account *account;
    int32_t day;
    money_t amount;
    bool is_matched;
};

struct bank_reconciliation {
    struct row row;
    char *own;
    struct account *account;
    struct period *period;
    struct employee *closed_by;
    int32_t closed;
    money_t closing;
    bool is_closed;
};

/* The posting may be deleted later: only its id is kept. */
struct bank_match {
    struct row row;
    char *own;
    struct bank_reconciliation *reconciliation;
    struct vec transactions;
    int64_t posting_id;
};

struct budget_row {
    struct row row;
    char *own;
    struct account *account;
    struct period *period;
    int32_t year;
    money_t amount;
};

/* A voucher that is not posted. */
struct draft_voucher {
    struct row row;
    char *own; /* number of the supplier's invoice */
    int32_t day, temporary_number;
    const char *description;
    struct voucher_type *type;
    struct document *document;
};

struct sales_module {
    struct row row;
    char *own;
    const char *name;
    int32_t cost_start;
};

struct subscription {
    struct row row;
    char *own;
    const char *event;
    uint8_t status;
};

enum posting_type {
    POSTING_PLAIN,
    POSTING_INCOMING_PAYMENT,
    POSTING_INCOMING_PAYMENT_OPPOSITE,
    POSTING_INCOMING_INVOICE,
    POSTING_EXPENSE,
    POSTING_OUTGOING_INVOICE,
    POSTING_WAGE
};

struct posting {
    struct row row;
    int32_t day, term_of_payment;
    int32_t row_number;
    uint8_t type;
    bool system_generated, matched;
    struct voucher *voucher;
    struct account *account;
    struct party *customer, *supplier;
    struct employee *employee;
    struct project *project;
    struct product *product;
    struct department *department;
    struct vat_type *vat_type;
    struct currency *currency;
    struct close_group *close_group;
    struct dimension_value *dimension[2];
    struct asset *asset;
    char *description, *invoice_number, *external_ref;
    money_t amount, amount_currency, amount_gross, amount_gross_currency;
};

struct voucher {
    struct row row;
    uint32_t place; /* in the ledger's list of vouchers */
    int32_t day, number, year;
    char *description, *external_number, *vendor_invoice_number;
    struct voucher_type *type;
    struct voucher *reverse;
    struct document *document, *attachment;
    struct vec postings;
};

#endif
