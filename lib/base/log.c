/*
 * log.c - one line per event that a person can act on, to the journal or to stderr.
 */
#define SD_JOURNAL_SUPPRESS_LOCATION /* where in our source a line was written helps no reader */

#include "lib/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"

enum {
    LINE_BYTES = 2048,   /* with its newline */
    SUBJECT_BYTES = 128, /* of each part of the subject: the message must have room */
    JOURNAL_FIELDS = 7,
    FIELD_BYTES = 32 + 4 * SUBJECT_BYTES + (int)sizeof(UTF8_ELLIPSIS),
    ELLIPSIS_BYTES = (int)sizeof(UTF8_ELLIPSIS) - 1,
};

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct log {
    enum log_level level;
    int fd;
    bool to_journal;
};

static const struct level_name {
    enum log_level level;
    const char *name;
    const char *shown;
} LEVEL_NAMES[] = {
    { LOG_LEVEL_ERROR, "error", "ERROR" },    { LOG_LEVEL_WARNING, "warning", "WARNING" },
    { LOG_LEVEL_NOTICE, "notice", "NOTICE" }, { LOG_LEVEL_INFO, "info", "INFO" },
    { LOG_LEVEL_DEBUG, "debug", "DEBUG" },
};

/* --- Text that cannot forge a line --------------------------------------------------------------
 */

/* Takes whole pieces (a character, an escape) while they fit; remembers the last end that leaves
 * room for an ellipsis. */
struct line {
    char *text;
    size_t max_bytes; /* without the NUL */
    size_t len_bytes;
    size_t cut_bytes;
    bool full;
};

static void line_init(struct line *line, char *text, size_t size)
{
    *line = (struct line){ .text = text, .max_bytes = size - 1 };
    text[0] = '\0';
}

static void line_add_piece(struct line *line, const char *piece, size_t len)
{
    if (line->full)
        return;
    if (line->len_bytes + len > line->max_bytes) {
        line->full = true;
        line->len_bytes = line->cut_bytes + ELLIPSIS_BYTES;
        memcpy(line->text + line->cut_bytes, UTF8_ELLIPSIS, sizeof(UTF8_ELLIPSIS));
        return;
    }
    memcpy(line->text + line->len_bytes, piece, len);
    line->len_bytes += len;
    line->text[line->len_bytes] = '\0';
    if (line->len_bytes + ELLIPSIS_BYTES <= line->max_bytes)
        line->cut_bytes = line->len_bytes;
}

static void line_add_escape(struct line *line, char byte)
{
    char piece[sizeof("\\xNN")];
    (void)snprintf(piece, sizeof(piece), "\\x%02X", (uint8_t)byte);
    line_add_piece(line, piece, sizeof(piece) - 1);
}

/* Control characters, and bytes that are no UTF-8, as \xNN each; the rest as it is. */
static void line_add(struct line *line, const char *text, size_t len)
{
    for (size_t at = 0; at < len && !line->full;) {
        size_t bytes = utf8_char_bytes(text + at, len - at);
        if (bytes > 0 && !utf8_is_control(text + at, bytes)) {
            line_add_piece(line, text + at, bytes);
            at += bytes;
            continue;
        }
        size_t end = at + (bytes > 0 ? bytes : 1);
        while (at < end)
            /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): `end` is within `len` */
            line_add_escape(line, text[at++]);
    }
}

static void line_add_part(struct line *line, const char *text)
{
    size_t len = strnlen(text, SUBJECT_BYTES + 1);
    if (len <= SUBJECT_BYTES) {
        line_add(line, text, len);
        return;
    }
    line_add(line, text, utf8_cut_bytes(text, SUBJECT_BYTES));
    line_add(line, UTF8_ELLIPSIS, ELLIPSIS_BYTES);
}

/* --- Lines --------------------------------------------------------------------------------------
 */

static const char *shown_level(enum log_level level)
{
    for (size_t i = 0; i < ARRAY_LEN(LEVEL_NAMES); i++) {
        if (LEVEL_NAMES[i].level == level)
            return LEVEL_NAMES[i].shown;
    }
    return "ERROR";
}

/* "[bureau/client/resource request-id] ", or nothing where nothing is known. */
static void line_add_subject(struct line *line, const struct log_subject *subject)
{
    const char *const parts[] = { subject->bureau, subject->client, subject->resource };
    const char *before = "[";
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (!parts[i])
            continue;
        line_add(line, before, 1);
        line_add_part(line, parts[i]);
        before = "/";
    }
    if (subject->request_id && *subject->request_id) {
        line_add(line, *before == '/' ? " " : before, 1);
        line_add_part(line, subject->request_id);
        before = "/";
    }
    if (*before == '/')
        line_add(line, "] ", 2);
}

/* There is nobody to tell when the log itself cannot be written. */
static void write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        bytes += written;
        len -= (size_t)written;
    }
}

