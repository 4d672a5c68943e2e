/* Tests of lib/base/conf.h: each tests/corpus/conf/NAME.conf is read, and what is told must equal
 * NAME.expected; then the faults that lie outside the text. Run from the top folder. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/conf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

#define CORPUS "tests/corpus/conf"

enum { TOLD_MAX_BYTES = 1 << 20, CASES_MIN = 10 };

/* What the reader told: "3 [section]", "4 section | key | value", "5 fault: text". */
struct told {
    struct buf text;
    const char *file;
    int entries;
    int faults;
};

static void tell_entry(void *ctx, const struct conf_place *place, const char *section,
                       const char *key, const char *value)
{
    struct told *told = ctx;
    told->entries++;
    assert_string_equal(place->file, told->file);
    int rc = key ? buf_printf(&told->text, "%d %s | %s | %s\n", place->line, section, key, value)
                 : buf_printf(&told->text, "%d [%s]\n", place->line, section);
    assert_int_equal(rc, 0);
}

static void tell_fault(void *ctx, const struct conf_place *place, const char *text)
{
    struct told *told = ctx;
    told->faults++;
    assert_string_equal(place->file, told->file);
    assert_int_equal(buf_printf(&told->text, "%d fault: %s\n", place->line, text), 0);
}

static int told_read(struct told *told, const char *file, struct err *err)
{
    const struct conf_reader reader = { tell_entry, tell_fault, told };
    *told = (struct told){ .file = file };
    buf_init(&told->text, TOLD_MAX_BYTES);
    return conf_read(file, &reader, err);
}

/* --- The corpus ---------------------------------------------------------------------------------
 */

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read: %s", path, strerror(errno));
    struct buf text;
    buf_init(&text, TOLD_MAX_BYTES);
    char chunk[4096];
    size_t got;
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        assert_int_equal(buf_append(&text, chunk, got), 0);
    (void)fclose(file);
    return buf_steal(&text);
}

static void check_case(const char *name)
{
    AUTO_FREE char *input = mem_printf(CORPUS "/%s.conf", name);
    AUTO_FREE char *output = mem_printf(CORPUS "/%s.expected", name);
    AUTO_FREE char *expected = read_whole(output);
    struct told told;
    struct err err = ERR_NONE;
    int rc = told_read(&told, input, &err);
    AUTO_FREE char *text = buf_steal(&told.text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s: told\n%s", input, text);
    assert_int_equal(rc, told.faults > 0 ? -EINVAL : 0);
    assert_int_equal(err.code, 0);
}

static void tells_what_the_corpus_expects(void **state)
{
    (void)state;
    DIR *folder = opendir(CORPUS);
    assert_non_null(folder);
    int cases = 0;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        size_t len = strlen(entry->d_name);
        if (len < 6 || strcmp(entry->d_name + len - 5, ".conf") != 0)
            continue;
        AUTO_FREE char *name = mem_strndup(entry->d_name, len - 5);
        check_case(name);
        cases++;
    }
    (void)closedir(folder);
    assert_true(cases >= CASES_MIN);
}

/* --- Files that are made here -------------------------------------------------------------------
 */

static int make_folder(void **state)
{
    char *folder = mem_strdup("/tmp/saldod-conf-XXXXXX");
    *state = folder;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    AUTO_FREE char *folder = *state;
    AUTO_FREE char *file = mem_printf("%s/test.conf", folder);
    (void)unlink(file);
    return rmdir(folder);
}

static char *write_conf(const char *folder, const char *bytes, size_t len, size_t times)
{
    char *path = mem_printf("%s/test.conf", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < times; i++)
        assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void assert_refused(const char *file, int code, const char *says)
{
    struct told told;
    struct err err = ERR_NONE;
    assert_int_equal(told_read(&told, file, &err), -code);
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, file));
    assert_non_null(strstr(err.text, says));
    assert_true(err.remedy[0] != '\0');
    assert_int_equal(told.entries + told.faults, 0);
    buf_release(&told.text);
}

static void refuses_what_is_no_readable_file(void **state)
{
    const char *folder = *state;
    AUTO_FREE char *missing = mem_printf("%s/missing.conf", folder);
    assert_refused(missing, ENOENT, "No such file");
    AUTO_FREE char *below_file = mem_printf("%s/test.conf/x", folder);
    AUTO_FREE char *file = write_conf(folder, "", 0, 0);
    assert_refused(below_file, ENOTDIR, "Not a directory");
    assert_refused(folder, EISDIR, "is a folder");
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_refused(file, ENOTSUP, "is not a plain file");
}

