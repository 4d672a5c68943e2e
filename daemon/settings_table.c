#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "daemon/settings_internal.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"

#define MS_PER_S INT64_C(1000)
#define MS_PER_MIN (60 * MS_PER_S)
#define MS_PER_DAY CLOCK_MS_PER_DAY

enum {
    SUGGEST_BYTES = 50, /* longer names are not compared */
    SUGGEST_EDITS = 2,  /* so many mistypings may lie between a name and what was meant */
};

/* --- the table --- */

#define RULE(kind, subject, member, min, max)                                                      \
    (&(const struct settings_rule){ &(kind), offsetof(struct subject, member), min, max })
#define PLAIN(kind, member) RULE(kind, settings, member, 0, 0)
#define RANGE(kind, member, min, max) RULE(kind, settings, member, min, max)
#define BUREAU(kind, member) RULE(kind, settings_bureau, member, 0, 0)
#define CLIENT(kind, member) RULE(kind, settings_client, member, 0, 0)

static const struct settings_option OPTIONS[] = {
    { "database", "conninfo", "dbname=saldod",
      "Where the database is, as a libpq connection string; leave passwords to peer or a passfile.",
      PLAIN(SETTINGS_TEXT_HIDDEN, conninfo) },
    { "database", "connections", "4",
      "Connections that write (2 to 64); one more listens for notifications.",
      RANGE(SETTINGS_NUMBER, database_connections, 2, 64) },
    { "database", "instance", "",
      "Name under which this daemon owns rows made from its files; empty = the host name.",
      PLAIN(SETTINGS_INSTANCE, instance) },

    { "tripletex", "base_url", "https://tripletex.no/v2",
      "Address of the API; http:// is accepted for loopback addresses only.",
      PLAIN(SETTINGS_BASE_URL, base_url) },
    { "tripletex", "consumer_token_file", "credential:consumer-token",
      "Where the consumer token lies: a path, or credential:NAME of the service.",
      PLAIN(SETTINGS_SECRET, consumer_token_file) },
    { "tripletex", "ca_file", "",
      "File with further certificate authorities (PEM) to trust; empty = those of the system only.",
      PLAIN(SETTINGS_OPTIONAL, ca_file) },
    { "tripletex", "connections", "8", "Connections to the API at once (1 to 64).",
      RANGE(SETTINGS_NUMBER, tripletex_connections, 1, 64) },
    { "tripletex", "timeout", "60s", "Longest time that one request may take (1s to 10min).",
      RANGE(SETTINGS_DURATION, timeout_ms, MS_PER_S, 10 * MS_PER_MIN) },

    { "schedule", "pull_interval", "5min",
      "How often a client's living year is asked for changes (1s to 1d).",
      RANGE(SETTINGS_DURATION, pull_interval_ms, MS_PER_S, MS_PER_DAY) },
    { "schedule", "cold_interval", "1h",
      "How often closed years without a change for 7 days are asked (1s to 30d).",
      RANGE(SETTINGS_DURATION, cold_interval_ms, MS_PER_S, 30 * MS_PER_DAY) },
    { "schedule", "master_interval", "1h",
      "How often accounts, customers, departments and the like are asked (1s to 30d).",
      RANGE(SETTINGS_DURATION, master_interval_ms, MS_PER_S, 30 * MS_PER_DAY) },
    { "schedule", "recheck_interval", "24h",
      "How often everything is read again whatever the checksums say (1s to 365d).",
      RANGE(SETTINGS_DURATION, recheck_interval_ms, MS_PER_S, 365 * MS_PER_DAY) },
    { "schedule", "webhook_poll_interval", "30min",
      "Instead of a shorter interval, for clients whose changes are told by events (1s to 1d).",
      RANGE(SETTINGS_DURATION, webhook_poll_interval_ms, MS_PER_S, MS_PER_DAY) },
    { "schedule", "history_years", "2",
      "Full fiscal years to mirror before the current one (0 to 10).",
      RANGE(SETTINGS_NUMBER, history_years, 0, 10) },
    { "schedule", "future_months", "36", "Months to mirror after the current one (0 to 120).",
      RANGE(SETTINGS_NUMBER, future_months, 0, 120) },
    { "schedule", "vanish_limit", "20%",
      "Share of a year's postings that may vanish in one pull without being held back (1% to "
      "100%).",
      RANGE(SETTINGS_PERCENT, vanish_limit_percent, 1, 100) },

    { "mirror", "resources", "all",
      "What is read beyond the ledger: all, none, or a list with commas; each is asked every "
      "master_interval.",
      PLAIN(SETTINGS_RESOURCES, resources) },

    { "session", "lifetime_days", "2",
      "Days until a session of the API ends by itself, at midnight in Oslo (1 to 30).",
      RANGE(SETTINGS_NUMBER, lifetime_days, 1, 30) },
    { "session", "renew_before", "6h",
      "How long before its end a session is replaced; shorter than lifetime_days.",
      RANGE(SETTINGS_DURATION, renew_before_ms, MS_PER_S, 30 * MS_PER_DAY) },

    { "budget", "leave", "20%",
      "Share of each token's requests that is left to other programs (0% to 90%).",
      RANGE(SETTINGS_PERCENT, budget_leave_percent, 0, 90) },

    { "security", "seal_key_file", "credential:seal-key",
      "Where the key lies that seals secrets in the database: 32 raw bytes, or 64 hexadecimal "
      "digits.",
      PLAIN(SETTINGS_SECRET, seal_key_file) },

    { "status", "listen", "127.0.0.1:9460",
      "HOST:PORT of the status page, /metrics, /healthz and /readyz; empty = off.",
      PLAIN(SETTINGS_LISTEN, status_listen) },

    { "webhook", "listen", "",
      "HOST:PORT where events of Tripletex are heard, behind what ends TLS; empty = off.",
      PLAIN(SETTINGS_LISTEN, webhook_listen) },
    { "webhook", "public_url", "",
      "Address at which Tripletex reaches that port: https://, or http:// for loopback only, "
      "without "
      "a query.",
      PLAIN(SETTINGS_HOOK_URL, webhook_public_url) },
    { "webhook", "secret_file", "",
      "Where the secret of 16 characters or more lies that events are signed with: a path, or "
      "credential:NAME of the service.",
      PLAIN(SETTINGS_OPTIONAL_SECRET, webhook_secret_file) },

    { "alert", "command", "",
      "Program that is run, with JSON on its standard input, when a client is amiss and when that "
      "is over; empty = none.",
      PLAIN(SETTINGS_COMMAND, alert_command) },
    { "alert", "after", "1h",
      "How long a client may be without a proven state before that is an alert (1min to 30d).",
      RANGE(SETTINGS_DURATION, alert_after_ms, MS_PER_MIN, 30 * MS_PER_DAY) },

    { "log", "level", "info", "The least that is logged: error, warning, notice, info or debug.",
      PLAIN(SETTINGS_LEVEL, log_level) },

    { SETTINGS_BUREAU, "employee_token_file", NULL,
      "Where the bureau's employee token lies: a path, or credential:NAME of the service.",
      BUREAU(SETTINGS_SECRET, employee_token_file) },
    { SETTINGS_BUREAU, "org_nr", "%ORGNR%",
      "Which company its clients are in Tripletex: %ORGNR% = that of the client's own number.",
      BUREAU(SETTINGS_ORG_NR, org_nr) },

    { SETTINGS_CLIENT, "name", NULL, "Name of the client; otherwise the one that Tripletex gives.",
      CLIENT(SETTINGS_NAME, name) },
    { SETTINGS_CLIENT, "bureau", NULL,
      "Name of the bureau whose token reads the client; none = a token of its own.",
      CLIENT(SETTINGS_NAME, bureau) },
    { SETTINGS_CLIENT, "employee_token_file", NULL,
      "Where the client's own employee token lies; otherwise the bureau's token is used.",
      CLIENT(SETTINGS_SECRET, employee_token_file) },
    { SETTINGS_CLIENT, "org_nr", NULL,
      "Instead of the bureau's setting: a number, %ORGNR%, or nothing = the token's own company.",
      CLIENT(SETTINGS_ORG_NR, org_nr_setting) },
    { SETTINGS_CLIENT, "pull_interval", NULL,
      "How often this client is asked for changes, instead of the general interval (1s to 30d).",
      RULE(SETTINGS_DURATION, settings_client, pull_interval_ms, MS_PER_S, 30 * MS_PER_DAY) },
    { SETTINGS_CLIENT, "history_from", NULL,
      "Mirror from the fiscal year that holds this day (yyyy-mm-dd), instead of history_years.",
      CLIENT(SETTINGS_DATE, history_from) },
};

