#include "daemon/session_save.h"

#include <inttypes.h>

#include "daemon/app.h"
#include "daemon/pool.h"
#include "daemon/seal.h"
#include "daemon/session_key.h"
#include "gen/sql_queries.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum { SAVE_RETRY_FIRST_MS = 500, SAVE_RETRY_LAST_MS = 15000 };

struct session_save {
    struct app *app;
    char *token_id, *label, *sealed;
    int64_t epoch, expires_us;
    struct session_key *key;
    session_saved_fn *saved;
    void *ctx;
    struct loop_timer *retry;
    int64_t retry_ms;
    int is_stored, is_running, is_abandoned, is_to_end;
};

static void save_free(struct session_save *save)
{
    loop_timer_free(save->retry);
    session_key_drop(save->key);
    free(save->token_id);
    free(save->label);
    free(save->sealed);
    free(save);
}

static void finish_abandoned(struct session_save *save)
{
    if (save->is_to_end) {
        session_key_end(save->key);
        session_save_forget(save->app, save->token_id, save->sealed);
    }
    save_free(save);
}

static void try_again(struct session_save *save, const struct err *err)
{
    const struct log_subject subject = { .bureau = save->label };
    if (save->retry_ms == 0)
        log_warning(save->app->log, &subject, "A new session waits until it can be stored: %s",
                    err->text);
    save->retry_ms = save->retry_ms == 0 ? SAVE_RETRY_FIRST_MS : save->retry_ms * 2;
    if (save->retry_ms > SAVE_RETRY_LAST_MS)
        save->retry_ms = SAVE_RETRY_LAST_MS;
    loop_timer_start(save->retry, save->retry_ms);
}

static int note_stored(void *ctx, const struct pg_result *result, struct err *err)
{
    struct session_save *save = ctx;
    (void)err;
    save->is_stored = pg_result_rows(result) > 0;
    return 0;
}

static void stored(void *ctx, const struct err *err)
{
    struct session_save *save = ctx;
    save->is_running = 0;
    if (save->is_abandoned) {
        finish_abandoned(save);
        return;
    }
    if (err) {
        try_again(save, err);
        return;
    }
    save->saved(save->ctx, save->is_stored ? save->sealed : NULL);
    save_free(save);
}

static void run(void *ctx)
{
    struct session_save *save = ctx;
    char expires[CLOCK_MOMENT_BYTES];
    AUTO_FREE char *epoch = mem_printf("%" PRId64, save->epoch);
    const char *values[] = { save->token_id, save->sealed,
                             clock_format_moment(save->expires_us, expires), epoch };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_session_save, 4, values, note_stored);
    save->is_running = 1;
    pool_run(save->app->pool, batch, stored, save);
}

struct session_save *session_save_start(struct app *app, const struct session_save_options *options,
                                        session_saved_fn *saved, void *ctx)
{
    struct session_save *save = mem_new(1, sizeof(*save));
    save->app = app;
    save->token_id = mem_strdup(options->token_id);
    save->label = mem_strdup(options->label);
    save->epoch = options->epoch;
    save->expires_us = options->expires_us;
    save->key = session_key_ref(options->key);
    save->sealed = seal_close(app->seal, "session", session_key_text(options->key));
    save->saved = saved;
    save->ctx = ctx;
    save->retry = loop_timer_new(app->loop, run, save);
    run(save);
    return save;
}

void session_save_abandon(struct session_save *save, int is_to_end)
{
    save->is_abandoned = 1;
    save->is_to_end = is_to_end;
    if (!save->is_running)
        finish_abandoned(save);
}

static void forgotten(void *ctx, const struct err *err)
{
    struct app *app = ctx;
    if (err)
        log_debug(app->log, NULL, "An ended session could not be forgotten: %s", err->text);
}

void session_save_forget(struct app *app, const char *token_id, const char *sealed)
{
    const char *values[] = { token_id, sealed };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_session_forget, 2, values, NULL);
    pool_run(app->pool, batch, forgotten, app);
}
