/*
 * The files of the configuration: the main file and its drop-ins, their sections and
 * their options. Nothing stops at the first fault.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/settings_internal.h"
#include "lib/base/buf.h"
#include "lib/base/conf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/ledger/org_nr.h"

enum {
    FAULTS_MAX = 200,
    DROP_INS_MAX = 256,
    BUREAUS_MAX = 1000,
    CLIENTS_MAX = 10000,
};

#define BLANKS " \t"

/* What the entries that come belong to. */
enum subject { SUBJECT_NONE, SUBJECT_PLAIN, SUBJECT_BUREAU, SUBJECT_CLIENT };

struct settings_reader {
    struct settings *settings;
    struct settings_faults faults;
    enum subject subject; /* bureaus and clients: the last of their list */
    struct settings_place places[SETTINGS_SECTIONS];
};

/* --- faults --- */

void settings_faults_add(struct settings_faults *faults, const char *file, int line,
                         const char *fmt, ...)
{
    va_list args;
    char *text = NULL;
    faults->count++;
    if (faults->count > FAULTS_MAX + 1)
        return;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0)
        abort(); /* no memory */
    va_end(args);
    if (faults->count > FAULTS_MAX) {
        free(text);
        text = mem_printf("more than %d faults; correct these first", FAULTS_MAX);
    }
    int rc = line > 0 ? buf_printf(faults->out, "%s:%d: %s\n", file, line, text)
                      : buf_printf(faults->out, "%s: %s\n", file, text);
    free(text);
    /* A full buffer cuts the list; nothing after may get in, or it would look complete. */
    if (rc)
        faults->count = FAULTS_MAX + 1;
}

static void fault_err(struct settings_reader *reader, const struct conf_place *place,
                      const char *subject, const struct err *err)
{
    settings_faults_add(&reader->faults, place->file, place->line, "%s: %s%s%s", subject, err->text,
                        err->remedy[0] ? "; " : "", err->remedy);
}

static void take_fault(void *ctx, const struct conf_place *place, const char *text)
{
    struct settings_reader *reader = ctx;
    settings_faults_add(&reader->faults, place->file, place->line, "%s", text);
}

/* --- section headers --- */

/* Makes room for one more; lists grow by doubling. */
static void *list_grow(void *items, size_t count, size_t item_bytes)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return items;
    return mem_grow(items, count > 0 ? 2 * count : 1, item_bytes);
}

static enum subject begin_bureau(struct settings_reader *reader, const struct conf_place *place,
                                 const char *rest)
{
    struct settings *settings = reader->settings;
    struct err err = ERR_NONE;
    size_t len = strlen(rest);
    if (len < 2 || rest[0] != '"' || rest[len - 1] != '"' || memchr(rest + 1, '"', len - 2)) {
        settings_faults_add(&reader->faults, place->file, place->line,
                            "the bureau has no name in quotes; write [bureau \"NAME\"]");
        return SUBJECT_NONE;
    }
    AUTO_FREE char *name = mem_strndup(rest + 1, len - 2);
    if (settings_kind_check_name(name, &err))
        fault_err(reader, place, "[bureau]", &err);
    if (settings->bureaus_count == BUREAUS_MAX) {
        settings_faults_add(&reader->faults, place->file, place->line,
                            "more than %d bureaus in files; register the others in the database",
                            BUREAUS_MAX);
        return SUBJECT_NONE;
    }
    settings->bureaus = list_grow(settings->bureaus, settings->bureaus_count,
                                  sizeof(*settings->bureaus));
    struct settings_bureau *bureau = &settings->bureaus[settings->bureaus_count++];
    *bureau = (struct settings_bureau){ .name = mem_strdup(name),
                                        .file = mem_strdup(place->file),
                                        .line = place->line };
    settings_table_set_defaults(SETTINGS_BUREAU, bureau);
    return SUBJECT_BUREAU;
}

