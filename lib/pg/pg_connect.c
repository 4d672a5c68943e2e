/* Connecting, and the settings that every connection has. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/pg_internal.h"

enum {
    KEYWORDS_MAX = 96, /* libpq knows half as many */
    SETTINGS_BYTES_MAX = 4096,
    IDLE_IN_TRANSACTION_MS = 5000, /* its row locks keep others waiting */
    CLIENT_CHECK_MS = 5000,
    /* The server notices a peer that is gone as we do (see DEFAULTS); 0 on a socket of the host. */
    KEEPALIVE_IDLE_S = 10,
    KEEPALIVE_EVERY_S = 5,
    KEEPALIVE_COUNT = 3,
    USER_TIMEOUT_MS = 20000,
    CLIENT_CHECK_VERSION = 140000, /* the first server that has the last two settings */
};

struct keywords {
    const char *keys[KEYWORDS_MAX + 1], *values[KEYWORDS_MAX + 1]; /* ended by NULL */
    int count;
};

/* A peer that is gone is noticed within half a minute, whatever the system's own settings are. */
static const char *const DEFAULTS[][2] = {
    { "keepalives_idle", "10" },
    { "keepalives_interval", "5" },
    { "keepalives_count", "3" },
    { "tcp_user_timeout", "20000" },
};

/* --- the connection string --- */

/* libpq's own words quote the string, and what they quote may be a part of a password. */
static int refuse_conninfo(const char *message, struct err *err)
{
    static const char *const REASONS[][2] = {
        { "missing \"=\"", "a word in it has no =" },
        { "invalid connection option", "it has an option that libpq does not know" },
        { "unterminated quoted", "a quote in it is not closed" },
        { "URI query parameter", "a parameter of its URI is wrong" },
        { "percent-encoded", "an escape with % in its URI is wrong" },
    };
    const char *reason = "it has a fault";
    for (size_t i = 0; message && i < ARRAY_LEN(REASONS); i++) {
        if (strstr(message, REASONS[i][0])) {
            reason = REASONS[i][1];
            break;
        }
    }
    err_set(err, EINVAL, "the connection string of the database cannot be read: %s", reason);
    err_set_remedy(err, "Write it as keyword=value pairs, and values with spaces in single quotes");
    return -EINVAL;
}

/* Where the password in a URI holds an unescaped @ or /, libpq takes the rest of it for a host, a
 * port or a database, and puts that into its messages. */
static int check_uri(const char *conninfo, struct err *err)
{
    if (strncmp(conninfo, "postgres://", 11) != 0 && strncmp(conninfo, "postgresql://", 13) != 0)
        return 0;
    const char *place = strstr(conninfo, "://") + 3;
    const char *path = place + strcspn(place, "/");
    const char *first = strchr(place, '@');
    const char *second = first ? strchr(first + 1, '@') : NULL;
    const char *end = path + strcspn(path, "?");
    if (!first || first >= end || (first < path && (!second || second >= end)))
        return 0;
    err_set(err, EINVAL,
            "the connection string of the database has an @ at a place where none can be");
    err_set_remedy(
        err, "In a URI, write an @ of the user name or the password as %%40, and a / as %%2F");
    return -EINVAL;
}

static void keywords_add(struct keywords *keywords, const char *key, const char *value)
{
    if (keywords->count == KEYWORDS_MAX)
        abort(); /* libpq has no more than half of that */
    keywords->keys[keywords->count] = key;
    keywords->values[keywords->count++] = value;
}

static int keywords_has(const struct keywords *keywords, const char *key)
{
    for (int i = 0; i < keywords->count; i++) {
        if (strcmp(keywords->keys[i], key) == 0)
            return 1;
    }
    return 0;
}

static void keywords_fill(struct keywords *keywords, const PQconninfoOption *options,
                          const char *application_name)
{
    for (; options->keyword; options++) {
        if (options->val)
            keywords_add(keywords, options->keyword, options->val);
    }
    for (size_t i = 0; i < ARRAY_LEN(DEFAULTS); i++) {
        if (!keywords_has(keywords, DEFAULTS[i][0]))
            keywords_add(keywords, DEFAULTS[i][0], DEFAULTS[i][1]);
    }
    /* The last one counts. */
    if (application_name)
        keywords_add(keywords, "application_name", application_name);
}

static int open_connection(struct pg *pg, struct err *err)
{
    const char *conninfo = pg->conninfo ? pg->conninfo : "";
    struct keywords keywords = { .count = 0 };
    char *message = NULL;
    if (check_uri(conninfo, err) < 0)
        return -EINVAL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);
    if (!options) {
        int ret = refuse_conninfo(message, err);
        PQfreemem(message);
        return ret;
    }
    keywords_fill(&keywords, options, pg->application_name);
    pg->conn = PQconnectStartParams(keywords.keys, keywords.values, 0);
    PQconninfoFree(options);
    if (!pg->conn)
        abort(); /* no memory, as in mem.c */
    return 0;
}

