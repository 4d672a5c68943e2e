/* One request as curl sees it: its options, and what curl hands over while it runs. */
#include "lib/http/http_internal.h"

#include <errno.h>
#include <string.h>

#include "lib/base/mem.h"

enum { RECEIVE_BUFFER_BYTES = 65536, KEEPALIVE_IDLE_S = 60, KEEPALIVE_INTERVAL_S = 20 };

static int call_status(const struct http_call *call)
{
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static size_t call_stop(struct http_call *call, int code)
{
    call->stop_code = code;
    return CURL_WRITEFUNC_ERROR;
}

/* The start of an error body explains it; the rest is let go, and after too much of it so is the
 * connection. */
static size_t error_body_keep(struct http_call *call, const char *bytes, size_t len)
{
    size_t room = HTTP_ERROR_BODY_BYTES_MAX - call->gathered.len_bytes;
    if (buf_append(&call->gathered, bytes, len < room ? len : room) < 0)
        return call_stop(call, EMSGSIZE);
    if (call->body_bytes <= call->max_body_bytes || call->body_bytes <= HTTP_ERROR_BODY_BYTES_MAX)
        return len;
    call->is_enough = 1;
    return CURL_WRITEFUNC_ERROR;
}

static size_t body_pass(struct http_call *call, const char *bytes, size_t len)
{
    call->client->is_receiving = 1;
    int rc = call->on_body(call->on_body_ctx, bytes, len);
    call->client->is_receiving = 0;
    return rc == 0 ? len : call_stop(call, rc < 0 ? -rc : rc);
}

static size_t body_take(struct http_call *call, const char *bytes, size_t len)
{
    int status = call_status(call);
    call->body_bytes += len;
    if (status < 200 || status > 299)
        return error_body_keep(call, bytes, len);
    if (call->body_bytes > call->max_body_bytes)
        return call_stop(call, EMSGSIZE);
    if (call->on_body)
        return body_pass(call, bytes, len);
    return buf_append(&call->gathered, bytes, len) == 0 ? len : call_stop(call, EMSGSIZE);
}

static size_t write_cb(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http_call *call = ctx;
    if (call->is_paused) {
        call->is_stalled = 1;
        return CURL_WRITEFUNC_PAUSE;
    }
    return body_take(call, bytes, size * count);
}

static size_t header_cb(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http_call *call = ctx;
    (void)bytes;
    call->header_bytes += size * count;
    return call->header_bytes <= HTTP_HEADER_BYTES_MAX ? size * count : call_stop(call, EMSGSIZE);
}

static int has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return 1;
    }
    return 0;
}

static int header_add(struct http_call *call, const char *header, struct err *err)
{
    /* A line break would smuggle in another header. Not shown: it may hold a secret. */
    if (!strchr(header, ':') || has_control(header))
        return err_set(err, EINVAL, "a request header for %s is not \"Name: value\" in one line",
                       call->place);
    struct curl_slist *longer = curl_slist_append(call->headers, header);
    if (!longer)
        return err_set(err, ENOMEM, "no memory for a request header");
    call->headers = longer;
    return 0;
}

static int headers_add(struct http_call *call, const struct http_request *request, struct err *err)
{
    /* "Expect:" takes out a wait of a second before a larger body. */
    const char *const own[] = { request->body ? "Content-Type: application/json; charset=utf-8"
                                              : "Content-Type:",
                                "Accept: application/json", "Expect:" };
    int rc = 0;
    for (size_t i = 0; i < ARRAY_LEN(own) && rc == 0; i++)
        rc = header_add(call, own[i], err);
    for (const char *const *header = request->headers; header && *header && rc == 0; header++)
        rc = header_add(call, *header, err);
    return rc;
}

static int is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

