/*
 * books.h - compares what readers see with the truth of the sandbox, in SQL and both ways.
 *
 * Every column of finale.posting, finale.voucher, finale.account and finale.saldo_month counts.
 */
#ifndef SALDOD_TESTS_INTEGRATION_BOOKS_H
#define SALDOD_TESTS_INTEGRATION_BOOKS_H

struct stage;

/* The world of the tests: a bureau with three clients and a single company, 5,000 postings each. */
extern const char BOOKS_WORLD[];
#define BOOKS_BUREAU_CLIENTS "974760673", "910000004", "910000012"
#define BOOKS_SINGLE "811126489"
#define BOOKS_CLIENT "974760673"

/* The sections of the configuration that register the single company. free() it. */
char *books_single(const struct stage *stage);

/* Registers the bureau and its three clients by SQL. */
void books_register(struct stage *stage);

/* Fresh and verified, all clients. */
void books_wait_fresh(struct stage *stage, double seconds);

/* Fails with the first differences unless every client equals the truth. */
void books_check_equal(struct stage *stage);

/* Asks again until they do. */
void books_wait_equal(struct stage *stage, double seconds);

#endif
