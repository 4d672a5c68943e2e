/*
 * stage.h - everything an integration test stands on: a database of its own in the server of the
 * test program, a sandbox, a configuration, and saldod.
 *
 * stage_open() makes what the tests of a program share. Each test gets a fresh database with the
 * schema; its daemons, sandboxes and files end with it. None of its programs may have printed a
 * secret. When a test fails, what its daemons
 * printed is shown. Deadlines grow by SALDOD_TEST_SLACK, and by themselves under sanitizers.
 */
#ifndef SALDOD_TESTS_INTEGRATION_STAGE_H
#define SALDOD_TESTS_INTEGRATION_STAGE_H

#include <stdint.h>

#include "lib/base/cleanup.h"
#include "tests/integration/cluster.h"
#include "tests/integration/db.h"
#include "tests/integration/folder.h"
#include "tests/integration/process.h"
#include "tests/integration/program.h"
#include "tests/integration/reader.h"
#include "tests/integration/world.h"

/* The seal key of all tests, as its file holds it. */
#define STAGE_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

enum { STAGE_PROGRAMS_MAX = 1024, STAGE_WORLDS_MAX = 2 };

struct stage {
    /* of the test program */
    char *build;
    struct folder *folder;
    struct cluster *cluster;
    int slack;
    int number; /* of the test that runs */

    /* of one test */
    char *conninfo;
    PGconn *db;
    struct world *world; /* the first of `worlds` */
    struct world *worlds[STAGE_WORLDS_MAX];
    char *world_json;              /* of the last: its tokens may be printed nowhere */
    char *config;                  /* path, once stage_configure() was called */
    char *consumer, *single, *key; /* paths of the secrets */
    struct program *programs[STAGE_PROGRAMS_MAX];
    int programs_count;
    char *out, *err; /* of the last stage_saldod() */
    struct reader *reader;
    int has_passed;
};

/* Lines put into the sections of the configuration; NULL = none. */
struct stage_config {
    const char *database, *tripletex, *schedule;
    const char *status; /* HOST:PORT of the status page; NULL = off */
    const char *rest;   /* further sections */
};

typedef void stage_body_fn(struct stage *stage);

struct stage_test {
    struct stage *stage;
    stage_body_fn *body;
};

/* -1 where the surroundings cannot be made: the reason was printed. */
int stage_open(struct stage *stage) MUST_USE;
void stage_close(struct stage *stage);

/* An entry of the tests of a program; bodies take the stage itself. */
#define STAGE_TEST(stage, body)                                                                    \
    {                                                                                              \
#body, stage_run, stage_set_up, stage_tear_down, &(struct stage_test)                      \
        {                                                                                          \
            (stage), (body)                                                                        \
        }                                                                                          \
    }
int stage_set_up(void **state);
void stage_run(void **state);
int stage_tear_down(void **state);

/* Starts a sandbox with this world and returns it; the first one is stage->world. */
struct world *stage_world(struct stage *stage, const char *json);

/* Writes the configuration, for the first sandbox where there is one. */
void stage_configure(struct stage *stage, const struct stage_config *config);

/* A second configuration that differs; its path, free() it. */
char *stage_write_config(struct stage *stage, const char *name, const char *base_url,
                         const struct stage_config *config) MUST_USE;

/* Starts `saldod run` with the configuration, or with another. It ends with the test. */
struct program *stage_daemon(struct stage *stage);
struct program *stage_daemon_of(struct stage *stage, const char *config);

/* Runs saldod with these words and -c CONFIG, and waits; the exit status. See stage->out, err. */
int stage_saldod(struct stage *stage, const char *const *words);
#define SALDOD(stage, ...) stage_saldod(stage, (const char *const[]){ __VA_ARGS__, NULL })

/* As above without -c; started only. */
struct program *stage_start(struct stage *stage, const char *const *words);

/* Begins to look at the figures all the time, and ends it: they must have fitted together. */
void stage_read(struct stage *stage);
struct reader_result stage_read_end(struct stage *stage);

/* `seconds` with the slack of this run. */
int64_t stage_ms(const struct stage *stage, double seconds);

/* Asks again until the statement says true. */
void stage_wait(struct stage *stage, double seconds, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* How the clients stand, a line each; free() it. */
char *stage_clients(struct stage *stage) MUST_USE;

/* Looks again until the program has printed it on stderr. */
void stage_wait_told(struct stage *stage, const struct program *program, double seconds,
                     const char *wanted);

/* Both show the whole text when they fail. */
void stage_check_has(const char *text, const char *wanted);
void stage_check_lacks(const char *text, const char *unwanted);

#endif
