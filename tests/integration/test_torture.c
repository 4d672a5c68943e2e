/* Everything that can go wrong, in any order and while the books change; after each round the
 * mirror equals the truth, and what readers saw meanwhile always fitted together. The same again
 * without what a daemon cannot survive: it grows neither in memory nor in files.
 *
 * Each trouble once by default. SALDOD_TORTURE_SECONDS (make torture: 30 minutes) and
 * SALDOD_SOAK_SECONDS (make soak: an hour) go on for so long; SALDOD_TORTURE_SEED gives an order
 * again.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/faked_time.h"
#include "tests/integration/stage.h"
#include "tests/integration/trouble.h"

enum { SEED = 1, TROUBLES_MAX = 64, TROUBLES_A_ROUND = 6, LASTS_MS = 1500, BACK_S = 60 };

enum {
    SOAK_LONG_S = 600,       /* after that, what is needed once has been needed */
    SOAK_MEMORY_KIB = 65536, /* more would be strange at any time */
    SOAK_GROWTH_KIB = 1024,  /* and a twentieth: what the allocator may hold otherwise */
    SOAK_FILES_MORE = 16,    /* connections that happen to be open */
    SOAK_SAMPLES_MAX = 4096,
};

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
    int is_soft; /* none that a daemon cannot survive */
};

static void shuffle(struct deck *deck)
{
    for (int i = 0; i < trouble_count(); i++) {
        if (!deck->is_soft || !TROUBLES[i].is_hard)
            deck->cards[deck->left++] = i;
    }
}

static const struct trouble *draw(struct deck *deck)
{
    if (deck->left == 0)
        shuffle(deck);
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

static void seed_chance(void)
{
    int seed = number_of("SALDOD_TORTURE_SEED", SEED);
    assert_in_range(trouble_count(), 1, TROUBLES_MAX);
    print_message("SALDOD_TORTURE_SEED=%d\n", seed);
    srandom((unsigned)seed);
}

static void have_round(struct trouble_scene *scene, struct deck *deck, int round)
{
    world_post(scene->stage->world, "/mutate_every", "{\"requests\": 3, \"count\": 1}");
    for (int i = 0; i < TROUBLES_A_ROUND; i++)
        have_trouble(scene, draw(deck));
    check_is_well(scene, round);
}

static void whatever_happens_the_mirror_is_right(struct stage *stage)
{
    AUTO_FREE char *path = folder_file(stage->folder, "clock");
    struct trouble_scene scene = { .stage = stage };
    struct deck deck = { .left = 0 };
    int seconds = number_of("SALDOD_TORTURE_SECONDS", 0);
    int rounds = 0;
    seed_chance();
    if (!faked_time_missing())
        scene.clock = faked_time_new(path);
    set_scene(&scene);
    stage_read(stage);
    int64_t until_ms = process_now_ms() + (int64_t)seconds * 1000;
    do {
        have_round(&scene, &deck, ++rounds);
    } while (deck.left > 0 || process_now_ms() < until_ms);
    struct reader_result read = stage_read_end(stage);
    print_message("%d rounds, readers looked %d times\n", rounds, read.looks);
    program_signal(scene.daemon, SIGTERM);
    assert_int_equal(program_wait(scene.daemon, stage_ms(stage, 20)), 0);
    faked_time_free(scene.clock);
}

/* --- the same daemon all the while --- */

static int memory_kib(const struct program *daemon)
{
    char line[256];
    int kib = 0;
    AUTO_FREE char *path = mem_printf("/proc/%d/status", program_id(daemon));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = (int)strtol(line + 6, NULL, 10);
    }
    (void)fclose(file);
    return kib;
}

static int open_files(const struct program *daemon)
{
    int count = 0;
    AUTO_FREE char *path = mem_printf("/proc/%d/fd", program_id(daemon));
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    (void)closedir(folder);
    return count;
}

static void count_pulls(struct stage *stage)
{
    db_run(stage->db, "CREATE TABLE public.pull (n bigint NOT NULL)");
    db_run(stage->db, "INSERT INTO public.pull VALUES (0)");
    db_run(stage->db, "CREATE FUNCTION public.count_pull() RETURNS trigger LANGUAGE plpgsql "
                      "SECURITY DEFINER SET search_path = '' AS "
                      "'BEGIN UPDATE public.pull SET n = n + 1; RETURN NULL; END'");
    db_run(stage->db, "CREATE TRIGGER count_pull AFTER UPDATE OF last_success_at "
                      "ON sync.client_state FOR EACH ROW EXECUTE FUNCTION public.count_pull()");
}

/* After each round of a quarter of the time. */
struct samples {
    int kib[SOAK_SAMPLES_MAX], count;
};

static void note_memory(struct samples *quarters, int kib, int64_t quarter)
{
    struct samples *samples = &quarters[quarter < 3 ? quarter : 3];
    if (samples->count < SOAK_SAMPLES_MAX)
        samples->kib[samples->count++] = kib;
}

static int compare_kib(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* What is held for a moment, while a large answer is read, is no growth. */
static int median_kib(struct samples *samples)
{
    assert_in_range(samples->count, 1, SOAK_SAMPLES_MAX);
    qsort(samples->kib, (size_t)samples->count, sizeof(samples->kib[0]), compare_kib);
    return samples->kib[samples->count / 2];
}

static void check_growth(struct samples *quarters)
{
    int early_kib = median_kib(&quarters[1]), late_kib = median_kib(&quarters[3]);
    print_message("medians: %d KiB in the second quarter, %d in the last\n", early_kib, late_kib);
    assert_in_range(late_kib, 1, early_kib + early_kib / 20 + SOAK_GROWTH_KIB);
}

static void a_daemon_that_lives_on_does_not_grow(struct stage *stage)
{
    struct trouble_scene scene = { .stage = stage };
    struct deck deck = { .is_soft = 1 };
    struct samples quarters[4] = { { .count = 0 } };
    int seconds = number_of("SALDOD_SOAK_SECONDS", 0);
    int rounds = 0, kib = 0;
    seed_chance();
    set_scene(&scene);
    count_pulls(stage);
    int files = open_files(scene.daemon);
    int64_t begun_ms = process_now_ms();
    int64_t until_ms = begun_ms + (int64_t)seconds * 1000;
    do {
        have_round(&scene, &deck, ++rounds);
        kib = memory_kib(scene.daemon);
        if (seconds > 0)
            note_memory(quarters, kib, (process_now_ms() - begun_ms) * 4 / (seconds * 1000));
        print_message("  %d KiB, %d files\n", kib, open_files(scene.daemon));
        if (stage->slack == 1) /* a sanitizer keeps what was freed */
            assert_in_range(kib, 1, SOAK_MEMORY_KIB);
    } while ((seconds == 0 && rounds < 2) || process_now_ms() < until_ms);
    print_message("%d rounds, %lld pulls, %d KiB\n", rounds,
                  (long long)db_int(stage->db, "SELECT n FROM public.pull"), kib);
    if (seconds >= SOAK_LONG_S)
        check_growth(quarters);
    assert_in_range(open_files(scene.daemon), 1, files + SOAK_FILES_MORE);
    program_signal(scene.daemon, SIGTERM);
    assert_int_equal(program_wait(scene.daemon, stage_ms(stage, 20)), 0);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, whatever_happens_the_mirror_is_right),
        STAGE_TEST(&stage, a_daemon_that_lives_on_does_not_grow),
    };
    int failed = cmocka_run_group_tests_name("torture", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
