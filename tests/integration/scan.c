#include "tests/integration/scan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/process.h"

enum { SCAN_MS = 60000, NOT_FOUND = 1, LINE_BYTES = 4096, AREA_BYTES_MAX = 256 * 1024 * 1024 };

int scan_finds(const char *path, const char *needle)
{
    const char *argv[] = { "grep", "-rqaF", "-e", needle, "--", path, NULL };
    const struct process_options options = { .argv = argv };
    struct process *process = process_start(&options);
    int status = process_wait(process, SCAN_MS);
    process_stop(process, SIGKILL);
    if (status != 0 && status != NOT_FOUND)
        fail_msg("%s cannot be searched: grep exits %d", path, status);
    return status == 0;
}

/* --- memory --- */

struct area {
    uint64_t begin, end;
    int is_readable, is_dumped;
};

static int area_finds(int memory, const struct area *area, const char *needle)
{
    size_t len = area->end - area->begin;
    if (!area->is_readable || !area->is_dumped || len > AREA_BYTES_MAX)
        return 0;
    AUTO_FREE char *bytes = mem_new(len + 1, 1);
    ssize_t got = pread(memory, bytes, len, (off_t)area->begin);
    return got > 0 && memmem(bytes, (size_t)got, needle, strlen(needle)) != NULL;
}

/* An area begins with a line of addresses, and ends with its flags; "dd" = not in a dump. */
int scan_finds_in_memory(int pid, const char *needle)
{
    AUTO_FREE char *map = mem_printf("/proc/%d/smaps", pid);
    AUTO_FREE char *path = mem_printf("/proc/%d/mem", pid);
    char line[LINE_BYTES], rights[8];
    struct area area = { 0 };
    uint64_t begin, end;
    int is_found = 0, searched = 0;
    FILE *areas = fopen(map, "r");
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    if (!areas || memory < 0)
        fail_msg("%s cannot be searched", path);
    while (fgets(line, sizeof(line), areas)) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &begin, &end, rights) == 3) {
            area = (struct area){ .begin = begin, .end = end, .is_readable = *rights == 'r' };
        } else if (strncmp(line, "VmFlags:", 8) == 0) {
            area.is_dumped = strstr(line, " dd") == NULL;
            is_found |= area_finds(memory, &area, needle);
            searched++;
        }
    }
    (void)fclose(areas);
    (void)close(memory);
    assert_true(searched > 0);
    return is_found;
}

void scan_check_lacks(const char *path, const char *const *needles)
{
    for (; *needles; needles++) {
        if (scan_finds(path, *needles))
            fail_msg("a secret stands in %s: %s", path, *needles);
    }
}
