#include "daemon/owner.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/app.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/schedule.h"
#include "daemon/settings.h"
#include "daemon/skew.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    IDS_BYTES_MAX = 4 * 1024 * 1024,
    SEEN_EVERY = 5,            /* heartbeats between two marks in sync.instance */
    LEAVE_MAX_MS = 15 * 1000,  /* pulls of a token that is given away have so long to end */
    GIVE_AT_ONCE_MIN = 8,      /* tokens given away by one heartbeat, or a quarter of the surplus */
    EXTRA_AFTER_MS = 8 * 1000, /* a token that stays free is then taken beyond our share */
};

/* Any number that other programs do not use for their advisory locks: "sald". */
static const char DAEMONS_KEY[] = "1935764580";

struct owner {
    struct app *app;
    int is_command, is_leaving, has_quit;
    int daemons;     /* that share the tokens, by the last heartbeat; 0 = not known */
    int rows;        /* of sync.owner that name us, by the last heartbeat */
    int beats;       /* since the connection listens */
    int64_t sent_ms; /* the heartbeat under way */
    int64_t sent_us; /* the same, by the clock */
    struct skew skew;
    int64_t sure_ms; /* the last one answered, when it was sent; 0 = none */
    int64_t leaving_since_ms;
    int64_t full_since_ms; /* tokens are left over that our share does not allow; 0 = no */
    struct buf given_back; /* ids of tokens that have left the register, as an array */
};

static int64_t now_ms(const struct owner *owner)
{
    return loop_now_ms(owner->app->loop);
}

/* --- how tokens stand --- */

struct count {
    int usable, owned, extra, leaving, wanted;
};

static int is_ours_to_take(const struct owner *owner, const struct token_entry *entry)
{
    return entry->token && !entry->is_owned && (!owner->is_command || entry->is_wanted);
}

static struct count count_tokens(const struct owner *owner)
{
    const struct token_entry *entry;
    struct count count = { 0 };
    TAILQ_FOREACH(entry, registry_tokens(owner->app->registry), entry)
    {
        count.usable += entry->token != NULL;
        count.owned += entry->is_owned;
        count.extra += entry->is_owned && entry->is_extra;
        count.leaving += entry->is_owned && entry->is_leaving;
        count.wanted += is_ours_to_take(owner, entry);
    }
    return count;
}

static int share(const struct owner *owner, const struct count *count)
{
    return owner->daemons > 1 ? (count->usable + owner->daemons - 1) / owner->daemons
                              : count->usable;
}

/* An array of PostgreSQL; what is in it needs no quotes. */
static int append_id(struct buf *ids, const char *id)
{
    return buf_printf(ids, "%s%s", ids->len_bytes > 1 ? "," : "{", id);
}

static const char *end_ids(struct buf *ids)
{
    if (ids->len_bytes == 0)
        return "{}";
    (void)!buf_append_byte(ids, '}'); /* the room was kept: see IDS_BYTES_MAX */
    return buf_text(ids);
}

static void tell(const struct owner *owner, const char *what, int tokens)
{
    struct count count = count_tokens(owner);
    log_info(owner->app->log, NULL, "%s %d token(s): owns %d of %d, %d daemon(s) share them", what,
             tokens, count.owned, count.usable, owner->daemons);
}

/* --- the heartbeat --- */

static void compare_clocks(struct owner *owner, int64_t database_us)
{
    char text[SKEW_TEXT_BYTES];
    int64_t now_us = clock_now_us();
    switch (skew_note(&owner->skew, owner->sent_us, now_us, database_us)) {
    case SKEW_NO_NEWS:
        return;
    case SKEW_BEGUN:
        log_error(
            owner->app->log, NULL,
            "Set both clocks: %s. What is fresh and what is due go by the database's, sessions by "
            "this one",
            skew_text(owner->skew.apart_ms, text));
        return;
    case SKEW_ENDED:
        log_info(owner->app->log, NULL, "The clocks of this machine and the database agree again");
        return;
    }
}

static int take_beat(void *ctx, const struct pg_result *result, struct err *err)
{
    struct app *app = ctx;
    (void)err;
    compare_clocks(app->owner, pg_result_int(result, 0, "now_us", 0));
    app->owner->daemons = (int)pg_result_int(result, 0, "daemons", 0);
    app->owner->rows = (int)pg_result_int(result, 0, "owned", 0);
    return 0;
}

