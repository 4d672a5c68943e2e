/* The sample configurations and the option table say the same: config/saldod.conf,
 * saldod-minimal.conf. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/settings.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"

#define SAMPLE "config/saldod.conf"
#define MINIMAL "config/saldod-minimal.conf"

enum { LINE_BYTES = 512, OPTIONS_MAX = 200 };

/* How often each option of the table stands in the sample. */
struct sample {
    const struct settings_option *options;
    size_t count;
    int seen[OPTIONS_MAX];
    char section[LINE_BYTES];
    char comment[LINE_BYTES]; /* the line before */
};

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

/* "[bureau "X"]" and ";[client 1]" are sections by their first word. */
static void take_section(struct sample *sample, const char *line)
{
    const char *start = strchr(line, '[') + 1;
    (void)snprintf(sample->section, LINE_BYTES, "%.*s", (int)strcspn(start, " ]"), start);
}

static void check_option(const struct settings_option *option, const char *value,
                         const char *comment)
{
    AUTO_FREE char *meaning = mem_printf("# %s", option->meaning);
    if (option->otherwise)
        assert_string_equal(value, option->otherwise);
    else
        assert_string_not_equal(value, "");
    assert_string_equal(comment, meaning);
}

/* ";key = value", the default behind a comment with the meaning. */
static void take_option(struct sample *sample, const char *line)
{
    const char *equals = strchr(line, '=');
    assert_non_null(equals);
    int key_len = (int)strcspn(line + 1, " =");
    const char *value = equals + 1 + strspn(equals + 1, " ");
    for (size_t i = 0; i < sample->count; i++) {
        const struct settings_option *option = &sample->options[i];
        if (strcmp(option->section, sample->section) != 0 ||
            strlen(option->key) != (size_t)key_len ||
            strncmp(option->key, line + 1, (size_t)key_len) != 0)
            continue;
        if (sample->seen[i]++ == 0)
            check_option(option, value, sample->comment);
        return;
    }
    fail_msg(SAMPLE " has an option that the table has not: [%s] %s", sample->section, line);
}

static void sample_lists_the_table(void **state)
{
    (void)state;
    struct sample sample = { .count = 0 };
    char line[LINE_BYTES];
    sample.options = settings_options(&sample.count);
    assert_in_range(sample.count, 1, OPTIONS_MAX);
    FILE *in = open_from_root(SAMPLE);
    while (next_line(in, line)) {
        if (line[0] == '[' || (line[0] == ';' && line[1] == '['))
            take_section(&sample, line);
        else if (line[0] == ';')
            take_option(&sample, line);
        else
            assert_true(line[0] == '#' || line[0] == '\0');
        memcpy(sample.comment, line, LINE_BYTES);
    }
    assert_int_equal(fclose(in), 0);
    for (size_t i = 0; i < sample.count; i++) {
        int is_repeated = strcmp(sample.options[i].section, "bureau") == 0 ||
                          strcmp(sample.options[i].section, "client") == 0;
        if (sample.seen[i] < 1 || (sample.seen[i] > 1 && !is_repeated))
            fail_msg(SAMPLE ": [%s] %s stands there %d times", sample.options[i].section,
                     sample.options[i].key, sample.seen[i]);
    }
}

static struct settings *read_file(const char *path)
{
    struct settings *settings = NULL;
    AUTO_BUF struct buf faults;
    buf_init(&faults, 65536);
    int rc = settings_read(path, &settings, &faults);
    assert_string_equal(buf_text(&faults), "");
    assert_int_equal(rc, 0);
    return settings;
}

/* What differs, as a text; free() it. */
static char *describe(const struct settings *from, const struct settings *to)
{
    struct buf out;
    buf_init(&out, 65536);
    assert_int_equal(settings_describe_change(from, to, &out), 0);
    return buf_steal(&out);
}

/* A copy of the sample with every option and section switched on; unlink() and free() the name. */
static char *uncomment(void)
{
    char *path = mem_strdup("/tmp/saldod-sample-XXXXXX");
    char line[LINE_BYTES];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *out = fdopen(fd, "w"), *in = open_from_root(SAMPLE);
    assert_non_null(out);
    while (next_line(in, line))
        assert_true(fprintf(out, "%s\n", line[0] == ';' ? line + 1 : line) > 0);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
    return path;
}

static void sample_is_the_defaults_as_it_is_and_uncommented(void **state)
{
    (void)state;
    AUTO_FREE char *path = uncomment();
    struct settings *as_it_is = read_file(SAMPLE), *uncommented = read_file(path);
    (void)unlink(path);
    AUTO_FREE char *change = describe(as_it_is, uncommented);
    assert_string_equal(change, "[bureau \"Regnskap Nord AS\"]: added\n"
                                "[client 811126489]: added\n"
                                "[client 974760673]: added\n");
    settings_unref(as_it_is);
    settings_unref(uncommented);
}

static void minimal_sample_is_good(void **state)
{
    (void)state;
    struct settings *minimal = read_file(MINIMAL), *sample = read_file(SAMPLE);
    AUTO_FREE char *change = describe(sample, minimal);
    assert_string_equal(change, "[bureau \"Regnskap Nord AS\"]: added\n"
                                "[client 974760673]: added\n");
    settings_unref(minimal);
    settings_unref(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample_lists_the_table),
        cmocka_unit_test(sample_is_the_defaults_as_it_is_and_uncommented),
        cmocka_unit_test(minimal_sample_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
