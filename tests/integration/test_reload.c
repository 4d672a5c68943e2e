/* A reload that leads elsewhere: to another API, and to the database by another way. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/stage.h"

#define CLIENT "974760673"
#define SCHEDULE "pull_interval = 1s\nmaster_interval = 1h\ncold_interval = 1s"

static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"974760673\", \"name\": \"Fjord Fisk AS\", \"seed\": 61,"
    "  \"postingsPerYear\": 300 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"974760673\"] } ] }";

static struct program *start(struct stage *stage)
{
    static const struct stage_config CONFIG = { .schedule = SCHEDULE };
    (void)stage_world(stage, WORLD);
    stage_configure(stage, &CONFIG);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db,
           "SELECT bureau.add_client('" CLIENT "', 'Fjord Fisk AS', 'Regnskap Nord AS')");
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    return daemon;
}

static void wait_confirmed(struct stage *stage)
{
    AUTO_FREE char *now = db_text(stage->db, "SELECT clock_timestamp()");
    stage_wait(stage, 20, "SELECT fresh_as_of > '%s' FROM finale.client", now);
}

static void end_daemon(struct stage *stage, struct program *daemon)
{
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
}

static void check_violations(struct world *world)
{
    AUTO_FREE char *violations = world_get(world, "/violations");
    if (!strstr(violations, "\"count\":0,"))
        fail_msg("requests that no correct client sends: %.2000s", violations);
}

/* The same books at another address, with one voucher more. A session of the first is never shown
 * to the second, which makes one of its own. */
static void another_base_url_is_asked_from_then_on(struct stage *stage)
{
    static const struct stage_config CONFIG = { .schedule = SCHEDULE };
    struct program *daemon = start(stage);
    struct world *first = stage->world, *second = stage_world(stage, WORLD);
    AUTO_FREE char *day = db_text(stage->db, "SELECT current_date - 3");
    world_post(second, "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"date\": \"%s\", \"description\": \"den andre\","
               " \"rows\": [{\"account\": 1920, \"amount\": \"7\"},"
               " {\"account\": 3000, \"amount\": \"-7\"}]}",
               day);
    AUTO_FREE char *config = stage_write_config(stage, "saldod.conf", world_url(second), &CONFIG);
    program_signal(daemon, SIGHUP);
    stage_wait_told(stage, daemon, 10, "The configuration was reloaded");
    stage_wait(stage, 20,
               "SELECT count(*) = 2 FROM finale.posting WHERE posting_date = '%s' "
               "AND voucher_id = (SELECT max(voucher_id) FROM finale.voucher)",
               day);
    world_forget(first);
    wait_confirmed(stage);
    wait_confirmed(stage);
    assert_int_equal(world_requests(first, NULL), 0);
    AUTO_FREE char *requests = world_get(second, "/requests");
    stage_check_lacks(requests, "\"status\":401");
    check_violations(first);
    check_violations(second);
    end_daemon(stage, daemon);
}

/* Every connection of the daemon goes the new way, and what is mirrored stays as it was. */
static void another_conninfo_moves_every_connection(struct stage *stage)
{
    static const struct stage_config CONFIG = { .schedule = SCHEDULE };
    struct program *daemon = start(stage);
    AUTO_FREE char *moment = db_text(stage->db, "SELECT clock_timestamp()");
    AUTO_FREE char *before = stage->conninfo;
    stage->conninfo = mem_printf("%s connect_timeout=7", before);
    stage_configure(stage, &CONFIG);
    program_signal(daemon, SIGHUP);
    stage_wait_told(stage, daemon, 10, "The configuration was reloaded");
    wait_confirmed(stage);
    stage_wait(stage, 10,
               "SELECT bool_and(backend_start > '%s') FROM pg_stat_activity "
               "WHERE datname = current_database() AND application_name LIKE 'saldod %%'",
               moment);
    books_check_equal(stage);
    check_violations(stage->world);
    end_daemon(stage, daemon);
}

int main(void)
{
    static struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, another_base_url_is_asked_from_then_on),
        STAGE_TEST(&stage, another_conninfo_moves_every_connection),
    };
    int failed = cmocka_run_group_tests_name("reload", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
