/*
 * The kinds of options: how each is read from what a person wrote, and written again. Messages say
 * what may be written instead.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/address.h"
#include "daemon/secret.h"
#include "daemon/settings_internal.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/ledger/org_nr.h"
#include "lib/tripletex/resource.h"

#define ORG_NR_PLACEHOLDER "%ORGNR%"

enum {
    NAME_BYTES_MAX = 200,
    HOST_NAME_BYTES = 256,
    SHOWN_BYTES = 60, /* of a faulty value */
    KNOWN_BYTES_MAX = 400,
    COMMAND_WORDS_MAX = 32,
};

/* --- texts --- */

static int shown_bytes(const char *value)
{
    return (int)utf8_cut_bytes(value, strnlen(value, SHOWN_BYTES));
}

static void replace_text(char **field, const char *value)
{
    free(*field);
    *field = mem_strdup(value);
}

static int append_text(const void *field, struct buf *out)
{
    const char *text = *(char *const *)field;
    return text ? buf_append_text(out, text) : 0;
}

static int parse_text(const struct settings_rule *rule, const char *value, void *field,
                      struct err *err)
{
    (void)rule;
    if (!value[0])
        return err_set(err, EINVAL, "it is empty; write a value, or remove the line");
    replace_text(field, value);
    return 0;
}

/* Nothing written means nothing set. */
static int parse_optional(const struct settings_rule *rule, const char *value, void *field,
                          struct err *err)
{
    if (value[0])
        return parse_text(rule, value, field, err);
    free(*(char **)field);
    *(char **)field = NULL;
    return 0;
}

int settings_kind_check_name(const char *name, struct err *err)
{
    if (!name[0])
        return err_set(err, EINVAL, "the name is empty; write one, or remove the line");
    if (name[0] == ' ' || name[strlen(name) - 1] == ' ')
        return err_set(err, EINVAL, "the name begins or ends with a space; remove it");
    if (strlen(name) > NAME_BYTES_MAX)
        return err_set(err, EINVAL, "the name has %zu bytes, at most %d are allowed; shorten it",
                       strlen(name), NAME_BYTES_MAX);
    return 0;
}

static int parse_name(const struct settings_rule *rule, const char *value, void *field,
                      struct err *err)
{
    int rc = settings_kind_check_name(value, err);
    return rc ? rc : parse_text(rule, value, field, err);
}

static int parse_instance(const struct settings_rule *rule, const char *value, void *field,
                          struct err *err)
{
    char host[HOST_NAME_BYTES] = "";
    if (value[0])
        return parse_name(rule, value, field, err);
    if (gethostname(host, sizeof(host) - 1) || !host[0])
        return err_set(err, EINVAL, "this machine has no host name; write a name for the instance");
    replace_text(field, host);
    return 0;
}

static int parse_secret(const struct settings_rule *rule, const char *value, void *field,
                        struct err *err)
{
    int rc = secret_check_spec(value, err);
    return rc ? rc : parse_text(rule, value, field, err);
}

static int parse_url(const char *value, enum address_use use, void *field, struct err *err)
{
    char *url = NULL;
    int rc = address_parse_url(value, use, &url, err);
    if (rc)
        return rc;
    free(*(char **)field);
    *(char **)field = url;
    return 0;
}

static int parse_base_url(const struct settings_rule *rule, const char *value, void *field,
                          struct err *err)
{
    (void)rule;
    return parse_url(value, ADDRESS_OF_API, field, err);
}

static int parse_hook_url(const struct settings_rule *rule, const char *value, void *field,
                          struct err *err)
{
    return value[0] ? parse_url(value, ADDRESS_OF_WEBHOOK, field, err)
                    : parse_optional(rule, value, field, err);
}

static int parse_optional_secret(const struct settings_rule *rule, const char *value, void *field,
                                 struct err *err)
{
    return value[0] ? parse_secret(rule, value, field, err)
                    : parse_optional(rule, value, field, err);
}

static int parse_listen(const struct settings_rule *rule, const char *value, void *field,
                        struct err *err)
{
    (void)rule;
    int rc = value[0] ? address_check_listen(value, err) : 0;
    if (rc == 0)
        replace_text(field, value);
    return rc;
}

