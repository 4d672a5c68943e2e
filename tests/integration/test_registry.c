/* Changes of the register by SQL, access in Tripletex, and salary that disappears for a while. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/integration/books.h"
#include "tests/integration/stage.h"

#define NEW_CLIENT "910000020" /* in the sandbox, not registered when a test begins */

/* A bureau with access to two small companies, of which one is registered. */
static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"" BOOKS_CLIENT "\", \"name\": \"Fjord Fisk AS\", \"seed\": 1,"
    "  \"postingsPerYear\": 300 },"
    "{ \"orgNr\": \"" NEW_CLIENT "\", \"name\": \"Ny Kunde AS\", \"seed\": 2,"
    "  \"postingsPerYear\": 300 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"" BOOKS_CLIENT "\", \"" NEW_CLIENT "\"] } ] }";

static struct program *set_scene(struct stage *stage, const char *world)
{
    const struct stage_config config = { .schedule = "pull_interval = 1s" };
    (void)stage_world(stage, world);
    stage_configure(stage, &config);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_CLIENT "', 'Fjord Fisk AS', "
                      "bureau => 'Regnskap Nord AS')");
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    return daemon;
}

static void add_client(struct stage *stage)
{
    db_run(stage->db, "SELECT bureau.add_client('" NEW_CLIENT "', 'Ny Kunde AS', "
                      "bureau => 'Regnskap Nord AS')");
}

static void wait_begun(struct stage *stage, double seconds)
{
    stage_wait(stage, seconds,
               "SELECT state <> 'waiting' FROM finale.client "
               "WHERE org_nr = '" NEW_CLIENT "'");
}

/* A pull is begun and ended: from then on nothing that began before is under way. */
static void wait_pull_within(struct stage *stage, double seconds, const char *org_nr)
{
    AUTO_FREE char *now = db_text(stage->db, "SELECT clock_timestamp()");
    stage_wait(stage, seconds,
               "SELECT last_success_at > '%s' FROM bureau.status WHERE org_nr = '%s'", now, org_nr);
}

static void wait_pull(struct stage *stage, const char *org_nr)
{
    wait_pull_within(stage, 10, org_nr);
}

/* --- register --- */

static void client_added_by_sql_is_pulled_within_a_second(struct stage *stage)
{
    (void)set_scene(stage, WORLD);
    add_client(stage);
    wait_begun(stage, 1);
    books_wait_fresh(stage, 10);
    books_check_equal(stage);
}

static void client_disabled_by_sql_is_left_alone_and_its_figures_stay(struct stage *stage)
{
    (void)set_scene(stage, WORLD);
    add_client(stage);
    books_wait_fresh(stage, 10);
    int64_t postings = db_int(stage->db, "SELECT count(*) FROM finale.posting");
    db_run(stage->db, "UPDATE bureau.client SET enabled = false WHERE org_nr = '" NEW_CLIENT "'");
    wait_pull(stage, BOOKS_CLIENT); /* the other one goes on, and by then the change is known */
    wait_pull(stage, BOOKS_CLIENT);
    world_forget(stage->world);
    wait_pull(stage, BOOKS_CLIENT);
    wait_pull(stage, BOOKS_CLIENT);
    assert_int_equal(world_requests_of(stage->world, NEW_CLIENT, NULL), 0);
    assert_true(world_requests_of(stage->world, BOOKS_CLIENT, NULL) > 0);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.posting"), postings);
    stage_wait(stage, 1,
               "SELECT state = 'disabled' FROM finale.client "
               "WHERE org_nr = '" NEW_CLIENT "'");
    world_post(stage->world, "/mutate", "{\"orgNr\": \"" NEW_CLIENT "\", \"count\": 5}");
    db_run(stage->db, "UPDATE bureau.client SET enabled = true WHERE org_nr = '" NEW_CLIENT "'");
    books_wait_equal(stage, 5);
}

