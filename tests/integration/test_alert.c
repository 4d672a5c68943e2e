/* Alerts: each incident is told once when it begins and once when it is over, by the command and by
 * notification, also across a restart of the daemon. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gen/sql_queries.h"
#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/stage.h"

static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"" BOOKS_CLIENT "\", \"name\": \"Fjord Fisk AS\", \"seed\": 1,"
    "  \"postingsPerYear\": 300 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"" BOOKS_CLIENT "\"] } ] }";

/* A command that writes what it is told into a file; its first run fails where `is_failing`. */
static char *write_command(struct stage *stage, const char *told, int is_failing)
{
    AUTO_FREE char *text = mem_printf("#!/bin/sh\n"
                                      "if [ %d = 1 ] && [ ! -e %s.tried ]; then\n"
                                      "    : > %s.tried; exit 7\n"
                                      "fi\n"
                                      "cat >> %s; echo >> %s\n",
                                      is_failing, told, told, told, told);
    return folder_put(stage->folder, "tell.sh", 0755, text);
}

static struct program *set_scene(struct stage *stage, const char *told, int is_failing)
{
    AUTO_FREE char *command = write_command(stage, told, is_failing);
    AUTO_FREE char *rest = mem_printf("[alert]\ncommand = %s\nafter = 1d\n", command);
    const struct stage_config config = { .schedule = "pull_interval = 1s", .rest = rest };
    (void)stage_world(stage, WORLD);
    stage_configure(stage, &config);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_CLIENT "', 'Fjord \"Fisk\" AS', "
                      "bureau => 'Regnskap Nord AS')");
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    return daemon;
}

static int count(const char *text, const char *needle)
{
    int found = 0;
    for (const char *at = text; (at = strstr(at, needle)); at++)
        found++;
    return found;
}

/* Until the command has been told so often; what it was told, free() it. */
static char *wait_told(struct stage *stage, const char *file, const char *event, int times)
{
    int64_t until_ms = process_now_ms() + stage_ms(stage, 40);
    for (;;) {
        char *told = folder_read(file);
        if (count(told, event) >= times)
            return told;
        if (process_now_ms() > until_ms)
            fail_msg("%s was not told %d times, only: %s", event, times, told);
        free(told);
        process_pause();
    }
}

static void hide_salary(struct stage *stage, int is_hidden)
{
    world_post(stage->world, "/salary", "{\"orgNr\": \"" BOOKS_CLIENT "\", \"hidden\": %s}",
               is_hidden ? "true" : "false");
}

static int notified(PGconn *db, const char *needle)
{
    int found = 0;
    (void)PQconsumeInput(db);
    for (PGnotify *notify; (notify = PQnotifies(db)); PQfreemem(notify))
        found += strcmp(notify->relname, "saldod_alert") == 0 && strstr(notify->extra, needle);
    return found;
}

static void tells_once_when_held_and_once_when_it_is_over(struct stage *stage)
{
    AUTO_FREE char *file = folder_file(stage->folder, "told-1");
    (void)set_scene(stage, file, 0);
    db_run(stage->db, "LISTEN saldod_alert");
    hide_salary(stage, 1);
    AUTO_FREE char *begun = wait_told(stage, file, "\"event\": \"begun\"", 1);
    stage_check_has(begun, "\"kind\": \"held\"");
    stage_check_has(begun, "\"org_nr\": \"" BOOKS_CLIENT "\"");
    stage_check_has(begun, "\"name\": \"Fjord \\\"Fisk\\\" AS\"");
    stage_check_has(begun, "\"reason\": \"");
    assert_int_equal(notified(stage->db, "\"event\": \"begun\""), 1);
    hide_salary(stage, 0);
    AUTO_FREE char *over = wait_told(stage, file, "\"event\": \"over\"", 1);
    assert_int_equal(count(over, "\"event\""), 2);
    assert_int_equal(notified(stage->db, "\"event\": \"over\""), 1);
    stage_wait(stage, 10,
               "SELECT count(*) = 1 AND bool_and(began_told_at IS NOT NULL "
               "AND ended_told_at IS NOT NULL) FROM sync.alert");
}

static void a_restart_tells_nothing_twice(struct stage *stage)
{
    AUTO_FREE char *file = folder_file(stage->folder, "told-2");
    struct program *daemon = set_scene(stage, file, 0);
    hide_salary(stage, 1);
    free(wait_told(stage, file, "\"event\": \"begun\"", 1));
    stage_wait(stage, 10, "SELECT count(began_told_at) = 1 FROM sync.alert");
    program_signal(daemon, SIGKILL);
    (void)program_wait(daemon, stage_ms(stage, 10));
    (void)stage_daemon(stage);
    stage_wait(stage, 20, "SELECT max(seen_at) > now() - interval '3 seconds' FROM sync.instance");
    hide_salary(stage, 0);
    AUTO_FREE char *over = wait_told(stage, file, "\"event\": \"over\"", 1);
    assert_int_equal(count(over, "\"event\": \"begun\""), 1);
    assert_int_equal(count(over, "\"event\": \"over\""), 1);
}

