/* Tests of lib/base/outfile.h. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/outfile.h"

struct place {
    char folder[64];
    char path[128];
};

static int make_place(void **state)
{
    struct place *place = mem_new(1, sizeof(*place));
    (void)snprintf(place->folder, sizeof(place->folder), "/tmp/saldod-outfile.XXXXXX");
    if (!mkdtemp(place->folder))
        return -1;
    (void)snprintf(place->path, sizeof(place->path), "%s/year.xml", place->folder);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    (void)unlink(place->path);
    int ret = rmdir(place->folder); /* fails where anything else was left behind */
    free(place);
    return ret;
}

static int count_files(const struct place *place)
{
    int count = 0;
    DIR *dir = opendir(place->folder);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    (void)closedir(dir);
    return count;
}

static void check_content(const struct place *place, const char *expected)
{
    char content[64] = "";
    FILE *in = fopen(place->path, "re");
    assert_non_null(in);
    size_t len = fread(content, 1, sizeof(content) - 1, in);
    (void)fclose(in);
    assert_int_equal(len, strlen(expected));
    assert_string_equal(content, expected);
}

static struct outfile *open_and_write(const struct place *place, const char *text)
{
    struct err err = ERR_NONE;
    struct outfile *file = NULL;
    assert_int_equal(outfile_open(place->path, &file, &err), 0);
    assert_int_equal(outfile_write(file, text, strlen(text), &err), 0);
    return file;
}

static void is_there_after_the_commit_only(void **state)
{
    struct place *place = *state;
    struct err err = ERR_NONE;
    struct stat info;
    struct outfile *file = open_and_write(place, "first");
    assert_int_equal(stat(place->path, &info), -1);
    assert_int_equal(count_files(place), 1);
    assert_int_equal(outfile_commit(file, &err), 0);
    outfile_free(file);
    check_content(place, "first");
    assert_int_equal(stat(place->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(count_files(place), 1);
}

static void keeps_the_old_one_without_a_commit(void **state)
{
    struct place *place = *state;
    struct err err = ERR_NONE;
    struct outfile *file = open_and_write(place, "first");
    assert_int_equal(outfile_commit(file, &err), 0);
    outfile_free(file);
    outfile_free(open_and_write(place, "second, given up"));
    check_content(place, "first");
    assert_int_equal(count_files(place), 1);
}

static void follows_a_link(void **state)
{
    struct place *place = *state;
    struct err err = ERR_NONE;
    struct outfile *file = open_and_write(place, "first");
    assert_int_equal(outfile_commit(file, &err), 0);
    outfile_free(file);
    AUTO_FREE char *link = mem_printf("%s/link", place->folder);
    assert_int_equal(symlink("year.xml", link), 0);
    assert_int_equal(outfile_open(link, &file, &err), 0);
    assert_int_equal(outfile_write(file, "second", 6, &err), 0);
    assert_int_equal(outfile_commit(file, &err), 0);
    outfile_free(file);
    check_content(place, "second");
    assert_int_equal(unlink(link), 0);
}

static void refuses_what_is_no_file(void **state)
{
    struct place *place = *state;
    struct err err = ERR_NONE;
    struct outfile *file = NULL;
    assert_int_equal(outfile_open(place->folder, &file, &err), -EINVAL);
    assert_int_equal(outfile_open("/dev/null", &file, &err), -EINVAL);
    AUTO_FREE char *nowhere = mem_printf("%s/none/year.xml", place->folder);
    assert_int_equal(outfile_open(nowhere, &file, &err), -ENOENT);
    assert_non_null(strstr(err.text, nowhere));
}

static void takes_more_than_its_buffer(void **state)
{
    struct place *place = *state;
    struct err err = ERR_NONE;
    struct stat info;
    struct outfile *file = open_and_write(place, "x");
    AUTO_FREE char *large = mem_new(1, 600000);
    assert_int_equal(outfile_write(file, large, 600000, &err), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(outfile_write(file, large, 999, &err), 0);
    assert_int_equal(outfile_commit(file, &err), 0);
    outfile_free(file);
    assert_int_equal(stat(place->path, &info), 0);
    assert_int_equal(info.st_size, 1 + 600000 + 999000);
}

#define TEST(body) cmocka_unit_test_setup_teardown(body, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_there_after_the_commit_only),
        TEST(keeps_the_old_one_without_a_commit),
        TEST(follows_a_link),
        TEST(refuses_what_is_no_file),
        TEST(takes_more_than_its_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
