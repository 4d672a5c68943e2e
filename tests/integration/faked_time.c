#include "tests/integration/faked_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/mem.h"

static const char LIBRARY[] = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

struct faked_time {
    char *path, *path_new;
};

const char *faked_time_missing(void)
{
#ifdef __SANITIZE_ADDRESS__
    return "the address sanitizer wants to be loaded first";
#else
    return access(LIBRARY, R_OK) == 0 ? NULL : "libfaketime is not installed";
#endif
}

struct faked_time *faked_time_new(const char *path)
{
    struct faked_time *clock = mem_new(1, sizeof(*clock));
    clock->path = mem_strdup(path);
    clock->path_new = mem_printf("%s.new", path);
    faked_time_set(clock, 0);
    return clock;
}

/* Whoever reads sees the old line or the new one. */
void faked_time_set(const struct faked_time *clock, int64_t ahead_s)
{
    FILE *file = fopen(clock->path_new, "w");
    if (!file || fprintf(file, "%+" PRId64 "\n", ahead_s) < 0 || fclose(file) != 0 ||
        rename(clock->path_new, clock->path) != 0) {
        perror(clock->path);
        abort();
    }
}

void faked_time_wear(const struct faked_time *clock)
{
    if (!clock) {
        (void)unsetenv("LD_PRELOAD");
        return;
    }
    (void)setenv("FAKETIME_TIMESTAMP_FILE", clock->path, 1);
    (void)setenv("FAKETIME_NO_CACHE", "1", 1);
    (void)setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
    (void)setenv("LD_PRELOAD", LIBRARY, 1);
}

void faked_time_free(struct faked_time *clock)
{
    if (!clock)
        return;
    (void)unlink(clock->path);
    free(clock->path);
    free(clock->path_new);
    free(clock);
}
