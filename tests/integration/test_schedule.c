/* Whose turn it is, with the real daemon: what one client or one bureau does never makes others
 * wait. */
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/fleet.h"
#include "tests/integration/stage.h"

#define RARELY "master_interval = 1d\ncold_interval = 1d\nhistory_years = 0\n"
#define LEDGER_ALONE "[mirror]\nresources = none\n"

/* SALDOD_TEST_POSTINGS makes the large client larger: 500000 in make check-scale. */
enum { BIG_POSTINGS = 40000, SMALL_CLIENTS = 50, INTERVAL_MS = 3000 };

/* `database` holds lines of its section. */
static void set_scene(struct stage *stage, const struct fleet *fleet, const char *database,
                      const char *schedule)
{
    const struct stage_config config = { .database = database,
                                         .schedule = schedule,
                                         .rest = LEDGER_ALONE };
    AUTO_FREE char *json = fleet_world(fleet);
    (void)stage_world(stage, json);
    stage_configure(stage, &config);
    fleet_register(fleet, stage->db);
}

/* Every client has all its years, and one whole pull after its first load behind it. */
static void wait_settled(struct stage *stage, int clients, double seconds)
{
    stage_wait(stage, seconds,
               "SELECT (SELECT count(*) FROM finale.client WHERE state = 'fresh') = %d AND (SELECT "
               "count(*) FROM sync.list WHERE resource = 'opening' AND variant = 'recheck') = %d",
               clients, clients);
}

/* How long ago the oldest of these clients was confirmed. */
static int64_t oldest_ms(struct stage *stage, const char *where)
{
    AUTO_FREE char *age = db_textf(
        stage->db,
        "SELECT coalesce((extract(epoch FROM clock_timestamp() - min(fresh_as_of)) "
        "* 1000)::bigint, 0) FROM finale.client WHERE %s",
        where);
    return strtoll(age, NULL, 10);
}

/* The oldest that any of them was at any moment of these seconds. */
static int64_t watch_oldest_ms(struct stage *stage, double seconds, const char *where)
{
    int64_t until_ms = process_now_ms() + stage_ms(stage, seconds);
    int64_t worst_ms = 0;
    while (process_now_ms() < until_ms) {
        int64_t begun_ms = process_now_ms(), age_ms = oldest_ms(stage, where);
        worst_ms = age_ms > worst_ms ? age_ms : worst_ms;
        process_pause_after(begun_ms);
    }
    return worst_ms;
}

/* --- a bureau that hangs --- */

static void a_bureau_that_hangs_keeps_no_other_waiting(struct stage *stage)
{
    static const struct fleet FLEET = { .bureaus = 2, .clients = 24, .postings = 20, .years = 1 };
    set_scene(stage, &FLEET, NULL, "pull_interval = 1s\n" RARELY);
    (void)stage_daemon(stage);
    wait_settled(stage, FLEET.clients, 60);
    for (int i = 0; i < FLEET.clients; i += FLEET.bureaus) {
        char org_nr[FLEET_ORG_NR_BYTES];
        fleet_org_nr(i, org_nr);
        world_post(stage->world, "/fault", "{\"kind\": \"hang\", \"orgNr\": \"%s\"}", org_nr);
    }
    int64_t worst_ms = watch_oldest_ms(stage, 12, "bureau = 'B1'");
    print_message("a bureau hangs: the other's clients were %lld ms old at most\n",
                  (long long)worst_ms);
    assert_true(oldest_ms(stage, "bureau = 'B0'") > 10000); /* it did hang */
    assert_in_range(worst_ms, 0, stage_ms(stage, 8));
}

/* --- a large first load --- */

static int big_postings(void)
{
    const char *told = getenv("SALDOD_TEST_POSTINGS");
    return told ? (int)strtol(told, NULL, 10) : BIG_POSTINGS;
}

static int is_loading(struct stage *stage, const char *org_nr)
{
    AUTO_FREE char *state = db_textf(stage->db,
                                     "SELECT state FROM finale.client WHERE org_nr = '%s'", org_nr);
    return strcmp(state, "fresh") != 0;
}