void owner_add_join(struct owner *owner, struct pg_batch *batch)
{
    const char *key[] = { DAEMONS_KEY };
    owner->beats = 0;
    batch_add(batch, NULL, "LISTEN saldod_owner", 0, NULL, NULL);
    if (owner->is_command)
        return;
    batch_add_query(batch, SQL_owner_join, 1, key, NULL);
    batch_add(batch, NULL, "NOTIFY saldod_owner", 0, NULL, NULL);
}

void owner_add_beat(struct owner *owner, struct pg_batch *batch)
{
    const char *instance = owner->app->settings->instance;
    const char *seen[] = { instance, SALDOD_VERSION };
    const char *beat[] = { DAEMONS_KEY, instance };
    if (owner->beats++ % SEEN_EVERY == 0 && !owner->is_command)
        batch_add_query(batch, SQL_instance_seen, 2, seen, NULL);
    batch_add_query(batch, SQL_owner_beat, 2, beat, take_beat);
    owner->sent_ms = now_ms(owner);
    owner->sent_us = clock_now_us();
}

void owner_beaten(struct owner *owner)
{
    int was_sure = owner_is_sure(owner);
    owner->sure_ms = owner->sent_ms;
    if (!was_sure)
        http_wake(owner->app->http);
}

int64_t owner_database_us(const struct owner *owner, int64_t our_us)
{
    return owner ? skew_moment_us(&owner->skew, our_us) : our_us;
}

int owner_is_sure(const struct owner *owner)
{
    return owner->sure_ms != 0 && now_ms(owner) - owner->sure_ms < OWNER_SURE_MS;
}

/* --- giving back --- */

static void mark_leaving(struct owner *owner, struct token_entry *entry, int is_at_once)
{
    for (struct token_entry *twin = registry_find_token(owner->app->registry, entry->id); twin;
         twin = twin->twin) {
        twin->is_leaving = 1;
        schedule_token(owner->app->schedule, twin, is_at_once);
    }
}

/* Tokens at rest first: nothing is interrupted. */
static void choose_leaving(struct owner *owner, int surplus)
{
    struct token_entry *entry;
    for (int is_busy_too = 0; is_busy_too <= 1; is_busy_too++) {
        TAILQ_FOREACH(entry, registry_tokens(owner->app->registry), entry)
        {
            if (surplus <= 0)
                return;
            if (!entry->is_owned || entry->is_leaving || entry->is_extra ||
                (!is_busy_too && schedule_token_pulls(entry) > 0))
                continue;
            mark_leaving(owner, entry, 0);
            owner->leaving_since_ms = now_ms(owner);
            surplus--;
        }
    }
}

static void give_surplus(struct owner *owner, const struct count *count)
{
    int surplus = count->owned - count->leaving - count->extra - share(owner, count);
    if (surplus <= 0 || owner->is_command)
        return;
    int at_once = surplus / 4 > GIVE_AT_ONCE_MIN ? surplus / 4 : GIVE_AT_ONCE_MIN;
    choose_leaving(owner, surplus < at_once ? surplus : at_once);
}

/* Nothing runs any more that uses the token. First its pulls end, then nothing else begins, then
 * the last request is answered. */
static int is_at_rest(const struct owner *owner, const struct token_entry *entry)
{
    struct token_report report;
    struct token_entry *twin;
    for (twin = registry_find_token(owner->app->registry, entry->id); twin; twin = twin->twin) {
        if (schedule_token_pulls(twin) > 0)
            return 0;
    }
    for (twin = registry_find_token(owner->app->registry, entry->id); twin; twin = twin->twin)
        registry_disuse(twin);
    token_describe(entry->token, &report);
    return report.running == 0;
}

static void disown(struct owner *owner, struct token_entry *entry)
{
    entry->is_owned = entry->is_leaving = entry->is_extra = 0;
    schedule_token(owner->app->schedule, entry, 1);
    registry_disuse(entry);
}

