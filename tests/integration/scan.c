#include "tests/integration/scan.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/integration/process.h"

enum { SCAN_MS = 60000, NOT_FOUND = 1 };

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

void scan_check_lacks(const char *path, const char *const *needles)
{
    for (; *needles; needles++) {
        if (scan_finds(path, *needles))
            fail_msg("a secret stands in %s: %s", path, *needles);
    }
}
