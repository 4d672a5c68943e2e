/*
 * folder.h - the one folder below /tmp that holds everything of a test program.
 *
 * A keeper process removes it as soon as the test program is gone, however that ended, so nothing
 * stays behind even after kill -9. Paths are short: they also hold the sockets of PostgreSQL.
 */
#ifndef SALDOD_TESTS_INTEGRATION_FOLDER_H
#define SALDOD_TESTS_INTEGRATION_FOLDER_H

#include "lib/base/cleanup.h"

struct folder;

/* NULL where it cannot be made; the reason is printed. */
struct folder *folder_new(void) MUST_USE;

const char *folder_path(const struct folder *folder);

/* Path of `name` in the folder; free() it. */
char *folder_file(const struct folder *folder, const char *name) MUST_USE;

/* Writes a file of this mode and returns its path, free() it. Failing fails the test. */
char *folder_put(const struct folder *folder, const char *name, int mode,
                 const char *content) MUST_USE;

/* The content of a file; "" where there is none. free() it. */
char *folder_read(const char *path) MUST_USE;

/* Removes the folder and ends the keeper; NULL is fine. */
void folder_free(struct folder *folder);

#endif
