#include "tests/sandbox/list.h"

#include <stdio.h>
#include <string.h>

#include "tests/sandbox/cache.h"
#include "tests/sandbox/collect.h"
#include "tests/sandbox/digest.h"
#include "tests/sandbox/fail.h"
#include "tests/sandbox/fields.h"
#include "tests/sandbox/model.h"
#include "tests/sandbox/out.h"
#include "tests/sandbox/params.h"
#include "tests/sandbox/world.h"

#define RESULT_MAX 10000
#define TOO_LARGE 23000

static void list_checksum(const struct world *world, const struct list_ask *ask,
                          const struct vec *rows, char out[DIGEST_TEXT_MAX])
{
    const struct model *model = ask->query->endpoint->model;
    bool leaves_groups = model == &MODEL_POSTING && !world->options.closegroup_bumps;
    struct digest digest;
    digest_init(&digest);
    digest_text(&digest, ask->company ? "" : ask->token->name);
    digest_query(&digest, ask->query);
    for (uint32_t i = 0; i < rows->n; i++)
        digest_row(&digest, model, rows->at[i], leaves_groups ? "closeGroup" : NULL);
    digest_format(&digest, out);
}

/* Sets *ret_digest to NULL where the envelope says null. */
static void list_digest(struct world *world, const struct list_ask *ask, const struct vec *rows,
                        char text[DIGEST_TEXT_MAX], const char **ret_digest)
{
    *ret_digest = text;
    enum checksum_mode mode = world->options.checksum;
    if (rows->n == 0 || mode == CHECKSUM_NULL)
        *ret_digest = NULL;
    else if (!ask->if_none_match || !*ask->if_none_match)
        snprintf(text, DIGEST_TEXT_MAX, "not-a-checksum-%llx",
                 (unsigned long long)(rng_next(&world->rng) >> 24));
    else if (mode == CHECKSUM_RANDOM)
        snprintf(text, DIGEST_TEXT_MAX, "%016llx", (unsigned long long)rng_next(&world->rng));
    else if (mode == CHECKSUM_CONSTANT)
        snprintf(text, DIGEST_TEXT_MAX, "0123456789abcdef");
    else
        list_checksum(world, ask, rows, text);
}

static void list_page(const struct list_ask *ask, uint32_t n, int64_t *ret_from, int64_t *ret_count)
{
    int64_t from = ask->query->from, count = ask->query->count;
    if (ask->twist == LIST_REPEATS_PAGE)
        from = 0;
    if (ask->twist == LIST_SHORT_PAGE)
        count = (count + 1) / 2;
    if (ask->twist == LIST_LACKS_FIRST)
        from++;
    if (ask->twist == LIST_SHIFTED && from > 0)
        from--;
    int64_t left = from < n ? n - from : 0;
    *ret_from = from;
    *ret_count = count < left ? count : left;
}

static void list_write(const struct world *world, const struct list_ask *ask,
                       const struct fields *fields, const struct vec *rows, const char *digest,
                       struct out *out)
{
    int64_t from, count;
    list_page(ask, rows->n, &from, &count);
    /* Only "there is more" can be relied upon, and not even that. */
    int64_t size = world->options.inexact_size ? from + count + (from + count < rows->n) : rows->n;
    out->style = world->options.numbers;
    out_raw(out, "{\"fullResultSize\":");
    out_int(out, size);
    out_raw(out, ",\"from\":");
    out_int(out, ask->query->from);
    out_raw(out, ",\"count\":");
    out_int(out, count);
    out_raw(out, ",\"versionDigest\":");
    out_text(out, digest);
    out_raw(out, ",\"values\":[");
    for (int64_t i = 0; i < count; i++) {
        if (i > 0)
            out_bytes(out, ",", 1);
        fields_write(fields, ask->query->endpoint->model, rows->at[from + i], out);
    }
    out_raw(out, "]}");
}

/* A checksum that lies takes whatever has the form of one for the present one. */
static bool list_is_unchanged(const struct world *world, const struct list_ask *ask,
                              const char *digest)
{
    const char *asked = ask->if_none_match;
    if (!asked || world->options.checksum == CHECKSUM_NEVER_304 || ask->twist == LIST_LACKS_FIRST)
        return false;
    if (world->options.checksum == CHECKSUM_FROZEN)
        return strlen(asked) == strlen(digest);
    return strcmp(digest, asked) == 0;
}

/* Registers are short, and some change by themselves; a twisted page and a checksum that differs
 * each time are of the moment. */
static bool list_may_keep(const struct world *world, const struct list_ask *ask)
{
    enum source source = ask->query->endpoint->source;
    return world->cache && source != SOURCE_REGISTER && source != SOURCE_CLIENTS &&
           ask->twist == LIST_PLAIN && world->options.checksum != CHECKSUM_RANDOM;
}

static bool list_of_set(struct world *world, const struct list_ask *ask,
                        const struct fields *fields, const struct rowset *set, struct out *out,
                        bool *ret_unchanged, struct fail *fail)
{
    char text[DIGEST_TEXT_MAX];
    const char *digest;
    if (set->rows.n > RESULT_MAX)
        return fail_set(fail, 422, TOO_LARGE, NULL,
                        "Result set too large: %u rows, at most %d. Narrow the search.",
                        set->rows.n, RESULT_MAX);
    list_digest(world, ask, &set->rows, text, &digest);
    *ret_unchanged = digest && list_is_unchanged(world, ask, digest);
    if (!*ret_unchanged || list_may_keep(world, ask))
        list_write(world, ask, fields, &set->rows, digest, out);
    if (list_may_keep(world, ask))
        cache_add(world->cache, ask, digest, out);
    return true;
}

bool list_answer(struct world *world, const struct list_ask *ask, struct out *out,
                 bool *ret_unchanged, struct fail *fail)
{
    struct fields fields;
    struct rowset set;
    const struct query *query = ask->query;
    bool by_date = query->endpoint->source == SOURCE_POSTINGS_BY_DATE;
    const char *digest;
    if (list_may_keep(world, ask) && cache_find(world->cache, ask, out, &digest)) {
        *ret_unchanged = digest && list_is_unchanged(world, ask, digest);
        return true;
    }
    if (!fields_parse(by_date ? "*" : query->fields, query->endpoint->model, &fields, fail))
        return false;
    bool ok = collect_rows(world, ask->company, ask->token, query, &set, fail);
    if (ok) {
        ok = list_of_set(world, ask, &fields, &set, out, ret_unchanged, fail);
        collect_release(&set);
    }
    fields_release(&fields);
    return ok;
}

bool list_truth(const struct endpoint *endpoint, const struct company *company, const char *text,
                struct out *out, struct fail *fail)
{
    struct fields fields;
    const struct vec *rows = (const void *)((const char *)company + endpoint->offset);
    if (!fields_parse(text ? text : "*", endpoint->model, &fields, fail))
        return false;
    out_raw(out, "[");
    for (uint32_t i = 0; i < rows->n; i++) {
        out_comma(out);
        fields_write(&fields, endpoint->model, rows->at[i], out);
    }
    out_raw(out, "]");
    fields_release(&fields);
    return true;
}