/* --- connecting --- */

/* What the server says when it ends a connection that waits for nothing is a notice to libpq, which
 * would print it. */
static void notice_cb(void *ctx, const PGresult *res)
{
    struct pg *pg = ctx;
    struct err err = ERR_NONE;
    if (!pg_error_is_farewell(res))
        return;
    pg_error_from_result(pg, res, &err);
    pg->farewell = err;
}

int pg_connect_begin(struct pg *pg, struct err *err)
{
    int ret = open_connection(pg, err);
    if (ret < 0)
        return ret;
    pg->sqlstate[0] = '\0';
    (void)PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE); /* shows the SQLSTATE */
    (void)PQsetNoticeReceiver(pg->conn, notice_cb, pg);
    int is_begun = PQstatus(pg->conn) != CONNECTION_BAD;
    pg_run_wait(pg, is_begun);
    if (is_begun)
        pg_run_watch(pg, LOOP_WRITE);
    return 0;
}

static int append_role(const struct pg *pg, struct buf *sql)
{
    if (!pg->role)
        return 0;
    char *quoted = PQescapeIdentifier(pg->conn, pg->role, strlen(pg->role));
    int ret = quoted ? buf_printf(sql, "; SET ROLE %s", quoted) : -EINVAL;
    PQfreemem(quoted);
    return ret;
}

static int64_t as_setting(int64_t ms)
{
    return ms > INT32_MAX ? INT32_MAX : ms;
}

/* No JIT: statements are short, and compiling a view of many parts can take longer than the time
 * that a statement has. */
static int append_settings(const struct pg *pg, struct buf *sql)
{
    int ret = buf_printf(sql,
                         "SET search_path = ''; SET timezone = 'UTC'; SET client_encoding = 'UTF8';"
                         " SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';"
                         " SET bytea_output = 'hex'; SET standard_conforming_strings = on;"
                         " SET client_min_messages = 'warning'; SET jit = off;"
                         " SET statement_timeout = %" PRId64 "; SET lock_timeout = %" PRId64 ";"
                         " SET idle_in_transaction_session_timeout = %d;"
                         " SET tcp_keepalives_idle = %d; SET tcp_keepalives_interval = %d;"
                         " SET tcp_keepalives_count = %d; SET tcp_user_timeout = %d;",
                         as_setting(pg->statement_timeout_ms), as_setting(pg->lock_timeout_ms),
                         IDLE_IN_TRANSACTION_MS, KEEPALIVE_IDLE_S, KEEPALIVE_EVERY_S,
                         KEEPALIVE_COUNT, USER_TIMEOUT_MS);
    if (ret == 0 && PQserverVersion(pg->conn) >= CLIENT_CHECK_VERSION)
        ret = buf_printf(sql,
                         " SET client_connection_check_interval = %d;"
                         " SET idle_session_timeout = %" PRId64,
                         CLIENT_CHECK_MS, as_setting(pg->idle_timeout_ms));
    return ret < 0 ? ret : append_role(pg, sql);
}

static void send_settings(struct pg *pg)
{
    AUTO_BUF struct buf sql;
    struct err err = ERR_NONE;
    const char *superuser = PQparameterStatus(pg->conn, "is_superuser");
    pg->is_superuser = superuser && strcmp(superuser, "on") == 0;
    pg->work.step = PG_STEP_SETTINGS;
    buf_init(&sql, SETTINGS_BYTES_MAX);
    if (append_settings(pg, &sql) < 0) {
        err_set(&err, EINVAL,
                "the name of the role to take in the database is too long or no UTF-8");
        pg_run_lose(pg, &err);
        return;
    }
    pg_run_wait(pg, PQsetnonblocking(pg->conn, 1) == 0 && PQsendQuery(pg->conn, buf_text(&sql)));
}

/* libpq may close its socket and open another with the same number, so the watch is of one wait. */
void pg_connect_poll(struct pg *pg)
{
    loop_watch_free(pg->watch);
    pg->watch = NULL;
    switch (PQconnectPoll(pg->conn)) {
    case PGRES_POLLING_READING:
        pg_run_watch(pg, LOOP_READ);
        return;
    case PGRES_POLLING_OK:
        send_settings(pg);
        return;
    case PGRES_POLLING_FAILED:
        pg_run_lose(pg, NULL);
        return;
    default:
        pg_run_watch(pg, LOOP_WRITE);
        return;
    }
}
