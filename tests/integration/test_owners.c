/* Several daemons on one database: each token is used by one of them at any time. Each daemon is
 * led to a sandbox of its own, and the logs of both show who used which token when. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/fleet.h"
#include "tests/integration/stage.h"

#define SCHEDULE "pull_interval = 1s\nmaster_interval = 1d\ncold_interval = 1d\nhistory_years = 0"

static const struct fleet FLEET = { .bureaus = 10, .clients = 10, .postings = 40, .years = 1 };
static const struct stage_config FIRST = { .database = "instance = first", .schedule = SCHEDULE };
static const struct stage_config SECOND = { .database = "instance = second", .schedule = SCHEDULE };

struct scene {
    struct world *worlds[2];
    char *configs[2];
    struct program *first, *second;
};

static void set_scene(struct stage *stage, struct scene *scene)
{
    AUTO_FREE char *json = fleet_world(&FLEET);
    for (int i = 0; i < 2; i++)
        scene->worlds[i] = stage_world(stage, json);
    stage_configure(stage, &FIRST);
    scene->configs[0] = mem_strdup(stage->config);
    scene->configs[1] = stage_write_config(stage, "second.conf", world_url(scene->worlds[1]),
                                           &SECOND);
    fleet_register(&FLEET, stage->db);
    scene->first = stage_daemon(stage);
}

static void clear_scene(struct scene *scene)
{
    free(scene->configs[0]);
    free(scene->configs[1]);
}

static void wait_owned(struct stage *stage, double seconds, const char *instance, int least,
                       int most)
{
    stage_wait(stage, seconds,
               "SELECT count(*) BETWEEN %d AND %d FROM sync.owner "
               "WHERE instance = '%s' AND released_at IS NULL",
               least, most, instance);
}

/* Every client is asked after this moment. */
static void wait_fresh(struct stage *stage, double seconds)
{
    AUTO_FREE char *now = db_text(stage->db, "SELECT clock_timestamp()");
    stage_wait(
        stage, seconds,
        "SELECT count(*) = %d FROM finale.client WHERE fresh_as_of > '%s' AND state = 'fresh'",
        FLEET.clients, now);
}

static void start_second(struct stage *stage, struct scene *scene)
{
    wait_owned(stage, 10, "first", FLEET.bureaus, FLEET.bureaus);
    wait_fresh(stage, 20);
    scene->second = stage_daemon_of(stage, scene->configs[1]);
    wait_owned(stage, 10, "second", FLEET.bureaus / 2, FLEET.bureaus / 2);
    wait_owned(stage, 1, "first", FLEET.bureaus / 2, FLEET.bureaus / 2);
    wait_fresh(stage, 10);
}

static void end_daemon(struct stage *stage, struct program *daemon)
{
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
}

static void check_status_names(struct stage *stage, const char *instance, int count)
{
    stage_wait(stage, 1, "SELECT count(*) = %d FROM bureau.status WHERE owner = '%s'", count,
               instance);
}

/* --- tests --- */

static void two_share_the_tokens_and_one_takes_over_when_the_other_is_killed(struct stage *stage)
{
    struct scene scene;
    set_scene(stage, &scene);
    start_second(stage, &scene);
    assert_int_equal(fleet_switches(&FLEET, scene.worlds[0], scene.worlds[1], 3), 1);
    check_status_names(stage, "first", FLEET.bureaus / 2);
    check_status_names(stage, "second", FLEET.bureaus / 2);
    program_signal(scene.first, SIGKILL);
    (void)program_wait(scene.first, stage_ms(stage, 5));
    wait_owned(stage, 5, "second", FLEET.bureaus, FLEET.bureaus);
    wait_fresh(stage, 15);
    assert_int_equal(fleet_switches(&FLEET, scene.worlds[0], scene.worlds[1], 3), 1);
    scene.first = stage_daemon(stage);
    wait_owned(stage, 10, "first", FLEET.bureaus / 2, FLEET.bureaus / 2);
    wait_fresh(stage, 10);
    assert_in_range(fleet_switches(&FLEET, scene.worlds[0], scene.worlds[1], 3), 1, 2);
    clear_scene(&scene);
}

/* It is not dead, but nobody can know: its connection is ended for it, and it does not use a token
 * when it wakes up before it has asked whose they are. */
