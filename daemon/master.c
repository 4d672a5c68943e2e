#include "daemon/master.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/fetch.h"
#include "daemon/oddity.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/settings.h"
#include "daemon/stage.h"
#include "gen/sql_queries.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"
#include "lib/tripletex/resource.h"

/* The merge of each list, in the order of RESOURCE_MASTERS; without the needed ones no posting can
 * be understood. */
static const struct master_list {
    const char *resource;
    const struct sql_query *merge;
    int is_needed;
} LISTS[] = {
    { "annual_account", &SQL_merge_annual_account, 1 },
    { "account", &SQL_merge_account, 1 },
    { "voucher_type", &SQL_merge_voucher_type, 0 },
    { "vat_type", &SQL_merge_vat_type, 0 },
    { "accounting_period", &SQL_merge_accounting_period, 0 },
    { "department", &SQL_merge_department, 0 },
    { "project", &SQL_merge_project, 0 },
    { "customer", &SQL_merge_customer, 0 },
    { "supplier", &SQL_merge_supplier, 0 },
    { "employee", &SQL_merge_employee, 0 },
};

enum { MASTER_MOVES_MAX = 5, MASTER_MOVES_WITH_DIGEST = 2 };

struct master {
    struct app *app;
    struct client *client;
    struct stage *stage;
    const struct master_memory *memory;
    int64_t interval_ms;
    uint64_t lists; /* a bit for each list that is wanted */
    master_done_fn *done;
    void *ctx;
    struct loop_timer *next; /* the next list, from the loop */
    struct fetch *fetch;
    struct fetch *waiting; /* for the stage */
    int list, variant;
    int moves;     /* how often this list changed while it was read */
    int is_whole;  /* this list is read without its digests: one variant of it has changed */
    int is_staged; /* the stage of this list is made */
    int is_in_database;
    int is_changed, is_merged;
    struct {
        char digest[256];
        int64_t sent_us;
    } seen[MASTER_VARIANTS_MAX];
};

static void ask(struct master *master);

/* --- memory --- */

static int find_list(const char *resource)
{
    for (int i = 0; i < (int)ARRAY_LEN(LISTS); i++) {
        if (strcmp(LISTS[i].resource, resource) == 0)
            return i;
    }
    return -1;
}

uint64_t master_bit(const char *resource)
{
    int list = find_list(resource);
    return list < 0 ? 0 : UINT64_C(1) << list;
}

static const char *variant_name(const struct resource *resource, int variant)
{
    return resource->variants ? resource->variants[variant] : "";
}

static int variant_count(const struct resource *resource)
{
    int count = 0;
    while (resource->variants && resource->variants[count])
        count++;
    return resource->variants ? count : 1;
}

int master_memory_take(struct master_memory *memory, const char *resource, const char *variant,
                       const char *digest, int64_t age_ms)
{
    int list = find_list(resource);
    if (list < 0)
        return 0;
    if (RESOURCE_MASTERS[list]->variants && !*variant)
        memory->refused_age_ms[list] = age_ms;
    for (int i = 0; i < variant_count(RESOURCE_MASTERS[list]); i++) {
        if (strcmp(variant_name(RESOURCE_MASTERS[list], i), variant) == 0) {
            memory->lists[list][i].digest = mem_strdup(digest);
            memory->lists[list][i].age_ms = age_ms;
        }
    }
    return 1;
}

int master_memory_has(const struct master_memory *memory, const char *digest)
{
    for (int i = 0; i < MASTER_LISTS_MAX; i++) {
        for (int j = 0; j < MASTER_VARIANTS_MAX; j++) {
            const char *held = memory->lists[i][j].digest;
            if (held && strcmp(held, digest) == 0)
                return 1;
        }
    }
    return 0;
}

void master_memory_forget(struct master_memory *memory)
{
    for (int i = 0; i < MASTER_LISTS_MAX; i++) {
        for (int j = 0; j < MASTER_VARIANTS_MAX; j++) {
            free(memory->lists[i][j].digest);
            memory->lists[i][j].digest = NULL;
        }
    }
}

