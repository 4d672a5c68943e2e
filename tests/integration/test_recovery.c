/* What may happen to a daemon: the database goes away, it is killed or ended. */
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

/* Headers of vouchers, and what lies before the horizon, have intervals of their own. */
#define EVERY_SECOND "pull_interval = 1s\nmaster_interval = 2s\ncold_interval = 2s"
#define CREATE_PATH "/token/session/:create"

static void set_scene(struct stage *stage)
{
    (void)stage_world(stage, BOOKS_WORLD);
    AUTO_FREE char *single = books_single(stage);
    const struct stage_config config = { .rest = single, .schedule = EVERY_SECOND };
    stage_configure(stage, &config);
    books_register(stage);
}

static void change_books(struct stage *stage)
{
    world_post(stage->world, "/mutate", "{\"orgNr\": \"all\", \"count\": 10}");
}

static void end_daemon(struct stage *stage, struct program *daemon)
{
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
}

/* --- the database --- */

static void restart_database(struct stage *stage, enum cluster_stop how)
{
    PQfinish(stage->db);
    stage->db = NULL;
    cluster_stop(stage->cluster, how);
    change_books(stage);
    cluster_start(stage->cluster);
    stage->db = db_open(stage->conninfo);
}

static void goes_on_by_itself(struct stage *stage, enum cluster_stop how)
{
    set_scene(stage);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    change_books(stage); /* so that a pull is under way */
    restart_database(stage, how);
    books_wait_equal(stage, 20);
    books_wait_fresh(stage, 20);
    change_books(stage);
    books_wait_equal(stage, 10);
    assert_true(program_is_alive(daemon));
    AUTO_FREE char *log = program_err(daemon);
    stage_check_has(log, "The database is lost");
    stage_check_has(log, "The database is back");
    end_daemon(stage, daemon);
}

static void goes_on_after_a_fast_restart_of_postgresql(struct stage *stage)
{
    goes_on_by_itself(stage, CLUSTER_FAST);
}

static void goes_on_after_a_crash_of_postgresql(struct stage *stage)
{
    goes_on_by_itself(stage, CLUSTER_IMMEDIATE);
}

static void waits_for_a_database_that_is_away_at_the_start(struct stage *stage)
{
    set_scene(stage);
    PQfinish(stage->db);
    stage->db = NULL;
    cluster_stop(stage->cluster, CLUSTER_FAST);
    struct program *daemon = stage_daemon(stage);
    int64_t until_ms = process_now_ms() + stage_ms(stage, 10);
    for (;;) {
        AUTO_FREE char *log = program_err(daemon);
        if (strstr(log, "The database cannot be used"))
            break;
        assert_true(process_now_ms() < until_ms && program_is_alive(daemon));
        process_pause();
    }
    cluster_start(stage->cluster);
    stage->db = db_open(stage->conninfo);
    books_wait_fresh(stage, 25);
    end_daemon(stage, daemon);
}

/* --- kill -9 --- */

static void killed_in_its_first_load_it_goes_on_where_it_was(struct stage *stage)
{
    set_scene(stage);
    world_post(stage->world, "/fault",
               "{\"kind\": \"delay\", \"path\": \"/ledger/posting\", \"delayMs\": 100}");
    struct program *daemon = stage_daemon(stage);
    stage_wait(stage, 30,
               "SELECT sum(complete_years) > 0 AND sum(complete_years) < sum(years) "
               "FROM bureau.status");
    program_signal(daemon, SIGKILL);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 128 + SIGKILL);
    world_post(stage->world, "/faults/clear", "{}");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.saldo_proof "
                                       "WHERE difference <> 0"),
                     0);
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 20);
    books_check_equal(stage);
}

static void killed_again_and_again_while_books_change(struct stage *stage)
{
    set_scene(stage);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    stage_read(stage);
    for (int i = 0; i < 5; i++) {
        world_forget(stage->world);
        change_books(stage);
        /* Every time a little later in what it does. */
        int64_t until_ms = process_now_ms() + stage_ms(stage, 20);
        while (world_requests(stage->world, NULL) < 12 * i + 6) {
            assert_true(process_now_ms() < until_ms);
            process_pause();
        }
        program_signal(daemon, SIGKILL);
        (void)program_wait(daemon, stage_ms(stage, 5));
        daemon = stage_daemon(stage);
    }
    books_wait_equal(stage, 15);
    (void)stage_read_end(stage);
    end_daemon(stage, daemon);
}

/* --- sessions --- */

static void ends_within_5_s_and_takes_its_sessions_up_again(struct stage *stage)
{
    set_scene(stage);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    assert_int_equal(world_requests(stage->world, CREATE_PATH), 2); /* bureau and single company */
    end_daemon(stage, daemon);
    change_books(stage);
    daemon = stage_daemon(stage);
    books_wait_equal(stage, 10);
    assert_int_equal(world_requests(stage->world, CREATE_PATH), 2);
    end_daemon(stage, daemon);
}

static void lost_sessions_are_renewed_once(struct stage *stage)
{
    set_scene(stage);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    world_forget(stage->world);
    world_post(stage->world, "/session", "{}");
    change_books(stage);
    books_wait_equal(stage, 10);
    books_wait_fresh(stage, 10);
    assert_int_equal(world_requests(stage->world, CREATE_PATH), 2); /* one for each token */
    end_daemon(stage, daemon);
}

static void ends_in_the_middle_of_a_first_load(struct stage *stage)
{
    set_scene(stage);
    world_post(stage->world, "/fault",
               "{\"kind\": \"delay\", \"path\": \"/ledger/posting\", \"delayMs\": 200}");
    struct program *daemon = stage_daemon(stage);
    stage_wait(stage, 30, "SELECT bool_or(state = 'loading') FROM finale.client");
    end_daemon(stage, daemon);
    world_post(stage->world, "/faults/clear", "{}");
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 20);
    books_check_equal(stage);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, goes_on_after_a_fast_restart_of_postgresql),
        STAGE_TEST(&stage, goes_on_after_a_crash_of_postgresql),
        STAGE_TEST(&stage, waits_for_a_database_that_is_away_at_the_start),
        STAGE_TEST(&stage, killed_in_its_first_load_it_goes_on_where_it_was),
        STAGE_TEST(&stage, killed_again_and_again_while_books_change),
        STAGE_TEST(&stage, ends_within_5_s_and_takes_its_sessions_up_again),
        STAGE_TEST(&stage, lost_sessions_are_renewed_once),
        STAGE_TEST(&stage, ends_in_the_middle_of_a_first_load),
    };
    int failed = cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