/* A path and its words; no shell reads them, so what only a shell understands is refused. */
static int parse_command(const struct settings_rule *rule, const char *value, void *field,
                         struct err *err)
{
    int words = 0;
    if (value[0] && value[0] != '/')
        return err_set(err, EINVAL, "'%.*s' does not begin with a slash; write the whole path",
                       shown_bytes(value), value);
    if (value[strcspn(value, "\"'`$|&;<>()\\")])
        return err_set(err, EINVAL,
                       "the command holds a character that only a shell understands; put it into "
                       "a script of its own");
    for (const char *at = value; *at; at += strcspn(at, " "), at += strspn(at, " "))
        words++;
    if (words > COMMAND_WORDS_MAX)
        return err_set(err, EINVAL, "the command has more than %d words", COMMAND_WORDS_MAX);
    return parse_optional(rule, value, field, err);
}

static int parse_org_nr(const struct settings_rule *rule, const char *value, void *field,
                        struct err *err)
{
    (void)rule;
    if (value[0] && strcmp(value, ORG_NR_PLACEHOLDER) != 0) {
        int rc = org_nr_check(value, err);
        if (rc) {
            err_set_remedy(err, "write nine digits, %%ORGNR%% for the client's own number, or "
                                "nothing for the company of the "
                                "token");
            return rc;
        }
    }
    replace_text(field, value);
    return 0;
}

static int parse_date(const struct settings_rule *rule, const char *value, void *field,
                      struct err *err)
{
    (void)rule;
    int32_t day = 0;
    if (clock_parse_date(value, strlen(value), &day))
        return err_set(err, EINVAL,
                       "'%.*s' is no date from 1900-01-01 to 2199-12-31; write yyyy-mm-dd",
                       shown_bytes(value), value);
    replace_text(field, value);
    return 0;
}

/* --- resources --- */

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " \t");
}

static int check_resource(const char *name, size_t len, struct err *err)
{
    if (resource_find_extra(name, len))
        return 0;
    AUTO_BUF struct buf known;
    buf_init(&known, KNOWN_BYTES_MAX);
    for (const struct resource *extra = RESOURCE_EXTRAS; extra->name; extra++) {
        if (buf_printf(&known, "%s%s", known.len_bytes > 0 ? ", " : "", extra->name) < 0)
            break;
    }
    err_set(err, EINVAL, "'%.*s' is no resource; write all, none, or some of %s",
            len < SHOWN_BYTES ? (int)len : SHOWN_BYTES, name, buf_text(&known));
    return -EINVAL;
}

/* A name of the list, without the spaces around it. */
static const char *next_name(const char **at, size_t *ret_len)
{
    const char *name = skip_spaces(*at);
    size_t len = strcspn(name, ",");
    *at = name[len] ? name + len + 1 : NULL;
    while (len > 0 && (name[len - 1] == ' ' || name[len - 1] == '\t'))
        len--;
    *ret_len = len;
    return name;
}

static int parse_resources(const struct settings_rule *rule, const char *value, void *field,
                           struct err *err)
{
    (void)rule;
    size_t len = 0;
    const char *at = strcmp(value, "all") == 0 || strcmp(value, "none") == 0 ? NULL : value;
    while (at) {
        const char *name = next_name(&at, &len);
        int ret = check_resource(name, len, err);
        if (ret < 0)
            return ret;
    }
    replace_text(field, value);
    return 0;
}

int settings_has_resource(const struct settings *settings, const char *name)
{
    const char *at = settings->resources;
    size_t len = 0;
    if (!at || strcmp(at, "all") == 0)
        return 1;
    while (at) {
        const char *chosen = next_name(&at, &len);
        if (strlen(name) == len && memcmp(name, chosen, len) == 0)
            return 1;
    }
    return 0;
}

/* --- numbers --- */

