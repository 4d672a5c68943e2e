#include "daemon/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "daemon/access.h"
#include "daemon/app.h"
#include "daemon/listener.h"
#include "daemon/oddity.h"
#include "daemon/pool.h"
#include "daemon/registry_secret.h"
#include "daemon/schedule.h"
#include "daemon/seal.h"
#include "daemon/settings.h"
#include "daemon/subscriber.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum { REGISTRY_ACCESS_EACH_MS = 5 };

struct registry {
    struct app *app;
    /* Lists, and the same as trees of tsearch(3). */
    struct client_list clients;
    void *clients_by_id;
    struct token_list tokens;
    void *tokens_by_id;     /* one of each id; others of the same id hang on it as twins */
    void *tokens_by_holder; /* of the reading in hand, or the last one */
    registry_done_fn *done;
    void *ctx;
    int is_reading, is_asked_again;
};

struct registry *registry_new(struct app *app)
{
    struct registry *registry = mem_new(1, sizeof(*registry));
    registry->app = app;
    TAILQ_INIT(&registry->clients);
    TAILQ_INIT(&registry->tokens);
    return registry;
}

struct client_list *registry_clients(struct registry *registry)
{
    return &registry->clients;
}

struct token_list *registry_tokens(struct registry *registry)
{
    return &registry->tokens;
}

static int compare_ids(const void *a, const void *b)
{
    const struct client *one = a, *other = b;
    return (one->client_id > other->client_id) - (one->client_id < other->client_id);
}

struct client *registry_find(struct registry *registry, int64_t client_id)
{
    const struct client wanted = { .client_id = client_id };
    struct client *const *found = tfind(&wanted, &registry->clients_by_id, compare_ids);
    return found ? *found : NULL;
}

struct client *registry_find_org_nr(struct registry *registry, const char *org_nr)
{
    struct client *client;
    TAILQ_FOREACH(client, &registry->clients, entry)
    {
        if (strcmp(client->org_nr, org_nr) == 0)
            return client;
    }
    return NULL;
}

const char *client_wanted_org_nr(const struct client *client)
{
    if (client->setting[0] == '\0')
        return NULL;
    return strcmp(client->setting, "%ORGNR%") == 0 ? client->org_nr : client->setting;
}

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = mem_strdup(value);
}

static int differs(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) != 0 : a != b;
}

int64_t client_interval_ms(const struct client *client, const struct settings *settings)
{
    int64_t own_ms = client->pull_interval_ms > 0 ? client->pull_interval_ms
                                                  : settings->pull_interval_ms;
    if (client->is_heard && own_ms < settings->webhook_poll_interval_ms)
        return settings->webhook_poll_interval_ms;
    return own_ms;
}

/* --- tokens --- */

static int compare_holders(const void *a, const void *b)
{
    const struct token_entry *one = a, *other = b;
    if (one->bureau_id != other->bureau_id)
        return one->bureau_id > other->bureau_id ? 1 : -1;
    return (one->client_id > other->client_id) - (one->client_id < other->client_id);
}

static int compare_token_ids(const void *a, const void *b)
{
    const struct token_entry *one = a, *other = b;
    return strcmp(one->id, other->id);
}

struct token_entry *registry_find_holder(struct registry *registry, int64_t bureau_id,
                                         int64_t client_id)
{
    const struct token_entry wanted = { .bureau_id = bureau_id, .client_id = client_id };
    struct token_entry *const *found = tfind(&wanted, &registry->tokens_by_holder, compare_holders);
    return found ? *found : NULL;
}

struct token_entry *registry_find_token(struct registry *registry, const char *token_id)
{
    struct token_entry wanted = { .bureau_id = 0 };
    if (strlen(token_id) >= sizeof(wanted.id))
        return NULL;
    memcpy(wanted.id, token_id, strlen(token_id) + 1);
    struct token_entry *const *found = tfind(&wanted, &registry->tokens_by_id, compare_token_ids);
    return found ? *found : NULL;
}

