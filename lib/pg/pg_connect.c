/* Connecting, and the settings that every connection has. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/pg_internal.h"

enum { KEYWORDS_MAX = 64, SETTINGS_BYTES_MAX = 4096 };

/* A dead peer is noticed within half a minute, also while a statement runs; what the user set stands. */
static const char *const DEFAULTS[][2] = {
    { "keepalives_idle", "10" },
    { "keepalives_interval", "5" },
    { "keepalives_count", "3" },
    { "tcp_user_timeout", "20000" },
    { "client_encoding", "UTF8" },
};

static int has_keyword(const char **keywords, int count, const char *keyword)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(keywords[i], keyword) == 0)
            return 1;
    }
    return 0;
}

static int add_defaults(const char **keywords, const char **values, int count)
{
    for (size_t i = 0; i < ARRAY_LEN(DEFAULTS); i++) {
        if (has_keyword(keywords, count, DEFAULTS[i][0]))
            continue;
        keywords[count] = DEFAULTS[i][0];
        values[count++] = DEFAULTS[i][1];
    }
    return count;
}

static PGconn *connect_with(const PQconninfoOption *options, const char *application_name)
{
    const char *keywords[KEYWORDS_MAX + ARRAY_LEN(DEFAULTS) + 2];
    const char *values[ARRAY_LEN(keywords)];
    int count = 0;
    for (; options->keyword && count < KEYWORDS_MAX; options++) {
        if (!options->val)
            continue;
        keywords[count] = options->keyword;
        values[count++] = options->val;
    }
    count = add_defaults(keywords, values, count);
    keywords[count] = "fallback_application_name";
    values[count++] = application_name;
    keywords[count] = NULL;
    values[count] = NULL;
    return PQconnectStartParams(keywords, values, 0);
}

/* The parser's own message may show a part of the string, and that part may be a password. */
static PGconn *start(const struct pg *pg, struct err *err)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(pg->conninfo, &message);
    PQfreemem(message);
    if (!options) {
        err_set(err, EINVAL, "the connection string is no valid libpq connection string");
        err_set_remedy(err, "Correct [database] conninfo; it is written as keyword=value pairs");
        return NULL;
    }
    PGconn *conn = connect_with(options, pg->application_name);
    PQconninfoFree(options);
    if (!conn)
        err_set(err, ENOMEM, "libpq could not start a connection");
    return conn;
}

static void tell_failed(struct pg *pg)
{
    AUTO_FREE char *text = mem_strdup(PQerrorMessage(pg->conn));
    size_t len = strcspn(text, "\n");
    text[len] = '\0';
    pg->failure = ERR_NONE;
    err_set(&pg->failure, ECONNREFUSED, "%s", len > 0 ? text : "no connection to the database");
    err_set_remedy(&pg->failure, "See that PostgreSQL runs and that [database] conninfo is right");
}

void pg_step_connect(struct pg *pg)
{
    switch (PQconnectPoll(pg->conn)) {
    case PGRES_POLLING_READING:
        pg_watch(pg, LOOP_READ);
        return;
    case PGRES_POLLING_WRITING:
        pg_watch(pg, LOOP_WRITE);
        return;
    case PGRES_POLLING_OK:
        if (PQsetnonblocking(pg->conn, 1) == 0 && pg_begin_settle(pg) == 0)
            return;
        break;
    default:
        break;
    }
    tell_failed(pg);
    pg_complete(pg, NULL);
}

static int append_settings(struct pg *pg, struct buf *sql)
{
    AUTO_FREE char *role = NULL;
    int ret = buf_printf(sql,
                         "SET search_path = ''; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; "
                         "SET intervalstyle = 'postgres'; SET bytea_output = 'hex'; "
                         "SET standard_conforming_strings = on; SET extra_float_digits = 1; "
                         "SET client_min_messages = 'error'; "
                         "SET statement_timeout = %" PRId64 "; SET lock_timeout = %" PRId64 "; "
                         "SET idle_in_transaction_session_timeout = 60000; "
                         "SET client_connection_check_interval = 5000; ",
                         pg->statement_timeout_ms, pg->lock_timeout_ms);
    if (ret == 0 && pg->role) {
        char *quoted = PQescapeIdentifier(pg->conn, pg->role, strlen(pg->role));
        ret = quoted ? buf_printf(sql, "SET ROLE %s; ", quoted) : -EINVAL;
        PQfreemem(quoted);
    }
    return ret;
}

int pg_begin_settle(struct pg *pg)
{
    AUTO_BUF struct buf sql;
    buf_init(&sql, SETTINGS_BYTES_MAX);
    pg->state = PG_SETTLING;
    const char *superuser = PQparameterStatus(pg->conn, "is_superuser");
    pg->is_superuser = superuser && strcmp(superuser, "on") == 0;
    if (append_settings(pg, &sql) < 0 || PQsendQuery(pg->conn, buf_text(&sql)) == 0)
        return -EIO;
    pg_watch(pg, LOOP_READ | LOOP_WRITE);
    return 0;
}

int pg_start(struct pg *pg, pg_done_fn *done, void *ctx, struct err *err)
{
    if (pg->state != PG_DOWN)
        return err_set(err, EISCONN, "the connection is up already");
    PGconn *conn = start(pg, err);
    if (!conn)
        return -EINVAL;
    pg->conn = conn;
    pg->done = done;
    pg->done_ctx = ctx;
    pg->state = PG_CONNECTING;
    pg->sqlstate[0] = '\0';
    loop_timer_start(pg->deadline, pg->connect_timeout_ms);
    /* The first look is from the loop: a refused connection must not be told inside this call. */
    loop_timer_start(pg->later, 0);
    return 0;
}
