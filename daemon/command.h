/*
 * command.h - the commands of the program, one file each.
 *
 * Each returns the exit status: 0 done, 1 failed, 64 wrong usage, 78 wrong configuration.
 */
#ifndef SALDOD_DAEMON_COMMAND_H
#define SALDOD_DAEMON_COMMAND_H

#include "lib/base/cleanup.h"

enum {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1,
    COMMAND_WRONG_USAGE = 64,
    COMMAND_WRONG_CONFIGURATION = 78,
};

struct command_args {
    const char *config_file;
    const char *format, *output, *encoding; /* of export; NULL = not given */
    int is_json;
    int is_without_credentials; /* of `check` */
    const char *new_key;        /* of `seal`; NULL where it is not given */
    char *const *operands;
    int operands_count;
};

typedef int command_fn(const struct command_args *args);

command_fn command_run;     /* the daemon, in the foreground */
command_fn command_migrate; /* creates or upgrades the schema */
command_fn command_check;   /* validates configuration, credentials and schema */
command_fn command_pull;    /* pulls now, with progress */
command_fn command_seal;    /* seals every secret again under a new key */
command_fn command_status;  /* shows how every client stands */
command_fn command_export;  /* writes a fiscal year to a file */

#endif
