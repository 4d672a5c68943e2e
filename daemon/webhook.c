#include "daemon/webhook.h"

#include <errno.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/metrics.h"
#include "daemon/registry.h"
#include "daemon/schedule.h"
#include "daemon/secret.h"
#include "daemon/settings.h"
#include "daemon/webhook_delivery.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/server/server.h"

enum {
    RETRY_MS = 60000,
    CONNECTIONS_MAX = 64,
    BODY_BYTES_MAX = 256 * 1024,
    KEYS_MAX = 1024, /* deliveries remembered, so that a repeated one is no second hint */
    TOLD_EVERY_MS = 60000,
};

/* What an answer means to the sender, who is told no more than that. */
enum { GENUINE = 204, MALFORMED = 400, FORGED = 401, UNKNOWN = 404 };

struct webhook {
    struct app *app;
    struct server *server;
    char *address, *secret;
    struct loop_timer *retry;
    uint64_t keys[KEYS_MAX]; /* by their digest; 0 = none */
    int keys_at;
    int64_t told_ms;
};

/* --- deliveries --- */

/* FNV-1a. Only what was proven genuine comes here: nobody can choose keys that fall together. */
static uint64_t digest_key(const char *key)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(1099511628211);
    return hash != 0 ? hash : 1;
}

static int is_repeated(struct webhook *webhook, const char *key)
{
    uint64_t digest = digest_key(key);
    for (int i = 0; i < KEYS_MAX; i++) {
        if (webhook->keys[i] == digest)
            return 1;
    }
    webhook->keys[webhook->keys_at] = digest;
    webhook->keys_at = (webhook->keys_at + 1) % KEYS_MAX;
    return 0;
}

/* Somebody tries doors: told now and then, not for each. */
static void note_forged(struct webhook *webhook)
{
    int64_t now_ms = loop_now_ms(webhook->app->loop);
    if (webhook->told_ms != 0 && now_ms - webhook->told_ms < TOLD_EVERY_MS)
        return;
    webhook->told_ms = now_ms;
    log_warning(webhook->app->log, NULL,
                "A delivery to the webhook was not signed with the secret, and was left alone");
}

static int refuse(struct webhook *webhook, enum metrics_event event, int status)
{
    metrics_webhook(webhook->app->metrics, event);
    if (event == METRICS_EVENT_FORGED)
        note_forged(webhook);
    return status;
}

/* The status to answer with; the hint has been given by then, its work comes later. */
static int take(struct webhook *webhook, const struct server_call *call)
{
    struct webhook_delivery delivery;
    char org_nr[WEBHOOK_ORG_NR_BYTES];
    size_t len;
    const char *body = server_call_body(call, &len);
    const char *key = server_call_header(call, "idempotency-key");
    if (webhook_delivery_client(webhook->secret, server_call_path(call), org_nr) < 0)
        return refuse(webhook, METRICS_EVENT_UNKNOWN, UNKNOWN);
    if (!webhook_delivery_is_genuine(
            webhook->secret, server_call_header(call, "x-request-signature"), key, body, len))
        return refuse(webhook, METRICS_EVENT_FORGED, FORGED);
    if (webhook_delivery_parse(body, len, &delivery) < 0)
        return refuse(webhook, METRICS_EVENT_MALFORMED, MALFORMED);
    struct client *client = registry_find_org_nr(webhook->app->registry, org_nr);
    if (!client || !client->is_enabled)
        return refuse(webhook, METRICS_EVENT_UNKNOWN, UNKNOWN);
    if (is_repeated(webhook, key))
        return refuse(webhook, METRICS_EVENT_REPEATED, GENUINE);
    metrics_webhook(webhook->app->metrics, METRICS_EVENT_TAKEN);
    schedule_hint(webhook->app->schedule, client);
    return GENUINE;
}

static void handle(void *ctx, struct server_call *call)
{
    server_answer(call,
                  &(struct server_answer){ .status = take(ctx, call), .headers = SERVER_HEADERS });
}

/* --- listening --- */

static void stop_listening(struct webhook *webhook)
{
    loop_timer_stop(webhook->retry);
    server_free(webhook->server);
    webhook->server = NULL;
}

static void listen_now(void *ctx)
{
    struct webhook *webhook = ctx;
    struct err err = ERR_NONE;
    char why[ERR_FULL_BYTES];
    const struct server_options options = {
        .address = webhook->address,
        .methods = SERVER_POST,
        .connections_max = CONNECTIONS_MAX,
        .body_max_bytes = BODY_BYTES_MAX,
    };
    webhook->server = server_new(webhook->app->loop, &options, handle, webhook, &err);
    if (webhook->server) {
        log_notice(webhook->app->log, NULL, "Events of Tripletex are heard on %s",
                   webhook->address);
        return;
    }
    log_error(webhook->app->log, NULL, "Webhooks are off, and tried again each minute: %s",
              err_full(&err, why));
    loop_timer_start(webhook->retry, RETRY_MS);
}

/* The secret, or NULL where webhooks are off or it cannot be read, which was told then. */
static char *read_secret(struct webhook *webhook)
{
    const struct settings *settings = webhook->app->settings;
    struct err err = ERR_NONE;
    char why[ERR_FULL_BYTES], *secret = NULL;
    if (!*settings->webhook_listen)
        return NULL;
    if (secret_read_shared(settings->webhook_secret_file, "[webhook] secret_file", &secret, &err) ==
        0)
        return secret;
    log_error(webhook->app->log, NULL, "Webhooks are off: %s", err_full(&err, why));
    return NULL;
}

/* Another address or secret: what was subscribed with the old one is of no use. */
static void look_again(struct webhook *webhook)
{
    struct client *client;
    TAILQ_FOREACH(client, registry_clients(webhook->app->registry), entry)
    client->hear_due_ms = 0;
}

void webhook_configure(struct webhook *webhook)
{
    const struct settings *settings = webhook->app->settings;
    char *secret = read_secret(webhook);
    int is_moved = !webhook->address || strcmp(webhook->address, settings->webhook_listen) != 0;
    locked_free(webhook->secret);
    webhook->secret = secret;
    if (!secret || is_moved)
        stop_listening(webhook);
    free(webhook->address);
    webhook->address = mem_strdup(settings->webhook_listen);
    if (secret && !webhook->server)
        listen_now(webhook);
    look_again(webhook);
}

int webhook_is_configured(const struct webhook *webhook)
{
    return webhook->address != NULL;
}

const char *webhook_public_url(const struct webhook *webhook)
{
    return webhook && webhook->secret ? webhook->app->settings->webhook_public_url : NULL;
}

const char *webhook_secret(const struct webhook *webhook)
{
    return webhook ? webhook->secret : NULL;
}

char *webhook_client_url(const struct webhook *webhook, const char *org_nr)
{
    char mark[WEBHOOK_MARK_BYTES];
    const char *url = webhook_public_url(webhook);
    if (!url)
        return NULL;
    webhook_delivery_mark(webhook->secret, org_nr, mark);
    return mem_printf("%s/%s/%s", url, org_nr, mark);
}

struct webhook *webhook_new(struct app *app)
{
    struct webhook *webhook = mem_new(1, sizeof(*webhook));
    webhook->app = app;
    webhook->retry = loop_timer_new(app->loop, listen_now, webhook);
    return webhook;
}

void webhook_free(struct webhook *webhook)
{
    if (!webhook)
        return;
    stop_listening(webhook);
    loop_timer_free(webhook->retry);
    locked_free(webhook->secret);
    free(webhook->address);
    free(webhook);
}