/* Learns host and port of the URL, for messages. */
static int place_learn(struct http_call *call, const char *url, struct err *err)
{
    CURLU *parts = curl_url();
    char *host = NULL, *port = NULL;
    int rc = 0;
    if (!parts || curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) {
        rc = err_set(err, EINVAL, "the address asked for is no URL, or has a user name in it");
    } else {
        snprintf(call->place, sizeof(call->place), "%s:%s", host, port);
        call->is_loopback = is_loopback(host);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return rc;
}

/* For curl_easy_setopt in a row: the first that fails is what counts. */
#define SET(option, value)                                                                         \
    do {                                                                                           \
        if (rc == CURLE_OK)                                                                        \
            rc = curl_easy_setopt(call->easy, option, value);                                      \
    } while (0)

static CURLcode set_method(struct http_call *call, const struct http_request *request)
{
    static const char *const NAMES[] = { [HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE" };
    CURLcode rc = CURLE_OK;
    if (request->body || request->method == HTTP_POST || request->method == HTTP_PUT) {
        const char *body = request->body ? request->body : "";
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        SET(CURLOPT_COPYPOSTFIELDS, body);
    }
    if (request->method == HTTP_PUT || request->method == HTTP_DELETE)
        SET(CURLOPT_CUSTOMREQUEST, NAMES[request->method]);
    return rc;
}

static CURLcode set_access(struct http_call *call, const struct http_request *request)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    if (call->is_loopback)
        SET(CURLOPT_PROXY, "");
    if (request->user) {
        SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(CURLOPT_USERNAME, request->user);
        SET(CURLOPT_PASSWORD, request->password ? request->password : "");
    }
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    /* Debian's curl has the system's authorities as a folder, which stays in force beside a file.
     */
    if (call->client->ca_file)
        SET(CURLOPT_CAINFO, call->client->ca_file);
    return rc;
}

static CURLcode set_transfer(struct http_call *call)
{
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_HTTPHEADER, call->headers);
    SET(CURLOPT_USERAGENT, call->client->user_agent);
    SET(CURLOPT_ACCEPT_ENCODING, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Otherwise ending a call blocks the loop until a slow name server has answered. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)call->client->connect_timeout_ms);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    SET(CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER_BYTES);
    SET(CURLOPT_WRITEFUNCTION, write_cb);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_HEADERFUNCTION, header_cb);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_ERRORBUFFER, call->reason);
    SET(CURLOPT_PRIVATE, call);
    return rc;
}

/* A server that hangs is left early enough to ask again: the whole time-out is for long answers. */
static CURLcode set_patience(struct http_call *call)
{
    CURLcode rc = CURLE_OK;
    int64_t stall_ms = http_call_stall_ms(call);
    if (stall_ms == 0)
        return CURLE_OK;
    SET(CURLOPT_LOW_SPEED_LIMIT, (long)HTTP_SPEED_MIN_BYTES);
    SET(CURLOPT_LOW_SPEED_TIME, (long)(stall_ms / 1000));
    return rc;
}

#undef SET

int64_t http_call_stall_ms(const struct http_call *call)
{
    return call->timeout_ms > HTTP_PATIENCE_MS ? call->timeout_ms / 2000 * 1000 : 0;
}

int http_call_prepare(struct http_call *call, const struct http_request *request, struct err *err)
{
    if (request->timeout_ms <= 0)
        return err_set(err, EINVAL, "a request needs a time-out");
    int rc = place_learn(call, request->url, err);
    if (rc == 0)
        rc = headers_add(call, request, err);
    if (rc < 0)
        return rc;
    call->timeout_ms = request->timeout_ms;
    call->max_body_bytes = request->max_body_bytes;
    call->on_body = request->on_body;
    call->on_body_ctx = request->on_body_ctx;
    size_t gathered_max = request->max_body_bytes > HTTP_ERROR_BODY_BYTES_MAX
                              ? request->max_body_bytes
                              : HTTP_ERROR_BODY_BYTES_MAX;
    buf_init(&call->gathered, gathered_max);
    call->easy = curl_easy_init();
    if (!call->easy || set_access(call, request) != CURLE_OK ||
        set_method(call, request) != CURLE_OK || set_transfer(call) != CURLE_OK ||
        set_patience(call) != CURLE_OK)
        return err_set(err, EINVAL, "the request to %s cannot be set up", call->place);
    return 0;
}

void http_call_free(struct http_call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    /* Session answers are gathered here. */
    buf_wipe(&call->gathered);
    buf_release(&call->gathered);
    free(call);
}