const struct settings_option *settings_options(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(OPTIONS);
    return OPTIONS;
}

/* --- looking up --- */

const struct settings_option *settings_table_find(const char *section, const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
        if (strcmp(OPTIONS[i].section, section) == 0 && strcmp(OPTIONS[i].key, key) == 0)
            return &OPTIONS[i];
    return NULL;
}

int settings_table_has_section(const char *section)
{
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
        if (strcmp(OPTIONS[i].section, section) == 0)
            return 1;
    return 0;
}

int settings_table_is_plain(const struct settings_option *option)
{
    return strcmp(option->section, SETTINGS_BUREAU) != 0 &&
           strcmp(option->section, SETTINGS_CLIENT) != 0;
}

int settings_table_is_shown(const struct settings_option *option)
{
    return !option->rule->kind->is_hidden;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* How many letters to change, add or leave out (Levenshtein); SUGGEST_BYTES where one is too long.
 */
static size_t edits_between(const char *from, const char *to)
{
    size_t row[SUGGEST_BYTES + 1];
    size_t from_len = strlen(from), to_len = strlen(to);
    if (from_len > SUGGEST_BYTES || to_len > SUGGEST_BYTES)
        return SUGGEST_BYTES;
    for (size_t j = 0; j <= to_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= from_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= to_len; j++) {
            size_t above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (from[i - 1] != to[j - 1]));
            diagonal = above;
        }
    }
    return row[to_len];
}