/* Root may read everything, so a child gives that up first. */
static void refuses_a_file_that_may_not_be_read(void **state)
{
    const char *folder = *state;
    AUTO_FREE char *file = write_conf(folder, "[a]\n", 4, 1);
    assert_int_equal(chmod(file, 0), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (chmod(folder, 0755) != 0 || setresuid(65534, 65534, 65534) != 0))
            _exit(2);
        struct told told;
        struct err err = ERR_NONE;
        int rc = told_read(&told, file, &err);
        _exit(rc == -EACCES && err.code == EACCES && strstr(err.remedy, "read the file") ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void refuses_a_file_over_1_mib(void **state)
{
    const char *folder = *state;
    static const char COMMENT[] = "; a line of 32 bytes, a comment\n";
    size_t len = sizeof(COMMENT) - 1;
    AUTO_FREE char *largest = write_conf(folder, COMMENT, len, (1 << 20) / len);
    struct told told;
    struct err err = ERR_NONE;
    assert_int_equal(told_read(&told, largest, &err), 0);
    buf_release(&told.text);
    AUTO_FREE char *larger = write_conf(folder, COMMENT, len, (1 << 20) / len + 1);
    assert_refused(larger, EFBIG, "larger than 1 MiB");
}

static void stops_after_100_faults(void **state)
{
    const char *folder = *state;
    AUTO_FREE char *file = write_conf(folder, "nonsense\n", 9, 5000);
    struct told told;
    struct err err = ERR_NONE;
    assert_int_equal(told_read(&told, file, &err), -EINVAL);
    assert_int_equal(told.faults, 101);
    assert_non_null(strstr(buf_text(&told.text), "101 fault: more than 100 faults"));
    buf_release(&told.text);
}

static void finds_a_nul_byte(void **state)
{
    const char *folder = *state;
    AUTO_FREE char *file = write_conf(folder, "[a]\nkey = one\0two\n", 18, 1);
    struct told told;
    struct err err = ERR_NONE;
    assert_int_equal(told_read(&told, file, &err), -EINVAL);
    assert_string_equal(buf_text(&told.text),
                        "1 [a]\n2 fault: byte 10 of the line, \\x00, is a control character; "
                        "remove it\n");
    buf_release(&told.text);
}

/* The longest line, section and key that are accepted, and one byte more. */
static void knows_its_limits(void **state)
{
    const char *folder = *state;
    AUTO_FREE char *fits = mem_printf("[%049d]\n%049d = v\nk = %0194d\n", 1, 2, 3);
    AUTO_FREE char *file = write_conf(folder, fits, strlen(fits), 1);
    struct told told;
    struct err err = ERR_NONE;
    assert_int_equal(told_read(&told, file, &err), 0);
    assert_int_equal(told.entries, 3);
    AUTO_FREE char *tail = mem_printf("| k | %0194d\n", 3);
    assert_non_null(strstr(buf_text(&told.text), tail));
    buf_release(&told.text);

    AUTO_FREE char *over = mem_printf("[a]\n%050d = v\nk = %0195d\n[%050d]\nk = v\n", 1, 2, 3);
    AUTO_FREE char *same_file = write_conf(folder, over, strlen(over), 1);
    assert_int_equal(told_read(&told, same_file, &err), -EINVAL);
    assert_string_equal(
        buf_text(&told.text),
        "1 [a]\n"
        "2 fault: the name of the key has 50 bytes, at most 49 can be read; shorten it\n"
        "3 fault: the line has 199 bytes, at most 198 can be read; shorten it\n"
        "4 fault: the name of the section has 50 bytes, at most 49 can be read; shorten it\n");
    buf_release(&told.text);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_the_corpus_expects),
        WITH_FOLDER(refuses_what_is_no_readable_file),
        WITH_FOLDER(refuses_a_file_that_may_not_be_read),
        WITH_FOLDER(refuses_a_file_over_1_mib),
        WITH_FOLDER(stops_after_100_faults),
        WITH_FOLDER(finds_a_nul_byte),
        WITH_FOLDER(knows_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
