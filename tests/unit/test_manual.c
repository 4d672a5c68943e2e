/* The manual pages and the program say the same: config/saldod.8, config/saldod.conf.5. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/command.h"
#include "daemon/settings.h"
#include "lib/base/mem.h"

#define PROGRAM_PAGE "config/saldod.8"
#define SETTINGS_PAGE "config/saldod.conf.5"
#define COMMAND_LINE "daemon/main.c"
#define EVENTS "daemon/event.h"
#define COMPLETION "config/saldod.bash"

enum { LINE_BYTES = 512, OPTIONS_MAX = 200, COMMANDS_MIN = 5 };

static FILE *open_from_root(const char *path)
{
    FILE *in = fopen(path, "re");
    if (!in)
        fail_msg("%s: %s; run the tests from the top of the tree", path, strerror(errno));
    return in;
}

static int next_line(FILE *in, char line[LINE_BYTES])
{
    if (!fgets(line, LINE_BYTES, in))
        return 0;
    line[strcspn(line, "\n")] = '\0';
    return 1;
}

/* Takes roff out of a line: changes of font go, \- is a hyphen. */
static void make_plain(char *line)
{
    char *to = line;
    for (const char *from = line; *from;) {
        if (from[0] == '\\' && from[1] == 'f' && from[2])
            from += 3;
        else if (from[0] == '\\' && from[1] == '-')
            from++;
        else
            *to++ = *from++;
    }
    *to = '\0';
}

/* --- saldod.conf(5) --- */

/* The section of a heading such as .SS "[client ORGNR]"; other headings end the section. */
static void take_heading(const char *line, char section[LINE_BYTES])
{
    const char *start = strchr(line, '[');
    section[0] = '\0';
    if (start)
        (void)snprintf(section, LINE_BYTES, "%.*s", (int)strcspn(start + 1, " ]"), start + 1);
}

/* The option as the page has to write it. */
static char *describe(const struct settings_option *option)
{
    const char *otherwise = option->otherwise;
    return mem_printf("%s (default: %s)", option->key,
                      !otherwise     ? "none"
                      : otherwise[0] ? otherwise
                                     : "empty");
}

/* Counts the option that stands in the line; an unknown one is a failure. */
static void count_option(const char *section, const char *line, int seen[OPTIONS_MAX])
{
    size_t count = 0;
    const struct settings_option *options = settings_options(&count);
    for (size_t i = 0; i < count; i++) {
        AUTO_FREE char *wanted = describe(&options[i]);
        if (strcmp(options[i].section, section) == 0 && strcmp(wanted, line) == 0) {
            seen[i]++;
            return;
        }
    }
    fail_msg(SETTINGS_PAGE " has what the table has not: [%s] %s", section, line);
}

static void settings_page_lists_every_option_with_its_default(void **state)
{
    (void)state;
    char line[LINE_BYTES], section[LINE_BYTES] = "";
    int seen[OPTIONS_MAX] = { 0 };
    size_t count = 0;
    const struct settings_option *options = settings_options(&count);
    assert_in_range(count, 1, OPTIONS_MAX);
    FILE *in = open_from_root(SETTINGS_PAGE);
    while (next_line(in, line)) {
        make_plain(line);
        if (strncmp(line, ".S", 2) == 0)
            take_heading(line, section);
        else if (strstr(line, " (default: "))
            count_option(section, line, seen);
    }
    assert_int_equal(fclose(in), 0);
    for (size_t i = 0; i < count; i++) {
        AUTO_FREE char *wanted = describe(&options[i]);
        if (seen[i] != 1)
            fail_msg(SETTINGS_PAGE ": \"%s\" stands %d times under [%s], not once", wanted, seen[i],
                     options[i].section);
    }
}

/* --- saldod(8) --- */

/* Whether the page has the entry ".B NAME" under the heading. */
static int is_entry(const char *heading, const char *name)
{
    AUTO_FREE char *wanted_heading = mem_printf(".SH %s", heading);
    AUTO_FREE char *wanted = mem_printf(".B %s", name);
    char line[LINE_BYTES];
    int is_under = 0, found = 0;
    FILE *in = open_from_root(PROGRAM_PAGE);
    while (next_line(in, line)) {
        if (strncmp(line, ".SH ", 4) == 0)
            is_under = strcmp(line, wanted_heading) == 0;
        found += is_under && strcmp(line, wanted) == 0;
    }
    assert_int_equal(fclose(in), 0);
    return found;
}