/* Small clients are there first; the large one comes to the same token. */
static void small_clients_stay_fresh_beside_a_large_first_load(struct stage *stage)
{
    const struct fleet fleet = { .bureaus = 1,
                                 .clients = SMALL_CLIENTS + 1,
                                 .postings = 20,
                                 .big_postings = big_postings(),
                                 .years = 1 };
    char big[FLEET_ORG_NR_BYTES];
    int64_t worst_ms = 0, begun_ms;
    fleet_org_nr(0, big);
    set_scene(stage, &fleet, NULL, "pull_interval = 3s\n" RARELY);
    db_runf(stage->db, "UPDATE bureau.client SET enabled = false WHERE org_nr = '%s'", big);
    (void)stage_daemon(stage);
    wait_settled(stage, SMALL_CLIENTS, 60);
    db_runf(stage->db, "UPDATE bureau.client SET enabled = true WHERE org_nr = '%s'", big);
    begun_ms = process_now_ms();
    while (is_loading(stage, big)) {
        AUTO_FREE char *others = mem_printf("org_nr <> '%s'", big);
        int64_t age_ms = watch_oldest_ms(stage, 0.2, others);
        worst_ms = age_ms > worst_ms ? age_ms : worst_ms;
        assert_in_range(process_now_ms() - begun_ms, 0, stage_ms(stage, 600));
    }
    print_message(
        "%d postings loaded in %lld ms; the 50 others, asked every 3 s, were %lld ms old at "
        "most\n",
        fleet.big_postings, (long long)(process_now_ms() - begun_ms), (long long)worst_ms);
    assert_in_range(worst_ms, 0, 2 * INTERVAL_MS * stage->slack);
    assert_true(db_int(stage->db, "SELECT bool_and(verified)::int FROM finale.client") == 1);
}

/* More than one list holds, so that there are parts to count. */
static void a_first_load_tells_how_far_it_is(struct stage *stage)
{
    const struct fleet fleet = { .bureaus = 1, .clients = 1, .postings = 12000, .years = 1 };
    set_scene(stage, &fleet, NULL, "pull_interval = 1h\n" RARELY);
    world_post(stage->world, "/fault",
               "{\"kind\": \"delay\", \"delayMs\": 200, \"path\": \"/ledger/posting\"}");
    (void)stage_daemon(stage);
    stage_wait(stage, 30,
               "SELECT loading_percent BETWEEN 1 AND 98 AND loaded_rows > 0 "
               "AND reason LIKE 'first load: %%' FROM bureau.status");
    world_post(stage->world, "/faults/clear", "{}");
    wait_settled(stage, 1, 30);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM bureau.status "
                                       "WHERE loading_percent IS NULL AND loaded_rows >= postings"),
                     1);
}

/* --- a budget that does not suffice --- */

enum { CROWD = 200, LIMIT = 360, LEAVE_PERCENT = 20, WINDOW_MS = 6000, WATCHED_MS = 18000 };

static int count_answers(struct stage *stage, const char *status)
{
    AUTO_FREE char *log = world_get(stage->world, "/requests");
    AUTO_FREE char *wanted = mem_printf("\"status\":%s,", status);
    int count = 0;
    for (const char *at = log; (at = strstr(at, wanted)); at++)
        count++;
    return count;
}

/* Between two looks at a client, every other one was looked at. */
static void check_in_turn(const struct fleet *fleet, struct world *world)
{
    int count = 0, seen_at[CROWD], since[CROWD] = { 0 };
    AUTO_FREE int *asked = fleet_asked(fleet, world, &count);
    int worst = CROWD;
    for (int i = 0; i < CROWD; i++)
        seen_at[i] = -1;
    for (int i = 0; i < count; i++) {
        int client = asked[i];
        if (client < 0)
            continue;
        if (seen_at[client] >= 0 && i - seen_at[client] < worst)
            worst = i - seen_at[client];
        seen_at[client] = i;
        since[client]++;
    }
    int least = since[0], most = since[0];
    for (int i = 0; i < CROWD; i++) {
        least = since[i] < least ? since[i] : least;
        most = since[i] > most ? since[i] : most;
    }
    print_message("%d to %d looks at each client, between two of one at least %d at others\n",
                  least, most, worst - 1);
    /* Looks that run side by side, up to TURNS_PER_TOKEN_MAX, are answered and end in any order. */
    assert_in_range(most - least, 0, 2);
    assert_true(worst >= CROWD / 2);
}

static void a_budget_is_used_and_never_overdrawn_and_all_take_turns(struct stage *stage)
{
    static const struct fleet FLEET = { .bureaus = 1, .clients = CROWD, .postings = 4, .years = 1 };
    set_scene(stage, &FLEET, NULL, "pull_interval = 1s\n" RARELY);
    (void)stage_daemon(stage);
    wait_settled(stage, FLEET.clients, 120);
    world_post(stage->world, "/budget", "{\"limit\": %d, \"windowSeconds\": %d}", LIMIT,
               WINDOW_MS / 1000);
    world_forget(stage->world);
    int64_t begun_ms = process_now_ms();
    (void)watch_oldest_ms(stage, (double)WATCHED_MS / 1000 / stage->slack, "true");
    int64_t took_ms = process_now_ms() - begun_ms;
    int64_t used = world_requests(stage->world, NULL);
    int64_t windows = took_ms / WINDOW_MS;
    int64_t usable = windows * LIMIT * (100 - LEAVE_PERCENT) / 100;
    int refused = count_answers(stage, "429");
    print_message("%lld requests in %lld windows, %lld might have been made; %d were refused\n",
                  (long long)used, (long long)windows, (long long)usable, refused);
    assert_int_equal(refused, 0);
    assert_in_range(used, usable * 3 / 4, usable + LIMIT * (100 - LEAVE_PERCENT) / 100);
    check_in_turn(&FLEET, stage->world);
}