void master_memory_release(struct master_memory *memory)
{
    for (int i = 0; i < MASTER_LISTS_MAX; i++) {
        for (int j = 0; j < MASTER_VARIANTS_MAX; j++)
            free(memory->lists[i][j].digest);
    }
    memset(memory, 0, sizeof(*memory));
}

static int is_due(const struct master_memory *memory, int list, int64_t interval_ms)
{
    if (memory->refused_age_ms[list] > 0 && memory->refused_age_ms[list] < interval_ms)
        return 0;
    for (int i = 0; i < variant_count(RESOURCE_MASTERS[list]); i++) {
        int64_t age_ms = memory->lists[list][i].age_ms;
        if (age_ms <= 0 || age_ms >= interval_ms)
            return 1;
    }
    return 0;
}

/* --- life --- */

static void master_free(struct master *master)
{
    loop_timer_free(master->next);
    free(master);
}

static void finish(struct master *master, enum answer_class class, const struct err *err)
{
    struct master_result result = { .is_changed = master->is_changed, .class = class, .err = err };
    master_done_fn *done = master->done;
    void *ctx = master->ctx;
    struct err kept = err ? *err : ERR_NONE;
    if (err)
        result.err = &kept;
    master_free(master);
    done(ctx, &result);
}

static void begin_list(struct master *master)
{
    master->variant = 0;
    master->is_whole = 0;
    master->is_staged = 0;
}

/* The next list that is due; 0 where there is none. */
static int find_due(struct master *master)
{
    for (; RESOURCE_MASTERS[master->list]; master->list++) {
        int is_wanted = (master->lists >> master->list & 1) != 0;
        if (is_wanted && is_due(master->memory, master->list, master->interval_ms))
            return 1;
    }
    return 0;
}

static void next_list(struct master *master)
{
    master->list++;
    master->moves = 0;
    begin_list(master);
    loop_timer_start(master->next, 0);
}

static void next_ran(void *ctx)
{
    struct master *master = ctx;
    if (find_due(master))
        ask(master);
    else
        finish(master, ANSWER_OK, NULL);
}

/* --- the end of a list: what it says is stored --- */

static void stored(void *ctx, const struct err *err)
{
    struct master *master = ctx;
    master->is_in_database = 0;
    if (err) {
        finish(master, ANSWER_PASSING, err);
        return;
    }
    next_list(master);
}

static void add_confirm(struct master *master, struct pg_batch *batch, int variant)
{
    const struct resource *resource = RESOURCE_MASTERS[master->list];
    AUTO_FREE char *client_id = mem_printf("%" PRId64, master->client->client_id);
    AUTO_FREE char *sent_us = mem_printf("%" PRId64, master->seen[variant].sent_us);
    const char *digest = master->seen[variant].digest;
    const char *values[] = { client_id, resource->name, variant_name(resource, variant),
                             *digest ? digest : NULL, sent_us };
    batch_add_query(batch, SQL_list_confirm, 5, values, NULL);
}

static int note_merged(void *ctx, const struct pg_result *result, struct err *err)
{
    struct master *master = ctx;
    (void)err;
    master->is_changed = 1;
    master->is_merged = pg_result_int(result, 0, "changed", 0) > 0;
    int64_t kept = pg_result_int(result, 0, "kept", 0);
    if (kept > 0)
        log_warning(master->app->log,
                    &(struct log_subject){ .client = master->client->org_nr,
                                           .resource = RESOURCE_MASTERS[master->list]->name },
                    "This list came empty, and is not believed: the %" PRId64 " rows that are "
                    "mirrored stay",
                    kept);
    return 0;
}

