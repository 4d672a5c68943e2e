/*
 * settings_internal.h - what the settings*.c share; nobody else includes it.
 *
 * The table reads, writes and frees options of three subjects: struct settings (plain sections),
 * struct settings_bureau ("bureau") and struct settings_client ("client").
 */
#ifndef SALDOD_DAEMON_SETTINGS_INTERNAL_H
#define SALDOD_DAEMON_SETTINGS_INTERNAL_H

#include "daemon/settings.h"

#define SETTINGS_BUREAU "bureau"
#define SETTINGS_CLIENT "client"

struct err;
struct settings_rule;

/* `field` points at the member that the rule names. Parsers leave it alone on failure (-errno). */
typedef int settings_parse_fn(const struct settings_rule *rule, const char *value, void *field,
                              struct err *err);
typedef int settings_append_fn(const void *field, struct buf *out);

struct settings_kind {
    settings_parse_fn *parse;
    settings_append_fn *append; /* as it would be written; nothing where it is not set */
    int is_text;                /* the member is a char * of its own */
    int is_hidden;              /* may hold a password */
};

struct settings_rule {
    const struct settings_kind *kind;
    size_t offset;    /* of the member in its subject */
    int64_t min, max; /* of numbers and durations */
};

extern const struct settings_kind SETTINGS_TEXT_HIDDEN;
extern const struct settings_kind SETTINGS_OPTIONAL;
extern const struct settings_kind SETTINGS_NAME;
extern const struct settings_kind SETTINGS_INSTANCE;
extern const struct settings_kind SETTINGS_SECRET;
extern const struct settings_kind SETTINGS_BASE_URL;
extern const struct settings_kind SETTINGS_HOOK_URL;
extern const struct settings_kind SETTINGS_OPTIONAL_SECRET;
extern const struct settings_kind SETTINGS_LISTEN;
extern const struct settings_kind SETTINGS_COMMAND;
extern const struct settings_kind SETTINGS_ORG_NR;
extern const struct settings_kind SETTINGS_RESOURCES;
extern const struct settings_kind SETTINGS_DATE;
extern const struct settings_kind SETTINGS_NUMBER;
extern const struct settings_kind SETTINGS_PERCENT;
extern const struct settings_kind SETTINGS_DURATION;
extern const struct settings_kind SETTINGS_LEVEL;

/* A name that a person gave: not empty, up to 200 bytes. 0 or -EINVAL. */
int settings_kind_check_name(const char *name, struct err *err) MUST_USE;

/* Where faults are written; the first 200 of them. */
struct settings_faults {
    struct buf *out;
    int count;
};

/* One fault as "FILE:LINE: text"; line 0 = the file as a whole. */
void settings_faults_add(struct settings_faults *faults, const char *file, int line,
                         const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Sections whose options must fit together, or fit those of another. */
enum settings_section {
    SETTINGS_IN_SESSION,
    SETTINGS_IN_WEBHOOK,
    SETTINGS_SECTIONS, /* their count */
};

/* Where such a section was last written in; file NULL = nowhere. */
struct settings_place {
    char *file;
    int line;
};

/* Puts bureaus and clients in order, and tells what does not fit together. */
void settings_check(struct settings *settings, const struct settings_place *places,
                    struct settings_faults *faults);

/* An empty snapshot with one reference: nothing is set. */
struct settings *settings_new(void) MUST_USE;

/* NULL where there is no such option. */
const struct settings_option *settings_table_find(const char *section, const char *key) MUST_USE;
int settings_table_has_section(const char *section) MUST_USE;

/* What was probably meant, or NULL. A key is looked for in its section, then in the others, where
 * only the very same key counts. */
const char *settings_table_suggest_section(const char *section) MUST_USE;
const struct settings_option *settings_table_suggest_key(const char *section,
                                                         const char *key) MUST_USE;

/* Reads the value into the subject. On -EINVAL texts hold the value as written, so that a faulty
 * option does not count as a missing one; others keep what they had. */
int settings_table_set(const struct settings_option *option, void *subject, const char *value,
                       struct err *err) MUST_USE;

/* Sets every option of the section that has a default; NULL = of all plain sections. */
void settings_table_set_defaults(const char *section, void *subject);

/* As it would be written; nothing where it is not set. */
int settings_table_append(const struct settings_option *option, const void *subject,
                          struct buf *out) MUST_USE;
int settings_table_is_shown(const struct settings_option *option) MUST_USE; /* no password in it */
int settings_table_is_plain(const struct settings_option *option) MUST_USE;

/* Frees the texts that options of the section hold; NULL = of all plain sections. */
void settings_table_release(const char *section, void *subject);

#endif
