#include "lib/tripletex/answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/http/http.h"
#include "lib/json/doc.h"

enum { CODE_TOO_LARGE = 23000, MESSAGE_SHOWN_BYTES = 200 };

static const struct status_meaning {
    int from, to;
    enum answer_class class;
    int code;
    const char *remedy;
} MEANINGS[] = {
    { 200, 299, ANSWER_OK, 0, "" },
    { 304, 304, ANSWER_SAME, 0, "" },
    { 401, 401, ANSWER_UNAUTHORIZED, EACCES,
      "Check that the employee token is valid and was made for this consumer token" },
    { 403, 403, ANSWER_FORBIDDEN, EPERM,
      "Give the token access in Tripletex: Klienttilgang, Legg til ansatte, template "
      "\"Standardrettigheter for regnskapsførere\"" },
    { 404, 404, ANSWER_GONE, ENOENT, "" },
    { 410, 410, ANSWER_GONE, ENOENT, "" },
    { 408, 409, ANSWER_PASSING, EAGAIN, "" },
    { 425, 425, ANSWER_PASSING, EAGAIN, "" },
    { 429, 429, ANSWER_OVER_BUDGET, EAGAIN,
      "Nothing to do: the request is made again when the budget of the token is renewed" },
    { 400, 499, ANSWER_REFUSED, EPROTO,
      "If it lasts, give the request id to the support of Tripletex" },
    { 300, 399, ANSWER_PASSING, EPROTO, "Check [tripletex] base_url: redirects are not followed" },
    { 500, 599, ANSWER_PASSING, EREMOTEIO,
      "Nothing to do: the fault is at Tripletex and the request is made again" },
};

static const struct status_meaning *find_meaning(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(MEANINGS); i++) {
        if (status >= MEANINGS[i].from && status <= MEANINGS[i].to)
            return &MEANINGS[i];
    }
    return NULL;
}

/* Code and message of the error envelope; 0 and "" where the body is none (a gateway's page). */
static int64_t read_envelope(const struct http_answer *answer, char *out, size_t out_bytes)
{
    out[0] = '\0';
    AUTO_JSON_DOC struct json_doc *doc = json_doc_parse(answer->body, answer->body_len, NULL);
    if (!doc)
        return 0;
    const char *message = NULL;
    int64_t code = 0;
    (void)!json_doc_get_int(doc, "code", &code, NULL);
    if (json_doc_get_text(doc, "message", &message, NULL) == 0)
        (void)snprintf(out, out_bytes, ": %.*s", MESSAGE_SHOWN_BYTES, message);
    const char *detail = json_doc_item_text(doc, "validationMessages", 0, "message");
    size_t len = strlen(out);
    if (detail)
        (void)snprintf(out + len, out_bytes - len, " (%.*s)", MESSAGE_SHOWN_BYTES, detail);
    return code;
}

enum answer_class answer_classify(const struct http_answer *answer, const struct err *http_err,
                                  const char *what, struct err *err)
{
    if (answer->status == 0) {
        err_copy(err, http_err);
        err_prefix(err, "%s", what);
        return ANSWER_PASSING;
    }
    const struct status_meaning *meaning = find_meaning(answer->status);
    if (meaning && (meaning->class == ANSWER_OK || meaning->class == ANSWER_SAME))
        return meaning->class;
    char message[2 * MESSAGE_SHOWN_BYTES + 16];
    int64_t code = read_envelope(answer, message, sizeof(message));
    const char *request_id = http_answer_header(answer, "x-tlx-request-id");
    if (!meaning) {
        err_set(err, EPROTO, "%s: status %d is no answer", what, answer->status);
        return ANSWER_PASSING;
    }
    err_set(err, meaning->code, "%s: Tripletex answered %d%s", what, answer->status, message);
    err_set_remedy(err, "%s", meaning->remedy);
    err_set_request_id(err, request_id ? request_id : "");
    /* 422 by the documentation; the code says it, whatever the status beside it. */
    int is_ours = answer->status >= 400 && answer->status <= 499;
    return is_ours && code == CODE_TOO_LARGE ? ANSWER_TOO_LARGE : meaning->class;
}

static int read_number(const struct http_answer *answer, const char *name)
{
    const char *text = http_answer_header(answer, name);
    if (!text || *text < '0' || *text > '9')
        return -1;
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && value >= 0 && value <= 1000000000 ? (int)value : -1;
}

struct answer_budget answer_read_budget(const struct http_answer *answer)
{
    return (struct answer_budget){
        .limit = read_number(answer, "X-Rate-Limit-Limit"),
        .remaining = read_number(answer, "X-Rate-Limit-Remaining"),
        .reset_s = read_number(answer, "X-Rate-Limit-Reset"),
        .retry_after_s = read_number(answer, "Retry-After"),
    };
}

int answer_is_trouble(const struct http_answer *http, const struct err *err)
{
    if (http->status != 0)
        return http->status >= 500 || http->status == 429;
    return err->code == ETIMEDOUT || err->code == ECONNREFUSED || err->code == ECONNRESET ||
           err->code == EHOSTUNREACH;
}
