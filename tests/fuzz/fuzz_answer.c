/*
 * Fuzzer of lib/tripletex/answer.h: any status, headers and error body, as the input has them:
 * the status in two bytes, a header up to the first newline, the body.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/http/http.h"
#include "lib/tripletex/answer.h"

struct input {
    struct http_answer answer; /* first, so that the made-up header is found */
    const char *header;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__wrap_http_answer_header(const struct http_answer *answer, const char *name);

const char *__wrap_http_answer_header(const struct http_answer *answer, const char *name)
{
    const char *header = ((const struct input *)answer)->header;
    (void)name;
    return *header ? header : NULL;
}

static void must(int is_true)
{
    if (!is_true)
        abort();
}

/* What is logged and stored: valid UTF-8 in one line. */
static void must_be_a_line(const char *text)
{
    size_t len = strlen(text);
    for (size_t at = 0, taken; at < len; at += taken) {
        taken = utf8_char_bytes(text + at, len - at);
        must(taken > 0 && !utf8_is_control(text + at, taken));
    }
}

static void check_number(int number)
{
    must(number >= -1 && number <= 1000000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct err reset = { .code = 104, .text = "reset" };
    struct err err = ERR_NONE;
    if (size < 2)
        return 0;
    AUTO_FREE char *text = mem_new(size, 1);
    memcpy(text, data + 2, size - 2);
    char *newline = strchr(text, '\n');
    if (newline)
        *newline = '\0';
    const char *body = newline ? newline + 1 : text + size - 1;
    struct input input = { .answer = { .status = (data[0] << 8 | data[1]) % 700,
                                       .body = body,
                                       .body_len = strlen(body) },
                           .header = text };
    enum answer_class class = answer_classify(&input.answer, &reset, "GET /x", &err);
    must((class == ANSWER_OK || class == ANSWER_SAME) == (err.code == 0));
    must_be_a_line(err.text);
    must_be_a_line(err.remedy);
    must_be_a_line(err.request_id);
    struct answer_budget budget = answer_read_budget(&input.answer);
    check_number(budget.limit);
    check_number(budget.remaining);
    check_number(budget.reset_s);
    check_number(budget.retry_after_s);
    return 0;
}
