/*
 * params.h - which resources are served, and which query parameters each of them takes.
 *
 * The table follows the specification. Anything else is refused, by name.
 */
#ifndef SANDBOX_PARAMS_H
#define SANDBOX_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

struct evkeyvalq;
struct fail;
struct model;

#define PARAMS_MAX 32
#define PARAMS_PATH_ID "{id}" /* in a path, and the name of the parameter it makes */

enum param_type {
    PARAM_INT32,
    PARAM_INT64,
    PARAM_BOOL,
    PARAM_TEXT,
    PARAM_DAY,
    PARAM_IDS,
    PARAM_NUMBER,
    PARAM_ENUM
};

/* How a parameter chooses rows by the field named beside it. */
enum param_use {
    USE_NONE,
    USE_EQUAL,
    USE_FROM,
    USE_BEFORE,
    USE_UP_TO,
    USE_ONE_OF,
    USE_HAS,
    USE_SINCE
};

struct param {
    const char *name;
    enum param_type type;
    bool is_required;
    enum param_use use;
    const char *field;
    const char *more; /* the default, or the words of an enumeration */
};

enum source {
    SOURCE_REGISTER,
    SOURCE_POSTINGS,
    SOURCE_POSTINGS_BY_DATE,
    SOURCE_VOUCHERS,
    SOURCE_OPEN_POSTS,
    SOURCE_ASSET_POSTINGS,
    SOURCE_BALANCE,
    SOURCE_CLIENTS
};

struct endpoint {
    const char *path;
    const struct model *model;
    enum source source;
    uint32_t offset;            /* of the register in struct company */
    const struct param *params; /* ends with a NULL name */
};

/* A query whose parameters are all known and of the right type. Borrows the texts. */
struct query {
    const struct endpoint *endpoint;
    const char *text[PARAMS_MAX]; /* NULL when neither given nor defaulted */
    int64_t number[PARAMS_MAX];   /* of numbers, dates and booleans */
    int64_t from, count;
    const char *fields, *sorting;
};

const struct endpoint *params_endpoint(const char *path);
bool params_read(const struct endpoint *endpoint, const struct evkeyvalq *given,
                 struct query *ret_query, struct fail *fail);

/* The id that the path itself names, as in /asset/7/postings. */
void params_read_path(const char *path, struct query *query);

/* The number of a parameter, or `otherwise` where it was not given. */
int64_t params_number(const struct query *query, const char *name, int64_t otherwise);

/* Next id of "1,2,3"; false at the end. */
bool params_next_id(const char **at, int64_t *ret_id);

#endif