static void write_line(int fd, enum log_level level, const struct log_subject *subject,
                       const char *message)
{
    char text[LINE_BYTES + 1];
    struct line line;
    line_init(&line, text, LINE_BYTES);

    char moment[CLOCK_MOMENT_BYTES];
    const char *now = clock_format_moment(clock_now_us(), moment);
    line_add(&line, now, strlen(now));
    line_add(&line, " ", 1);
    line_add(&line, shown_level(level), strlen(shown_level(level)));
    line_add(&line, " ", 1);
    if (subject)
        line_add_subject(&line, subject);
    line_add(&line, message, strlen(message));

    text[line.len_bytes] = '\n';
    write_all(fd, text, line.len_bytes + 1);
}

/* --- The journal --------------------------------------------------------------------------------
 */

struct journal_entry {
    struct iovec fields[JOURNAL_FIELDS];
    int count;
    char texts[JOURNAL_FIELDS - 1][FIELD_BYTES];
    char message[sizeof("MESSAGE=") + LINE_BYTES];
};

static void entry_add(struct journal_entry *entry, char *text, size_t len)
{
    entry->fields[entry->count++] = (struct iovec){ .iov_base = text, .iov_len = len };
}

static void entry_add_part(struct journal_entry *entry, const char *name, const char *value)
{
    if (!value)
        return;
    char *text = entry->texts[entry->count];
    struct line line;
    line_init(&line, text, FIELD_BYTES);
    line_add(&line, name, strlen(name));
    line_add(&line, "=", 1);
    line_add_part(&line, value);
    entry_add(entry, text, line.len_bytes);
}

static int send_to_journal(enum log_level level, const struct log_subject *subject,
                           const char *message)
{
    struct journal_entry entry = { .count = 0 };
    const char priority[] = { (char)('0' + (int)level), '\0' };
    entry_add_part(&entry, "PRIORITY", priority);
    if (subject) {
        entry_add_part(&entry, "SALDOD_BUREAU", subject->bureau);
        entry_add_part(&entry, "SALDOD_CLIENT", subject->client);
        entry_add_part(&entry, "SALDOD_RESOURCE", subject->resource);
        entry_add_part(&entry, "SALDOD_REQUEST_ID", subject->request_id);
        entry_add_part(&entry, "MESSAGE_ID", subject->message_id);
    }
    struct line line;
    line_init(&line, entry.message, sizeof(entry.message));
    line_add(&line, "MESSAGE=", strlen("MESSAGE="));
    line_add(&line, message, strlen(message));
    entry_add(&entry, entry.message, line.len_bytes);
    return sd_journal_sendv(entry.fields, entry.count);
}

/* JOURNAL_STREAM is inherited by children whose stderr was sent elsewhere: only the device and
 * inode it names tell whether it still holds. And sd_journal_sendv() calls it success when the
 * journal's socket is not there (a root folder of one's own), so we look for it. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    if (!stream || fstat(STDERR_FILENO, &status) != 0 || access(JOURNAL_SOCKET, W_OK) != 0)
        return false;
    char expected[64];
    (void)snprintf(expected, sizeof(expected), "%ju:%ju", (uintmax_t)status.st_dev,
                   (uintmax_t)status.st_ino);
    return strcmp(stream, expected) == 0;
}

/* --- Use ----------------------------------------------------------------------------------------
 */

struct log *log_new_fd(enum log_level level, int fd)
{
    struct log *log = mem_new(1, sizeof(*log));
    log->level = level;
    log->fd = fd;
    return log;
}

struct log *log_new(enum log_level level)
{
    struct log *log = log_new_fd(level, STDERR_FILENO);
    log->to_journal = stderr_is_journal();
    return log;
}

void log_set_level(struct log *log, enum log_level level)
{
    log->level = level;
}

int log_parse_level(const char *text, enum log_level *ret_level)
{
    for (size_t i = 0; i < ARRAY_LEN(LEVEL_NAMES); i++) {
        if (strcmp(LEVEL_NAMES[i].name, text) == 0) {
            *ret_level = LEVEL_NAMES[i].level;
            return 0;
        }
    }
    return -EINVAL;
}

void log_write(struct log *log, enum log_level level, const struct log_subject *subject,
               const char *fmt, ...)
{
    if (!log || level > log->level)
        return;
    int saved_errno = errno;
    /* Longer than a line by more than a character: what is cut here is never seen. */
    char message[LINE_BYTES + 16];
    va_list args;
    va_start(args, fmt);
    if (vsnprintf(message, sizeof(message), fmt, args) < 0)
        message[0] = '\0';
    va_end(args);

    if (!log->to_journal || send_to_journal(level, subject, message) < 0)
        write_line(log->fd, level, subject, message);
    errno = saved_errno;
}

void log_free(struct log *log)
{
    free(log);
}
