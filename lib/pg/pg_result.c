/* What a statement gave. A mistake about a result's shape is a mistake of the build, so it ends it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pg/pg_internal.h"

static void abort_for(const char *column, const char *fault)
{
    (void)fprintf(stderr, "bug: the result of a statement: column %s %s\n", column, fault);
    abort();
}

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
    return strtoll(PQcmdTuples(result->res), NULL, 10); /* "" where it is no such statement */
}

const char *pg_result_text(const struct pg_result *result, int row, const char *column)
{
    int number = PQfnumber(result->res, column);
    if (number < 0)
        abort_for(column, "is not there");
    if (row < 0 || row >= PQntuples(result->res))
        abort_for(column, "is asked for in a row that is not there");
    return PQgetisnull(result->res, row, number) ? NULL : PQgetvalue(result->res, row, number);
}

static int is_boolean(const char *text)
{
    return (text[0] == 't' || text[0] == 'f') && text[1] == '\0';
}

int64_t pg_result_int(const struct pg_result *result, int row, const char *column,
                      int64_t otherwise)
{
    const char *text = pg_result_text(result, row, column);
    char *end = NULL;
    if (!text)
        return otherwise;
    if (is_boolean(text))
        return text[0] == 't';
    errno = 0;
    int64_t value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        abort_for(column, "is no whole number");
    return value;
}

int pg_result_bool(const struct pg_result *result, int row, const char *column)
{
    const char *text = pg_result_text(result, row, column);
    if (text && !is_boolean(text))
        abort_for(column, "is no boolean");
    return text && text[0] == 't';
}