static void *insert(const void *item, void **tree, int (*compare)(const void *, const void *))
{
    void **place = tsearch(item, tree, compare);
    if (!place)
        abort(); /* out of memory ends the process, as in mem.h */
    return *place;
}

static void link_entry(struct registry *registry, struct token_entry *entry)
{
    TAILQ_INSERT_TAIL(&registry->tokens, entry, entry);
    (void)insert(entry, &registry->tokens_by_holder, compare_holders);
    struct token_entry *first = insert(entry, &registry->tokens_by_id, compare_token_ids);
    if (first == entry)
        return;
    entry->twin = first->twin;
    first->twin = entry;
    entry->is_owned = first->is_owned;
    entry->is_used = 0;
    entry->is_leaving = first->is_leaving;
    entry->epoch = first->epoch;
}

static void unlink_twin(struct registry *registry, struct token_entry *entry)
{
    struct token_entry *first = registry_find_token(registry, entry->id);
    if (first == entry) {
        (void)tdelete(entry, &registry->tokens_by_id, compare_token_ids);
        if (entry->twin)
            (void)insert(entry->twin, &registry->tokens_by_id, compare_token_ids);
        else if (entry->is_owned)
            listener_give_back(registry->app->listener, entry->id);
        return;
    }
    while (first && first->twin != entry)
        first = first->twin;
    if (first)
        first->twin = entry->twin;
}

/* The list of companies has changed: who lost access is asked about at once, and who got it. */
static void access_changed(void *ctx)
{
    const struct token_entry *entry = ctx;
    struct schedule *schedule = entry->registry->app->schedule;
    struct client *client;
    TAILQ_FOREACH(client, &entry->registry->clients, entry)
    {
        const char *wanted = client_wanted_org_nr(client), *id = NULL;
        if (client->token != entry || !wanted)
            continue;
        (void)!access_find(entry->access, wanted, client->company_id, &id);
        int is_lost = client->is_proven && (!id || differs(client->company_id, id));
        if (!is_lost && !(client->is_missing && id))
            continue;
        client->is_proven = 0;
        schedule_client(schedule, client, 0);
    }
}

static void entry_free(struct token_entry *entry)
{
    subscriber_free(entry->subscriber);
    access_free(entry->access);
    token_unref(entry->token);
    schedule_forget_token(entry);
    mem_free_secret(entry->secret_text);
    free(entry->row_version);
    free(entry->label);
    free(entry->fault);
    free(entry->remedy);
    free(entry);
}

/* Ends its use: requests go to the token that its holder has now, where there is one. */
static void retire_token(struct registry *registry, struct token_entry *entry)
{
    const struct token_entry *heir = registry_find_holder(registry, entry->bureau_id,
                                                          entry->client_id);
    if (!entry->token)
        return;
    if (heir && heir->token)
        access_hand_over(entry->access, heir->access);
    access_free(entry->access);
    if (registry_find_token(registry, entry->id))
        token_unref(entry->token); /* another holder goes on with it */
    else
        token_retire(entry->token, heir ? heir->token : NULL);
    entry->access = NULL;
    entry->token = NULL;
}

static void unlink_entry(struct registry *registry, struct token_entry *entry)
{
    TAILQ_REMOVE(&registry->tokens, entry, entry);
    if (registry_find_holder(registry, entry->bureau_id, entry->client_id) == entry)
        (void)tdelete(entry, &registry->tokens_by_holder, compare_holders);
    unlink_twin(registry, entry);
}

static void entry_fault(struct registry *registry, struct token_entry *entry, const struct err *err)
{
    const struct log_subject subject = { .bureau = entry->label };
    char why[ERR_FULL_BYTES];
    entry->fault = mem_strdup(err->text);
    entry->remedy = mem_strdup(err->remedy);
    (void)snprintf(entry->id, sizeof(entry->id), "unreadable-%s%" PRId64,
                   entry->bureau_id ? "b" : "c",
                   entry->bureau_id ? entry->bureau_id : entry->client_id);
    log_error(registry->app->log, &subject, "The employee token cannot be used: %s",
              err_full(err, why));
}

