#include "daemon/session_make.h"

#include <errno.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/settings.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"
#include "lib/json/doc.h"

enum {
    MAKE_URL_BYTES_MAX = 65536, /* two tokens, each byte of which may become three */
    MAKE_BODY_BYTES_MAX = 65536,
    MAKE_TEXT_BYTES_MAX = 4096,
    MAKE_DAYS_MORE = 3,
    RENEW_SPREAD_MAX_MS = 30 * 60 * 1000,
    RENEW_LATE_SPREAD_MS = 5 * 60 * 1000,
};

static const char CREATE_PATH[] = "/token/session/:create";

struct session_make {
    int32_t day;
    session_made_fn *done;
    void *ctx;
    struct http_call *call;
};

/* --- the calendar --- */

static int64_t spread_ms(int64_t renew_before_ms)
{
    return renew_before_ms / 4 < RENEW_SPREAD_MAX_MS ? renew_before_ms / 4 : RENEW_SPREAD_MAX_MS;
}

int32_t session_day_to_ask(int64_t now_us, int lifetime_days, int64_t renew_before_ms)
{
    int32_t day = clock_oslo_day(now_us) + lifetime_days;
    int64_t least_us = (renew_before_ms + 2 * spread_ms(renew_before_ms)) * 1000;
    for (int i = 0; i < MAKE_DAYS_MORE && clock_oslo_midnight_us(day) - now_us <= least_us; i++)
        day++;
    return day;
}

int64_t session_renewal_us(int64_t now_us, int64_t expires_us, int64_t renew_before_ms,
                           double spread)
{
    int64_t early_ms = renew_before_ms + (int64_t)((double)spread_ms(renew_before_ms) * spread);
    int64_t at_us = expires_us - early_ms * 1000;
    if (at_us > now_us)
        return at_us;
    int64_t left_ms = (expires_us - now_us) / 1000;
    int64_t within_ms = left_ms / 2 < RENEW_LATE_SPREAD_MS ? left_ms / 2 : RENEW_LATE_SPREAD_MS;
    return now_us + (int64_t)((double)within_ms * spread) * 1000;
}

/* --- the answer --- */

/* The date in the answer counts, where it is one and the session could be alive by it: Tripletex
 * may give less than was asked for. A later one is not relied on. */
static int32_t read_day(const struct json_doc *doc, int32_t asked)
{
    const char *text = NULL;
    int32_t day = 0;
    if (json_doc_get_text(doc, "value.expirationDate", &text, NULL) < 0)
        return asked;
    size_t len = strcspn(text, "T ");
    if (clock_parse_date(text, len, &day) < 0 || day > asked ||
        clock_oslo_midnight_us(day) <= clock_now_us())
        return asked;
    return day;
}

static int read_session(const struct session_make *make, const struct json_doc *doc,
                        struct session_made *made, struct err *err)
{
    const char *text = NULL;
    int ret = json_doc_get_text(doc, "value.token", &text, err);
    if (ret == 0 && (*text == '\0' || strlen(text) > MAKE_TEXT_BYTES_MAX))
        ret = err_set(err, EPROTO, "value.token is empty or too long");
    if (ret < 0)
        return ret;
    made->text = text;
    made->expires_us = clock_oslo_midnight_us(read_day(doc, make->day));
    return 0;
}

static void answered(void *ctx, const struct http_answer *answer, const struct err *http_err)
{
    struct session_make *make = ctx;
    struct err err = ERR_NONE;
    struct json_doc *doc = NULL;
    struct session_made made = { .status = answer->status, .err = &err, .answer = answer };
    made.class = answer_classify(answer, http_err, "session :create", &err);
    if (made.class == ANSWER_OK) {
        doc = json_doc_parse(answer->body, answer->body_len, &err);
        if (!doc || read_session(make, doc, &made, &err) < 0) {
            err_prefix(&err, "session :create");
            made.class = ANSWER_PASSING;
        }
    }
    make->done(make->ctx, &made);
    if (doc)
        json_doc_free_secret(doc);
    free(make);
}

/* --- the request --- */

static int append_body(struct app *app, const char *employee_token, const char *date,
                       struct buf *body)
{
    int ret = buf_append_text(body, "{\"consumerToken\":");
    if (ret == 0)
        ret = json_append_string(body, app->consumer_token);
    if (ret == 0)
        ret = buf_append_text(body, ",\"employeeToken\":");
    if (ret == 0)
        ret = json_append_string(body, employee_token);
    return ret < 0 ? ret : buf_printf(body, ",\"expirationDate\":\"%s\"}", date);
}

static int append_query(struct app *app, const char *employee_token, const char *date,
                        struct buf *url)
{
    int ret = buf_append_text(url, "?consumerToken=");
    if (ret == 0)
        ret = http_encode(url, app->consumer_token);
    if (ret == 0)
        ret = buf_append_text(url, "&employeeToken=");
    if (ret == 0)
        ret = http_encode(url, employee_token);
    return ret < 0 ? ret : buf_printf(url, "&expirationDate=%s", date);
}

static int send(struct session_make *make, struct app *app, int is_by_put, const struct buf *url,
                const struct buf *body, struct err *err)
{
    const struct http_request request = {
        .method = is_by_put ? HTTP_PUT : HTTP_POST,
        .url = buf_text(url),
        .body = is_by_put ? NULL : buf_text(body),
        .timeout_ms = app->settings->timeout_ms,
        .max_body_bytes = MAKE_BODY_BYTES_MAX,
    };
    return http_start(app->http, &request, answered, make, &make->call, err);
}

int session_make_start(struct app *app, const char *employee_token, int32_t day, int is_by_put,
                       session_made_fn *done, void *ctx, struct session_make **ret_make,
                       struct err *err)
{
    char date[CLOCK_DATE_BYTES];
    AUTO_BUF struct buf url, body;
    struct session_make *make = mem_new(1, sizeof(*make));
    *make = (struct session_make){ .day = day, .done = done, .ctx = ctx };
    buf_init(&url, MAKE_URL_BYTES_MAX);
    buf_init(&body, MAKE_BODY_BYTES_MAX);
    clock_format_date(day, date);
    int ret = buf_printf(&url, "%s%s", app->settings->base_url, CREATE_PATH);
    if (ret == 0)
        ret = is_by_put ? append_query(app, employee_token, date, &url)
                        : append_body(app, employee_token, date, &body);
    if (ret < 0)
        ret = err_set(err, EINVAL, "a token is too long or no valid text");
    else
        ret = send(make, app, is_by_put, &url, &body, err);
    buf_wipe(&url);
    buf_wipe(&body);
    if (ret < 0)
        free(make);
    else
        *ret_make = make;
    return ret;
}

void session_make_cancel(struct session_make *make)
{
    if (!make)
        return;
    http_cancel(make->call);
    free(make);
}
