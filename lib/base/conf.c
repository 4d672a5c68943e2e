/*
 * conf.c - reads one INI file, entry by entry, with file and line.
 *
 * libinih asks conf_line_cb() for each line and gets only those that it reads the way a person
 * does; a faulty line reaches it as an empty one. It calls conf_entry_cb() before it asks for the
 * next line, so the line number at hand is the entry's.
 */
#include "lib/base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <search.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"

enum {
    FILE_MAX_BYTES = 1024 * 1024,
    NAME_MAX_BYTES = 49, /* what libinih keeps of a section or key */
    FAULTS_MAX = 100,
    FAULT_TEXT_BYTES = 512,
};

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

/* A name and where it was first seen. */
struct conf_seen {
    char name[NAME_MAX_BYTES + 1];
    int line;
};

struct conf_parse {
    const struct conf_reader *reader;
    struct conf_place place;
    const char *rest;
    size_t rest_bytes;
    bool in_section;
    bool muted;     /* below a header that is faulty or repeated */
    void *sections; /* trees of struct conf_seen, see tsearch(3) */
    void *keys;     /* of this section */
    int faults;
};

/* A stretch of a line. */
struct span {
    const char *at;
    size_t len;
};

static void PRINTF_LIKE(2, 3) conf_fault(struct conf_parse *parse, const char *fmt, ...)
{
    char text[FAULT_TEXT_BYTES];
    parse->faults++;
    if (parse->faults > FAULTS_MAX) {
        (void)snprintf(
            text, sizeof(text),
            "more than %d faults, the rest of the file was not read; correct these first",
            FAULTS_MAX);
    } else {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
    }
    parse->reader->fault(parse->reader->ctx, &parse->place, text);
}

/* --- Names seen ---------------------------------------------------------------------------------
 */

static int compare_seen(const void *left, const void *right)
{
    const struct conf_seen *a = left;
    const struct conf_seen *b = right;
    return strcmp(a->name, b->name);
}

/* The line of an earlier entry of that name, or 0 where this is the first. */
static int first_seen(void **tree, struct span name, int line)
{
    struct conf_seen *fresh = mem_new(1, sizeof(*fresh));
    memcpy(fresh->name, name.at, name.len);
    fresh->line = line;
    struct conf_seen **found = tsearch(fresh, tree, compare_seen);
    if (!found)
        abort(); /* no memory */
    if (*found == fresh)
        return 0;
    free(fresh);
    return (*found)->line;
}

static void forget_seen(void **tree)
{
    tdestroy(*tree, free);
    *tree = NULL;
}

/* --- Lines --------------------------------------------------------------------------------------
 */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct span without_trailing_blanks(struct span span)
{
    while (span.len > 0 && is_blank(span.at[span.len - 1]))
        span.len--;
    return span;
}

/* Comments, whole or at the end of a line, and trailing blanks; as libinih sees them. */
static struct span without_comment(struct span line)
{
    size_t first = 0;
    while (first < line.len && is_blank(line.at[first]))
        first++;
    if (first < line.len && (line.at[first] == ';' || line.at[first] == '#'))
        return (struct span){ line.at, 0 };
    for (size_t i = 1; i < line.len; i++) {
        if (line.at[i] == ';' && is_blank(line.at[i - 1]))
            line.len = i;
    }
    return without_trailing_blanks(line);
}

static bool has_only_text(struct conf_parse *parse, struct span line)
{
    for (size_t at = 0; at < line.len;) {
        size_t bytes = utf8_char_bytes(line.at + at, line.len - at);
        if (bytes == 0) {
            conf_fault(parse, "byte %zu of the line, \\x%02X, is not UTF-8; save the file as UTF-8",
                       at + 1, (uint8_t)line.at[at]);
            return false;
        }
        if (line.at[at] != '\t' && utf8_is_control(line.at + at, bytes)) {
            conf_fault(parse, "byte %zu of the line, \\x%02X, is a control character; remove it",
                       at + 1, (uint8_t)line.at[at]);
            return false;
        }
        at += bytes;
    }
    return true;
}

