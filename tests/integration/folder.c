#include "tests/integration/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "lib/base/mem.h"

enum {
    PATH_BYTES = 80,
    REMOVE_TRIES = 200, /* a server that is ending still writes for a moment */
    REMOVE_WAIT_MS = 50,
    FILE_BYTES_MAX = 64 * 1024 * 1024,
};

struct folder {
    char path[PATH_BYTES];
    int alive_fd; /* closed by the kernel when this process ends: that wakes the keeper */
    pid_t keeper;
};

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_all(const char *path)
{
    const struct timespec moment = { .tv_nsec = REMOVE_WAIT_MS * 1000000L };
    for (int i = 0; i < REMOVE_TRIES && access(path, F_OK) == 0; i++) {
        if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
            (void)nanosleep(&moment, NULL);
    }
}

/* Holds none of the files of the test, so that whoever reads its output sees the end. */
static void keeper_run(const char *path, int fd)
{
    char byte;
    (void)setsid();
    (void)signal(SIGPIPE, SIG_IGN);
    int null_fd = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++)
        (void)dup2(null_fd, i);
    (void)dup2(fd, 3);
    (void)close_range(4, ~0U, 0);
    while (read(3, &byte, 1) < 0 && errno == EINTR)
        ;
    remove_all(path);
    _exit(0);
}

static int keeper_start(struct folder *folder)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    folder->keeper = fork();
    if (folder->keeper == 0) {
        (void)close(ends[1]);
        keeper_run(folder->path, ends[0]);
    }
    (void)close(ends[0]);
    folder->alive_fd = ends[1];
    return folder->keeper < 0 ? -errno : 0;
}

struct folder *folder_new(void)
{
    struct folder *folder = mem_new(1, sizeof(*folder));
    const char *below = getenv("SALDOD_TEST_FOLDER");
    (void)snprintf(folder->path, sizeof(folder->path), "%.40s/saldod-it.XXXXXX",
                   below ? below : "/tmp");
    folder->alive_fd = -1;
    /* The server may be of another user: it has to pass through. */
    if (!mkdtemp(folder->path) || chmod(folder->path, 0711) < 0 || keeper_start(folder) < 0) {
        (void)fprintf(stderr, "folder %s: %s\n", folder->path, strerror(errno));
        free(folder);
        return NULL;
    }
    return folder;
}

const char *folder_path(const struct folder *folder)
{
    return folder->path;
}

char *folder_file(const struct folder *folder, const char *name)
{
    return mem_printf("%s/%s", folder->path, name);
}

char *folder_put(const struct folder *folder, const char *name, int mode, const char *content)
{
    char *path = folder_file(folder, name);
    FILE *out = fopen(path, "we");
    if (!out || fputs(content, out) < 0 || fclose(out) != 0 || chmod(path, (mode_t)mode) < 0)
        fail_msg("%s: %s", path, strerror(errno));
    return path;
}

char *folder_read(const char *path)
{
    struct stat info;
    FILE *in = fopen(path, "re");
    if (!in || fstat(fileno(in), &info) < 0 || info.st_size > FILE_BYTES_MAX) {
        if (in)
            (void)fclose(in);
        return mem_strdup("");
    }
    char *content = mem_new((size_t)info.st_size + 1, 1);
    content[fread(content, 1, (size_t)info.st_size, in)] = '\0';
    (void)fclose(in);
    return content;
}

void folder_free(struct folder *folder)
{
    if (!folder)
        return;
    remove_all(folder->path);
    (void)close(folder->alive_fd);
    (void)waitpid(folder->keeper, NULL, 0);
    free(folder);
}
