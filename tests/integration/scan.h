/*
 * scan.h - looks for a secret in files, folders and what the kernel tells of a process.
 */
#ifndef SALDOD_TESTS_INTEGRATION_SCAN_H
#define SALDOD_TESTS_INTEGRATION_SCAN_H

/* Whether the bytes stand in the file, or in any file below the folder. What cannot be searched
 * fails the test. */
int scan_finds(const char *path, const char *needle);

/* Whether they stand in what a core dump of the process would hold. Takes root. */
int scan_finds_in_memory(int pid, const char *needle);

/* Fails the test, naming the path, where one of the needles (the last is NULL) is found. */
void scan_check_lacks(const char *path, const char *const *needles);

#endif
