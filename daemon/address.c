#include "daemon/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

enum { ADDRESS_URL_BYTES_MAX = 1000, ADDRESS_PORT_MAX = 65535 };

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789.-"
#define PATH_CHARACTERS                                                                            \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:%/"

struct authority {
    char host[ADDRESS_HOST_BYTES]; /* in small letters, without brackets */
    int port;                      /* 0 = none was given */
};

/* --- host and port --- */

static int port_parse(const char *text, size_t len, int *ret_port, struct err *err)
{
    int port = 0;
    if (len == 0 || len > 5)
        return err_set(err, EINVAL, "the port after ':' is no number from 1 to 65535");
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]))
            return err_set(err, EINVAL, "the port after ':' is no number from 1 to 65535");
        port = port * 10 + (text[i] - '0');
    }
    if (port < 1 || port > ADDRESS_PORT_MAX)
        return err_set(err, EINVAL, "port %d is not from 1 to 65535", port);
    *ret_port = port;
    return 0;
}

static int host_take(struct authority *authority, const char *text, size_t len, int is_v6,
                     struct err *err)
{
    struct in6_addr v6;
    if (len == 0)
        return err_set(err, EINVAL, "the host is missing");
    if (len >= sizeof(authority->host))
        return err_set(err, EINVAL, "the host is longer than %d bytes", ADDRESS_HOST_BYTES - 1);
    for (size_t i = 0; i < len; i++)
        authority->host[i] = (char)tolower((unsigned char)text[i]);
    authority->host[len] = '\0';
    if (strlen(authority->host) != len)
        return err_set(err, EINVAL, "the host holds a NUL byte");
    if (is_v6 && inet_pton(AF_INET6, authority->host, &v6) != 1)
        return err_set(err, EINVAL, "'[%.60s]' is no IPv6 address", authority->host);
    if (!is_v6 && strspn(authority->host, HOST_CHARACTERS) != len)
        return err_set(err, EINVAL,
                       "the host holds other characters than letters, digits, '.' and '-'");
    return 0;
}

/* host, host:port, [v6] or [v6]:port, and nothing after. */
static int authority_parse(const char *text, size_t len, struct authority *ret, struct err *err)
{
    struct authority authority = { .port = 0 };
    int is_v6 = len > 0 && text[0] == '[';
    const char *end = memchr(text, is_v6 ? ']' : ':', len);
    size_t host_len = end ? (size_t)(end - text) : len;
    if (is_v6 && !end)
        return err_set(err, EINVAL, "']' is missing after the IPv6 address");
    int rc = is_v6 ? host_take(&authority, text + 1, host_len - 1, 1, err)
                   : host_take(&authority, text, host_len, 0, err);
    if (rc)
        return rc;
    size_t used = host_len + (is_v6 ? 1 : 0);
    if (used < len) {
        if (text[used] != ':')
            return err_set(err, EINVAL, "there is something other than ':PORT' after the host");
        rc = port_parse(text + used + 1, len - used - 1, &authority.port, err);
        if (rc)
            return rc;
    }
    *ret = authority;
    return 0;
}

int address_is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
    return strcasecmp(host, "localhost") == 0;
}

/* --- base_url, public_url --- */

static const struct use {
    const char *in_the_clear, *example;
} USES[] = {
    [ADDRESS_OF_API] = { "would send tokens in the clear", "https://tripletex.no/v2" },
    [ADDRESS_OF_WEBHOOK] = { "would have events sent in the clear",
                             "https://saldod.example.no/hook" },
};

/* The bytes of "https://" or "http://" at the start; 0 where it is neither. */
static size_t scheme_len(const char *text, int *ret_is_tls)
{
    *ret_is_tls = strncasecmp(text, "https://", 8) == 0;
    if (*ret_is_tls)
        return 8;
    return strncasecmp(text, "http://", 7) == 0 ? 7 : 0;
}

/* Before anything of the text is shown: these may carry a password or a token. */
static int refuse_secrets(const char *text, struct err *err)
{
    if (strlen(text) > ADDRESS_URL_BYTES_MAX)
        return err_set(err, EINVAL, "the address is longer than %d bytes", ADDRESS_URL_BYTES_MAX);
    if (strchr(text, '@'))
        return err_set(err, EINVAL, "the address holds a user ('@')");
    if (strchr(text, '?') || strchr(text, '#'))
        return err_set(err, EINVAL, "the address holds a query or a fragment ('?' or '#')");
    return 0;
}

static int url_check(const char *text, const struct use *use, struct err *err)
{
    struct authority authority = { .port = 0 };
    int is_tls = 0;
    int rc = refuse_secrets(text, err);
    if (rc)
        return rc;
    size_t start = scheme_len(text, &is_tls);
    if (start == 0)
        return err_set(err, EINVAL, "'%.100s' does not begin with https://", text);
    size_t len = strcspn(text + start, "/");
    rc = authority_parse(text + start, len, &authority, err);
    if (rc)
        return rc;
    const char *path = text + start + len;
    if (path[strspn(path, PATH_CHARACTERS)])
        return err_set(err, EINVAL, "the path holds a character that no address may hold");
    if (!is_tls && !address_is_loopback(authority.host))
        return err_set(err, EINVAL,
                       "http:// to %.100s %s: it is allowed for 127.0.0.0/8, [::1] and localhost "
                       "only",
                       authority.host, use->in_the_clear);
    return 0;
}

int address_parse_url(const char *text, enum address_use use, char **ret_url, struct err *err)
{
    int rc = url_check(text, &USES[use], err);
    if (rc) {
        err_set_remedy(err, "write https://HOST/PATH, for example %s", USES[use].example);
        return rc;
    }
    size_t len = strlen(text);
    while (text[len - 1] == '/')
        len--;
    *ret_url = mem_strndup(text, len);
    return 0;
}

int address_get_host(const char *url, char ret_host[ADDRESS_HOST_BYTES])
{
    struct authority authority = { .port = 0 };
    int is_tls = 0;
    size_t start = scheme_len(url, &is_tls);
    int rc = start ? authority_parse(url + start, strcspn(url + start, "/"), &authority, NULL)
                   : -EINVAL;
    if (rc == 0)
        memcpy(ret_host, authority.host, sizeof(authority.host));
    return rc;
}

/* --- listen --- */

int address_check_listen(const char *text, struct err *err)
{
    struct authority authority = { .port = 0 };
    int rc = authority_parse(text, strlen(text), &authority, err);
    if (rc == 0 && authority.port == 0)
        rc = err_set(err, EINVAL, "the port is missing");
    if (rc)
        err_set_remedy(err,
                       "write HOST:PORT, for example 127.0.0.1:9460, or nothing to switch it off");
    return rc;
}

/* Whether listening on the host takes a port of the other one too. */
static int covers(const char *host, const char *other)
{
    struct in_addr v4;
    if (strcmp(host, "0.0.0.0") == 0)
        return !strchr(other, ':');
    if (strcmp(host, "::") == 0)
        return inet_pton(AF_INET, other, &v4) != 1;
    if (strcmp(host, "localhost") == 0)
        return strcmp(other, "127.0.0.1") == 0 || strcmp(other, "::1") == 0;
    return strcmp(host, other) == 0;
}

int address_is_same_listen(const char *one, const char *other)
{
    struct authority a = { .port = 0 }, b = { .port = 0 };
    if (authority_parse(one, strlen(one), &a, NULL) ||
        authority_parse(other, strlen(other), &b, NULL))
        return 0;
    return a.port == b.port && (covers(a.host, b.host) || covers(b.host, a.host));
}
