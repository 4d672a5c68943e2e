/*
 * reqlog.h - what was asked of the sandbox, and what was wrong with it. Never holds a secret.
 */
#ifndef SANDBOX_REQLOG_H
#define SANDBOX_REQLOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct out;
struct reqlog;

/* Borrowed while it is added. */
struct reqlog_entry {
    int64_t at_ms;
    const char *method, *path, *query, *user, *token, *user_agent, *org_nr, *request_id, *fault;
    int status;
    bool asked_digest;
};

struct reqlog *reqlog_new(void);
void reqlog_free(struct reqlog *log);
void reqlog_set_file(struct reqlog *log, FILE *file); /* takes the file */

void reqlog_add(struct reqlog *log, const struct reqlog_entry *entry);
void reqlog_violation(struct reqlog *log, int64_t at_ms, const char *method, const char *path,
                      const char *reason);

/* Entries with a number above `since`; the numbers only grow. */
void reqlog_write(const struct reqlog *log, int64_t since, struct out *out);
void reqlog_write_violations(const struct reqlog *log, struct out *out);
void reqlog_reset(struct reqlog *log);
void reqlog_reset_violations(struct reqlog *log);

#endif