/* --- many --- */

/* SALDOD_TEST_CLIENTS of one bureau, and two in five as many bureaus with a client each; 5000 in
 * make check-scale. */
enum { MANY_CLIENTS = 150, LOOKS_PER_S = 60, ROUNDS = 2 };

static int many_clients(void)
{
    const char *told = getenv("SALDOD_TEST_CLIENTS");
    return told ? (int)strtol(told, NULL, 10) : MANY_CLIENTS;
}

static int interval_s(const struct fleet *fleet)
{
    int seconds = fleet->clients / LOOKS_PER_S;
    return seconds < 5 ? 5 : seconds;
}

/* The daemon of a fleet that is loaded: its sessions are taken up, and none is made. */
static void start_again(struct stage *stage, struct program *daemon, const struct fleet *fleet)
{
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 20)), 0);
    world_forget(stage->world);
    int64_t begun_ms = process_now_ms();
    daemon = stage_daemon(stage);
    stage_wait_told(stage, daemon, 20, "is ready");
    print_message("%d clients of %d bureaus: ready again in %lld ms\n", fleet->clients,
                  fleet->bureaus, (long long)(process_now_ms() - begun_ms));
    AUTO_FREE char *now = db_text(stage->db, "SELECT clock_timestamp()");
    stage_wait(stage, 2 * interval_s(fleet) + 10,
               "SELECT count(*) = %d FROM finale.client WHERE fresh_as_of > '%s'", fleet->clients,
               now);
    assert_int_equal(world_requests(stage->world, "/token/session/:create"), 0);
}

/* Each client is asked at its interval, and nothing else is. */
static void check_idle(struct stage *stage, const struct fleet *fleet)
{
    int count = 0, most = 0, least = INT_MAX;
    world_forget(stage->world);
    (void)watch_oldest_ms(stage, (double)ROUNDS * interval_s(fleet) / stage->slack, "true");
    AUTO_FREE int *asked = fleet_asked(fleet, stage->world, &count);
    AUTO_FREE int *looks = mem_new((size_t)fleet->clients, sizeof(*looks));
    for (int i = 0; i < count; i++) {
        if (asked[i] >= 0)
            looks[asked[i]]++;
    }
    for (int i = 0; i < fleet->clients; i++) {
        most = looks[i] > most ? looks[i] : most;
        least = looks[i] < least ? looks[i] : least;
    }
    print_message("%d clients of %d bureaus, %d s idle: %d requests, %d to %d of a client\n",
                  fleet->clients, fleet->bureaus, ROUNDS * interval_s(fleet), count, least, most);
    assert_in_range(least, ROUNDS - 1, ROUNDS + 1);
    assert_in_range(most, ROUNDS, ROUNDS + 1);
    assert_in_range(count, fleet->clients, fleet->clients * ROUNDS * 5 / 4);
}

static void check_fleet(struct stage *stage, const struct fleet *fleet)
{
    AUTO_FREE char *schedule = mem_printf("pull_interval = %ds\n" RARELY, interval_s(fleet));
    int64_t begun_ms = process_now_ms();
    set_scene(stage, fleet, "connections = 16", schedule);
    struct program *daemon = stage_daemon(stage);
    wait_settled(stage, fleet->clients, 60 + fleet->clients / 4);
    print_message("%d clients of %d bureaus settled in %lld ms\n", fleet->clients, fleet->bureaus,
                  (long long)(process_now_ms() - begun_ms));
    check_idle(stage, fleet);
    start_again(stage, daemon, fleet);
}

static void many_bureaus_of_one_client_settle_and_idle(struct stage *stage)
{
    int bureaus = many_clients() * 2 / 5;
    check_fleet(stage, &(struct fleet){
                           .bureaus = bureaus, .clients = bureaus, .postings = 8, .years = 1 });
}

static void one_bureau_of_many_clients_settles_and_idles(struct stage *stage)
{
    check_fleet(stage, &(struct fleet){
                           .bureaus = 1, .clients = many_clients(), .postings = 8, .years = 1 });
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, a_bureau_that_hangs_keeps_no_other_waiting),
        STAGE_TEST(&stage, small_clients_stay_fresh_beside_a_large_first_load),
        STAGE_TEST(&stage, a_first_load_tells_how_far_it_is),
        STAGE_TEST(&stage, a_budget_is_used_and_never_overdrawn_and_all_take_turns),
        STAGE_TEST(&stage, many_bureaus_of_one_client_settle_and_idle),
        STAGE_TEST(&stage, one_bureau_of_many_clients_settles_and_idles),
    };
    int failed = cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
