/*
 * program.h - build/saldod, run by a test with what it prints caught in files.
 *
 * The environment variable SALDOD_WRAPPER holds words put before the program, such as
 * "valgrind -q". Waiting is by condition, with a deadline; reaching it fails the test.
 */
#ifndef SALDOD_TESTS_INTEGRATION_PROGRAM_H
#define SALDOD_TESTS_INTEGRATION_PROGRAM_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct folder;
struct program;

enum { PROGRAM_WORDS_MAX = 24 };

/* `name` tells the files of several programs apart; `words` follow the program, end with NULL. */
struct program *program_start(const struct folder *folder, const char *build, const char *name,
                              const char *const *words) MUST_USE;

int program_id(const struct program *program);
void program_signal(const struct program *program, int signal_number);
int program_is_alive(struct program *program);

/* The exit status (128 + signal where one ended it). */
int program_wait(struct program *program, int64_t wait_ms);

/* What it has printed so far; free() it. */
char *program_out(const struct program *program) MUST_USE;
char *program_err(const struct program *program) MUST_USE;

/* Kills it where it lives; NULL is fine. */
void program_free(struct program *program);

#endif