static bool name_fits(struct conf_parse *parse, const char *what, struct span name)
{
    if (name.len == 0) {
        conf_fault(parse, "the %s has no name; write one, or remove the line", what);
        return false;
    }
    if (name.len > NAME_MAX_BYTES) {
        conf_fault(parse, "the name of the %s has %zu bytes, at most %d can be read; shorten it",
                   what, name.len, NAME_MAX_BYTES);
        return false;
    }
    return true;
}

static bool check_header(struct conf_parse *parse, struct span line)
{
    const char *close = memchr(line.at, ']', line.len);
    if (!close) {
        conf_fault(parse, "the section has no closing bracket; write [name]");
        return false;
    }
    if (close != line.at + line.len - 1) {
        conf_fault(parse, "text follows the closing bracket of the section; remove it, "
                          "or begin a comment with a space and a semicolon");
        return false;
    }
    struct span name = { line.at + 1, line.len - 2 };
    if (!name_fits(parse, "section", name))
        return false;
    int first = first_seen(&parse->sections, name, parse->place.line);
    if (first > 0) {
        conf_fault(parse, "the section [%.*s] was begun on line %d; move these entries there",
                   (int)name.len, name.at, first);
        return false;
    }
    char section[NAME_MAX_BYTES + 1] = { 0 };
    memcpy(section, name.at, name.len);
    parse->reader->entry(parse->reader->ctx, &parse->place, section, NULL, NULL);
    return true;
}

static bool take_header(struct conf_parse *parse, struct span line)
{
    forget_seen(&parse->keys);
    parse->in_section = true;
    parse->muted = !check_header(parse, line);
    return !parse->muted;
}

static bool take_key(struct conf_parse *parse, struct span line)
{
    const char *equals = memchr(line.at, '=', line.len);
    if (!equals) {
        conf_fault(parse, "the line is neither [section] nor key = value; add what is missing, "
                          "or begin it with a semicolon");
        return false;
    }
    struct span key = { line.at, (size_t)(equals - line.at) };
    key = without_trailing_blanks(key);
    /* libinih would end the key there. */
    if (memchr(key.at, ':', key.len)) {
        conf_fault(parse, "the key holds a colon; write key = value");
        return false;
    }
    if (!name_fits(parse, "key", key))
        return false;
    if (!parse->in_section) {
        conf_fault(parse,
                   "the key %.*s stands before the first section; move it below its [section]",
                   (int)key.len, key.at);
        return false;
    }
    int first = first_seen(&parse->keys, key, parse->place.line);
    if (first > 0) {
        conf_fault(parse, "the key %.*s was set on line %d; keep one of the two", (int)key.len,
                   key.at, first);
        return false;
    }
    return true;
}

/* Whether libinih may see the line. */
static bool take_line(struct conf_parse *parse, struct span line, size_t max_bytes)
{
    if (line.len > max_bytes) {
        conf_fault(parse, "the line has %zu bytes, at most %zu can be read; shorten it", line.len,
                   max_bytes);
        return false;
    }
    if (is_blank(line.at[0])) {
        conf_fault(parse, "the line is indented, and values do not continue on a second line; "
                          "begin it in the first column");
        return false;
    }
    return line.at[0] == '[' ? take_header(parse, line) : take_key(parse, line);
}

