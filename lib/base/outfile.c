#include "lib/base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

enum { BUFFER_BYTES = 256 * 1024 };

struct outfile {
    char *path;   /* NULL = standard output */
    char *folder; /* of `path` */
    char *made;   /* the name until the commit; NULL afterwards */
    int fd;
    size_t held_bytes;
    char held[BUFFER_BYTES];
};

static int fail(const struct outfile *file, const char *what, struct err *err)
{
    int code = errno;
    err_set(err, code, "%s: %s: %s", file->path ? file->path : "standard output", what,
            strerror(code));
    if (code == ENOSPC || code == EDQUOT)
        err_set_remedy(err, "Make room on the disk, and export again");
    return -code;
}

/* Where the name leads to: the file there, or one that is to be made. */
static char *find_target(const char *path)
{
    char *real = realpath(path, NULL);
    return real ? real : mem_strdup(path);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_strdup(".");
    return slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
}

static int open_target(struct outfile *file, const char *path, struct err *err)
{
    struct stat info;
    file->path = find_target(path);
    file->folder = folder_of(file->path);
    if (stat(file->path, &info) == 0 && !S_ISREG(info.st_mode)) {
        err_set(err, EINVAL, "%s: this is no plain file", path);
        err_set_remedy(err, "Name a file; without a name, standard output is written");
        return -EINVAL;
    }
    file->made = mem_printf("%s/.saldod-XXXXXX", file->folder);
    file->fd = mkostemp(file->made, O_CLOEXEC);
    if (file->fd >= 0)
        return 0;
    free(file->made);
    file->made = NULL;
    return fail(file, "no file could be made in its folder", err);
}

int outfile_open(const char *path, struct outfile **ret_file, struct err *err)
{
    struct outfile *file = mem_new(1, sizeof(*file));
    file->fd = STDOUT_FILENO;
    int ret = 0;
    if (path && strcmp(path, "-") != 0)
        ret = open_target(file, path, err);
    if (ret < 0)
        outfile_free(file);
    else
        *ret_file = file;
    return ret;
}

static int write_all(struct outfile *file, const char *bytes, size_t len, struct err *err)
{
    while (len > 0) {
        ssize_t written = write(file->fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail(file, "it could not be written", err);
        bytes += written;
        len -= (size_t)written;
    }
    return 0;
}

static int flush(struct outfile *file, struct err *err)
{
    size_t len = file->held_bytes;
    file->held_bytes = 0;
    return write_all(file, file->held, len, err);
}

int outfile_write(struct outfile *file, const char *bytes, size_t len, struct err *err)
{
    if (len > BUFFER_BYTES - file->held_bytes) {
        int ret = flush(file, err);
        if (ret < 0)
            return ret;
    }
    if (len > BUFFER_BYTES)
        return write_all(file, bytes, len, err);
    memcpy(file->held + file->held_bytes, bytes, len);
    file->held_bytes += len;
    return 0;
}

/* The new name itself has to reach the disk too. */
static int sync_folder(const struct outfile *file, struct err *err)
{
    AUTO_CLOSE int fd = open(file->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
        return fail(file, "its folder could not be written to the disk", err);
    return 0;
}

int outfile_commit(struct outfile *file, struct err *err)
{
    int ret = flush(file, err);
    if (ret < 0 || !file->path)
        return ret;
    if (fsync(file->fd) < 0)
        return fail(file, "it could not be written to the disk", err);
    if (rename(file->made, file->path) < 0)
        return fail(file, "it could not be put in its place", err);
    free(file->made);
    file->made = NULL;
    return sync_folder(file, err);
}

void outfile_free(struct outfile *file)
{
    if (!file)
        return;
    if (file->path && file->fd >= 0 && file->fd != STDOUT_FILENO)
        (void)close(file->fd);
    if (file->made)
        (void)unlink(file->made);
    free(file->made);
    free(file->folder);
    free(file->path);
    free(file);
}
