/* Tests of lib/base/log.h. The journal is a socket that the test itself opens in its own /run. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/log.h"
#include "lib/base/mem.h"

enum { LINE_MAX_BYTES = 2048, CHILD_SKIPPED = 77 };

static const struct log_subject WHOLE = {
    .bureau = "Regnskap Nord AS",
    .client = "974760673",
    .resource = "posting",
    .request_id = "req-1",
    .message_id = "0123456789abcdef0123456789abcdef",
};

/* A log that writes into a pipe, and what came out of it. */
struct world {
    struct log *log;
    int ends[2];
    char said[16384];
};

static int set_up(void **state)
{
    struct world *world = mem_new(1, sizeof(*world));
    *state = world;
    if (pipe2(world->ends, O_NONBLOCK) != 0)
        return -1;
    world->log = log_new_fd(LOG_LEVEL_INFO, world->ends[1]);
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    log_free(world->log);
    (void)close(world->ends[0]);
    (void)close(world->ends[1]);
    free(world);
    return 0;
}

/* Everything said since the last call. */
static const char *said(struct world *world)
{
    ssize_t len = read(world->ends[0], world->said, sizeof(world->said) - 1);
    world->said[len > 0 ? len : 0] = '\0';
    return world->said;
}

/* The line without its moment, whose form is checked. */
static const char *said_after_moment(struct world *world)
{
    const char *line = said(world);
    static const char FORM[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
    for (size_t i = 0; i < sizeof(FORM) - 1; i++) {
        if (FORM[i] == 'd')
            assert_in_range(line[i], '0', '9');
        else
            assert_int_equal(line[i], FORM[i]);
    }
    return line + sizeof(FORM) - 1;
}

static void a_line_tells_moment_level_subject_and_message(void **state)
{
    struct world *world = *state;
    log_warning(world->log, &WHOLE, "pull failed after %d pages", 3);
    assert_string_equal(
        said_after_moment(world),
        "WARNING [Regnskap Nord AS/974760673/posting req-1] pull failed after 3 pages\n");
}

static void a_subject_shows_what_is_known(void **state)
{
    struct world *world = *state;
    log_info(world->log, NULL, "started");
    assert_string_equal(said_after_moment(world), "INFO started\n");
    log_info(world->log, &(struct log_subject){ 0 }, "started");
    assert_string_equal(said_after_moment(world), "INFO started\n");
    log_info(world->log, &(struct log_subject){ .client = "974760673" }, "m");
    assert_string_equal(said_after_moment(world), "INFO [974760673] m\n");
    log_info(world->log, &(struct log_subject){ .request_id = "r" }, "m");
    assert_string_equal(said_after_moment(world), "INFO [r] m\n");
    log_info(world->log, &(struct log_subject){ .client = "c", .request_id = "r" }, "m");
    assert_string_equal(said_after_moment(world), "INFO [c r] m\n");
    log_info(world->log, &(struct log_subject){ .bureau = "b", .resource = "x" }, "m");
    assert_string_equal(said_after_moment(world), "INFO [b/x] m\n");
}

static void levels_hold_back(void **state)
{
    struct world *world = *state;
    log_debug(world->log, NULL, "quiet");
    assert_string_equal(said(world), "");
    log_set_level(world->log, LOG_LEVEL_DEBUG);
    log_debug(world->log, NULL, "d");
    assert_string_equal(said_after_moment(world), "DEBUG d\n");
    log_set_level(world->log, LOG_LEVEL_ERROR);
    log_warning(world->log, NULL, "quiet");
    log_notice(world->log, NULL, "quiet");
    log_error(world->log, NULL, "loud");
    assert_string_equal(said_after_moment(world), "ERROR loud\n");
    log_error(NULL, NULL, "nobody hears this");
    log_free(NULL);
}

static void reads_levels(void **state)
{
    (void)state;
    enum log_level level = LOG_LEVEL_ERROR;
    assert_int_equal(log_parse_level("debug", &level), 0);
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_int_equal(log_parse_level("notice", &level), 0);
    assert_int_equal(level, LOG_LEVEL_NOTICE);
    assert_int_equal(log_parse_level("Notice", &level), -EINVAL);
    assert_int_equal(log_parse_level("", &level), -EINVAL);
    assert_int_equal(level, LOG_LEVEL_NOTICE);
}

static void hostile_text_cannot_forge_a_line(void **state)
{
    struct world *world = *state;
    const struct log_subject subject = { .client = "9\n2026 ERROR forged", .request_id = "\x7F\r" };
    log_info(world->log, &subject, "a\nb\tc\x1B[31m%s",
             "\xC2\x9B"
             "d");
    assert_string_equal(said_after_moment(world),
                        "INFO [9\\x0A2026 ERROR forged \\x7F\\x0D] a\\x0Ab\\x09c\\x1B[31m"
                        "\\xC2\\x9B"
                        "d\n");
}

static void keeps_utf8_and_shows_what_is_not(void **state)
{
    struct world *world = *state;
    log_info(world->log, NULL, "blåbær € \xF0\x9F\x98\x80 \xFF \xC3( \xED\xA0\x80");
    assert_string_equal(said_after_moment(world), "INFO blåbær € \xF0\x9F\x98\x80 \\xFF \\xC3( "
                                                  "\\xED\\xA0\\x80\n");
}

/* Whatever the length, and wherever the cut falls in a character or an escape, the line is whole.
 */
static void cuts_long_lines_between_characters(void **state)
{
    struct world *world = *state;
    static const char *const PIECES[] = { "x", "ø", "€", "\xF0\x9F\x98\x80", "\n" };
    for (size_t piece = 0; piece < ARRAY_LEN(PIECES); piece++) {
        for (int shift = 0; shift < 5; shift++) {
            char message[8192] = "";
            memset(message, '.', (size_t)shift);
            size_t step = strlen(PIECES[piece]);
            for (size_t at = (size_t)shift; at + step < sizeof(message); at += step)
                memcpy(message + at, PIECES[piece], step + 1);
            log_info(world->log, NULL, "%s", message);
            const char *line = said(world);
            size_t len = strlen(line);
            assert_in_range(len, LINE_MAX_BYTES - 4, LINE_MAX_BYTES);
            assert_string_equal(line + len - 4, "…\n");
            const char *shown = *PIECES[piece] == '\n' ? "\\x0A" : PIECES[piece];
            assert_memory_equal(line + len - 4 - strlen(shown), shown, strlen(shown));
        }
    }
}

static void a_line_of_just_2_kib_is_whole(void **state)
{
    struct world *world = *state;
    const int before = (int)strlen("2026-11-25T06:30:00.125Z INFO ");
    log_info(world->log, NULL, "%*s", LINE_MAX_BYTES - 1 - before, "z");
    const char *line = said(world);
    assert_int_equal(strlen(line), LINE_MAX_BYTES);
    assert_string_equal(line + LINE_MAX_BYTES - 2, "z\n");
}

static void a_long_subject_leaves_room_for_the_message(void **state)
{
    struct world *world = *state;
    char name[4001];
    memset(name, '\n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    const struct log_subject subject = { .bureau = name, .client = name, .request_id = name };
    log_info(world->log, &subject, "the message");
    assert_non_null(strstr(said(world), "\\x0A…] the message\n"));
}

static void leaves_errno_alone(void **state)
{
    struct world *world = *state;
    errno = ENOTTY;
    struct log *lost = log_new_fd(LOG_LEVEL_INFO, -1);
    log_info(lost, NULL, "nobody hears this");
    assert_int_equal(errno, ENOTTY);
    log_free(lost);
    (void)world;
}

/* --- The journal --------------------------------------------------------------------------------
 */

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd >= 0) {
        ssize_t written = write(fd, text, strlen(text));
        (void)written;
        (void)close(fd);
    }
}

