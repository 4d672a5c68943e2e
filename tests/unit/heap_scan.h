/*
 * heap_scan.h - looks for what should have been overwritten.
 */
#ifndef SALDOD_TESTS_HEAP_SCAN_H
#define SALDOD_TESTS_HEAP_SCAN_H

#include <stddef.h>

/* How often the bytes stand in the heap, freed blocks included. The caller keeps its own copy in
 * constant memory. 0 under sanitizers and valgrind, whose heap is elsewhere: the plain run proves
 * it. */
int heap_scan_count(const char *needle, size_t len);

#endif
