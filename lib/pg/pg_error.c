/* The server's errors, and libpq's, as ours: one line, with the SQLSTATE, without data of rows. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/pg/pg_internal.h"

enum { MESSAGE_BYTES = 320, DETAIL_BYTES = 140, REASONS_BYTES = 448 };

static const struct error_class {
    const char *prefix; /* of the SQLSTATE */
    int code;
} CLASSES[] = {
    { "08", ECONNRESET },    /* connection */
    { "57P01", ECONNRESET }, /* the server shuts down, crashed, starts, … */
    { "57P02", ECONNRESET }, { "57P03", ECONNRESET }, { "57P04", ECONNRESET },
    { "57P05", ECONNRESET }, { "40001", EAGAIN },     { "40P01", EAGAIN },
    { "55P03", EAGAIN },     { "53", ENOSPC },        { "25006", EROFS },
    { "57014", ETIMEDOUT },  { "42", EINVAL },
};

static int code_of(const char *sqlstate)
{
    for (size_t i = 0; i < ARRAY_LEN(CLASSES); i++) {
        if (strncmp(sqlstate, CLASSES[i].prefix, strlen(CLASSES[i].prefix)) == 0)
            return CLASSES[i].code;
    }
    return EIO;
}

/* One line, cut between characters. */
static const char *as_line(const char *text, char *out, size_t size)
{
    size_t len = strnlen(text, size - 1);
    while (len > 0 && text[len] != '\0' && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)text[i] < ' ' ? ' ' : text[i];
    while (len > 0 && out[len - 1] == ' ')
        len--;
    out[len] = '\0';
    return out;
}

static void note_sqlstate(struct pg *pg, const char *sqlstate)
{
    (void)snprintf(pg->sqlstate, sizeof(pg->sqlstate), "%.5s", sqlstate);
}

/* A detail may show a row. Only of a broken constraint is it worth that, and never in the schema
 * where tokens are. */
static const char *detail_to_show(const PGresult *res, const char *sqlstate)
{
    const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
    const char *schema = PQresultErrorField(res, PG_DIAG_SCHEMA_NAME);
    if (!detail || !schema || strncmp(sqlstate, "23", 2) != 0 || strcmp(schema, "bureau") == 0)
        return NULL;
    return detail;
}

int pg_error_is_farewell(const PGresult *res)
{
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
    return (sqlstate && code_of(sqlstate) == ECONNRESET) ||
           (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0));
}

void pg_error_from_result(struct pg *pg, const PGresult *res, struct err *err)
{
    char line[MESSAGE_BYTES], detail_line[DETAIL_BYTES];
    const char *sqlstate = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);
    if (!sqlstate || !message) {
        pg_error_from_connection(pg, err);
        return;
    }
    const char *detail = detail_to_show(res, sqlstate);
    note_sqlstate(pg, sqlstate);
    err_set(err, pg_error_is_farewell(res) ? ECONNRESET : code_of(sqlstate), "%s (SQLSTATE %s)%s%s",
            as_line(message, line, sizeof(line)), sqlstate, detail ? ": " : "",
            detail ? as_line(detail, detail_line, sizeof(detail_line)) : "");
    err->is_outage = err->code == ECONNRESET || err->code == EROFS;
    if (hint)
        err_set_remedy(err, "%s", hint);
}

/* --- libpq's own --- */

static int is_sqlstate(const char *text)
{
    return strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 &&
           strncmp(text + 5, ": ", 2) == 0;
}

/* "…FATAL:  3D000: database…" becomes "…FATAL:  database…". */
static int cut_sqlstate(char *line, char sqlstate[PG_SQLSTATE_BYTES])
{
    for (char *at = line; (at = strstr(at, ":  ")); at += 3) {
        if (!is_sqlstate(at + 3))
            continue;
        memcpy(sqlstate, at + 3, 5);
        sqlstate[5] = '\0';
        memmove(at + 3, at + 10, strlen(at + 10) + 1);
        return 1;
    }
    return 0;
}

/* Of several hosts each has a line of its own; the lines between are advice and places in code. */
static int is_reason(const char *line, int lines_before)
{
    return line[0] != '\0' && (lines_before == 0 || strncmp(line, "connection to server", 20) == 0);
}

static void gather_reasons(const struct pg *pg, char *out, size_t size,
                           char sqlstate[PG_SQLSTATE_BYTES])
{
    AUTO_FREE char *text = mem_strdup(PQerrorMessage(pg->conn));
    char *rest = text;
    size_t len = 0;
    int count = 0;
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (!is_reason(line, count) || len >= size - 1)
            continue;
        (void)cut_sqlstate(line, sqlstate);
        int more = snprintf(out + len, size - len, "%s%s", count++ > 0 ? "; " : "", line);
        len += more > 0 ? (size_t)more : 0;
    }
    if (count == 0)
        (void)snprintf(out, size, "the reason is unknown");
}

void pg_error_from_connection(struct pg *pg, struct err *err)
{
    char reasons[REASONS_BYTES], line[REASONS_BYTES], sqlstate[PG_SQLSTATE_BYTES] = "";
    gather_reasons(pg, reasons, sizeof(reasons), sqlstate);
    note_sqlstate(pg, sqlstate);
    int code = sqlstate[0] != '\0' ? code_of(sqlstate) : ECONNRESET;
    err_set(err, code, "%s%s%s%s%s", pg->is_up ? "the connection to the database is lost: " : "",
            as_line(reasons, line, sizeof(line)), sqlstate[0] != '\0' ? " (SQLSTATE " : "",
            sqlstate, sqlstate[0] != '\0' ? ")" : "");
    err_set_remedy(err, pg->is_up ? "See in the database server's log why it ended the connection"
                                  : "See that the database server runs and that conninfo is right");
    err->is_outage = 1;
}