/* Whoever holds the same employee token shares it, with its one session and one budget. */
static void make_token(struct registry *registry, struct token_entry *entry, const char *secret)
{
    const struct token_entry *other = registry_find_token(registry, entry->id);
    if (!other) {
        entry->token = token_new(registry->app, &(struct token_options){ .token_id = entry->id,
                                                                         .employee_token = secret,
                                                                         .label = entry->label });
        return;
    }
    entry->token = token_ref(other->token);
    token_retry(entry->token); /* entered again: what was amiss may have been put right */
}

static struct token_entry *entry_new(struct registry *registry, const struct pg_result *result,
                                     int row)
{
    struct token_entry *entry = mem_new(1, sizeof(*entry));
    struct err err = ERR_NONE;
    char *secret = NULL;
    int is_bureau = strcmp(pg_result_text(result, row, "kind"), "bureau") == 0;
    int64_t holder_id = pg_result_int(result, row, "holder_id", 0);
    entry->registry = registry;
    entry->bureau_id = is_bureau ? holder_id : 0;
    entry->client_id = is_bureau ? 0 : holder_id;
    entry->row_version = mem_strdup(pg_result_text(result, row, "row_version"));
    entry->label = mem_strdup(pg_result_text(result, row, "label"));
    entry->secret_text = mem_strdup(pg_result_text(result, row, "employee_token"));
    if (registry_secret_open(registry->app, entry, &secret, &err) < 0) {
        entry_fault(registry, entry, &err);
        return entry;
    }
    seal_name(registry->app->seal, secret, entry->id);
    make_token(registry, entry, secret);
    entry->access = access_new(registry->app,
                               &(struct access_options){ .token = entry->token,
                                                         .label = entry->label,
                                                         .bureau_id = entry->bureau_id,
                                                         .changed = access_changed,
                                                         .ctx = entry });
    entry->subscriber = subscriber_new(registry->app, entry);
    locked_free(secret);
    return entry;
}

/* A row that was written without another token may still mean: try again, and so with its clients.
 */
static void keep_entry(struct token_entry *entry, const char *text, const char *row_version)
{
    int is_written = strcmp(entry->row_version, row_version) != 0;
    if (entry->token && is_written && !entry->is_other_key) {
        token_retry(entry->token);
        entry->is_tried_again = 1;
        entry->tried_again_ms = loop_now_ms(entry->registry->app->loop);
    }
    mem_free_secret(entry->secret_text);
    entry->secret_text = mem_strdup(text);
    set_text(&entry->row_version, row_version);
    entry->is_seen = 1;
}

static int take_holders(void *ctx, const struct pg_result *result, struct err *err)
{
    struct registry *registry = ctx;
    struct token_entry *entry;
    (void)err;
    TAILQ_FOREACH(entry, &registry->tokens, entry)
    entry->is_seen = entry->is_tried_again = 0;
    for (int i = 0; i < pg_result_rows(result); i++) {
        int64_t id = pg_result_int(result, i, "holder_id", 0);
        int is_bureau = strcmp(pg_result_text(result, i, "kind"), "bureau") == 0;
        const char *text = pg_result_text(result, i, "employee_token");
        entry = registry_find_holder(registry, is_bureau ? id : 0, is_bureau ? 0 : id);
        if (entry && registry_secret_is_same(registry->app, entry, text)) {
            keep_entry(entry, text, pg_result_text(result, i, "row_version"));
            entry->has_leftover = pg_result_bool(result, i, "has_leftover");
            continue;
        }
        if (entry) /* another token takes its place; its clients still point to this one */
            (void)tdelete(entry, &registry->tokens_by_holder, compare_holders);
        entry = entry_new(registry, result, i);
        entry->has_leftover = pg_result_bool(result, i, "has_leftover");
        entry->is_seen = 1;
        link_entry(registry, entry);
    }
    return 0;
}

/* --- clients --- */

struct client *client_ref(struct client *client)
{
    client->refs++;
    return client;
}

void client_unref(struct client *client)
{
    if (--client->refs > 0)
        return;
    free(client->org_nr);
    free(client->name);
    free(client->bureau);
    free(client->setting);
    free(client->company_id);
    oddities_free(client->oddities);
    free(client->told);
    free(client);
}

