/*
 * token_report.h - tells the database how each token stands: session, budget, and why it cannot be
 * used.
 */
#ifndef SALDOD_DAEMON_TOKEN_REPORT_H
#define SALDOD_DAEMON_TOKEN_REPORT_H

struct app;

/* Writes what differs from what was written last, and budgets at most every ten seconds. */
void token_report_save_all(struct app *app);

#endif
