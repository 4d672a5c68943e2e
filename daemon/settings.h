/*
 * settings.h - the configuration as an immutable snapshot.
 *
 * Made from one option table, the file and its drop-ins; validated as a whole, all faults told at
 * once with file and line. Holds no secret, only where secrets lie. A reload makes a new snapshot;
 * whoever began with one keeps it by its own reference.
 */
#ifndef SALDOD_DAEMON_SETTINGS_H
#define SALDOD_DAEMON_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/base/log.h"

struct buf;
struct settings_rule;

#define SETTINGS_DEFAULT_FILE "/etc/saldod/saldod.conf"

/* One [bureau "NAME"]. */
struct settings_bureau {
    char *name;
    char *employee_token_file; /* a path, or credential:NAME */
    char *org_nr;              /* "", an organisation number, or "%ORGNR%" (the default) */
    char *file;                /* where it stands, for messages */
    int line;
};

/* One [client ORGNR]. */
struct settings_client {
    char *org_nr;
    char *name;                /* may be NULL */
    char *bureau;              /* NULL = a single company with its own token */
    char *employee_token_file; /* NULL = the bureau's */
    char *org_nr_setting;      /* NULL = the bureau's; "" | organisation number | "%ORGNR%" */
    int64_t pull_interval_ms;  /* 0 = the general one */
    char *history_from;        /* yyyy-mm-dd, or NULL */
    char *file;
    int line;
};

struct settings {
    int refs; /* use settings_ref and settings_unref */
    char *file;
    /* [database] */
    char *conninfo;
    int database_connections;
    char *instance;
    /* [tripletex] */
    char *base_url; /* without a slash at the end */
    char *consumer_token_file;
    char *ca_file;
    int tripletex_connections;
    int64_t timeout_ms;
    /* [schedule] */
    int64_t pull_interval_ms, cold_interval_ms, master_interval_ms, recheck_interval_ms;
    int64_t webhook_poll_interval_ms;
    int history_years;
    int future_months;
    int vanish_limit_percent;
    /* [mirror] */
    char *resources; /* "all", "none", or names of RESOURCE_EXTRAS with commas between */
    /* [session] */
    int lifetime_days;
    int64_t renew_before_ms;
    /* [budget] */
    int budget_leave_percent;
    /* [security] */
    char *seal_key_file;
    /* [status] */
    char *status_listen; /* "" = off, else host:port */
    /* [webhook] */
    char *webhook_listen;      /* "" = off, else host:port */
    char *webhook_public_url;  /* without a slash at the end; NULL = none */
    char *webhook_secret_file; /* NULL = none */
    /* [alert] */
    char *alert_command; /* words at blanks, the first an absolute path; NULL = none */
    int64_t alert_after_ms;
    /* [log] */
    enum log_level log_level;

    struct settings_bureau *bureaus; /* by name */
    size_t bureaus_count;
    struct settings_client *clients; /* by organisation number */
    size_t clients_count;
};

/* Reads `file`, then the files *.conf of FILE.d by name (saldod.conf.d beside saldod.conf). A later
 * file overrides single options; a bureau or client stands in one place only. On success 0 and a
 * snapshot with one reference. Faults: -EINVAL, every fault as "FILE:LINE: text" on a line of its
 * own appended to `faults` (borrowed; cut at its maximum, and after 200). */
int settings_read(const char *file, struct settings **ret_settings, struct buf *faults) MUST_USE;

/* Appends what differs, one "[section] key: old -> new" a line, for the log of a reload; of
 * conninfo only that it differs. 0 or -EMSGSIZE, with the lines that had room. */
int settings_describe_change(const struct settings *from, const struct settings *to,
                             struct buf *out) MUST_USE;

/* Whether this resource beyond the ledger is to be read. */
int settings_has_resource(const struct settings *settings, const char *name) MUST_USE;

struct settings *settings_ref(struct settings *settings);
void settings_unref(struct settings *settings); /* NULL is fine */

/* --- the option table, for the check of the manual and the sample --- */
struct settings_option {
    const char *section;
    const char *key;
    const char *otherwise;            /* the default, as it would be written; NULL = none */
    const char *meaning;              /* one sentence */
    const struct settings_rule *rule; /* how it is read; the table's own */
};
const struct settings_option *settings_options(size_t *ret_count);

#endif
