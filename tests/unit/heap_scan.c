/* The heap as the kernel sees it; see heap_scan.h. */
#include "tests/unit/heap_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/cleanup.h"

int heap_scan_count(const char *needle, size_t len)
{
    unsigned long begin = 0, end = 0;
    AUTO_FREE char *line = NULL;
    size_t cap = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    while (getline(&line, &cap, maps) > 0) {
        if (strstr(line, "[heap]") && sscanf(line, "%lx-%lx", &begin, &end) == 2)
            break;
    }
    (void)fclose(maps);
    /* Read through the kernel, into memory outside the heap. */
    size_t size = end - begin;
    char *copy = mmap(NULL, size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(copy != MAP_FAILED);
    struct iovec to = { copy, size }, from = { (void *)(uintptr_t)begin, size };
    ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
    int count = 0;
    for (const char *at = copy;
         got > 0 && (at = memmem(at, (size_t)(copy + got - at), needle, len));)
        at += len, count++;
    assert_int_equal(munmap(copy, size + 1), 0);
    return count;
}