static void store(struct master *master)
{
    const struct resource *resource = RESOURCE_MASTERS[master->list];
    AUTO_FREE char *client_id = mem_printf("%" PRId64, master->client->client_id);
    const char *values[] = { client_id };
    const char *org_nr[] = { master->client->org_nr };
    struct pg_batch *batch = batch_new(BATCH_TRANSACTION);
    struct err err = ERR_NONE;
    master->is_merged = 0;
    batch_add_query(batch, SQL_client_lock, 1, values, NULL);
    if (master->is_whole)
        batch_add_query(batch, *LISTS[master->list].merge, 1, values, note_merged);
    for (int i = 0; i < variant_count(resource); i++)
        add_confirm(master, batch, i);
    batch_add_query(batch, SQL_publish_notify, 1, org_nr, NULL);
    batch_only_if(batch, &master->is_merged);
    master->is_in_database = 1;
    if (!master->is_whole)
        pool_run(master->app->pool, batch, stored, master);
    else if (batch_start(batch, stage_pg(master->stage), stored, master, &err) < 0)
        stored(master, &err);
}

/* Whether those that postings name are read by their ids instead: the resource NAME_named. */
static int is_named_read(const struct master *master, const struct resource *resource)
{
    AUTO_FREE char *named = mem_printf("%s_named", resource->name);
    return resource_find_extra(named, strlen(named)) &&
           settings_has_resource(master->app->settings, named);
}

static void note_fault(struct master *master, enum answer_class class, const struct err *fault)
{
    const struct resource *resource = RESOURCE_MASTERS[master->list];
    const struct log_subject subject = { .client = master->client->org_nr,
                                         .resource = resource->name,
                                         .request_id = fault->request_id };
    int is_split = class == ANSWER_TOO_LARGE && is_named_read(master, resource);
    AUTO_FREE char *client_id = mem_printf("%" PRId64, master->client->client_id);
    const char *values[] = { client_id, resource->name, fault->text,
                             is_split ? "split" : "refused" };
    char why[ERR_FULL_BYTES];
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_list_fault, 4, values, NULL);
    log_warning(master->app->log, &subject,
                is_split ? "This list is too long, and read for those that postings name: %s"
                         : "This list cannot be mirrored, its names are left out: %s",
                err_full(fault, why));
    master->is_in_database = 1;
    pool_run(master->app->pool, batch, stored, master);
}

/* --- asking --- */

static void stage_ready(void *ctx, struct pg *pg, const struct err *err)
{
    struct master *master = ctx;
    struct fetch *fetch = master->waiting;
    master->waiting = NULL;
    master->is_staged = pg != NULL;
    fetch_give_stage(fetch, pg, err);
}

static void stage_opened(void *ctx, struct pg *pg, const struct err *err)
{
    struct master *master = ctx;
    if (!pg) {
        stage_ready(ctx, NULL, err);
        return;
    }
    stage_prepare(master->stage, RESOURCE_MASTERS[master->list], stage_ready, master);
}

static void want_stage(void *ctx, struct fetch *fetch)
{
    struct master *master = ctx;
    master->waiting = fetch;
    if (master->is_staged)
        stage_ready(master, stage_pg(master->stage), NULL);
    else if (stage_pg(master->stage))
        stage_prepare(master->stage, RESOURCE_MASTERS[master->list], stage_ready, master);
    else
        stage_open(master->stage, stage_opened, master);
}

/* A list that is read and has no rows has no stage yet; the merge needs one. */
static void empty_stage_ready(void *ctx, struct pg *pg, const struct err *err)
{
    struct master *master = ctx;
    if (!pg) {
        finish(master, ANSWER_PASSING, err);
        return;
    }
    if (!master->is_staged) {
        master->is_staged = 1;
        stage_prepare(master->stage, RESOURCE_MASTERS[master->list], empty_stage_ready, master);
        return;
    }
    store(master);
}

static void end_list(struct master *master)
{
    if (!master->is_whole || master->is_staged) {
        store(master);
    } else if (stage_pg(master->stage)) {
        master->is_staged = 1;
        stage_prepare(master->stage, RESOURCE_MASTERS[master->list], empty_stage_ready, master);
    } else {
        stage_open(master->stage, empty_stage_ready, master);
    }
}

/* Read again from its beginning; in the end without asking for digests, which may be what moves. */
static void read_again(struct master *master)
{
    begin_list(master);
    master->is_whole = 1;
    ask(master);
}