static void stand_still(struct stage *stage, const struct scene *scene)
{
    program_signal(scene->first, SIGSTOP);
    wait_owned(stage, 12, "second", FLEET.bureaus, FLEET.bureaus);
    wait_fresh(stage, 10);
    program_signal(scene->first, SIGCONT);
    wait_owned(stage, 10, "first", FLEET.bureaus / 2, FLEET.bureaus / 2);
    wait_fresh(stage, 10);
}

/* Only the listening connection: the daemon lives, and its tokens are free. */
static void cut_off(struct stage *stage)
{
    db_run(stage->db, "SELECT pg_terminate_backend(backend_pid) FROM sync.owner "
                      "WHERE instance = 'first' AND released_at IS NULL LIMIT 1");
    stage_wait(stage, 5,
               "SELECT count(*) = %d FROM sync.owner o JOIN pg_stat_activity a "
               "ON a.pid = o.backend_pid WHERE o.released_at IS NULL",
               FLEET.bureaus);
    wait_owned(stage, 10, "first", FLEET.bureaus / 2, FLEET.bureaus / 2);
    wait_fresh(stage, 10);
}

static void who_ends_stands_still_or_is_cut_off_uses_nothing_any_more(struct stage *stage)
{
    struct scene scene;
    set_scene(stage, &scene);
    start_second(stage, &scene);
    stand_still(stage, &scene);
    assert_in_range(fleet_switches(&FLEET, scene.worlds[0], scene.worlds[1], 3), 1, 3);
    cut_off(stage);
    assert_in_range(fleet_switches(&FLEET, scene.worlds[0], scene.worlds[1], 3), 1, 5);
    program_signal(scene.first, SIGTERM);
    wait_owned(stage, 2, "second", FLEET.bureaus, FLEET.bureaus);
    assert_int_equal(program_wait(scene.first, stage_ms(stage, 5)), 0);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM sync.owner "
                                       "WHERE instance = 'first' AND released_at IS NULL"),
                     0);
    wait_fresh(stage, 10);
    assert_in_range(fleet_switches(&FLEET, scene.worlds[0], scene.worlds[1], 3), 1, 6);
    end_daemon(stage, scene.second);
    clear_scene(&scene);
}

/* Without a daemon the command owns what it pulls, and leaves it; with one it hands over. */
static void the_command_owns_what_it_pulls_or_hands_over(struct stage *stage)
{
    struct scene scene;
    char org_nr[FLEET_ORG_NR_BYTES];
    set_scene(stage, &scene);
    wait_fresh(stage, 20);
    end_daemon(stage, scene.first);
    fleet_org_nr(3, org_nr);
    assert_int_equal(SALDOD(stage, "pull", org_nr), 0);
    stage_check_has(stage->out, "up to date, ");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
                     0);
    scene.second = stage_daemon_of(stage, scene.configs[1]);
    wait_owned(stage, 5, "second", FLEET.bureaus, FLEET.bureaus);
    wait_fresh(stage, 10);
    world_forget(scene.worlds[0]);
    assert_int_equal(SALDOD(stage, "pull", org_nr), 0);
    stage_check_has(stage->out, "by the running daemon");
    assert_int_equal(world_requests(scene.worlds[0], NULL), 0);
    wait_owned(stage, 1, "second", FLEET.bureaus, FLEET.bureaus);
    clear_scene(&scene);
}

/* Two bureaus may have the same token; one of them going away does not touch the other. */
static void a_token_that_two_bureaus_share_outlives_one_of_them(struct stage *stage)
{
    struct scene scene;
    set_scene(stage, &scene);
    wait_fresh(stage, 20);
    db_run(stage->db, "SELECT bureau.add_bureau('Twin', 'test-b0')");
    wait_fresh(stage, 5);
    stage_wait(stage, 5, "SELECT bool_and(token = 'sealed') FROM bureau.bureau_list");
    db_run(stage->db, "DELETE FROM bureau.bureau WHERE name = 'Twin'");
    wait_fresh(stage, 10);
    wait_owned(stage, 5, "first", FLEET.bureaus, FLEET.bureaus);
    wait_fresh(stage, 10);
    end_daemon(stage, scene.first);
    clear_scene(&scene);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, two_share_the_tokens_and_one_takes_over_when_the_other_is_killed),
        STAGE_TEST(&stage, who_ends_stands_still_or_is_cut_off_uses_nothing_any_more),
        STAGE_TEST(&stage, the_command_owns_what_it_pulls_or_hands_over),
        STAGE_TEST(&stage, a_token_that_two_bureaus_share_outlives_one_of_them),
    };
    int failed = cmocka_run_group_tests_name("owners", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
