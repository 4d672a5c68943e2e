#include "daemon/status_page.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "gen/status_page.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/server/server.h"

enum {
    PAGE_BYTES_MAX = 1024 * 1024,
    DIGEST_TEXT_BYTES = 64,
    LANGUAGES_MAX = 32, /* of a header; further ones are not looked at */
    QUALITY_ONE = 1000,
};

/* Stands in the file's first tag. */
#define LANGUAGE_MARK "lang=\"en\""

struct status_page {
    struct server_body *norwegian, *english;
    char *policy;
};

/* --- the language --- */

static int begins_as(const char *text, size_t len, const char *language)
{
    size_t language_len = strlen(language);
    return len >= language_len && strncasecmp(text, language, language_len) == 0 &&
           (len == language_len || text[language_len] == '-');
}

static const char *served_as(const char *text, size_t len)
{
    static const char *const NORWEGIAN[] = { "nb", "nn", "no", "da", "sv" };
    for (size_t i = 0; i < ARRAY_LEN(NORWEGIAN); i++) {
        if (begins_as(text, len, NORWEGIAN[i]))
            return "nb";
    }
    return begins_as(text, len, "en") ? "en" : NULL;
}

/* "q=0.8" in thousandths; what cannot be understood counts as nothing. */
static int read_quality(const char *text, size_t len)
{
    int quality = 0, unit = QUALITY_ONE / 10;
    if (len < 3 || (text[0] != 'q' && text[0] != 'Q') || text[1] != '=')
        return 0;
    if (text[2] == '1')
        return QUALITY_ONE;
    for (size_t i = 4; text[2] == '0' && i < len && unit > 0; i++, unit /= 10) {
        if (!isdigit((unsigned char)text[i]))
            return 0;
        quality += (text[i] - '0') * unit;
    }
    return quality;
}

/* One element, "nb-NO;q=0.8": its quality, and in `ret_len` the bytes of the language. */
static int quality_of(const char *element, size_t len, size_t *ret_len)
{
    const char *semicolon = memchr(element, ';', len);
    *ret_len = semicolon ? (size_t)(semicolon - element) : len;
    while (*ret_len > 0 && element[*ret_len - 1] == ' ')
        (*ret_len)--;
    if (!semicolon)
        return QUALITY_ONE;
    const char *q = semicolon + 1 + strspn(semicolon + 1, " ");
    return q < element + len ? read_quality(q, (size_t)(element + len - q)) : 0;
}

const char *status_page_language(const char *asked, const char *accept_language)
{
    const char *best = NULL, *at = accept_language ? accept_language : "";
    int best_quality = 0;
    if (asked && served_as(asked, strlen(asked)))
        return served_as(asked, strlen(asked));
    for (int i = 0; *at && i < LANGUAGES_MAX; i++) {
        at += strspn(at, " \t,");
        size_t len = strcspn(at, ","), name_len;
        int quality = quality_of(at, len, &name_len);
        const char *served = served_as(at, name_len);
        if (served && quality > best_quality) {
            best = served;
            best_quality = quality;
        }
        at += len;
    }
    return best ? best : "en";
}

/* --- the page --- */

/* What stands between two tags, digested as browsers do it for the policy. */
static void digest_between(const char *text, const char *begin, const char *end,
                           char out[DIGEST_TEXT_BYTES])
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    const char *from = strstr(text, begin);
    const char *to = from ? strstr(from, end) : NULL;
    if (!to)
        abort(); /* the embedded file is not the page */
    from += strlen(begin);
    (void)crypto_hash_sha256(hash, (const unsigned char *)from, (size_t)(to - from));
    (void)sodium_bin2base64(out, DIGEST_TEXT_BYTES, hash, sizeof(hash),
                            sodium_base64_VARIANT_ORIGINAL);
}

static char *make_policy(const char *text)
{
    char script[DIGEST_TEXT_BYTES], style[DIGEST_TEXT_BYTES];
    digest_between(text, "<script>", "</script>", script);
    digest_between(text, "<style>", "</style>", style);
    return mem_printf("Vary: Accept-Language\r\n"
                      "Content-Security-Policy: default-src 'none'; script-src 'sha256-%s'; "
                      "style-src 'sha256-%s'; connect-src 'self'; img-src data:; base-uri 'none'; "
                      "form-action 'none'; frame-ancestors 'none'\r\n",
                      script, style);
}

static struct server_body *make_body(const char *text, const char *language)
{
    struct buf out;
    const char *mark = strstr(text, LANGUAGE_MARK);
    if (!mark)
        abort(); /* the embedded file is not the page */
    buf_init(&out, PAGE_BYTES_MAX);
    int ret = buf_append(&out, text, (size_t)(mark - text));
    if (ret == 0)
        ret = buf_printf(&out, "lang=\"%s\"", language);
    if (ret == 0)
        ret = buf_append_text(&out, mark + sizeof(LANGUAGE_MARK) - 1);
    if (ret < 0)
        abort(); /* it is as large as it was at build */
    return server_body_new(&out);
}

struct status_page *status_page_new(void)
{
    struct status_page *page = mem_new(1, sizeof(*page));
    page->norwegian = make_body(STATUS_PAGE, "nb");
    page->english = make_body(STATUS_PAGE, "en");
    page->policy = make_policy(STATUS_PAGE);
    return page;
}

const char *status_page_policy(const struct status_page *page)
{
    return page->policy;
}

void status_page_answer(const struct status_page *page, struct server_call *call)
{
    AUTO_FREE char *asked = mem_strdup(server_call_param(call, "lang"));
    const char *language = status_page_language(asked, server_call_header(call, "Accept-Language"));
    AUTO_FREE char *headers = mem_printf("%sCache-Control: no-store\r\n"
                                         "X-Content-Type-Options: nosniff\r\n"
                                         "Referrer-Policy: no-referrer\r\nContent-Language: %s\r\n",
                                         page->policy, language);
    server_answer(call, &(struct server_answer){
                            .status = 200,
                            .type = "text/html; charset=utf-8",
                            .headers = headers,
                            .body = language[0] == 'n' ? page->norwegian : page->english,
                        });
}

void status_page_free(struct status_page *page)
{
    if (!page)
        return;
    server_body_unref(page->norwegian);
    server_body_unref(page->english);
    free(page->policy);
    free(page);
}