static void take_read(struct master *master, const struct fetch_result *result)
{
    int variants = variant_count(RESOURCE_MASTERS[master->list]);
    if (!master->is_whole && variants > 1) {
        /* One part of the list has changed: all parts are read, since they are merged as one. */
        read_again(master);
        return;
    }
    master->is_whole = 1;
    (void)snprintf(master->seen[master->variant].digest, sizeof(master->seen[0].digest), "%s",
                   result->digest);
    master->seen[master->variant].sent_us = result->sent_us;
    if (++master->variant < variants)
        ask(master);
    else
        end_list(master);
}

static void take_same(struct master *master, const struct fetch_result *result)
{
    const char *digest = master->memory->lists[master->list][master->variant].digest;
    (void)snprintf(master->seen[master->variant].digest, sizeof(master->seen[0].digest), "%s",
                   digest ? digest : "");
    master->seen[master->variant].sent_us = result->sent_us;
    if (++master->variant < variant_count(RESOURCE_MASTERS[master->list]))
        ask(master);
    else
        end_list(master);
}

static void take_failure(struct master *master, const struct fetch_result *result)
{
    struct err err = result->err ? *result->err : ERR_NONE;
    int is_for_good = result->class == ANSWER_FORBIDDEN || result->class == ANSWER_GONE ||
                      result->class == ANSWER_REFUSED || result->class == ANSWER_TOO_LARGE;
    if (result->end == FETCH_MOVED && ++master->moves < MASTER_MOVES_MAX)
        read_again(master);
    else if (is_for_good && !LISTS[master->list].is_needed)
        note_fault(master, result->class, &err);
    else
        finish(master, result->class, &err);
}

static void fetched(void *ctx, const struct fetch_result *result)
{
    struct master *master = ctx;
    master->fetch = NULL;
    oddity_tell(master->app, master->client, RESOURCE_MASTERS[master->list], result);
    if (result->end == FETCH_READ)
        take_read(master, result);
    else if (result->end == FETCH_SAME)
        take_same(master, result);
    else
        take_failure(master, result);
}

static void ask(struct master *master)
{
    const struct resource *resource = RESOURCE_MASTERS[master->list];
    const char *variant = variant_name(resource, master->variant);
    master->fetch = fetch_start(
        master->app,
        &(struct fetch_options){
            .token = master->client->token->token,
            .company = master->client->company_id,
            .resource = resource,
            .filter = *variant ? variant : NULL,
            .asks_digest = master->moves < MASTER_MOVES_WITH_DIGEST,
            .digest = master->is_whole
                          ? NULL
                          : master->memory->lists[master->list][master->variant].digest,
            .want_stage = want_stage,
            .want_ctx = master,
        },
        fetched, master);
}

struct master *master_start(struct app *app, struct client *client, struct stage *stage,
                            const struct master_memory *memory, int64_t interval_ms, uint64_t lists,
                            master_done_fn *done, void *ctx)
{
    struct master *master = mem_new(1, sizeof(*master));
    master->app = app;
    master->client = client;
    master->stage = stage;
    master->memory = memory;
    master->interval_ms = interval_ms;
    master->lists = lists;
    master->done = done;
    master->ctx = ctx;
    master->next = loop_timer_new(app->loop, next_ran, master);
    if (!find_due(master)) {
        master_free(master);
        return NULL;
    }
    begin_list(master);
    loop_timer_start(master->next, 0);
    return master;
}

uint64_t master_progress(const struct master *master)
{
    uint64_t pages = master->fetch ? (uint64_t)fetch_pages(master->fetch) : 0;
    return ((uint64_t)master->list << 16) + ((uint64_t)master->variant << 12) + pages + 1;
}

int master_is_asking(const struct master *master)
{
    return master->fetch && fetch_is_asking(master->fetch);
}

int master_cancel(struct master *master)
{
    if (master->is_in_database)
        return -EBUSY;
    if (master->fetch)
        fetch_cancel(master->fetch);
    master_free(master);
    return 0;
}
