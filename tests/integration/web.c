#include "tests/integration/web.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "tests/integration/process.h"

enum { CALL_S = 30, HEADERS_BYTES_MAX = 64 * 1024, BODY_BYTES_MAX = 64 * 1024 * 1024 };

static size_t take_cb(char *bytes, size_t size, size_t count, void *ctx)
{
    return buf_append(ctx, bytes, size * count) == 0 ? size * count : 0;
}

static struct curl_slist *list_of(const char *const *headers)
{
    struct curl_slist *list = NULL;
    for (; headers && *headers; headers++)
        list = curl_slist_append(list, *headers);
    return list;
}

void web_ask(const struct web_request *request, struct web_answer *ret_answer)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = list_of(request->headers);
    long status = 0;
    *ret_answer = (struct web_answer){ .status = 0 };
    buf_init(&ret_answer->headers, HEADERS_BYTES_MAX);
    buf_init(&ret_answer->body, BODY_BYTES_MAX);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)CALL_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_cb);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &ret_answer->body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_cb);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &ret_answer->headers);
    if (request->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
    if (request->method && strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (request->method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    int64_t begun_ms = process_now_ms();
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    ret_answer->took_ms = process_now_ms() - begun_ms;
    ret_answer->status = (int)status;
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}

void web_release(struct web_answer *answer)
{
    buf_release(&answer->headers);
    buf_release(&answer->body);
}

char *web_get(const char *url, int status)
{
    struct web_answer answer;
    web_ask(&(struct web_request){ .url = url }, &answer);
    if (answer.status != status)
        fail_msg("%s answers %d instead of %d: %.1000s", url, answer.status, status,
                 buf_text(&answer.body));
    char *body = buf_steal(&answer.body);
    web_release(&answer);
    return body;
}

int web_free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(address);
    AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        fail_msg("no port is free");
    return ntohs(address.sin_port);
}