static enum subject begin_client(struct settings_reader *reader, const struct conf_place *place,
                                 const char *rest)
{
    struct settings *settings = reader->settings;
    struct err err = ERR_NONE;
    if (!rest[0] || rest[0] == '"') {
        settings_faults_add(
            &reader->faults, place->file, place->line,
            "the client has no organisation number; write [client ORGNR] with nine digits and "
            "without quotes");
        return SUBJECT_NONE;
    }
    if (org_nr_check(rest, &err))
        fault_err(reader, place, "[client]", &err);
    if (settings->clients_count == CLIENTS_MAX) {
        settings_faults_add(&reader->faults, place->file, place->line,
                            "more than %d clients in files; register the others in the database",
                            CLIENTS_MAX);
        return SUBJECT_NONE;
    }
    settings->clients = list_grow(settings->clients, settings->clients_count,
                                  sizeof(*settings->clients));
    struct settings_client *client = &settings->clients[settings->clients_count++];
    *client = (struct settings_client){ .org_nr = mem_strdup(rest),
                                        .file = mem_strdup(place->file),
                                        .line = place->line };
    return SUBJECT_CLIENT;
}

/* A section of the table, as it stands between the brackets. */
static const char *header_form(const char *section)
{
    if (strcmp(section, SETTINGS_BUREAU) == 0)
        return "bureau \"NAME\"";
    return strcmp(section, SETTINGS_CLIENT) == 0 ? "client ORGNR" : section;
}

static enum subject refuse_section(struct settings_reader *reader, const struct conf_place *place,
                                   const char *section, const char *kind)
{
    const char *meant = settings_table_suggest_section(kind);
    if (meant)
        settings_faults_add(&reader->faults, place->file, place->line,
                            "there is no section [%s]; did you mean [%s]?", section,
                            header_form(meant));
    else
        settings_faults_add(&reader->faults, place->file, place->line,
                            "there is no section [%s]; remove it", section);
    return SUBJECT_NONE;
}

static enum subject begin_section(struct settings_reader *reader, const struct conf_place *place,
                                  const char *section)
{
    size_t kind_len = strcspn(section, BLANKS "\"");
    AUTO_FREE char *kind = mem_strndup(section, kind_len);
    const char *rest = section + kind_len + strspn(section + kind_len, BLANKS);
    if (strcmp(kind, SETTINGS_BUREAU) == 0)
        return begin_bureau(reader, place, rest);
    if (strcmp(kind, SETTINGS_CLIENT) == 0)
        return begin_client(reader, place, rest);
    if (settings_table_has_section(section))
        return SUBJECT_PLAIN;
    return refuse_section(reader, place, section, kind);
}

/* --- options --- */

/* The section name of the table, and what its options are read into. */
static const char *current_section(const struct settings_reader *reader, const char *section,
                                   void **ret_subject)
{
    struct settings *settings = reader->settings;
    switch (reader->subject) {
    case SUBJECT_BUREAU:
        *ret_subject = &settings->bureaus[settings->bureaus_count - 1];
        return SETTINGS_BUREAU;
    case SUBJECT_CLIENT:
        *ret_subject = &settings->clients[settings->clients_count - 1];
        return SETTINGS_CLIENT;
    case SUBJECT_PLAIN:
        *ret_subject = settings;
        return section;
    case SUBJECT_NONE:
        break;
    }
    return NULL;
}

static void refuse_key(struct settings_reader *reader, const struct conf_place *place,
                       const char *section, const char *key)
{
    const struct settings_option *meant = settings_table_suggest_key(section, key);
    if (!meant)
        settings_faults_add(&reader->faults, place->file, place->line,
                            "there is no option %s in [%s]; remove it", key, section);
    else if (strcmp(meant->section, section) == 0)
        settings_faults_add(&reader->faults, place->file, place->line,
                            "there is no option %s in [%s]; did you mean %s?", key, section,
                            meant->key);
    else
        settings_faults_add(&reader->faults, place->file, place->line,
                            "there is no option %s in [%s]; it belongs in [%s]", key, section,
                            meant->section);
}

