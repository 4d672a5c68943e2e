/* Results, and the server's errors as ours. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pg/pg_internal.h"

int pg_result_rows(const struct pg_result *result)
{
    return PQntuples(result->res);
}

int pg_result_columns(const struct pg_result *result)
{
    return PQnfields(result->res);
}

int64_t pg_result_affected(const struct pg_result *result)
{
    const PGresult *res = result->res;
    /* libpq's own declaration lacks the const. */
    PGresult *writable = NULL;
    memcpy(&writable, &res, sizeof(writable));
    return strtoll(PQcmdTuples(writable), NULL, 10);
}

static int find_column(const struct pg_result *result, const char *column)
{
    int index = PQfnumber(result->res, column);
    if (index < 0) {
        (void)fprintf(stderr, "bug: no column %s in a result\n", column);
        abort();
    }
    return index;
}

const char *pg_result_text(const struct pg_result *result, int row, const char *column)
{
    int index = find_column(result, column);
    return PQgetisnull(result->res, row, index) ? NULL : PQgetvalue(result->res, row, index);
}

int64_t pg_result_int(const struct pg_result *result, int row, const char *column, int64_t otherwise)
{
    const char *text = pg_result_text(result, row, column);
    return text ? strtoll(text, NULL, 10) : otherwise;
}

int pg_result_bool(const struct pg_result *result, int row, const char *column)
{
    const char *text = pg_result_text(result, row, column);
    return text && *text == 't';
}

/* --- errors --- */

static const struct sqlstate_meaning {
    const char *prefix;
    int code;
} MEANINGS[] = {
    { "08", ECONNRESET }, { "57P", ECONNRESET }, { "40001", EAGAIN }, { "40P01", EAGAIN },
    { "55P03", EAGAIN },  { "53", ENOSPC },      { "25006", EROFS },  { "57014", ETIMEDOUT },
    { "42", EINVAL },
};

static int code_of(const char *sqlstate)
{
    for (size_t i = 0; i < ARRAY_LEN(MEANINGS); i++) {
        if (strncmp(sqlstate, MEANINGS[i].prefix, strlen(MEANINGS[i].prefix)) == 0)
            return MEANINGS[i].code;
    }
    return EIO;
}

/* The detail of a broken constraint shows the row; a row of the register may hold a token. */
static int is_detail_shown(const PGresult *res, const char *sqlstate)
{
    const char *schema = PQresultErrorField(res, PG_DIAG_SCHEMA_NAME);
    return strncmp(sqlstate, "23", 2) == 0 && schema && strcmp(schema, "bureau") != 0;
}

void pg_take_error(struct pg *pg, const PGresult *res)
{
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);
    const char *state = sqlstate ? sqlstate : "";
    pg->failure = ERR_NONE;
    (void)snprintf(pg->sqlstate, sizeof(pg->sqlstate), "%s", state);
    err_set(&pg->failure, code_of(state), "%s%s%s%s%s%s", message ? message : "the database gave no message",
            *state ? " (SQLSTATE " : "", state, *state ? ")" : "",
            detail && is_detail_shown(res, state) ? "; " : "",
            detail && is_detail_shown(res, state) ? detail : "");
    err_set_remedy(&pg->failure, "%s", hint ? hint : "");
}

const char *pg_last_sqlstate(const struct pg *pg)
{
    return pg->sqlstate;
}
