#include "tests/unit/conf_folder.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "daemon/settings.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"

int conf_folder_set_up(void **state)
{
    struct conf_folder *folder = mem_new(1, sizeof(*folder));
    (void)snprintf(folder->path, sizeof(folder->path), "/tmp/saldod-settings-XXXXXX");
    if (!mkdtemp(folder->path))
        return -1;
    (void)snprintf(folder->file, sizeof(folder->file), "%s/saldod.conf", folder->path);
    (void)snprintf(folder->drop_ins, sizeof(folder->drop_ins), "%s/saldod.conf.d", folder->path);
    *state = folder;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

int conf_folder_tear_down(void **state)
{
    struct conf_folder *folder = *state;
    int rc = nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(folder);
    return rc;
}

void conf_folder_put(const char *path, const char *content)
{
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_true(fputs(content, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

void conf_folder_put_drop_in(const struct conf_folder *folder, const char *name,
                             const char *content)
{
    AUTO_FREE char *path = mem_printf("%s/%s", folder->drop_ins, name);
    (void)mkdir(folder->drop_ins, 0700);
    conf_folder_put(path, content);
}

struct settings *conf_folder_read_good(const struct conf_folder *folder, const char *content)
{
    struct settings *settings = NULL;
    AUTO_BUF struct buf faults;
    buf_init(&faults, 65536);
    conf_folder_put(folder->file, content);
    int rc = settings_read(folder->file, &settings, &faults);
    assert_string_equal(buf_text(&faults), "");
    assert_int_equal(rc, 0);
    return settings;
}

char *conf_folder_read_faulty(const struct conf_folder *folder)
{
    struct settings *settings = NULL;
    struct buf faults;
    buf_init(&faults, 262144);
    assert_int_equal(settings_read(folder->file, &settings, &faults), -EINVAL);
    assert_null(settings);
    return buf_steal(&faults);
}

size_t conf_folder_count_lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}