static void client_deleted_by_sql_leaves_nothing(struct stage *stage)
{
    (void)set_scene(stage, WORLD);
    add_client(stage);
    wait_begun(stage, 1); /* in the middle of its first load */
    db_run(stage->db, "DELETE FROM bureau.client WHERE org_nr = '" NEW_CLIENT "'");
    wait_pull(stage, BOOKS_CLIENT);
    wait_pull(stage, BOOKS_CLIENT);
    world_forget(stage->world);
    wait_pull(stage, BOOKS_CLIENT);
    assert_int_equal(world_requests_of(stage->world, NEW_CLIENT, NULL), 0);
    assert_int_equal(db_int(stage->db, "SELECT count(DISTINCT client_id) FROM mirror.posting"), 1);
    assert_int_equal(db_int(stage->db, "SELECT count(DISTINCT client_id) FROM sync.range"), 1);
}

/* Two books under one number are never mixed. */
static void a_number_that_is_another_company_by_now_is_left_alone(struct stage *stage)
{
    struct program *daemon = set_scene(stage, WORLD);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
    AUTO_FREE char *before = db_text(stage->db, "SELECT md5(string_agg(p::text, ',' ORDER BY "
                                                "posting_id)) FROM finale.posting p");
    db_run(stage->db, "UPDATE sync.client_state SET company_id = '4711', proven_at = NULL, "
                      "next_pull_at = NULL");
    world_post(stage->world, "/mutate", "{\"orgNr\": \"" BOOKS_CLIENT "\", \"count\": 5}");
    (void)stage_daemon(stage);
    stage_wait(stage, 20,
               "SELECT state = 'no_access' AND reason LIKE '%%another company in Tripletex by "
               "now%%4711 before%%' AND remedy LIKE '%%purge_client(''" BOOKS_CLIENT "'')%%' "
               "FROM bureau.status");
    AUTO_FREE char *after = db_text(stage->db, "SELECT md5(string_agg(p::text, ',' ORDER BY "
                                               "posting_id)) FROM finale.posting p");
    assert_string_equal(after, before);
    db_run(stage->db, "SELECT bureau.purge_client('" BOOKS_CLIENT "')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_CLIENT "', 'Fjord Fisk AS', "
                      "bureau => 'Regnskap Nord AS')");
    books_wait_equal(stage, 20);
}

static void token_rotated_by_sql_is_used_within_a_second(struct stage *stage)
{
    struct program *daemon = set_scene(stage, WORLD);
    world_post(stage->world, "/token",
               "{\"employeeToken\": \"test-bureau-new\", \"name\": \"new\", \"kind\": \"bureau\", "
               "\"access\": [\"" BOOKS_CLIENT "\"]}");
    world_forget(stage->world);
    db_run(stage->db, "UPDATE bureau.bureau SET employee_token = 'test-bureau-new'");
    int64_t until_ms = process_now_ms() + stage_ms(stage, 1);
    while (world_requests_of(stage->world, NULL, "new") == 0) {
        if (process_now_ms() > until_ms)
            fail_msg("the new token was not used within a second");
        process_pause();
    }
    world_post(stage->world, "/token", "{\"name\": \"bureau\", \"revoked\": true}");
    wait_pull(stage, BOOKS_CLIENT);
    books_wait_fresh(stage, 10);
    stage_wait(stage, 5, "SELECT bool_and(employee_token LIKE 'sealed:%%') FROM bureau.bureau");
    AUTO_FREE char *log = program_err(daemon);
    stage_check_lacks(log, "test-bureau");
}

static void refuse_token(struct stage *stage)
{
    world_post(stage->world, "/token", "{\"name\": \"bureau\", \"revoked\": true}");
    stage_wait(stage, 10, "SELECT state = 'failing' FROM bureau.status");
    world_post(stage->world, "/token", "{\"name\": \"bureau\", \"revoked\": false}");
}

/* What is amiss may have been put right in Tripletex: the value stays as it was. */
static void token_entered_again_is_tried_at_once_with_its_clients(struct stage *stage)
{
    struct program *daemon = set_scene(stage, WORLD);
    refuse_token(stage);
    db_run(stage->db, "UPDATE bureau.bureau SET employee_token = 'test-bureau'");
    wait_pull(stage, BOOKS_CLIENT);
    stage_wait(stage, 5, "SELECT bool_and(employee_token LIKE 'sealed:%%') FROM bureau.bureau");
    refuse_token(stage);
    db_run(stage->db, "UPDATE bureau.bureau SET employee_token = employee_token");
    wait_pull(stage, BOOKS_CLIENT);
    refuse_token(stage);
    program_signal(daemon, SIGTERM);
    (void)program_wait(daemon, stage_ms(stage, 5));
    (void)stage_daemon(stage);
    wait_pull(stage, BOOKS_CLIENT);
}

