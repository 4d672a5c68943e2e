#include "daemon/registry_secret.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/pool.h"
#include "daemon/seal.h"
#include "daemon/secret.h"
#include "daemon/settings.h"
#include "daemon/sweep.h"
#include "gen/sql_queries.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

static const char PURPOSE[] = "token";

int registry_secret_open(struct app *app, const struct token_entry *entry, char **ret_secret,
                         struct err *err)
{
    const char *text = entry->secret_text;
    char *secret = NULL;
    int ret = 0;
    if (seal_is_sealed(text))
        ret = seal_open(app->seal, PURPOSE, text, &secret, err);
    else if (secret_is_credential(text))
        ret = secret_read_token(text, "employee token", &secret, err);
    else
        secret = locked_strdup(text);
    if (ret < 0)
        return ret;
    ret = secret_check_host(secret, app->settings->base_url, "employee token", err);
    if (ret < 0) {
        locked_free(secret);
        return ret;
    }
    *ret_secret = secret;
    return 0;
}

int registry_secret_is_same(struct app *app, struct token_entry *entry, const char *text)
{
    char *secret = NULL;
    char id[33];
    struct err err = ERR_NONE;
    if (strcmp(entry->secret_text, text) == 0)
        return 1;
    entry->is_other_key = 0;
    if (!entry->token || !seal_is_sealed(text))
        return 0;
    int ret = seal_open(app->seal, PURPOSE, text, &secret, &err);
    if (ret == -EKEYREJECTED) {
        entry->is_other_key = 1;
        return 1;
    }
    if (ret < 0)
        return 0; /* nothing that `saldod seal` writes */
    seal_name(app->seal, secret, id);
    locked_free(secret);
    return strcmp(id, entry->id) == 0;
}

int registry_secret_is_rotated(const struct token_list *tokens)
{
    const struct token_entry *entry;
    TAILQ_FOREACH(entry, tokens, entry)
    {
        if (entry->is_other_key)
            return 1;
    }
    return 0;
}

/* A token that is being sealed in the row of its holder. */
struct sealing {
    struct app *app;
    int64_t bureau_id, client_id;
    char *sealed;
};

/* The row is ours as it stands now: whoever writes it after us means that it be tried again. */
static int take_sealed(void *ctx, const struct pg_result *result, struct err *err)
{
    struct sealing *sealing = ctx;
    struct token_entry *entry = registry_find_holder(sealing->app->registry, sealing->bureau_id,
                                                     sealing->client_id);
    (void)err;
    if (!entry || pg_result_rows(result) == 0 || seal_is_sealed(entry->secret_text))
        return 0;
    mem_free_secret(entry->secret_text);
    entry->secret_text = mem_strdup(sealing->sealed);
    free(entry->row_version);
    entry->row_version = mem_strdup(pg_result_text(result, 0, "row_version"));
    return 0;
}

static void sealed_done(void *ctx, const struct err *err)
{
    struct sealing *sealing = ctx;
    char why[ERR_FULL_BYTES];
    if (err)
        log_error(sealing->app->log, NULL,
                  "An employee token could not be sealed in the database: %s", err_full(err, why));
    free(sealing->sealed);
    free(sealing);
}

static void seal_one(struct app *app, const struct token_entry *entry)
{
    const struct log_subject subject = { .bureau = entry->label };
    struct sealing *sealing = mem_new(1, sizeof(*sealing));
    char id[24], digest[SEAL_DIGEST_BYTES];
    sealing->app = app;
    sealing->bureau_id = entry->bureau_id;
    sealing->client_id = entry->client_id;
    sealing->sealed = seal_close(app->seal, PURPOSE, entry->secret_text);
    (void)snprintf(id, sizeof(id), "%" PRId64,
                   entry->bureau_id ? entry->bureau_id : entry->client_id);
    /* Known by its digest: no statement, which the server may log, holds the token. */
    seal_digest(entry->secret_text, digest);
    const char *values[] = { id, digest, sealing->sealed };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    if (entry->bureau_id)
        batch_add_query(batch, SQL_bureau_seal, 3, values, take_sealed);
    else
        batch_add_query(batch, SQL_client_seal, 3, values, take_sealed);
    log_info(app->log, &subject, "An employee token in the clear was sealed");
    pool_run(app->pool, batch, sealed_done, sealing);
}

void registry_secret_seal_all(struct app *app, struct token_list *tokens)
{
    struct token_entry *entry;
    if (registry_secret_is_rotated(tokens))
        return;
    TAILQ_FOREACH(entry, tokens, entry)
    {
        const char *text = entry->secret_text;
        if (!seal_is_sealed(text) && !secret_is_credential(text))
            seal_one(app, entry);
    }
    sweep_ask(app->sweep);
}
