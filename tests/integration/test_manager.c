/* What the service manager is told: READY, STATUS, RELOADING, STOPPING, the watchdog, and when. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/manager.h"
#include "tests/integration/stage.h"

static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"" BOOKS_CLIENT "\", \"name\": \"Fjord Fisk AS\", \"seed\": 1,"
    "  \"postingsPerYear\": 100 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"" BOOKS_CLIENT "\"] } ] }";

static void set_scene(struct stage *stage)
{
    (void)stage_world(stage, WORLD);
    stage_configure(stage, &(struct stage_config){ .schedule = "pull_interval = 1s" });
}

static void add_client(struct stage *stage)
{
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_CLIENT "', 'Fjord Fisk AS', "
                      "bureau => 'Regnskap Nord AS')");
}

/* Each of them ends what it began: systemd waits for READY after RELOADING. */
static void reload_and_wait(struct stage *stage, struct manager *manager, struct program *daemon)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    program_signal(daemon, SIGHUP);
    const char *told = manager_expect(manager, "RELOADING=1", stage_ms(stage, 10));
    const char *moment = strstr(told, "MONOTONIC_USEC=");
    assert_non_null(moment);
    int64_t told_us = strtoll(moment + strlen("MONOTONIC_USEC="), NULL, 10);
    assert_true(told_us >= (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    (void)manager_expect(manager, "READY=1", stage_ms(stage, 10));
}

static void life_is_told_from_ready_to_stopping(struct stage *stage)
{
    set_scene(stage);
    struct manager *manager = manager_new(stage->folder);
    struct program *daemon = stage_daemon(stage);
    (void)manager_expect(manager, "READY=1", stage_ms(stage, 20));
    (void)manager_expect(manager, "STATUS=no client is registered yet", stage_ms(stage, 10));
    add_client(stage);
    (void)manager_expect(manager, "STATUS=1 fresh of 1 client", stage_ms(stage, 30));
    reload_and_wait(stage, manager, daemon); /* nothing has changed */
    stage_configure(stage, &(struct stage_config){ .schedule = "pull_interval = never" });
    reload_and_wait(stage, manager, daemon); /* refused by the file */
    stage_configure(stage, &(struct stage_config){ .schedule = "pull_interval = 1s",
                                                   .rest = "[client " BOOKS_CLIENT "]\n"
                                                           "bureau = Regnskap Nord AS\n" });
    reload_and_wait(stage, manager, daemon); /* refused by the database: a row of SQL */
    stage_configure(stage, &(struct stage_config){ .schedule = "pull_interval = 1s" });
    cluster_stop(stage->cluster, CLUSTER_FAST);
    (void)manager_expect(manager, "; the database is away", stage_ms(stage, 20));
    reload_and_wait(stage, manager, daemon); /* taken over without it */
    cluster_start(stage->cluster);
    (void)manager_expect(manager, "STATUS=1 fresh of 1 client", stage_ms(stage, 30));
    program_signal(daemon, SIGTERM);
    (void)manager_expect(manager, "STOPPING=1", stage_ms(stage, 10));
    assert_int_equal(program_wait(daemon, stage_ms(stage, 20)), 0);
    manager_free(manager);
    PQfinish(stage->db); /* of before */
    stage->db = db_open(stage->conninfo);
}

/* Not ready without the database: more time is asked for instead, and a reload changes nothing of
 * it. */
static void ready_waits_for_the_database(struct stage *stage)
{
    set_scene(stage);
    cluster_stop(stage->cluster, CLUSTER_FAST);
    struct manager *manager = manager_new(stage->folder);
    struct program *daemon = stage_daemon(stage);
    (void)manager_expect(manager, "EXTEND_TIMEOUT_USEC=", stage_ms(stage, 20));
    stage_wait_told(stage, daemon, 10, "The database cannot be used");
    program_signal(daemon, SIGHUP);
    (void)manager_expect(manager, "EXTEND_TIMEOUT_USEC=", stage_ms(stage, 20));
    assert_false(manager_has_had(manager, "READY=1"));
    assert_false(manager_has_had(manager, "RELOADING=1"));
    cluster_start(stage->cluster);
    (void)manager_expect(manager, "READY=1", stage_ms(stage, 20));
    manager_free(manager);
    PQfinish(stage->db);
    stage->db = db_open(stage->conninfo);
}

static void ready_waits_for_a_schema_that_fits(struct stage *stage)
{
    set_scene(stage);
    AUTO_FREE char *newest = db_text(stage->db, "SELECT max(version) FROM sync.migration");
    db_runf(stage->db, "UPDATE sync.migration SET version = 0 - version WHERE version = %s",
            newest);
    struct manager *manager = manager_new(stage->folder);
    struct program *daemon = stage_daemon(stage);
    stage_wait_told(stage, daemon, 10, "Run: saldod migrate");
    assert_false(manager_has_had(manager, "READY=1"));
    db_run(stage->db, "UPDATE sync.migration SET version = 0 - version WHERE version < 0");
    (void)manager_expect(manager, "READY=1", stage_ms(stage, 20));
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 20)), 0);
    db_run(stage->db, "INSERT INTO sync.migration (version, name) VALUES (9999, 'later')");
    daemon = stage_daemon(stage);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 20)), 1);
    assert_int_equal(manager_wait(manager, "READY=1", 0), -1);
    manager_free(manager);
}

static void watchdog_is_fed(struct stage *stage)
{
    set_scene(stage);
    struct manager *manager = manager_new(stage->folder);
    (void)setenv("WATCHDOG_USEC", "300000", 1);
    (void)stage_daemon(stage);
    (void)unsetenv("WATCHDOG_USEC");
    for (int i = 0; i < 4; i++)
        (void)manager_expect(manager, "WATCHDOG=1", stage_ms(stage, 10));
    manager_free(manager);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, life_is_told_from_ready_to_stopping),
        STAGE_TEST(&stage, ready_waits_for_the_database),
        STAGE_TEST(&stage, ready_waits_for_a_schema_that_fits),
        STAGE_TEST(&stage, watchdog_is_fed),
    };
    int failed = cmocka_run_group_tests_name("manager", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