static void a_command_that_fails_is_run_again(struct stage *stage)
{
    AUTO_FREE char *file = folder_file(stage->folder, "told-3");
    struct program *daemon = set_scene(stage, file, 1);
    hide_salary(stage, 1);
    stage_wait_told(stage, daemon, 30, "reached nobody, it is tried again");
    stage_wait_told(stage, daemon, 1, "ended with status 7");
    db_run(stage->db, "UPDATE sync.alert SET claimed_until = NULL");
    AUTO_FREE char *told = wait_told(stage, file, "\"event\": \"begun\"", 1);
    assert_int_equal(count(told, "\"event\""), 1);
}

/* --- what is old --- */

/* A look without a daemon, with these settings in ms; how many incidents are open after it. */
static int64_t look(struct stage *stage, const char *after, const char *interval, const char *heard)
{
    const char *values[] = { after, interval, heard };
    PGresult *result = PQexecParams(stage->db, SQL_alert_look.text, 3, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("alert_look: %s", PQresultErrorMessage(result));
    PQclear(result);
    return db_int(stage->db, "SELECT count(*) FROM sync.alert WHERE ended_at IS NULL");
}

/* Old is what is older than three of the intervals at which it is asked. */
static void a_client_that_is_asked_seldom_is_not_old(struct stage *stage)
{
    static const char HOUR[] = "3600000";
    AUTO_FREE char *file = folder_file(stage->folder, "told-4");
    struct program *daemon = set_scene(stage, file, 0);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 10)), 0);
    assert_int_equal(look(stage, "1", HOUR, "1"), 0);
    assert_int_equal(look(stage, HOUR, "1", "1"), 0);
    assert_int_equal(look(stage, "1", "1", HOUR), 1);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM sync.alert WHERE reason IS NOT NULL "
                                       "AND remedy IS NOT NULL AND kind = 'no_proven_state'"),
                     1);
    db_run(stage->db, "INSERT INTO sync.webhook (client_id, event, subscription_id) "
                      "SELECT client_id, 'voucher.create', 1 FROM bureau.client");
    assert_int_equal(look(stage, "1", "1", HOUR), 0);
    db_run(stage->db, "UPDATE bureau.client SET pull_interval = '1 hour'");
    assert_int_equal(look(stage, "1", "1", "1"), 0);
}

/* Told once, as what it is. */
static void a_client_that_is_held_for_long_is_told_once(struct stage *stage)
{
    AUTO_FREE char *file = folder_file(stage->folder, "told-5");
    struct program *daemon = set_scene(stage, file, 0);
    hide_salary(stage, 1);
    free(wait_told(stage, file, "\"event\": \"begun\"", 1));
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 10)), 0);
    assert_int_equal(look(stage, "1", "1", "1"), 1);
}

/* A lock that lasts, or a database that is slow, makes nobody wait for minutes. */
static void a_look_that_was_kept_waiting_is_made_again_soon(struct stage *stage)
{
    AUTO_FREE char *file = folder_file(stage->folder, "told-6");
    struct program *daemon = set_scene(stage, file, 0);
    PGconn *other = db_open(stage->conninfo);
    db_run(other, "BEGIN");
    db_run(other, "LOCK TABLE sync.alert IN ACCESS EXCLUSIVE MODE");
    stage_wait(stage, 20,
               "SELECT coalesce(bool_or(pg_cancel_backend(pid)), false) FROM pg_locks "
               "WHERE relation = 'sync.alert'::regclass AND NOT granted");
    stage_wait_told(stage, daemon, 10, "Alerts could not be looked for");
    db_run(other, "ROLLBACK");
    PQfinish(other);
    hide_salary(stage, 1);
    int64_t begun_ms = process_now_ms();
    free(wait_told(stage, file, "\"event\": \"begun\"", 1));
    assert_in_range(process_now_ms() - begun_ms, 0, stage_ms(stage, 15));
}

int main(void)
{
    static struct stage stage;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, tells_once_when_held_and_once_when_it_is_over),
        STAGE_TEST(&stage, a_restart_tells_nothing_twice),
        STAGE_TEST(&stage, a_command_that_fails_is_run_again),
        STAGE_TEST(&stage, a_client_that_is_asked_seldom_is_not_old),
        STAGE_TEST(&stage, a_client_that_is_held_for_long_is_told_once),
        STAGE_TEST(&stage, a_look_that_was_kept_waiting_is_made_again_soon),
    };
    if (stage_open(&stage) < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