/* What was never sealed is no token of a new key: it is refused, and the right one taken again. */
static void token_that_only_looks_sealed_is_refused_with_its_remedy(struct stage *stage)
{
    struct program *daemon = set_scene(stage, WORLD);
    db_run(stage->db, "UPDATE bureau.bureau SET employee_token = 'sealed:1:abc'");
    stage_wait(stage, 5,
               "SELECT state = 'failing' AND last_error ~ 'it is damaged' "
               "AND remedy ~ 'enter the token again' FROM bureau.status");
    AUTO_FREE char *log = program_err(daemon);
    stage_check_lacks(log, "under a new key");
    db_run(stage->db, "UPDATE bureau.bureau SET employee_token = 'test-bureau'");
    wait_pull(stage, BOOKS_CLIENT);
    books_wait_fresh(stage, 5);
}

static void token_that_another_bureau_has_too_serves_both(struct stage *stage)
{
    (void)set_scene(stage, WORLD);
    world_forget(stage->world);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Vest AS', 'test-bureau')");
    db_run(stage->db, "SELECT bureau.add_client('" NEW_CLIENT "', 'Ny Kunde AS', "
                      "bureau => 'Regnskap Vest AS')");
    books_wait_fresh(stage, 15);
    wait_pull(stage, BOOKS_CLIENT);
    assert_int_equal(world_requests(stage->world, "/token/session/:create"), 0);
}

/* The file of a reload: one more client, a row that is not its own, and nothing again. */
static void reload_takes_all_of_a_file_or_nothing(struct stage *stage)
{
    static const char MORE[] = "[client " NEW_CLIENT "]\nbureau = Regnskap Nord AS\n";
    static const char TAKEN[] = "[client " BOOKS_CLIENT "]\nbureau = Regnskap Nord AS\n";
    struct program *daemon = set_scene(stage, WORLD);
    stage_configure(stage,
                    &(struct stage_config){ .schedule = "pull_interval = 1s", .rest = MORE });
    program_signal(daemon, SIGHUP);
    wait_begun(stage, 5);
    books_wait_fresh(stage, 10);
    stage_configure(stage,
                    &(struct stage_config){ .schedule = "pull_interval = 2s", .rest = TAKEN });
    program_signal(daemon, SIGHUP);
    stage_wait_told(stage, daemon, 5, "The configuration was not reloaded");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM bureau.client WHERE enabled"), 2);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM bureau.client "
                                       "WHERE org_nr = '" BOOKS_CLIENT "' AND source = 'sql'"),
                     1);
    stage_configure(stage, &(struct stage_config){ .schedule = "pull_interval = 1s" });
    program_signal(daemon, SIGHUP);
    stage_wait(stage, 5,
               "SELECT state = 'disabled' FROM finale.client WHERE org_nr = '" NEW_CLIENT "'");
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.posting p JOIN finale.client c "
                                  "USING (client_id) WHERE c.org_nr = '" NEW_CLIENT "'") > 0);
}

/* The listening connection is cut: what changes meanwhile is found, and so is what changes later.
 */
static void register_is_followed_after_the_listener_was_cut(struct stage *stage)
{
    (void)set_scene(stage, WORLD);
    AUTO_FREE char *listener = db_text(
        stage->db, "SELECT min(pid) FROM pg_stat_activity WHERE datname = current_database() "
                   "AND application_name LIKE '%listen%'");
    assert_true(*listener);
    db_runf(stage->db, "SELECT pg_terminate_backend(%s)", listener);
    add_client(stage);
    wait_begun(stage, 3);
    books_wait_fresh(stage, 10);
    stage_wait(stage, 5,
               "SELECT count(*) = 1 FROM pg_stat_activity "
               "WHERE datname = current_database() "
               "AND application_name LIKE '%%listen%%' AND pid <> %s",
               listener);
    db_run(stage->db, "DELETE FROM bureau.client WHERE org_nr = '" NEW_CLIENT "'");
    add_client(stage);
    wait_begun(stage, 1);
    books_wait_fresh(stage, 10);
    books_check_equal(stage);
}

/* --- access --- */