/* Those of which nothing runs any more. */
static void let_go(struct owner *owner, struct buf *ids)
{
    struct token_entry *entry;
    int left = 0;
    int is_overdue = now_ms(owner) - owner->leaving_since_ms >= LEAVE_MAX_MS;
    TAILQ_FOREACH(entry, registry_tokens(owner->app->registry), entry)
    {
        if (!entry->is_owned || !entry->is_leaving)
            continue;
        if (is_overdue)
            schedule_token(owner->app->schedule, entry, 1);
        if (!is_at_rest(owner, entry) || append_id(ids, entry->id) < 0)
            continue;
        for (struct token_entry *twin = registry_find_token(owner->app->registry, entry->id); twin;
             twin = twin->twin)
            disown(owner, twin);
        left++;
    }
    if (left > 0)
        tell(owner, "Gave back", left);
}

static int add_unlock(struct owner *owner, struct pg_batch *batch)
{
    AUTO_BUF struct buf ids;
    buf_init(&ids, IDS_BYTES_MAX);
    let_go(owner, &ids);
    if (ids.len_bytes + owner->given_back.len_bytes == 0)
        return 0;
    const char *gone[] = { end_ids(&ids) };
    const char *left[] = { end_ids(&owner->given_back) };
    batch_add_query(batch, SQL_owner_unlock, 1, gone, NULL);
    batch_add_query(batch, SQL_owner_unlock, 1, left, NULL);
    batch_add(batch, NULL, "NOTIFY saldod_owner", 0, NULL, NULL);
    buf_clear(&owner->given_back);
    return 1;
}

void owner_give_back(struct owner *owner, const char *token_id)
{
    if (append_id(&owner->given_back, token_id) < 0)
        log_warning(owner->app->log, NULL, "A token that has left the register stays locked");
}

void owner_leave(struct owner *owner)
{
    struct token_entry *entry;
    owner->is_leaving = 1;
    TAILQ_FOREACH(entry, registry_tokens(owner->app->registry), entry)
    {
        if (entry->is_owned)
            mark_leaving(owner, entry, 1);
    }
}

/* A deleted bureau takes the row of its token along, which another one may share. */
static int add_restore(struct owner *owner, struct pg_batch *batch)
{
    const struct token_entry *entry;
    AUTO_BUF struct buf ids, epochs;
    int owned = 0;
    buf_init(&ids, IDS_BYTES_MAX);
    buf_init(&epochs, IDS_BYTES_MAX);
    TAILQ_FOREACH(entry, registry_tokens(owner->app->registry), entry)
    {
        if (!entry->is_owned || registry_find_token(owner->app->registry, entry->id) != entry)
            continue;
        AUTO_FREE char *epoch = mem_printf("%" PRId64, entry->epoch);
        if (append_id(&ids, entry->id) < 0 || append_id(&epochs, epoch) < 0)
            return 0;
        owned++;
    }
    if (owner->is_command || owned <= owner->rows)
        return 0;
    const char *values[] = { end_ids(&ids), end_ids(&epochs), owner->app->settings->instance };
    batch_add_query(batch, SQL_owner_restore, 3, values, NULL);
    return 1;
}

/* --- taking --- */

static int take_locks(void *ctx, const struct pg_result *result, struct err *err)
{
    struct app *app = ctx;
    struct count before = count_tokens(app->owner);
    int room = share(app->owner, &before) - (before.owned - before.extra);
    (void)err;
    for (int i = 0; i < pg_result_rows(result); i++) {
        struct token_entry *entry = registry_find_token(app->registry,
                                                        pg_result_text(result, i, "token_id"));
        if (!entry)
            owner_give_back(app->owner, pg_result_text(result, i, "token_id"));
        for (; entry; entry = entry->twin) {
            entry->is_owned = 1;
            entry->is_extra = room <= 0;
            entry->epoch = pg_result_int(result, i, "epoch", 0);
        }
        room--;
    }
    app->owner->full_since_ms = 0;
    if (pg_result_rows(result) > 0)
        tell(app->owner, "Took", pg_result_rows(result));
    return 0;
}

/* The session of whoever owned the token before, so that neither a restart nor a take-over makes a
 * new one; only then is it used. */
