#include "daemon/registry_secret.h"

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
    if (seal_open(app->seal, PURPOSE, text, &secret, &err) < 0) {
        entry->is_other_key = 1;
        return 1;
    }
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

static void sealed_done(void *ctx, const struct err *err)
{
    struct app *app = ctx;
    char why[ERR_FULL_BYTES];
    if (err)
        log_error(app->log, NULL, "An employee token could not be sealed in the database: %s",
                  err_full(err, why));
}

static void seal_one(struct app *app, const struct token_entry *entry)
{
    const struct log_subject subject = { .bureau = entry->label };
    AUTO_FREE char *sealed = seal_close(app->seal, PURPOSE, entry->secret_text);
    char id[24], digest[SEAL_DIGEST_BYTES];
    (void)snprintf(id, sizeof(id), "%" PRId64,
                   entry->bureau_id ? entry->bureau_id : entry->client_id);
    /* Known by its digest: no statement, which the server may log, holds the token. */
    seal_digest(entry->secret_text, digest);
    const char *values[] = { id, digest, sealed };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    if (entry->bureau_id)
        batch_add_query(batch, SQL_bureau_seal, 3, values, NULL);
    else
        batch_add_query(batch, SQL_client_seal, 3, values, NULL);
    log_info(app->log, &subject, "An employee token in the clear was sealed");
    pool_run(app->pool, batch, sealed_done, app);
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
