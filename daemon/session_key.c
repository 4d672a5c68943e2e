#include "daemon/session_key.h"

#include "daemon/app.h"
#include "daemon/settings.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"

enum {
    END_URL_BYTES_MAX = 16384,
    END_BODY_BYTES_MAX = 65536,
};

struct session_key {
    int refs;
    char *text;
    struct app *app;
    int is_to_end;
};

struct session_key *session_key_new(struct app *app, const char *text)
{
    struct session_key *key = mem_new(1, sizeof(*key));
    key->refs = 1;
    key->app = app;
    key->text = locked_strdup(text);
    return key;
}

struct session_key *session_key_ref(struct session_key *key)
{
    key->refs++;
    return key;
}

const char *session_key_text(const struct session_key *key)
{
    return key->text;
}

void session_key_end(struct session_key *key)
{
    key->is_to_end = 1;
}

static void ended(void *ctx, const struct http_answer *answer, const struct err *err)
{
    (void)ctx, (void)answer, (void)err; /* it ends by itself at midnight, too */
}

static void end_at_tripletex(const struct session_key *key)
{
    AUTO_BUF struct buf url;
    buf_init(&url, END_URL_BYTES_MAX);
    if (buf_printf(&url, "%s/token/session/", key->app->settings->base_url) < 0 ||
        http_encode(&url, key->text) < 0)
        return;
    struct http_request request = {
        .method = HTTP_DELETE,
        .url = buf_text(&url),
        .user = "0",
        .password = key->text,
        .timeout_ms = key->app->settings->timeout_ms,
        .max_body_bytes = END_BODY_BYTES_MAX,
    };
    struct http_call *call = NULL;
    (void)!http_start(key->app->http, &request, ended, NULL, &call, NULL);
    buf_wipe(&url);
}

void session_key_drop(struct session_key *key)
{
    if (!key || --key->refs > 0)
        return;
    if (key->is_to_end)
        end_at_tripletex(key);
    locked_free(key->text);
    free(key);
}
