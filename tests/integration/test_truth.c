/* Rounds of changes, with and without checksums that serve: after each the mirror equals the truth.
 *
 * Three rounds a mode by default; SALDOD_TEST_ROUNDS sets another number (make check-truth: 200).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/integration/books.h"
#include "tests/integration/stage.h"

enum { ROUNDS = 3, CHANGES_A_ROUND = 20 };

static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"811126489\", \"name\": \"Nordlys ANS\", \"seed\": 2,"
    "  \"postingsPerYear\": 1200 } ],"
    "\"tokens\": [{ \"employeeToken\": \"test-single\", \"name\": \"single\","
    "  \"kind\": \"company\", \"orgNr\": \"811126489\" } ] }";

#define ALL_SOON "pull_interval = 1s\nmaster_interval = 1s\ncold_interval = 1s\n"

static int rounds(void)
{
    const char *told = getenv("SALDOD_TEST_ROUNDS");
    int count = told ? (int)strtol(told, NULL, 10) : ROUNDS;
    return count > 0 ? count : ROUNDS;
}

static void set_scene(struct stage *stage, const char *schedule)
{
    (void)stage_world(stage, WORLD);
    AUTO_FREE char *single = books_single(stage);
    const struct stage_config config = { .schedule = schedule, .rest = single };
    stage_configure(stage, &config);
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 30);
}

/* Every other round things move while it reads, too: between two pages, and before each answer. */
static void change(struct stage *stage, int round)
{
    if (round % 2 == 1)
        world_post(stage->world, "/mutate_every", "{\"requests\": 2, \"count\": 1}");
    world_post(stage->world, "/mutate", "{\"orgNr\": \"" BOOKS_SINGLE "\", \"count\": %d}",
               CHANGES_A_ROUND);
    db_run(stage->db, "SELECT bureau.pull_now('" BOOKS_SINGLE "')");
    if (round % 2 == 1) {
        AUTO_FREE char *now = db_text(stage->db, "SELECT clock_timestamp()");
        stage_wait(stage, 30, "SELECT EXISTS (SELECT FROM sync.\"order\" WHERE done_at > '%s')",
                   now);
        world_post(stage->world, "/mutate_every", "{\"requests\": 0}");
    }
}

static void run_rounds(struct stage *stage, const char *mode, int count)
{
    world_post(stage->world, "/checksum", "{\"mode\": \"%s\"}", mode);
    for (int round = 0; round < count; round++) {
        change(stage, round);
        books_wait_equal(stage, 60);
    }
    print_message("%d rounds of %d changes, checksums %s: equal each time\n", count,
                  CHANGES_A_ROUND, mode);
}

/* --- with checksums --- */

static void rounds_of_changes_end_equal(struct stage *stage)
{
    set_scene(stage, ALL_SOON);
    run_rounds(stage, "normal", rounds());
    books_wait_fresh(stage, 30);
}

/* --- without --- */

static void wait_fault(struct stage *stage, int is_there)
{
    stage_wait(stage, 30,
               "SELECT EXISTS (SELECT FROM sync.list WHERE resource = 'digest' "
               "AND fault IS NOT NULL) = %s",
               is_there ? "true" : "false");
}

static void check_without(struct stage *stage, const char *mode)
{
    set_scene(stage, ALL_SOON);
    run_rounds(stage, mode, rounds());
    wait_fault(stage, 1);
    books_wait_fresh(stage, 30);
}

static void rounds_without_checksums_end_equal(struct stage *stage)
{
    check_without(stage, "null");
}

static void rounds_with_random_checksums_end_equal(struct stage *stage)
{
    check_without(stage, "random");
}

static void rounds_with_one_checksum_for_all_end_equal(struct stage *stage)
{
    check_without(stage, "constant");
}

/* The digest sent that comes back says "unchanged" as well as a 304 does. */
static void rounds_without_304_end_equal(struct stage *stage)
{
    set_scene(stage, ALL_SOON);
    run_rounds(stage, "never304", rounds());
    stage_wait(stage, 30, "SELECT reason LIKE '%%never answers 304%%' FROM bureau.status");
    books_wait_fresh(stage, 30);
    world_post(stage->world, "/checksum", "{\"mode\": \"normal\"}");
    wait_fault(stage, 0);
    stage_wait(stage, 30, "SELECT reason IS NULL FROM bureau.status");
}

static void checksums_are_taken_up_again_when_they_serve(struct stage *stage)
{
    set_scene(stage, ALL_SOON "recheck_interval = 3s\n");
    world_post(stage->world, "/checksum", "{\"mode\": \"null\"}");
    wait_fault(stage, 1);
    world_post(stage->world, "/checksum", "{\"mode\": \"normal\"}");
    wait_fault(stage, 0);
    run_rounds(stage, "normal", ROUNDS);
}

/* A recheck reads everything, and would find nothing wrong with them: "unchanged" again is what
 * they always say. */
static void one_checksum_for_all_is_not_trusted_after_a_recheck(struct stage *stage)
{
    set_scene(stage, ALL_SOON "recheck_interval = 3s\n");
    run_rounds(stage, "constant", 1);
    wait_fault(stage, 1);
    for (int i = 0; i < 2; i++) {
        AUTO_FREE char *now = db_text(stage->db, "SELECT clock_timestamp()");
        stage_wait(stage, 30,
                   "SELECT EXISTS (SELECT FROM sync.list WHERE resource = 'opening' "
                   "AND variant = 'recheck' AND asked_at > '%s')",
                   now);
    }
    wait_fault(stage, 1);
    run_rounds(stage, "constant", 1);
}

/* --- checksums that lie --- */

static void a_checksum_that_lies_is_caught_by_the_recheck(struct stage *stage)
{
    set_scene(stage, ALL_SOON "recheck_interval = 5s\n");
    world_post(stage->world, "/checksum", "{\"mode\": \"frozen\"}");
    world_post(stage->world, "/mutate",
               "{\"orgNr\": \"" BOOKS_SINGLE "\", \"count\": %d,"
               " \"kinds\": [\"new\", \"amount\", \"text\", \"delete\", \"row_date\"]}",
               CHANGES_A_ROUND);
    books_wait_equal(stage, 40);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, rounds_of_changes_end_equal),
        STAGE_TEST(&stage, rounds_without_checksums_end_equal),
        STAGE_TEST(&stage, rounds_with_random_checksums_end_equal),
        STAGE_TEST(&stage, rounds_with_one_checksum_for_all_end_equal),
        STAGE_TEST(&stage, rounds_without_304_end_equal),
        STAGE_TEST(&stage, checksums_are_taken_up_again_when_they_serve),
        STAGE_TEST(&stage, one_checksum_for_all_is_not_trusted_after_a_recheck),
        STAGE_TEST(&stage, a_checksum_that_lies_is_caught_by_the_recheck),
    };
    int failed = cmocka_run_group_tests_name("truth", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