static int32_t read_day(const struct pg_result *result, int row, const char *column)
{
    int32_t day = 0;
    const char *text = pg_result_text(result, row, column);
    if (text)
        (void)!clock_parse_date(text, strlen(text), &day);
    return day;
}

static void take_row(struct client *client, struct token_entry *token,
                     const struct pg_result *result, int row)
{
    client->token = token;
    set_text(&client->setting, pg_result_text(result, row, "setting"));
    set_text(&client->org_nr, pg_result_text(result, row, "org_nr"));
    set_text(&client->name, pg_result_text(result, row, "name"));
    set_text(&client->bureau, pg_result_text(result, row, "bureau"));
    client->is_enabled = pg_result_bool(result, row, "enabled");
    client->pull_interval_ms = pg_result_int(result, row, "pull_interval_ms", 0);
    client->history_from = read_day(result, row, "history_from");
}

/* Which company it is and how it is asked for: a change of it begins the client anew. */
static int is_moved(const struct client *client, const struct token_entry *token,
                    const struct pg_result *result, int row)
{
    return client->token != token ||
           differs(client->setting, pg_result_text(result, row, "setting")) ||
           differs(client->org_nr, pg_result_text(result, row, "org_nr"));
}

/* What a pull under way reads. Names and intervals it does not. */
static int is_pull_concerned(const struct client *client, const struct pg_result *result, int row)
{
    return client->is_enabled != pg_result_bool(result, row, "enabled") ||
           client->history_from != read_day(result, row, "history_from");
}

static struct client *client_new(struct registry *registry, const struct pg_result *result, int row)
{
    struct client *client = mem_new(1, sizeof(*client));
    client->refs = 1;
    client->client_id = pg_result_int(result, row, "client_id", 0);
    client->failures = (int)pg_result_int(result, row, "failures", 0);
    client->due_in_ms = pg_result_int(result, row, "due_in_ms", 0);
    client->is_proven = pg_result_bool(result, row, "is_proven");
    client->has_subscriptions = pg_result_bool(result, row, "has_subscriptions");
    client->is_loaded = pg_result_bool(result, row, "is_loaded");
    set_text(&client->company_id, pg_result_text(result, row, "company_id"));
    TAILQ_INSERT_TAIL(&registry->clients, client, entry);
    (void)insert(client, &registry->clients_by_id, compare_ids);
    return client;
}

static void drop_client(struct registry *registry, struct client *client)
{
    schedule_forget(registry->app->schedule, client);
    TAILQ_REMOVE(&registry->clients, client, entry);
    (void)tdelete(client, &registry->clients_by_id, compare_ids);
    client_unref(client);
}

/* The same holder has another employee token. */
static int is_rotated(const struct client *client, const struct token_entry *token)
{
    const struct token_entry *earlier = client->token;
    return earlier && token && earlier != token && earlier->token && token->token &&
           earlier->bureau_id == token->bureau_id && earlier->client_id == token->client_id;
}

static void change_client(struct registry *registry, struct client *client,
                          struct token_entry *token, const struct pg_result *result, int row)
{
    struct schedule *schedule = registry->app->schedule;
    if (is_rotated(client, token)) {
        /* The pull under way goes on with the new token; who waits because of the old one need not
         * any more. */
        client->token = token;
        client->is_proven = 0;
        schedule_client(schedule, client, 0);
    }
    int is_other = is_moved(client, token, result, row);
    int is_concerned = is_other || is_pull_concerned(client, result, row);
    int is_due = is_concerned ||
                 client->pull_interval_ms != pg_result_int(result, row, "pull_interval_ms", 0);
    if (is_concerned)
        schedule_pause(schedule, client);
    take_row(client, token, result, row);
    if (is_other) {
        client->is_proven = 0;
        client->failures = 0;
    }
    if (is_due || (client->failures > 0 && token && token->is_tried_again))
        schedule_client(schedule, client, 0);
}