static const char *const SECTIONS[] = {
    [SETTINGS_IN_SESSION] = "session",
    [SETTINGS_IN_WEBHOOK] = "webhook",
};

/* Where options of a section must fit together, the last one written tells where. */
static void note_place(struct settings_reader *reader, const struct settings_option *option,
                       const struct conf_place *place)
{
    for (int i = 0; i < SETTINGS_SECTIONS; i++) {
        if (strcmp(option->section, SECTIONS[i]) != 0)
            continue;
        free(reader->places[i].file);
        reader->places[i].file = mem_strdup(place->file);
        reader->places[i].line = place->line;
    }
}

static void take_entry(void *ctx, const struct conf_place *place, const char *section,
                       const char *key, const char *value)
{
    struct settings_reader *reader = ctx;
    struct err err = ERR_NONE;
    void *subject = NULL;
    if (!key) {
        reader->subject = begin_section(reader, place, section);
        return;
    }
    const char *kind = current_section(reader, section, &subject);
    if (!kind)
        return; /* the header was faulty, and that was told */
    const struct settings_option *option = settings_table_find(kind, key);
    if (!option) {
        refuse_key(reader, place, kind, key);
        return;
    }
    note_place(reader, option, place);
    if (settings_table_set(option, subject, value, &err))
        fault_err(reader, place, key, &err);
}

/* --- files --- */

static void read_one(struct settings_reader *reader, const char *file)
{
    struct err err = ERR_NONE;
    const struct conf_reader conf = { .entry = take_entry, .fault = take_fault, .ctx = reader };
    reader->subject = SUBJECT_NONE;
    if (conf_read(file, &conf, &err) && err.code)
        settings_faults_add(&reader->faults, file, 0, "cannot read the file: %s; %s",
                            err.code == ENOTSUP ? "it is no plain file" : strerror(err.code),
                            err.remedy);
}

static int is_drop_in(const struct dirent *entry)
{
    static const char SUFFIX[] = ".conf";
    size_t len = strlen(entry->d_name), suffix_len = strlen(SUFFIX);
    return entry->d_name[0] != '.' && len > suffix_len &&
           strcmp(entry->d_name + len - suffix_len, SUFFIX) == 0;
}

/* By bytes: the order must not depend on the locale. */
static int compare_entries(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static void read_drop_ins(struct settings_reader *reader, const char *file)
{
    AUTO_FREE char *folder = mem_printf("%s.d", file);
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_drop_in, compare_entries);
    if (count < 0) {
        if (errno != ENOENT)
            settings_faults_add(
                &reader->faults, folder, 0,
                "cannot read the folder of drop-ins: %s; see that it is a folder that saldod can "
                "read, or remove it",
                strerror(errno));
        return;
    }
    if (count > DROP_INS_MAX)
        settings_faults_add(&reader->faults, folder, 0,
                            "holds more than %d files; put more into each", DROP_INS_MAX);
    for (int i = 0; i < count; i++) {
        AUTO_FREE char *path = mem_printf("%s/%s", folder, entries[i]->d_name);
        if (i < DROP_INS_MAX)
            read_one(reader, path);
        free(entries[i]);
    }
    free(entries);
}

int settings_read(const char *file, struct settings **ret_settings, struct buf *faults)
{
    struct settings_reader reader = { .settings = settings_new(), .faults = { .out = faults } };
    reader.settings->file = mem_strdup(file);
    settings_table_set_defaults(NULL, reader.settings);
    read_one(&reader, file);
    read_drop_ins(&reader, file);
    settings_check(reader.settings, reader.places, &reader.faults);
    for (int i = 0; i < SETTINGS_SECTIONS; i++)
        free(reader.places[i].file);
    if (reader.faults.count > 0) {
        settings_unref(reader.settings);
        return -EINVAL;
    }
    *ret_settings = reader.settings;
    return 0;
}