/* A /run of our own; false where the machine does not let us have one. */
static bool have_own_run(void)
{
    AUTO_FREE char *uid_map = mem_printf("0 %u 1", getuid());
    bool is_root = geteuid() == 0;
    if (unshare(is_root ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0)
        return false;
    if (!is_root)
        write_text("/proc/self/uid_map", uid_map);
    return mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/run", "tmpfs", 0, NULL) == 0 && mkdir("/run/systemd", 0755) == 0 &&
           mkdir("/run/systemd/journal", 0755) == 0;
}

static int listen_as_journal(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX,
                                   .sun_path = "/run/systemd/journal/socket" };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    return fd;
}

static void name_stderr_as_journal(void)
{
    struct stat status;
    if (fstat(STDERR_FILENO, &status) != 0)
        _exit(3);
    AUTO_FREE char *stream = mem_printf("%ju:%ju", (uintmax_t)status.st_dev,
                                        (uintmax_t)status.st_ino);
    (void)setenv("JOURNAL_STREAM", stream, 1);
}

static bool has_field(const char *entry, const char *field)
{
    AUTO_FREE char *wanted = mem_printf("%s\n", field);
    const char *found = strstr(entry, wanted);
    return found && (found == entry || found[-1] == '\n');
}

static int check_journal_entry(int journal)
{
    static const char *const FIELDS[] = {
        "PRIORITY=4",
        "SALDOD_BUREAU=Regnskap Nord AS",
        "SALDOD_CLIENT=974760673",
        "SALDOD_RESOURCE=posting",
        "SALDOD_REQUEST_ID=req-1",
        "MESSAGE_ID=0123456789abcdef0123456789abcdef",
        "MESSAGE=first\\x0ASALDOD_CLIENT=forged",
    };
    char entry[8192];
    ssize_t len = recv(journal, entry, sizeof(entry) - 1, 0);
    if (len <= 0)
        return 4;
    entry[len] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++) {
        if (!has_field(entry, FIELDS[i]))
            return 10 + (int)i;
    }
    return 0;
}

