/*
 * log.h - one line per event that a person can act on, to the journal or to stderr.
 *
 * A line carries its subject (bureau, client, resource, request id) as journal fields, and as a
 * prefix on stderr. Messages are full sentences without a trailing period; control characters in
 * them are shown as \xNN, so that hostile text cannot forge a line; more than 2 KiB are cut with an
 * ellipsis. Program code logs; lib/ does not.
 */
#ifndef SALDOD_BASE_LOG_H
#define SALDOD_BASE_LOG_H

#include "lib/base/cleanup.h"

struct log;

/* Values are those of syslog(3). */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* What a line speaks of; every member may be NULL; borrowed for the call. */
struct log_subject {
    const char *bureau;
    const char *client; /* organisation number */
    const char *resource;
    const char *request_id;
    const char *message_id; /* 128-bit id of the few events people alert on */
};

/* The journal where stderr is connected to it (JOURNAL_STREAM), otherwise stderr. */
struct log *log_new(enum log_level level) MUST_USE;
/* Always lines, to this descriptor, which it borrows. */
struct log *log_new_fd(enum log_level level, int fd) MUST_USE;
void log_set_level(struct log *log, enum log_level level);
/* "error", "warning", "notice", "info", "debug"; 0 or -EINVAL. */
int log_parse_level(const char *text, enum log_level *ret_level) MUST_USE;

/* `log` (then nothing is written) and `subject` may be NULL. Leaves errno alone. A line:
 * 2026-11-25T06:30:00.125Z WARNING [Regnskap Nord AS/974760673/posting request-id] message */
void log_write(struct log *log, enum log_level level, const struct log_subject *subject,
               const char *fmt, ...) PRINTF_LIKE(4, 5);

void log_free(struct log *log); /* NULL is fine */

#define log_error(log, ...) log_write(log, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(log, ...) log_write(log, LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(log, ...) log_write(log, LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(log, ...) log_write(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_write(log, LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
