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

int main(void)
{
    static struct stage stage;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, tells_once_when_held_and_once_when_it_is_over),
        STAGE_TEST(&stage, a_restart_tells_nothing_twice),
        STAGE_TEST(&stage, a_command_that_fails_is_run_again),
    };
    if (stage_open(&stage) < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