/* 1 where `name` is nearer to `written` than any before; *best begins as SUGGEST_EDITS + 1. */
static int is_nearer(const char *written, const char *name, size_t *best)
{
    size_t edits = edits_between(written, name);
    if (edits >= *best || edits >= strlen(name))
        return 0;
    *best = edits;
    return 1;
}

const char *settings_table_suggest_section(const char *section)
{
    size_t best = SUGGEST_EDITS + 1;
    const char *found = NULL;
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
        if (is_nearer(section, OPTIONS[i].section, &best))
            found = OPTIONS[i].section;
    return found;
}

const struct settings_option *settings_table_suggest_key(const char *section, const char *key)
{
    size_t best = SUGGEST_EDITS + 1;
    const struct settings_option *found = NULL;
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++)
        if (strcmp(OPTIONS[i].section, section) == 0 && is_nearer(key, OPTIONS[i].key, &best))
            found = &OPTIONS[i];
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS) && !found; i++)
        if (strcmp(OPTIONS[i].key, key) == 0)
            found = &OPTIONS[i];
    return found;
}

/* --- reading and writing --- */

static void *settings_table_field(const struct settings_option *option, void *subject)
{
    return (char *)subject + option->rule->offset;
}

int settings_table_set(const struct settings_option *option, void *subject, const char *value,
                       struct err *err)
{
    const struct settings_kind *kind = option->rule->kind;
    void *field = settings_table_field(option, subject);
    int rc = kind->parse(option->rule, value, field, err);
    if (rc && kind->is_text) {
        free(*(char **)field);
        *(char **)field = mem_strdup(value);
    }
    return rc ? -EINVAL : 0;
}

/* Applies to the options of one section, or with NULL to those of all plain sections. */
static int is_of(const struct settings_option *option, const char *section)
{
    return section ? strcmp(option->section, section) == 0 : settings_table_is_plain(option);
}

void settings_table_set_defaults(const char *section, void *subject)
{
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++) {
        if (!OPTIONS[i].otherwise || !is_of(&OPTIONS[i], section))
            continue;
        /* A test sees that each default can be read, but a machine may have no host name: that
         * leaves the instance empty, which the cross checks tell. */
        if (settings_table_set(&OPTIONS[i], subject, OPTIONS[i].otherwise, NULL))
            continue;
    }
}

int settings_table_append(const struct settings_option *option, const void *subject,
                          struct buf *out)
{
    return option->rule->kind->append((const char *)subject + option->rule->offset, out);
}

void settings_table_release(const char *section, void *subject)
{
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++) {
        if (!OPTIONS[i].rule->kind->is_text || !is_of(&OPTIONS[i], section))
            continue;
        char **field = settings_table_field(&OPTIONS[i], subject);
        free(*field);
        *field = NULL;
    }
}
