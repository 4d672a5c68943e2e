#include "daemon/app.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/listener.h"
#include "daemon/metrics.h"
#include "daemon/owner.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/schedule.h"
#include "daemon/seal.h"
#include "daemon/secret.h"
#include "daemon/settings.h"
#include "daemon/sweep.h"
#include "daemon/loading.h"
#include "daemon/token.h"
#include "daemon/webhook.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"

enum {
    FAULTS_BYTES_MAX = 256 * 1024,
    CONNECT_TIMEOUT_MS = 10000,
};

static const char USER_AGENT[] = "saldod/" SALDOD_VERSION;

/* Each fault is a line of its own. */
static void tell_lines(struct log *log, enum log_level level, const struct buf *lines)
{
    AUTO_FREE char *text = mem_strdup(buf_text(lines));
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n"))) {
        if (*line)
            log_write(log, level, NULL, "%s", line);
    }
}

static int tell(struct app *app, const struct err *err)
{
    char why[ERR_FULL_BYTES];
    log_error(app->log, NULL, "%s", err_full(err, why));
    return -err->code;
}

static int read_secrets(struct app *app, struct err *err)
{
    uint8_t key[SECRET_KEY_BYTES];
    const struct settings *settings = app->settings;
    int ret = secret_read_token(settings->consumer_token_file, "[tripletex] consumer_token_file",
                                &app->consumer_token, err);
    if (ret == 0)
        ret = secret_check_host(app->consumer_token, settings->base_url, "consumer token", err);
    if (ret == 0)
        ret = secret_read_key(settings->seal_key_file, "[security] seal_key_file", key, err);
    if (ret < 0)
        return ret;
    app->seal = seal_new(key, err);
    mem_wipe(key, sizeof(key));
    return app->seal ? 0 : -err->code;
}

static int make_http(struct app *app, struct err *err)
{
    const struct http_options options = {
        .user_agent = USER_AGENT,
        .ca_file = app->settings->ca_file,
        .connections = app->settings->tripletex_connections,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
    };
    app->http = http_client_new(app->loop, &options, err);
    return app->http ? 0 : -err->code;
}

int app_init(struct app *app, const char *config_file)
{
    AUTO_BUF struct buf faults;
    struct err err = ERR_NONE;
    *app = (struct app){ 0 };
    buf_init(&faults, FAULTS_BYTES_MAX);
    app->log = log_new(LOG_LEVEL_INFO);
    if (settings_read(config_file, &app->settings, &faults) < 0) {
        tell_lines(app->log, LOG_LEVEL_ERROR, &faults);
        return -EINVAL;
    }
    log_set_level(app->log, app->settings->log_level);
    app->loop = loop_new();
    if (!app->loop)
        return -ENOMEM;
    if (read_secrets(app, &err) < 0 || make_http(app, &err) < 0) {
        (void)tell(app, &err);
        return -EINVAL;
    }
    if (geteuid() == 0)
        log_warning(app->log, NULL,
                    "Running as root: give saldod a user of its own (see saldod.service)");
    app->metrics = metrics_new();
    app->webhook = webhook_new(app);
    app->pool = pool_new(app, app->settings->database_connections);
    app->schedule = schedule_new(app);
    app->registry = registry_new(app);
    app->sweep = sweep_new(app);
    app->loading = loading_new(app);
    app->owner = owner_new(app);
    return 0;
}

/* A token that is a file may have been rotated; a credential is what it was until a restart. */
static int read_consumer_token(struct app *app, const struct settings *settings, char **ret_token)
{
    struct err err = ERR_NONE;
    char *token = NULL;
    int ret = secret_read_token(settings->consumer_token_file, "[tripletex] consumer_token_file",
                                &token, &err);
    if (ret == 0)
        ret = secret_check_host(token, settings->base_url, "consumer token", &err);
    if (ret < 0) {
        locked_free(token);
        return tell(app, &err);
    }
    *ret_token = token;
    return 0;
}

int app_read_settings(struct app *app, struct settings **ret_settings)
{
    AUTO_BUF struct buf faults;
    struct settings *settings = NULL;
    char *token = NULL;
    buf_init(&faults, FAULTS_BYTES_MAX);
    int ret = settings_read(app->settings->file, &settings, &faults);
    tell_lines(app->log, LOG_LEVEL_ERROR, &faults);
    if (ret == 0)
        ret = read_consumer_token(app, settings, &token);
    locked_free(token);
    if (ret < 0) {
        settings_unref(settings);
        return -EINVAL;
    }
    *ret_settings = settings;
    return 0;
}

/* Whoever reloads may have put right what was refused: the consumer token, or the clock. */
static void retry_tokens(struct app *app)
{
    const struct token_entry *entry;
    TAILQ_FOREACH(entry, registry_tokens(app->registry), entry)
    {
        if (entry->token)
            token_retry(entry->token);
    }
}

void app_take_settings(struct app *app, struct settings *settings)
{
    AUTO_BUF struct buf changes;
    char *token = NULL;
    buf_init(&changes, FAULTS_BYTES_MAX);
    if (read_consumer_token(app, settings, &token) == 0) {
        locked_free(app->consumer_token);
        app->consumer_token = token;
    }
    (void)!settings_describe_change(app->settings, settings,
                                    &changes); /* what did not fit is left out */
    tell_lines(app->log, LOG_LEVEL_NOTICE, &changes);
    settings_unref(app->settings);
    app->settings = settings;
    log_set_level(app->log, settings->log_level);
    pool_resize(app->pool, settings->database_connections);
    http_set_connections(app->http, settings->tripletex_connections);
    retry_tokens(app);
}

void app_release(struct app *app)
{
    listener_free(app->listener);
    app->listener = NULL;
    registry_free(app->registry);
    schedule_free(app->schedule);
    pool_free(app->pool);
    sweep_free(app->sweep);
    loading_free(app->loading);
    http_client_free(app->http);
    owner_free(app->owner);
    seal_free(app->seal);
    webhook_free(app->webhook);
    metrics_free(app->metrics);
    locked_free(app->consumer_token);
    if (app->loop)
        loop_free(app->loop);
    settings_unref(app->settings);
    log_free(app->log);
    *app = (struct app){ 0 };
}