/* Digits only; -1 where it is something else or too long for any range of the table. */
static int64_t digits_parse(const char *text, size_t len)
{
    int64_t number = 0;
    if (len == 0 || len > 9)
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static int parse_number(const struct settings_rule *rule, const char *value, void *field,
                        struct err *err)
{
    int64_t number = digits_parse(value, strlen(value));
    if (number < rule->min || number > rule->max)
        return err_set(err, EINVAL,
                       "'%.*s' is no whole number from %" PRId64 " to %" PRId64 "; write one",
                       shown_bytes(value), value, rule->min, rule->max);
    *(int *)field = (int)number;
    return 0;
}

static int append_number(const void *field, struct buf *out)
{
    return buf_printf(out, "%d", *(const int *)field);
}

static int parse_percent(const struct settings_rule *rule, const char *value, void *field,
                         struct err *err)
{
    size_t len = strlen(value);
    int64_t number = len > 0 && value[len - 1] == '%' ? digits_parse(value, len - 1) : -1;
    if (number < rule->min || number > rule->max)
        return err_set(err, EINVAL,
                       "'%.*s' is no whole percentage from %" PRId64 "%% to %" PRId64
                       "%%; write it as in 20%%",
                       shown_bytes(value), value, rule->min, rule->max);
    *(int *)field = (int)number;
    return 0;
}

static int append_percent(const void *field, struct buf *out)
{
    return buf_printf(out, "%d%%", *(const int *)field);
}

static int parse_duration(const struct settings_rule *rule, const char *value, void *field,
                          struct err *err)
{
    char min[CLOCK_MOMENT_BYTES], max[CLOCK_MOMENT_BYTES];
    int64_t ms = 0;
    int rc = clock_parse_duration(value, &ms, err);
    if (rc)
        return rc;
    if (ms < rule->min || ms > rule->max)
        return err_set(err, EINVAL, "'%s' is out of range; write a duration from %s to %s", value,
                       clock_format_duration(rule->min, min),
                       clock_format_duration(rule->max, max));
    *(int64_t *)field = ms;
    return 0;
}

static int append_duration(const void *field, struct buf *out)
{
    char text[CLOCK_MOMENT_BYTES];
    int64_t ms = *(const int64_t *)field;
    return ms ? buf_append_text(out, clock_format_duration(ms, text)) : 0;
}

/* --- the level of the log --- */

static const char *const LEVEL_NAMES[] = {
    [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

static int parse_level(const struct settings_rule *rule, const char *value, void *field,
                       struct err *err)
{
    (void)rule;
    if (log_parse_level(value, field))
        return err_set(err, EINVAL,
                       "'%.*s' is no level; write error, warning, notice, info or debug",
                       shown_bytes(value), value);
    return 0;
}

static int append_level(const void *field, struct buf *out)
{
    return buf_append_text(out, LEVEL_NAMES[*(const enum log_level *)field]);
}

/* --- the kinds --- */

const struct settings_kind SETTINGS_TEXT_HIDDEN = {
    .parse = parse_text, .append = append_text, .is_text = 1, .is_hidden = 1
};
const struct settings_kind SETTINGS_OPTIONAL = { .parse = parse_optional,
                                                 .append = append_text,
                                                 .is_text = 1 };
const struct settings_kind SETTINGS_NAME = { .parse = parse_name,
                                             .append = append_text,
                                             .is_text = 1 };
const struct settings_kind SETTINGS_INSTANCE = { .parse = parse_instance,
                                                 .append = append_text,
                                                 .is_text = 1 };
const struct settings_kind SETTINGS_SECRET = { .parse = parse_secret,
                                               .append = append_text,
                                               .is_text = 1 };
const struct settings_kind SETTINGS_BASE_URL = { .parse = parse_base_url,
                                                 .append = append_text,
                                                 .is_text = 1 };
const struct settings_kind SETTINGS_HOOK_URL = { .parse = parse_hook_url,
                                                 .append = append_text,
                                                 .is_text = 1 };
const struct settings_kind SETTINGS_OPTIONAL_SECRET = { .parse = parse_optional_secret,
                                                        .append = append_text,
                                                        .is_text = 1 };
const struct settings_kind SETTINGS_LISTEN = { .parse = parse_listen,
                                               .append = append_text,
                                               .is_text = 1 };
const struct settings_kind SETTINGS_COMMAND = { .parse = parse_command,
                                                .append = append_text,
                                                .is_text = 1 };
const struct settings_kind SETTINGS_ORG_NR = { .parse = parse_org_nr,
                                               .append = append_text,
                                               .is_text = 1 };
const struct settings_kind SETTINGS_RESOURCES = { .parse = parse_resources,
                                                  .append = append_text,
                                                  .is_text = 1 };
const struct settings_kind SETTINGS_DATE = { .parse = parse_date,
                                             .append = append_text,
                                             .is_text = 1 };
const struct settings_kind SETTINGS_NUMBER = { .parse = parse_number, .append = append_number };
const struct settings_kind SETTINGS_PERCENT = { .parse = parse_percent, .append = append_percent };
const struct settings_kind SETTINGS_DURATION = { .parse = parse_duration,
                                                 .append = append_duration };
const struct settings_kind SETTINGS_LEVEL = { .parse = parse_level, .append = append_level };
