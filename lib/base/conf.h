/*
 * conf.h - reads one INI file, entry by entry, with file and line.
 *
 * Stands on libinih, which as packaged cuts long names and lines in silence, hands out no line
 * number and accepts duplicates and continuations; the reader here refuses all of these. It knows
 * nothing of which sections and keys exist. All faults of a file are reported, not only the first
 * (up to 100). UTF-8, up to 1 MiB; 198 bytes a line without its comment, 49 a section or key.
 * Lines that begin with ; or # are comments, and so is what follows a space and a semicolon.
 */
#ifndef SALDOD_BASE_CONF_H
#define SALDOD_BASE_CONF_H

#include "lib/base/cleanup.h"

struct err;

/* Where an entry stands; borrowed for the call. */
struct conf_place {
    const char *file;
    int line;
};

/* One `key = value`; key NULL = the section header itself (a section may be empty). `section` is
 * what stands between the brackets. Texts are borrowed for the call; a value may be empty, never
 * NULL. Nothing is told of a section whose header is faulty or repeated. */
typedef void conf_entry_fn(void *ctx, const struct conf_place *place, const char *section,
                           const char *key, const char *value);

/* One fault; `text` says what is wrong and what to do; borrowed for the call. */
typedef void conf_fault_fn(void *ctx, const struct conf_place *place, const char *text);

struct conf_reader {
    conf_entry_fn *entry;
    conf_fault_fn *fault;
    void *ctx;
};

/* Returns 0 when the file was read and no fault was found, -EINVAL after faults (all told), and
 * another -errno with `err` set where the file could not be opened or read. */
int conf_read(const char *file, const struct conf_reader *reader, struct err *err) MUST_USE;

#endif
