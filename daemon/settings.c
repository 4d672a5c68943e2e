#include "daemon/settings.h"

#include <errno.h>
#include <string.h>

#include "daemon/settings_internal.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"

enum { SHOWN_BYTES_MAX = 8192 }; /* of one value; no line of a file is as long */

/* --- life --- */

struct settings *settings_new(void)
{
    struct settings *settings = mem_new(1, sizeof(*settings));
    settings->refs = 1;
    return settings;
}

struct settings *settings_ref(struct settings *settings)
{
    settings->refs++;
    return settings;
}

static void settings_free(struct settings *settings)
{
    for (size_t i = 0; i < settings->bureaus_count; i++) {
        settings_table_release(SETTINGS_BUREAU, &settings->bureaus[i]);
        free(settings->bureaus[i].name);
        free(settings->bureaus[i].file);
    }
    for (size_t i = 0; i < settings->clients_count; i++) {
        settings_table_release(SETTINGS_CLIENT, &settings->clients[i]);
        free(settings->clients[i].org_nr);
        free(settings->clients[i].file);
    }
    free(settings->bureaus);
    free(settings->clients);
    if (settings->conninfo)
        mem_wipe(settings->conninfo, strlen(settings->conninfo));
    settings_table_release(NULL, settings);
    free(settings->file);
    free(settings);
}

void settings_unref(struct settings *settings)
{
    if (settings && --settings->refs == 0)
        settings_free(settings);
}

/* --- what differs --- */

/* How to speak of a subject: [database], [bureau "NAME"], [client ORGNR]. */
struct title {
    const char *section;
    const char *name; /* NULL in plain sections */
};

static int title_append(const struct title *title, struct buf *out)
{
    if (!title->name)
        return buf_printf(out, "[%s]", title->section);
    int is_quoted = strcmp(title->section, SETTINGS_BUREAU) == 0;
    return buf_printf(out, is_quoted ? "[%s \"%s\"]" : "[%s %s]", title->section, title->name);
}

/* Takes the last line back where it has no room as a whole. */
static int undo_unless(struct buf *out, size_t len, int rc)
{
    if (rc && out->data) {
        out->len_bytes = len;
        out->data[len] = '\0';
    }
    return rc;
}

static int describe_value(const struct title *title, const struct settings_option *option,
                          const char *from, const char *to, struct buf *out)
{
    size_t len = out->len_bytes;
    int rc = title_append(title, out);
    if (rc == 0 && settings_table_is_shown(option))
        rc = buf_printf(out, " %s: %s -> %s\n", option->key, from[0] ? from : "(nothing)",
                        to[0] ? to : "(nothing)");
    else if (rc == 0)
        rc = buf_printf(out, " %s: changed (not shown, it may hold a password)\n", option->key);
    return undo_unless(out, len, rc);
}

static int describe_option(const struct title *title, const struct settings_option *option,
                           const void *from, const void *to, struct buf *out)
{
    AUTO_BUF struct buf was, is;
    buf_init(&was, SHOWN_BYTES_MAX);
    buf_init(&is, SHOWN_BYTES_MAX);
    int rc = settings_table_append(option, from, &was);
    if (rc == 0)
        rc = settings_table_append(option, to, &is);
    if (rc == 0 && strcmp(buf_text(&was), buf_text(&is)) != 0)
        rc = describe_value(title, option, buf_text(&was), buf_text(&is), out);
    buf_wipe(&was);
    buf_wipe(&is);
    return rc;
}

/* Every option of one section. */
static int describe_section(const struct title *title, const void *from, const void *to,
                            struct buf *out)
{
    size_t count = 0;
    const struct settings_option *options = settings_options(&count);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        if (strcmp(options[i].section, title->section) == 0)
            rc = describe_option(title, &options[i], from, to, out);
    return rc;
}

static int describe_plain(const struct settings *from, const struct settings *to, struct buf *out)
{
    size_t count = 0;
    const struct settings_option *options = settings_options(&count);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct title title = { options[i].section, NULL };
        if (settings_table_is_plain(&options[i]))
            rc = describe_option(&title, &options[i], from, to, out);
    }
    return rc;
}

static int describe_presence(const struct title *title, const char *what, struct buf *out)
{
    size_t len = out->len_bytes;
    int rc = title_append(title, out);
    if (rc == 0)
        rc = buf_printf(out, ": %s\n", what);
    return undo_unless(out, len, rc);
}

/* A list of bureaus or clients; their name is the first member of each, and they stand by name. */
struct subjects {
    const char *section;
    const void *items;
    size_t count, item_bytes;
};

static const void *subject_at(const struct subjects *subjects, size_t i)
{
    return (const char *)subjects->items + i * subjects->item_bytes;
}

static const char *subject_name(const void *subject)
{
    return *(char *const *)subject;
}

/* Walks both lists at once, as they are in the same order. */
static int describe_subjects(const struct subjects *from, const struct subjects *to,
                             struct buf *out)
{
    int rc = 0;
    for (size_t i = 0, j = 0; rc == 0;) {
        const void *was = i < from->count ? subject_at(from, i) : NULL;
        const void *is = j < to->count ? subject_at(to, j) : NULL;
        if (!was && !is)
            break;
        int order = !was ? 1 : !is ? -1 : strcmp(subject_name(was), subject_name(is));
        struct title title = { from->section, subject_name(order > 0 ? is : was) };
        if (order < 0)
            rc = describe_presence(&title, "no longer configured", out);
        else if (order > 0)
            rc = describe_presence(&title, "added", out);
        else
            rc = describe_section(&title, was, is, out);
        i += order <= 0;
        j += order >= 0;
    }
    return rc;
}

static struct subjects bureaus_of(const struct settings *settings)
{
    _Static_assert(offsetof(struct settings_bureau, name) == 0, "subject_name() reads it there");
    return (struct subjects){ SETTINGS_BUREAU, settings->bureaus, settings->bureaus_count,
                              sizeof(struct settings_bureau) };
}

static struct subjects clients_of(const struct settings *settings)
{
    _Static_assert(offsetof(struct settings_client, org_nr) == 0, "subject_name() reads it there");
    return (struct subjects){ SETTINGS_CLIENT, settings->clients, settings->clients_count,
                              sizeof(struct settings_client) };
}

int settings_describe_change(const struct settings *from, const struct settings *to,
                             struct buf *out)
{
    struct subjects bureaus_from = bureaus_of(from), bureaus_to = bureaus_of(to);
    struct subjects clients_from = clients_of(from), clients_to = clients_of(to);
    int rc = describe_plain(from, to, out);
    if (rc == 0)
        rc = describe_subjects(&bureaus_from, &bureaus_to, out);
    if (rc == 0)
        rc = describe_subjects(&clients_from, &clients_to, out);
    return rc;
}