static int take_sessions(void *ctx, const struct pg_result *result, struct err *err)
{
    struct app *app = ctx;
    struct token_entry *entry;
    (void)err;
    for (int i = 0; i < pg_result_rows(result); i++) {
        entry = registry_find_token(app->registry, pg_result_text(result, i, "token_id"));
        for (; entry; entry = entry->twin) {
            if (entry->token && entry->is_owned)
                token_hold_session(entry->token, pg_result_text(result, i, "sealed_token"),
                                   pg_result_int(result, i, "expires_us", 0));
        }
    }
    registry_use_owned(app->registry);
    struct count count = count_tokens(app->owner);
    pool_set_shared(app->pool, count.owned > 1);
    return 0;
}

static int room_left(const struct owner *owner, const struct count *count)
{
    int room = owner->is_command ? count->wanted
                                 : share(owner, count) - (count->owned - count->extra);
    return room < count->wanted ? room : count->wanted;
}

/* A token that stays free though it is beyond our share is one that no other daemon can use. */
static int is_time_for_extra(struct owner *owner, const struct count *count, int room)
{
    if (room > 0 || count->wanted == 0 || count->leaving > 0 || owner->is_leaving) {
        owner->full_since_ms = 0;
        return 0;
    }
    if (owner->full_since_ms == 0)
        owner->full_since_ms = now_ms(owner);
    return now_ms(owner) - owner->full_since_ms >= EXTRA_AFTER_MS;
}

static int add_lock(struct owner *owner, struct pg_batch *batch)
{
    const struct token_entry *entry;
    AUTO_BUF struct buf ids;
    struct count count = count_tokens(owner);
    int room = owner->is_leaving ? 0 : room_left(owner, &count);
    int is_extra = is_time_for_extra(owner, &count, room);
    buf_init(&ids, IDS_BYTES_MAX);
    if (room <= 0 && !is_extra)
        return 0;
    TAILQ_FOREACH(entry, registry_tokens(owner->app->registry), entry)
    {
        if (is_ours_to_take(owner, entry) && append_id(&ids, entry->id) < 0)
            break;
    }
    AUTO_FREE char *most = mem_printf("%d", is_extra ? 1 : room);
    const char *wanted[] = { end_ids(&ids), owner->app->settings->instance, most,
                             is_extra ? "true" : "false" };
    batch_add_query(batch, SQL_owner_lock, 4, wanted, take_locks);
    batch_add_query(batch, SQL_registry_sessions, 1, wanted, take_sessions);
    return 1;
}

int owner_add_moves(struct owner *owner, struct pg_batch *batch)
{
    struct count count = count_tokens(owner);
    int moves = add_restore(owner, batch);
    if (!owner->is_leaving)
        give_surplus(owner, &count);
    if (owner->is_leaving && !owner->has_quit && !owner->is_command) {
        const char *key[] = { DAEMONS_KEY };
        batch_add_query(batch, SQL_owner_quit, 1, key, NULL);
        owner->has_quit = moves = 1;
    }
    moves |= add_unlock(owner, batch);
    return add_lock(owner, batch) | moves;
}

int owner_has_left(const struct owner *owner)
{
    struct count count = count_tokens(owner);
    return owner->is_leaving && count.owned == 0;
}

/* --- life --- */

void owner_lost(struct owner *owner)
{
    struct token_entry *entry;
    owner->sure_ms = 0;
    owner->daemons = 0;
    buf_clear(&owner->given_back);
    TAILQ_FOREACH(entry, registry_tokens(owner->app->registry), entry)
    {
        if (entry->is_owned)
            disown(owner, entry);
    }
}

void owner_renew(struct owner *owner)
{
    struct token_entry *entry;
    TAILQ_FOREACH(entry, registry_tokens(owner->app->registry), entry)
    {
        if (!entry->is_owned)
            continue;
        entry->is_owned = 0;
        schedule_token(owner->app->schedule, entry, 1);
        registry_disuse(entry);
        entry->is_owned = 1;
    }
    registry_use_owned(owner->app->registry);
}

void owner_set_command(struct owner *owner)
{
    owner->is_command = 1;
}

static int gate(void *ctx)
{
    return owner_is_sure(ctx);
}

struct owner *owner_new(struct app *app)
{
    struct owner *owner = mem_new(1, sizeof(*owner));
    owner->app = app;
    buf_init(&owner->given_back, IDS_BYTES_MAX);
    http_set_gate(app->http, gate, owner);
    return owner;
}

void owner_free(struct owner *owner)
{
    if (!owner)
        return;
    buf_release(&owner->given_back);
    free(owner);
}