static struct span next_line(struct conf_parse *parse)
{
    const char *newline = memchr(parse->rest, '\n', parse->rest_bytes);
    size_t len = newline ? (size_t)(newline - parse->rest) : parse->rest_bytes;
    struct span line = { parse->rest, len };
    parse->rest += newline ? len + 1 : len;
    parse->rest_bytes -= newline ? len + 1 : len;
    parse->place.line++;
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

static char *conf_line_cb(char *out, int size, void *ctx)
{
    struct conf_parse *parse = ctx;
    if (parse->rest_bytes == 0 || parse->faults > FAULTS_MAX)
        return NULL;
    struct span line = next_line(parse);
    size_t len = 0;
    if (has_only_text(parse, line)) {
        line = without_comment(line);
        /* Room for the newline and the NUL. */
        if (line.len > 0 && take_line(parse, line, (size_t)size - 2))
            len = line.len;
    }
    memcpy(out, line.at, len);
    memcpy(out + len, "\n", 2);
    return out;
}

static int conf_entry_cb(void *ctx, const char *section, const char *key, const char *value)
{
    struct conf_parse *parse = ctx;
    if (!parse->muted)
        parse->reader->entry(parse->reader->ctx, &parse->place, section, key, value);
    return 1;
}

/* --- The file -----------------------------------------------------------------------------------
 */

static int refuse_open(const char *file, int code, struct err *err)
{
    int rc = err_set(err, code, "cannot open the configuration file %s: %s", file, strerror(code));
    if (code == ENOENT || code == ENOTDIR)
        err_set_remedy(err, "create the file, or correct its path");
    else if (code == EACCES || code == EPERM)
        err_set_remedy(err, "let the user that runs saldod read the file and enter its folders");
    else
        err_set_remedy(err, "see that the path is right and the file can be read");
    return rc;
}

static int open_plain_file(const char *file, int *ret_fd, struct err *err)
{
    /* Not to wait for ever for the other end of a pipe that someone named here. */
    AUTO_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return refuse_open(file, errno, err);
    struct stat status;
    if (fstat(fd, &status) != 0)
        return refuse_open(file, errno, err);
    if (!S_ISREG(status.st_mode)) {
        bool is_folder = S_ISDIR(status.st_mode);
        int rc = err_set(err, is_folder ? EISDIR : ENOTSUP, "the configuration file %s is %s", file,
                         is_folder ? "a folder" : "not a plain file");
        err_set_remedy(err, "name a plain file");
        return rc;
    }
    *ret_fd = fd;
    fd = -1;
    return 0;
}

static int read_file(const char *file, struct buf *text, struct err *err)
{
    AUTO_CLOSE int fd = -1;
    int rc = open_plain_file(file, &fd, err);
    if (rc != 0)
        return rc;
    for (;;) {
        char chunk[8192];
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got == 0)
            return 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            rc = err_set(err, errno, "cannot read the configuration file %s: %s", file,
                         strerror(errno));
            err_set_remedy(err, "see that the file system is in order");
            return rc;
        }
        if (buf_append(text, chunk, (size_t)got) != 0) {
            rc = err_set(err, EFBIG, "the configuration file %s is larger than 1 MiB", file);
            err_set_remedy(err, "see that the path is right, or register clients in the database");
            return rc;
        }
    }
}

static int parse_text(struct conf_parse *parse)
{
    size_t mark = sizeof(BYTE_ORDER_MARK) - 1;
    if (parse->rest_bytes >= mark && memcmp(parse->rest, BYTE_ORDER_MARK, mark) == 0) {
        parse->rest += mark;
        parse->rest_bytes -= mark;
    }
    int rc = ini_parse_stream(conf_line_cb, parse, conf_entry_cb, parse);
    if (rc != 0 && parse->faults == 0) {
        parse->place.line = rc > 0 ? rc : parse->place.line;
        conf_fault(parse, "the line cannot be read; write [section] or key = value");
    }
    forget_seen(&parse->keys);
    forget_seen(&parse->sections);
    return parse->faults > 0 ? -EINVAL : 0;
}

int conf_read(const char *file, const struct conf_reader *reader, struct err *err)
{
    AUTO_BUF struct buf text;
    buf_init(&text, FILE_MAX_BYTES);
    int rc = read_file(file, &text, err);
    if (rc != 0)
        return rc;
    struct conf_parse parse = {
        .reader = reader,
        .place = { .file = file },
        .rest = buf_text(&text),
        .rest_bytes = text.len_bytes,
    };
    rc = parse_text(&parse);
    buf_wipe(&text); /* a conninfo may hold a password */
    return rc;
}