static int talk_to_journal(void)
{
    if (!have_own_run())
        return CHILD_SKIPPED;
    int journal = listen_as_journal();
    if (journal < 0)
        return CHILD_SKIPPED;
    name_stderr_as_journal();
    struct log *log = log_new(LOG_LEVEL_INFO);
    log_warning(log, &WHOLE, "first\nSALDOD_CLIENT=%s", "forged");
    int rc = check_journal_entry(journal);
    log_info(log, NULL, "%5000s", "long");
    char entry[8192];
    ssize_t len = recv(journal, entry, sizeof(entry), 0);
    if (rc == 0 && (len <= 0 || len > LINE_MAX_BYTES + 200))
        rc = 5;
    log_free(log);
    (void)close(journal);
    return rc;
}

/* JOURNAL_STREAM of a parent, while stderr goes elsewhere; and a journal that is not there. */
static int talk_to_stderr(bool stream_matches)
{
    int ends[2];
    if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
        return 3;
    if (stream_matches && !have_own_run())
        return CHILD_SKIPPED;
    (void)setenv("JOURNAL_STREAM", "8:1", 1);
    if (stream_matches)
        name_stderr_as_journal();
    struct log *log = log_new(LOG_LEVEL_INFO);
    log_info(log, NULL, "seen");
    log_free(log);
    (void)close(ends[1]);
    (void)close(STDERR_FILENO);
    char line[200] = "";
    ssize_t len = read(ends[0], line, sizeof(line) - 1);
    return len > 0 && strstr(line, " INFO seen\n") ? 0 : 4;
}

static int end_of(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void assert_child(int end)
{
    if (end == CHILD_SKIPPED) {
        print_message("skipped: this machine lets no test have a /run of its own\n");
        skip();
    }
    assert_int_equal(end, 0);
}

static void speaks_to_the_journal_in_fields(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(talk_to_journal());
    assert_child(end_of(child));
}

static void speaks_to_stderr_where_the_stream_is_another(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(talk_to_stderr(false));
    assert_child(end_of(child));
}

static void speaks_to_stderr_where_the_journal_is_away(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(talk_to_stderr(true));
    assert_child(end_of(child));
}

#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOG(a_line_tells_moment_level_subject_and_message),
        WITH_LOG(a_subject_shows_what_is_known),
        WITH_LOG(levels_hold_back),
        cmocka_unit_test(reads_levels),
        WITH_LOG(hostile_text_cannot_forge_a_line),
        WITH_LOG(keeps_utf8_and_shows_what_is_not),
        WITH_LOG(cuts_long_lines_between_characters),
        WITH_LOG(a_line_of_just_2_kib_is_whole),
        WITH_LOG(a_long_subject_leaves_room_for_the_message),
        WITH_LOG(leaves_errno_alone),
        cmocka_unit_test(speaks_to_the_journal_in_fields),
        cmocka_unit_test(speaks_to_stderr_where_the_stream_is_another),
        cmocka_unit_test(speaks_to_stderr_where_the_journal_is_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
