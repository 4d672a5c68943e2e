/* Everything that can go wrong, in any order and while the books change; after each round the
 * mirror equals the truth, and what readers saw meanwhile always fitted together.
 *
 * Each trouble once by default. SALDOD_TORTURE_SECONDS (make torture: 30 minutes) goes on for so
 * long; SALDOD_TORTURE_SEED gives an order again.
 */
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
#include "tests/integration/books.h"
#include "tests/integration/faked_time.h"
#include "tests/integration/stage.h"
#include "tests/integration/trouble.h"

enum { SEED = 1, TROUBLES_MAX = 64, TROUBLES_A_ROUND = 6, LASTS_MS = 1500, BACK_S = 60 };

static int number_of(const char *name, int otherwise)
{
    const char *told = getenv(name);
    return told ? (int)strtol(told, NULL, 10) : otherwise;
}

static void set_scene(struct trouble_scene *scene)
{
    struct stage *stage = scene->stage;
    (void)stage_world(stage, BOOKS_WORLD);
    AUTO_FREE char *single = books_single(stage);
    const struct stage_config config = { .tripletex = "timeout = 2s",
                                         .schedule = "pull_interval = 1s\nmaster_interval = 5s\n"
                                                     "cold_interval = 2s",
                                         .rest = single };
    stage_configure(stage, &config);
    books_register(stage);
    trouble_start_daemon(scene);
    books_wait_fresh(stage, 60);
}

static void last(int64_t ms)
{
    int64_t until_ms = process_now_ms() + ms;
    while (process_now_ms() < until_ms)
        process_pause();
}

/* The server may have ended our connection, too, or be about to. */
static void connect_again(struct stage *stage)
{
    int64_t until_ms = process_now_ms() + stage_ms(stage, 20);
    do {
        process_pause();
        PQreset(stage->db);
    } while (PQstatus(stage->db) != CONNECTION_OK && process_now_ms() < until_ms);
}

static void have_trouble(struct trouble_scene *scene, const struct trouble *trouble)
{
    print_message("  %s\n", trouble->name);
    trouble->begin(scene, trouble->detail);
    last(random() % LASTS_MS);
    if (trouble->end)
        trouble->end(scene);
    connect_again(scene->stage);
}

/* All of them, in another order each time. */
struct deck {
    int cards[TROUBLES_MAX], left;
};

static const struct trouble *draw(struct deck *deck)
{
    if (deck->left == 0) {
        deck->left = trouble_count();
        for (int i = 0; i < deck->left; i++)
            deck->cards[i] = i;
    }
    int at = (int)(random() % deck->left);
    int card = deck->cards[at];
    deck->cards[at] = deck->cards[--deck->left];
    return &TROUBLES[card];
}

/* Fresh and proven. A voucher may have got rows before the horizon on the way, which are not
 * mirrored: what is left of it need not sum to 0. */
static void wait_proven(struct stage *stage)
{
    stage_wait(stage, BACK_S,
               "SELECT count(*) > 0 AND bool_and(state = 'fresh') "
               "AND NOT EXISTS (SELECT FROM finale.saldo_proof WHERE difference <> 0) "
               "AND NOT EXISTS (SELECT FROM finale.opening_difference) FROM finale.client");
    AUTO_FREE char *vouchers = db_text(stage->db, "SELECT coalesce(string_agg(org_nr || ' ' || "
                                                  "voucher_id || ' ' || difference, ', '), '') "
                                                  "FROM finale.voucher_difference WHERE counted");
    if (*vouchers)
        print_message("  vouchers with rows elsewhere: %s\n", vouchers);
}

static void check_is_well(struct trouble_scene *scene, int round)
{
    int64_t begun_ms = process_now_ms();
    world_post(scene->stage->world, "/mutate_every", "{\"requests\": 0}");
    books_wait_equal(scene->stage, BACK_S);
    wait_proven(scene->stage);
    assert_true(program_is_alive(scene->daemon));
    print_message("round %d: equal and fresh after %lld ms\n", round,
                  (long long)(process_now_ms() - begun_ms));
}

static void whatever_happens_the_mirror_is_right(struct stage *stage)
{
    AUTO_FREE char *path = folder_file(stage->folder, "clock");
    struct trouble_scene scene = { .stage = stage };
    struct deck deck = { .left = 0 };
    int seconds = number_of("SALDOD_TORTURE_SECONDS", 0);
    int seed = number_of("SALDOD_TORTURE_SEED", SEED);
    int rounds = 0;
    assert_in_range(trouble_count(), 1, TROUBLES_MAX);
    print_message("SALDOD_TORTURE_SEED=%d\n", seed);
    srandom((unsigned)seed);
    if (!faked_time_missing())
        scene.clock = faked_time_new(path);
    set_scene(&scene);
    stage_read(stage);
    int64_t until_ms = process_now_ms() + (int64_t)seconds * 1000;
    do {
        world_post(stage->world, "/mutate_every", "{\"requests\": 3, \"count\": 1}");
        for (int i = 0; i < TROUBLES_A_ROUND; i++)
            have_trouble(&scene, draw(&deck));
        check_is_well(&scene, ++rounds);
    } while (deck.left > 0 || process_now_ms() < until_ms);
    struct reader_result read = stage_read_end(stage);
    print_message("%d rounds, readers looked %d times\n", rounds, read.looks);
    program_signal(scene.daemon, SIGTERM);
    assert_int_equal(program_wait(scene.daemon, stage_ms(stage, 20)), 0);
    faked_time_free(scene.clock);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, whatever_happens_the_mirror_is_right),
    };
    int failed = cmocka_run_group_tests_name("torture", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