/* The table of main.c, which is no part of the library: { "run", command_run, ... */
static void program_page_explains_every_command(void **state)
{
    (void)state;
    char line[LINE_BYTES], name[LINE_BYTES], function[LINE_BYTES];
    int commands = 0;
    FILE *in = open_from_root(COMMAND_LINE);
    while (next_line(in, line)) {
        if (sscanf(line, " { \"%[a-z]\", command_%[a-z]", name, function) != 2)
            continue;
        commands++;
        if (is_entry("COMMANDS", name) != 1)
            fail_msg(PROGRAM_PAGE " does not explain the command %s", name);
    }
    assert_int_equal(fclose(in), 0);
    assert_true(commands >= COMMANDS_MIN);
}

/* How often the word stands in the file, with roff taken out. */
static int count_word(const char *path, const char *word)
{
    char line[LINE_BYTES];
    int found = 0;
    FILE *in = open_from_root(path);
    while (next_line(in, line)) {
        make_plain(line);
        const char *at = strstr(line, word);
        found += at && !strchr("abcdefghijklmnopqrstuvwxyz-", at[strlen(word)]);
        found += at && at[strlen(word)] == '\0';
    }
    assert_int_equal(fclose(in), 0);
    return found;
}

static void check_word(const char *word)
{
    static const char *const PLACES[] = { PROGRAM_PAGE, COMPLETION };
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(*PLACES); i++) {
        if (count_word(PLACES[i], word) == 0)
            fail_msg("%s does not know %s", PLACES[i], word);
    }
}

/* Both know the commands and the options of the table and the code of main.c. */
static void page_and_completion_know_every_word(void **state)
{
    (void)state;
    char line[LINE_BYTES], word[LINE_BYTES], function[LINE_BYTES];
    int words = 0;
    FILE *in = open_from_root(COMMAND_LINE);
    while (next_line(in, line)) {
        const char *option = strstr(line, "\"--");
        if (option && sscanf(option, "\"%[-a-z]\"", word) == 1) {
            check_word(word);
            words++;
        }
        if (sscanf(line, " { \"%[a-z]\", command_%[a-z]", word, function) == 2) {
            check_word(word);
            words++;
        }
    }
    assert_int_equal(fclose(in), 0);
    assert_true(words > 2 * COMMANDS_MIN);
}

static void program_page_explains_every_event(void **state)
{
    (void)state;
    char line[LINE_BYTES], id[LINE_BYTES];
    int events = 0;
    FILE *in = open_from_root(EVENTS);
    while (next_line(in, line)) {
        if (sscanf(line, "#define EVENT_%*[A-Z_] \"%[0-9a-f]\"", id) != 1)
            continue;
        events++;
        assert_int_equal(strlen(id), 32);
        if (is_entry("JOURNAL", id) != 1)
            fail_msg(PROGRAM_PAGE " does not explain the event %s", id);
    }
    assert_int_equal(fclose(in), 0);
    assert_true(events > 0);
}

static void program_page_explains_every_exit_status(void **state)
{
    (void)state;
    const int statuses[] = { COMMAND_DONE, COMMAND_FAILED, COMMAND_WRONG_USAGE,
                             COMMAND_WRONG_CONFIGURATION };
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        AUTO_FREE char *name = mem_printf("%d", statuses[i]);
        if (is_entry("EXIT STATUS", name) != 1)
            fail_msg(PROGRAM_PAGE " does not explain the exit status %s", name);
    }
}

static void program_page_explains_every_state(void **state)
{
    (void)state;
    static const char *const STATES[] = { "disabled", "no_access", "held",  "waiting",
                                          "loading",  "failing",   "stale", "fresh" };
    for (size_t i = 0; i < sizeof(STATES) / sizeof(*STATES); i++)
        if (is_entry("STATES", STATES[i]) != 1)
            fail_msg(PROGRAM_PAGE " does not explain the state %s", STATES[i]);
}

static void pages_name_the_version_of_the_program(void **state)
{
    (void)state;
    static const char *const PAGES[] = { PROGRAM_PAGE, SETTINGS_PAGE };
    for (size_t i = 0; i < sizeof(PAGES) / sizeof(*PAGES); i++) {
        char line[LINE_BYTES];
        int found = 0;
        FILE *in = open_from_root(PAGES[i]);
        while (next_line(in, line))
            found += strncmp(line, ".TH ", 4) == 0 &&
                     strstr(line, "\"saldod " SALDOD_VERSION "\"") != NULL;
        assert_int_equal(fclose(in), 0);
        if (found != 1)
            fail_msg("%s does not name version " SALDOD_VERSION, PAGES[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_page_lists_every_option_with_its_default),
        cmocka_unit_test(program_page_explains_every_command),
        cmocka_unit_test(page_and_completion_know_every_word),
        cmocka_unit_test(program_page_explains_every_event),
        cmocka_unit_test(program_page_explains_every_exit_status),
        cmocka_unit_test(program_page_explains_every_state),
        cmocka_unit_test(pages_name_the_version_of_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
