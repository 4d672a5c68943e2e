#include "tests/sandbox/params.h"

#include <sys/queue.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/day.h"
#include "tests/sandbox/fail.h"
#include "tests/sandbox/model.h"
#include "tests/sandbox/money.h"
#include "tests/sandbox/params_table.h"

#define INVALID 15000
#define COUNT_MAX 10000

/* The path, or the pattern with a number where PARAMS_PATH_ID stands. */
static bool is_path(const char *pattern, const char *path)
{
    const char *hole = strstr(pattern, PARAMS_PATH_ID);
    size_t before = hole ? (size_t)(hole - pattern) : 0;
    if (!hole || strncmp(pattern, path, before) != 0)
        return strcmp(pattern, path) == 0;
    size_t digits = strspn(path + before, "0123456789");
    return digits > 0 && strcmp(path + before + digits, hole + strlen(PARAMS_PATH_ID)) == 0;
}

const struct endpoint *params_endpoint(const char *path)
{
    for (size_t i = 0; i < ENDPOINTS_N; i++) {
        if (is_path(ENDPOINTS[i].path, path))
            return &ENDPOINTS[i];
    }
    return NULL;
}

static int params_place(const struct endpoint *endpoint, const char *name)
{
    for (int i = 0; endpoint->params[i].name; i++) {
        if (strcmp(endpoint->params[i].name, name) == 0)
            return i;
    }
    return -1;
}

static bool read_integer(const char *text, int64_t least, int64_t most, int64_t *ret_number)
{
    char *end;
    if (*text == '\0' || *text == ' ' || *text == '+')
        return false;
    int64_t number = strtoll(text, &end, 10);
    if (*end != '\0' || number < least || number > most)
        return false;
    *ret_number = number;
    return true;
}

bool params_next_id(const char **at, int64_t *ret_id)
{
    char *end;
    if (**at == '\0')
        return false;
    *ret_id = strtoll(*at, &end, 10);
    if (end == *at)
        return false;
    *at = *end == ',' ? end + 1 : end;
    return true;
}

static bool read_ids(const char *text)
{
    const char *at = text;
    int64_t id;
    while (params_next_id(&at, &id)) {
        if (*at == '\0')
            return true;
    }
    return false;
}

static bool read_bool(const char *text, int64_t *ret_number)
{
    *ret_number = strcmp(text, "true") == 0;
    return *ret_number || strcmp(text, "false") == 0;
}

static bool read_word(const char *text, const char *words)
{
    size_t len = strlen(text);
    for (const char *at = words; len > 0 && at; at = strchr(at, ' '), at = at ? at + 1 : NULL) {
        if (strncmp(at, text, len) == 0 && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

static bool read_typed(const struct param *param, const char *text, int64_t *ret_number)
{
    int32_t day;
    money_t money;
    switch (param->type) {
    case PARAM_INT32:
        return read_integer(text, INT32_MIN, INT32_MAX, ret_number);
    case PARAM_INT64:
        return read_integer(text, INT64_MIN, INT64_MAX, ret_number);
    case PARAM_BOOL:
        return read_bool(text, ret_number);
    case PARAM_IDS:
        return read_ids(text);
    case PARAM_NUMBER:
        return money_parse(text, &money);
    case PARAM_ENUM:
        return read_word(text, param->more);
    case PARAM_DAY:
        if (!day_parse(text, &day))
            return false;
        *ret_number = day;
        return true;
    default:
        return true;
    }
}

static const char *type_name(enum param_type type)
{
    static const char *const NAMES[] = {
        [PARAM_INT32] = "a 32-bit integer", [PARAM_INT64] = "an integer",
        [PARAM_BOOL] = "true or false",     [PARAM_TEXT] = "a text",
        [PARAM_DAY] = "a date: yyyy-MM-dd", [PARAM_IDS] = "a list of ids: 1,2,3",
        [PARAM_NUMBER] = "a number",        [PARAM_ENUM] = "one of the words of the specification"
    };
    return NAMES[type];
}

static bool params_take(const struct endpoint *endpoint, struct query *query, const char *name,
                        const char *text, struct fail *fail)
{
    int place = params_place(endpoint, name);
    if (place < 0)
        return fail_set(fail, 422, INVALID, name, "Unknown query parameter '%.60s' on %s", name,
                        endpoint->path);
    if (!read_typed(&endpoint->params[place], text, &query->number[place]))
        return fail_set(fail, 422, INVALID, name, "Parameter '%s' must be %s, not '%.60s'", name,
                        type_name(endpoint->params[place].type), text);
    query->text[place] = text;
    return true;
}

static bool params_defaults(const struct endpoint *endpoint, struct query *query, struct fail *fail)
{
    for (int i = 0; endpoint->params[i].name; i++) {
        const struct param *param = &endpoint->params[i];
        if (query->text[i])
            continue;
        if (param->is_required)
            return fail_set(fail, 422, INVALID, param->name, "Parameter '%s' may not be null.",
                            param->name);
        if (param->more && param->type != PARAM_ENUM) {
            query->text[i] = param->more;
            (void)read_typed(param, param->more, &query->number[i]);
        }
    }
    return true;
}

static const char *params_text(const struct query *query, const char *name)
{
    int place = params_place(query->endpoint, name);
    return place < 0 ? NULL : query->text[place];
}

int64_t params_number(const struct query *query, const char *name, int64_t otherwise)
{
    int place = params_place(query->endpoint, name);
    return place < 0 || !query->text[place] ? otherwise : query->number[place];
}

static bool params_check_page(struct query *query, struct fail *fail)
{
    query->from = params_number(query, "from", 0);
    query->count = params_number(query, "count", 1000);
    query->fields = params_text(query, "fields");
    query->sorting = params_text(query, "sorting");
    if (query->from < 0)
        return fail_set(fail, 422, INVALID, "from", "Parameter 'from' must be 0 or more");
    if (query->count < 0 || query->count > COUNT_MAX)
        return fail_set(fail, 422, INVALID, "count",
                        "Parameter 'count' must be between 0 and %d, not %lld", COUNT_MAX,
                        (long long)query->count);
    int64_t from = params_number(query, "dateFrom", INT32_MIN);
    if (from > params_number(query, "dateTo", INT32_MAX))
        return fail_set(fail, 422, INVALID, "dateTo", "'dateTo' must not be before 'dateFrom'");
    return true;
}

void params_read_path(const char *path, struct query *query)
{
    const char *hole = strstr(query->endpoint->path, PARAMS_PATH_ID);
    if (!hole)
        return;
    int place = params_place(query->endpoint, PARAMS_PATH_ID);
    query->text[place] = path + (hole - query->endpoint->path);
    query->number[place] = strtoll(query->text[place], NULL, 10);
}

bool params_read(const struct endpoint *endpoint, const struct evkeyvalq *given,
                 struct query *ret_query, struct fail *fail)
{
    struct query query = { .endpoint = endpoint };
    const struct evkeyval *pair;
    for (pair = given->tqh_first; pair; pair = pair->next.tqe_next) {
        if (!params_take(endpoint, &query, pair->key, pair->value, fail))
            return false;
    }
    if (!params_defaults(endpoint, &query, fail) || !params_check_page(&query, fail))
        return false;
    *ret_query = query;
    return true;
}
