#include "daemon/config_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/seal.h"
#include "daemon/secret.h"
#include "daemon/settings.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum { NAMES_BYTES_MAX = 4 * 1024 * 1024 };

struct config_rows {
    struct app *app;
    struct settings *settings;
    config_rows_done_fn *done;
    void *ctx;
    size_t next; /* bureaus first, then clients, then what left the file */
    int faults;
    int is_refused; /* it belongs to somebody else */
    int is_check;   /* looks only */
};

static void step(struct config_rows *rows);

static void fault(struct config_rows *rows, const char *file, int line, const char *text)
{
    rows->faults++;
    log_error(rows->app->log, NULL, "%s:%d: %s", file, line, text);
}

static void finish(struct config_rows *rows)
{
    config_rows_done_fn *done = rows->done;
    void *ctx = rows->ctx;
    int faults = rows->faults;
    settings_unref(rows->settings);
    free(rows);
    done(ctx, faults);
}

/* --- tokens --- */

static const struct token_entry *find_token(struct config_rows *rows, const char *label)
{
    const struct token_entry *entry;
    TAILQ_FOREACH(entry, registry_tokens(rows->app->registry), entry)
    {
        if (strcmp(entry->label, label) == 0)
            return entry;
    }
    return NULL;
}

/* As it is stored: the name of a credential, or the sealed content of a file. A token that is
 * stored already keeps its text, since every sealing differs and would look like a change. */
static int make_token(struct config_rows *rows, const char *spec, const char *label,
                      char **ret_text, struct err *err)
{
    char *secret = NULL;
    char id[33];
    int ret = secret_read_token(spec, "employee_token_file", &secret, err);
    if (ret == 0)
        ret = secret_check_host(secret, rows->settings->base_url, "employee token", err);
    if (ret < 0) {
        locked_free(secret);
        return ret;
    }
    const struct token_entry *entry = find_token(rows, label);
    seal_name(rows->app->seal, secret, id);
    if (secret_is_credential(spec))
        *ret_text = mem_strdup(spec);
    else if (entry && entry->token && strcmp(entry->id, id) == 0)
        *ret_text = mem_strdup(entry->secret_text);
    else
        *ret_text = seal_close(rows->app->seal, "token", secret);
    locked_free(secret);
    return 0;
}

/* --- one row --- */

static int note_owner(void *ctx, const struct pg_result *result, struct err *err)
{
    struct config_rows *rows = ctx;
    (void)err;
    int is_there = pg_result_rows(result) == 1;
    const char *owner = is_there ? pg_result_text(result, 0, "owner") : NULL;
    int is_ours = owner && strcmp(owner, rows->settings->instance) == 0;
    rows->is_refused = rows->is_check && !is_there ? 0 : !is_ours;
    return 0;
}

static void bureau_done(void *ctx, const struct err *err)
{
    struct config_rows *rows = ctx;
    const struct settings_bureau *bureau = &rows->settings->bureaus[rows->next];
    if (err)
        fault(rows, bureau->file, bureau->line, err->text);
    else if (rows->is_refused)
        fault(rows, bureau->file, bureau->line,
              "this bureau was registered by SQL or by another instance and is not taken over; "
              "remove this section, "
              "or remove the row of bureau.bureau");
    rows->next++;
    step(rows);
}

static void save_bureau(struct config_rows *rows)
{
    const struct settings_bureau *bureau = &rows->settings->bureaus[rows->next];
    struct err err = ERR_NONE;
    AUTO_FREE char *token = NULL;
    if (make_token(rows, bureau->employee_token_file, bureau->name, &token, &err) < 0) {
        fault(rows, bureau->file, bureau->line, err.text);
        rows->next++;
        step(rows);
        return;
    }
    const char *values[] = { bureau->name, token, bureau->org_nr, rows->settings->instance };
    const char *name[] = { bureau->name };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    if (!rows->is_check)
        batch_add_query(batch, SQL_config_bureau_save, 4, values, NULL);
    batch_add_query(batch, SQL_config_bureau_owner, 1, name, note_owner);
    pool_run(rows->app->pool, batch, bureau_done, rows);
}

static const struct settings_client *client_in_hand(const struct config_rows *rows)
{
    return &rows->settings->clients[rows->next - rows->settings->bureaus_count];
}

static void client_done(void *ctx, const struct err *err)
{
    struct config_rows *rows = ctx;
    const struct settings_client *client = client_in_hand(rows);
    if (err)
        fault(rows, client->file, client->line, err->text);
    else if (rows->is_refused)
        fault(rows, client->file, client->line,
              "this client was registered by SQL or by another instance and is not taken over; "
              "remove this section, "
              "or remove the row of bureau.client");
    rows->next++;
    step(rows);
}

/* It may not be in the database yet while only looking. */
static int is_bureau_in_file(const struct config_rows *rows)
{
    const struct settings *settings = rows->settings;
    for (size_t i = 0; rows->is_check && i < settings->bureaus_count; i++) {
        if (strcmp(settings->bureaus[i].name, client_in_hand(rows)->bureau) == 0)
            return 1;
    }
    return 0;
}

