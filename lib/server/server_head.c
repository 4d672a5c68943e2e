#include "lib/server/server_head.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* RFC 9110, section 5.6.2. */
static int is_token_char(unsigned char c)
{
    return isalnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static int is_token(const char *text)
{
    if (!*text)
        return 0;
    while (is_token_char((unsigned char)*text))
        text++;
    return *text == '\0';
}

size_t server_head_length(const char *text, size_t len)
{
    const char *end = len >= 4 ? memmem(text, len, "\r\n\r\n", 4) : NULL;
    return end ? (size_t)(end - text) + 4 : 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes percent signs into `out`, which may be `text` itself; a NUL is refused. */
static int decode(const char *text, size_t len, int is_query, char *out, size_t out_bytes)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        int byte = (unsigned char)text[i];
        if (text[i] == '%') {
            int high = i + 2 < len ? hex_value(text[i + 1]) : -1;
            int low = i + 2 < len ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return -EINVAL;
            byte = high * 16 + low;
            i += 2;
        } else if (text[i] == '+' && is_query) {
            byte = ' ';
        }
        if (byte == '\0' || used + 1 >= out_bytes)
            return -EINVAL;
        out[used++] = (char)byte;
    }
    out[used] = '\0';
    return 0;
}

static int parse_target(char *target, struct server_head *head)
{
    size_t len = strlen(target);
    if (len > SERVER_TARGET_BYTES_MAX)
        return 414;
    if (target[0] != '/')
        return 400;
    for (const char *at = target; *at; at++) {
        if ((unsigned char)*at <= 0x20 || (unsigned char)*at >= 0x7F || *at == '#')
            return 400;
    }
    char *query = strchr(target, '?');
    if (query)
        *query++ = '\0';
    head->path = target;
    head->query = query ? query : target + len;
    return decode(target, strlen(target), 0, target, len + 1) < 0 ? 400 : 0;
}

static int parse_request_line(char *line, struct server_head *head)
{
    char *target = strchr(line, ' ');
    char *version = target ? strchr(target + 1, ' ') : NULL;
    if (!version)
        return 400;
    *target++ = '\0';
    *version++ = '\0';
    head->method = line;
    if (!is_token(line))
        return 400;
    if (strncmp(version, "HTTP/", 5) != 0)
        return 400;
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        return 505;
    head->is_http_1_0 = version[7] == '0';
    return parse_target(target, head);
}

static int parse_header(char *line, struct server_head *head)
{
    char *colon = strchr(line, ':');
    if (!colon)
        return 400;
    *colon = '\0';
    if (!is_token(line)) /* also a line that goes on the one before, and a space before the colon */
        return 400;
    if (head->headers_count == SERVER_HEADERS_MAX)
        return 431;
    char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        value[--len] = '\0';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return 400;
    }
    head->headers[head->headers_count++] = (struct server_header){ line, value };
    return 0;
}

static int count_headers(const struct server_head *head, const char *name)
{
    int count = 0;
    for (int i = 0; i < head->headers_count; i++)
        count += strcasecmp(head->headers[i].name, name) == 0;
    return count;
}

static int parse_length(struct server_head *head)
{
    const char *text = server_head_find(head, "Content-Length");
    if (!text)
        return 0;
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > 15 || text[len])
        return 400;
    for (size_t i = 0; i < len; i++)
        head->body_bytes = head->body_bytes * 10 + (text[i] - '0');
    return 0;
}

/* What decides where the request ends and which host it is for stands once, or not at all. */
static int check_framing(struct server_head *head)
{
    if (count_headers(head, "Transfer-Encoding") > 0)
        return 501;
    if (count_headers(head, "Content-Length") > 1 || count_headers(head, "Host") > 1)
        return 400;
    if (!head->is_http_1_0 && count_headers(head, "Host") == 0)
        return 400;
    const char *connection = server_head_find(head, "Connection");
    head->is_closing = head->is_http_1_0 || (connection && strcasestr(connection, "close"));
    return parse_length(head);
}

int server_head_parse(char *text, size_t len, struct server_head *ret_head)
{
    int is_first = 1;
    *ret_head = (struct server_head){ .body_bytes = 0 };
    if (len > SERVER_HEAD_BYTES_MAX)
        return 431;
    if (memchr(text, '\0', len))
        return 400;
    text[len] = '\0';
    for (char *line = text; *line;) {
        char *end = strstr(line, "\r\n");
        if (!end)
            return 400;
        *end = '\0';
        if (end == line) /* the empty line: server_head_length ended there */
            break;
        if (strpbrk(line, "\r\n"))
            return 400;
        int status = is_first ? parse_request_line(line, ret_head) : parse_header(line, ret_head);
        if (status != 0)
            return status;
        is_first = 0;
        line = end + 2;
    }
    return is_first ? 400 : check_framing(ret_head);
}

const char *server_head_find(const struct server_head *head, const char *name)
{
    for (int i = 0; i < head->headers_count; i++) {
        if (strcasecmp(head->headers[i].name, name) == 0)
            return head->headers[i].value;
    }
    return NULL;
}

int server_head_param(const struct server_head *head, const char *name, char *out, size_t out_bytes)
{
    size_t name_len = strlen(name);
    for (const char *at = head->query; *at;) {
        size_t len = strcspn(at, "&");
        if (len > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=')
            return decode(at + name_len + 1, len - name_len - 1, 1, out, out_bytes);
        at += len;
        at += *at == '&';
    }
    return -ENOENT;
}
