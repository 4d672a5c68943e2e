/*
 * outfile.h - a file that is there in full or not at all.
 *
 * Writes go to a new file in the same folder, readable by its owner alone; outfile_commit puts it
 * on the disk and then in the place of the name. Until then whatever had that name stays. Standard
 * output is written as it comes. Blocking: for commands, not for the daemon.
 */
#ifndef SALDOD_BASE_OUTFILE_H
#define SALDOD_BASE_OUTFILE_H

#include <stddef.h>

#include "lib/base/cleanup.h"

struct err;
struct outfile;

/* NULL or "-" = standard output. A symbolic link is followed; what is no plain file is refused. */
int outfile_open(const char *path, struct outfile **ret_file, struct err *err) MUST_USE;

/* All of it, by way of a buffer. */
int outfile_write(struct outfile *file, const char *bytes, size_t len, struct err *err) MUST_USE;

/* Everything written is safe under its name. */
int outfile_commit(struct outfile *file, struct err *err) MUST_USE;

/* Without a commit nothing is left behind. NULL is fine. */
void outfile_free(struct outfile *file);

#endif