static int check_bureau(void *ctx, const struct pg_result *result, struct err *err)
{
    const struct config_rows *rows = ctx;
    if (pg_result_bool(result, 0, "is_there") || is_bureau_in_file(rows))
        return 0;
    return err_set(
        err, ENOENT,
        "bureau \"%s\" does not exist; add a section [bureau \"%s\"], or register it by SQL",
        client_in_hand(rows)->bureau, client_in_hand(rows)->bureau);
}

static void save_client(struct config_rows *rows)
{
    const struct settings_client *client = client_in_hand(rows);
    struct err err = ERR_NONE;
    AUTO_FREE char *token = NULL;
    AUTO_FREE char *interval = mem_printf("%" PRId64, client->pull_interval_ms);
    if (client->employee_token_file &&
        make_token(rows, client->employee_token_file, client->org_nr, &token, &err) < 0) {
        fault(rows, client->file, client->line, err.text);
        rows->next++;
        step(rows);
        return;
    }
    const char *values[] = { client->org_nr,         client->name,
                             client->bureau,         token,
                             client->org_nr_setting, interval,
                             client->history_from,   rows->settings->instance };
    const char *org_nr[] = { client->org_nr };
    const char *bureau[] = { client->bureau };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    if (client->bureau)
        batch_add_query(batch, SQL_config_bureau_there, 1, bureau, check_bureau);
    if (!rows->is_check)
        batch_add_query(batch, SQL_config_client_save, 8, values, NULL);
    batch_add_query(batch, SQL_config_client_owner, 1, org_nr, note_owner);
    pool_run(rows->app->pool, batch, client_done, rows);
}

/* --- what left the file --- */

static int append_element(struct buf *out, const char *text)
{
    int ret = buf_append_text(out, out->len_bytes > 1 ? ",\"" : "\"");
    for (; ret == 0 && *text; text++) {
        if (*text == '"' || *text == '\\')
            ret = buf_append_byte(out, '\\');
        if (ret == 0)
            ret = buf_append_byte(out, (uint8_t)*text);
    }
    return ret < 0 ? ret : buf_append_byte(out, '"');
}

static int log_clients(void *ctx, const struct pg_result *result, struct err *err)
{
    struct config_rows *rows = ctx;
    (void)err;
    for (int i = 0; i < pg_result_rows(result); i++) {
        const struct log_subject subject = { .client = pg_result_text(result, i, "org_nr") };
        log_notice(rows->app->log, &subject,
                   "The client left the configuration and is disabled; its data are kept");
    }
    return 0;
}

static void disabled(void *ctx, const struct err *err)
{
    struct config_rows *rows = ctx;
    if (err)
        fault(rows, rows->settings->file, 1, err->text);
    finish(rows);
}

static void disable_gone(struct config_rows *rows)
{
    AUTO_BUF struct buf clients, bureaus;
    const struct settings *settings = rows->settings;
    buf_init(&clients, NAMES_BYTES_MAX);
    buf_init(&bureaus, NAMES_BYTES_MAX);
    int ret = buf_append_byte(&clients, '{');
    for (size_t i = 0; ret == 0 && i < settings->clients_count; i++)
        ret = append_element(&clients, settings->clients[i].org_nr);
    if (ret == 0)
        ret = buf_append_byte(&bureaus, '{');
    for (size_t i = 0; ret == 0 && i < settings->bureaus_count; i++)
        ret = append_element(&bureaus, settings->bureaus[i].name);
    if (ret < 0 || buf_append_byte(&clients, '}') < 0 || buf_append_byte(&bureaus, '}') < 0)
        abort(); /* a bug: a configuration file is smaller than this */
    const char *client_values[] = { settings->instance, buf_text(&clients) };
    const char *bureau_values[] = { settings->instance, buf_text(&bureaus) };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_config_disable_clients, 2, client_values, log_clients);
    batch_add_query(batch, SQL_config_disable_bureaus, 2, bureau_values, NULL);
    pool_run(rows->app->pool, batch, disabled, rows);
}

static void step(struct config_rows *rows)
{
    if (rows->next < rows->settings->bureaus_count)
        save_bureau(rows);
    else if (rows->next < rows->settings->bureaus_count + rows->settings->clients_count)
        save_client(rows);
    else if (rows->is_check)
        finish(rows);
    else
        disable_gone(rows);
}

static void begin(void *ctx)
{
    step(ctx);
}

static void start(struct app *app, struct settings *settings, int is_check,
                  config_rows_done_fn *done, void *ctx)
{
    struct config_rows *rows = mem_new(1, sizeof(*rows));
    rows->app = app;
    rows->settings = settings_ref(settings);
    rows->is_check = is_check;
    rows->done = done;
    rows->ctx = ctx;
    loop_defer(app->loop, begin, rows);
}

void config_rows_check(struct app *app, struct settings *settings, config_rows_done_fn *done,
                       void *ctx)
{
    start(app, settings, 1, done, ctx);
}

void config_rows_apply(struct app *app, config_rows_done_fn *done, void *ctx)
{
    start(app, app->settings, 0, done, ctx);
}