static void take_client(struct registry *registry, const struct pg_result *result, int row)
{
    struct client *client = registry_find(registry, pg_result_int(result, row, "client_id", 0));
    int has_own = pg_result_bool(result, row, "has_own_token");
    int64_t holder_id = pg_result_int(result, row, has_own ? "client_id" : "bureau_id", 0);
    struct token_entry *token = registry_find_holder(registry, has_own ? 0 : holder_id,
                                                     has_own ? holder_id : 0);
    if (client) {
        client->is_seen = 1;
        change_client(registry, client, token, result, row);
        return;
    }
    client = client_new(registry, result, row);
    client->is_seen = 1;
    take_row(client, token, result, row);
    schedule_client(registry->app->schedule, client, client->due_in_ms);
}

static int take_clients(void *ctx, const struct pg_result *result, struct err *err)
{
    struct registry *registry = ctx;
    struct client *client, *next;
    (void)err;
    TAILQ_FOREACH(client, &registry->clients, entry)
    client->is_seen = 0;
    for (int i = 0; i < pg_result_rows(result); i++)
        take_client(registry, result, i);
    for (client = TAILQ_FIRST(&registry->clients); client; client = next) {
        next = TAILQ_NEXT(client, entry);
        if (client->is_seen)
            continue;
        drop_client(registry, client);
    }
    return 0;
}

/* --- reading --- */

static void drop_unseen_tokens(struct registry *registry)
{
    struct token_entry *entry, *next;
    for (entry = TAILQ_FIRST(&registry->tokens); entry; entry = next) {
        next = TAILQ_NEXT(entry, entry);
        if (entry->is_seen)
            continue;
        unlink_entry(registry, entry);
        retire_token(registry, entry);
        entry_free(entry);
    }
}

static void start_reading(struct registry *registry);

static void read_done(void *ctx, const struct err *err)
{
    struct registry *registry = ctx;
    registry->is_reading = 0;
    if (!err) {
        drop_unseen_tokens(registry);
        registry_secret_seal_all(registry->app, &registry->tokens);
    }
    if (registry->is_asked_again && !err) {
        registry->is_asked_again = 0;
        start_reading(registry);
        return;
    }
    registry->is_asked_again = 0;
    registry->done(registry->ctx, err);
}

static void start_reading(struct registry *registry)
{
    struct pg_batch *batch = batch_new(BATCH_TRANSACTION);
    batch_add_query(batch, SQL_registry_holders, 0, NULL, take_holders);
    batch_add_query(batch, SQL_registry_clients, 0, NULL, take_clients);
    registry->is_reading = 1;
    pool_run(registry->app->pool, batch, read_done, registry);
}

void registry_read(struct registry *registry, registry_done_fn *done, void *ctx)
{
    registry->done = done;
    registry->ctx = ctx;
    if (registry->is_reading)
        registry->is_asked_again = 1;
    else
        start_reading(registry);
}

void registry_use_owned(struct registry *registry)
{
    struct token_entry *entry;
    int64_t spread_ms = 0; /* the first readings of many tokens are spread */
    TAILQ_FOREACH(entry, &registry->tokens, entry)
    spread_ms += REGISTRY_ACCESS_EACH_MS;
    TAILQ_FOREACH(entry, &registry->tokens, entry)
    {
        if (!entry->is_owned || entry->is_leaving || entry->is_used || !entry->token)
            continue;
        entry->is_used = 1;
        token_own(entry->token, entry->epoch);
        access_own(entry->access, spread_ms);
        schedule_token(registry->app->schedule, entry, 0);
    }
}

void registry_disuse(struct token_entry *entry)
{
    entry->is_used = 0;
    if (!entry->token)
        return;
    token_disown(entry->token);
    access_disown(entry->access);
}

void registry_free(struct registry *registry)
{
    struct client *client;
    struct token_entry *entry;
    if (!registry)
        return;
    while ((client = TAILQ_FIRST(&registry->clients)))
        drop_client(registry, client);
    while ((entry = TAILQ_FIRST(&registry->tokens))) {
        unlink_entry(registry, entry);
        entry_free(entry);
    }
    free(registry);
}
