/*
 * process.h - a program started by a test: PostgreSQL, the sandbox, saldod.
 *
 * It dies with the test program. Only what was started here is ever signalled, by its own id.
 */
#ifndef SALDOD_TESTS_INTEGRATION_PROCESS_H
#define SALDOD_TESTS_INTEGRATION_PROCESS_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct process;

struct process_options {
    const char *const *argv; /* ends with NULL; argv[0] is looked up in PATH */
    const char *out, *err;   /* files it writes to; NULL = none */
    const char *user;        /* becomes that user where we are root; NULL = stays */
    const char *folder;      /* works there; NULL = stays */
    int death_signal;        /* what it gets when the test program dies; 0 = SIGKILL */
};

/* Failing to fork fails the test; failing to execute is exit status 127. */
struct process *process_start(const struct process_options *options) MUST_USE;

int process_id(const struct process *process);
void process_signal(const struct process *process, int signal_number);

/* 1 while it lives; afterwards 0, and the status is known. */
int process_is_alive(struct process *process);

/* Waits. The exit status, 128 + number of the signal that ended it, or -1 after `wait_ms`. */
int process_wait(struct process *process, int64_t wait_ms);

/* Ends it with this signal, and with SIGKILL after some seconds; NULL is fine. */
void process_stop(struct process *process, int signal_number);

/* A moment for a loop that waits for a condition. */
void process_pause(void);
/* As long as what began then took, at least that: a dear look does not take all of the machine. */
void process_pause_after(int64_t begun_ms);
int64_t process_now_ms(void);

#endif