static void client_without_access_says_so_and_recovers_when_it_is_granted(struct stage *stage)
{
    (void)set_scene(stage, WORLD);
    world_post(stage->world, "/access",
               "{\"token\": \"bureau\", \"orgNr\": \"" NEW_CLIENT "\", \"granted\": false}");
    add_client(stage);
    stage_wait(stage, 5,
               "SELECT state = 'no_access' FROM bureau.status "
               "WHERE org_nr = '" NEW_CLIENT "'");
    AUTO_FREE char *told = db_text(stage->db, "SELECT reason || '; ' || remedy FROM bureau.status "
                                              "WHERE org_nr = '" NEW_CLIENT "'");
    stage_check_has(told, "access");
    stage_check_has(told, "Klienttilgang");
    stage_check_has(told, "Standardrettigheter for regnskapsførere");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.client "
                                       "WHERE state = 'fresh' AND org_nr = '" BOOKS_CLIENT "'"),
                     1);
    world_post(stage->world, "/access",
               "{\"token\": \"bureau\", \"orgNr\": \"" NEW_CLIENT "\", \"granted\": true}");
    db_run(stage->db, "SELECT bureau.pull_now('" NEW_CLIENT "')");
    books_wait_fresh(stage, 10);
    books_check_equal(stage);
    /* Withdrawn, it is no empty company either. */
    int64_t postings = db_int(stage->db, "SELECT count(*) FROM finale.posting");
    world_post(stage->world, "/access",
               "{\"token\": \"bureau\", \"orgNr\": \"" NEW_CLIENT "\", \"granted\": false}");
    stage_wait(stage, 10,
               "SELECT state = 'no_access' FROM bureau.status "
               "WHERE org_nr = '" NEW_CLIENT "'");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.posting"), postings);
}

/* --- what vanishes --- */

static void salary_that_is_hidden_is_held_back_until_it_is_shown_again(struct stage *stage)
{
    (void)set_scene(stage, WORLD);
    add_client(stage);
    books_wait_fresh(stage, 10);
    int64_t postings = db_int(stage->db, "SELECT count(*) FROM finale.posting");
    world_post(stage->world, "/salary", "{\"orgNr\": \"" NEW_CLIENT "\", \"hidden\": true}");
    stage_wait(stage, 10,
               "SELECT state = 'held' FROM finale.client "
               "WHERE org_nr = '" NEW_CLIENT "'");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.posting"), postings);
    AUTO_FREE char *told = db_text(stage->db, "SELECT concat_ws('; ', reason, remedy) "
                                              "FROM bureau.status WHERE state = 'held'");
    stage_check_has(told, "confirm_vanish");
    wait_pull(stage, BOOKS_CLIENT);
    stage_wait(stage, 5,
               "SELECT state = 'fresh' AND verified FROM finale.client "
               "WHERE org_nr = '" BOOKS_CLIENT "'");
    world_post(stage->world, "/salary", "{\"orgNr\": \"" NEW_CLIENT "\", \"hidden\": false}");
    books_wait_fresh(stage, 10);
    books_check_equal(stage);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.posting"), postings);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, client_added_by_sql_is_pulled_within_a_second),
        STAGE_TEST(&stage, client_disabled_by_sql_is_left_alone_and_its_figures_stay),
        STAGE_TEST(&stage, client_deleted_by_sql_leaves_nothing),
        STAGE_TEST(&stage, a_number_that_is_another_company_by_now_is_left_alone),
        STAGE_TEST(&stage, token_rotated_by_sql_is_used_within_a_second),
        STAGE_TEST(&stage, token_entered_again_is_tried_at_once_with_its_clients),
        STAGE_TEST(&stage, token_that_only_looks_sealed_is_refused_with_its_remedy),
        STAGE_TEST(&stage, token_that_another_bureau_has_too_serves_both),
        STAGE_TEST(&stage, reload_takes_all_of_a_file_or_nothing),
        STAGE_TEST(&stage, register_is_followed_after_the_listener_was_cut),
        STAGE_TEST(&stage, client_without_access_says_so_and_recovers_when_it_is_granted),
        STAGE_TEST(&stage, salary_that_is_hidden_is_held_back_until_it_is_shown_again),
    };
    int failed = cmocka_run_group_tests_name("registry", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
