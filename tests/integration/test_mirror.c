/* The mirror against the truth: first load, changes while it runs, changes between two requests. */
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

enum {
    PORTIONS = 30,
    CHANGES_EACH = 10, /* 300 changes in all */
};

/* Headers of vouchers, and what lies before the horizon, have intervals of their own. */
#define EVERY_SECOND "pull_interval = 1s\nmaster_interval = 2s\ncold_interval = 2s"

static void set_scene(struct stage *stage, const char *schedule)
{
    (void)stage_world(stage, BOOKS_WORLD);
    AUTO_FREE char *single = books_single(stage);
    const struct stage_config config = { .schedule = schedule, .rest = single };
    stage_configure(stage, &config);
    books_register(stage);
}

static void check_requests(struct stage *stage)
{
    AUTO_FREE char *violations = world_get(stage->world, "/violations");
    if (!strstr(violations, "\"count\":0,"))
        fail_msg("requests that no correct client sends: %.2000s", violations);
    AUTO_FREE char *requests = world_get(stage->world, "/requests");
    const char *values[] = { requests };
    AUTO_FREE char *agents = db_ask(stage->db,
                                    "SELECT string_agg(DISTINCT r ->> 'userAgent', ' ') "
                                    "FROM jsonb_array_elements($1::jsonb -> 'requests') r",
                                    1, values);
    assert_string_equal(agents, "saldod/" SALDOD_VERSION);
}

/* Ends the daemon in the way of a service manager. */
static void end_daemon(struct stage *stage, struct program *daemon)
{
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
}

/* --- first load --- */

static void check_texts(struct stage *stage)
{
    static const char *const FORMS[] = { "'%\"%'",        "E'%\\t%'",         "E'%\\n%'",
                                         "E'%\\\\\\\\%'", "E'%\\U0001F41F%'", "'%''%'" };
    for (size_t i = 0; i < ARRAY_LEN(FORMS); i++) {
        AUTO_FREE char *count = db_textf(
            stage->db, "SELECT count(*) FROM finale.posting WHERE description LIKE %s", FORMS[i]);
        if (strcmp(count, "0") == 0)
            fail_msg("no text like %s: the world is too tame", FORMS[i]);
    }
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.posting WHERE amount < 0") > 0);
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.posting WHERE amount = 0") > 0);
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.posting WHERE currency <> 'NOK'") >
                0);
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.posting "
                                  "WHERE abs(amount) = 9999999999.99") > 0);
}

static void first_load_equals_the_truth_within_20_s(struct stage *stage)
{
    set_scene(stage, NULL);
    int64_t begun_ms = process_now_ms();
    struct program *daemon = stage_daemon(stage);
    stage_wait(stage, 20,
               "SELECT count(*) = 4 AND bool_and(state = 'fresh' AND verified) "
               "FROM finale.client");
    print_message("four clients are fresh and verified after %lld ms\n",
                  (long long)(process_now_ms() - begun_ms));
    books_check_equal(stage);
    assert_true(db_int(stage->db, "SELECT min(postings) FROM bureau.status") >= 5000);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.saldo_proof "
                                       "WHERE difference <> 0"),
                     0);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.year "
                                       "WHERE NOT verified OR differences <> 0"),
                     0);
    check_texts(stage);
    check_requests(stage);
    end_daemon(stage, daemon);
}

/* --- changes while it runs --- */

/* Until every client was pulled once more. */
static void wait_pulls(struct stage *stage)
{
    AUTO_FREE char *now = db_text(stage->db, "SELECT clock_timestamp()");
    stage_wait(stage, 30, "SELECT bool_and(last_pull_at > '%s') FROM sync.client_state", now);
}

static void check_deleted(struct stage *stage)
{
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.deleted_posting "
                                       "WHERE reason NOT IN ('voucher_deleted', 'voucher_edited') "
                                       "OR reason IS NULL OR seen_gone_at IS NULL"),
                     0);
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.deleted_posting "
                                  "WHERE reason = 'voucher_deleted'") > 0);
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.deleted_posting "
                                  "WHERE reason = 'voucher_edited'") > 0);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.deleted_posting d "
                                       "JOIN finale.posting p USING (client_id, posting_id)"),
                     0);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.deleted_posting d "
                                       "JOIN finale.voucher v USING (client_id, voucher_id) "
                                       "WHERE d.reason = 'voucher_deleted'"),
                     0);
}

static void change_books(struct stage *stage)
{
    for (int i = 0; i < PORTIONS; i++) {
        world_post(stage->world, "/mutate", "{\"orgNr\": \"all\", \"count\": %d, \"seed\": %d}",
                   CHANGES_EACH, 100 + i);
        if (i % 10 == 9)
            wait_pulls(stage);
    }
}

static void changes_arrive_within_10_s_and_no_reader_sees_a_half(struct stage *stage)
{
    set_scene(stage, EVERY_SECOND);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    stage_read(stage);
    change_books(stage);
    int64_t begun_ms = process_now_ms();
    books_wait_equal(stage, 10);
    print_message("equal %lld ms after the last of the changes\n",
                  (long long)(process_now_ms() - begun_ms));
    struct reader_result result = stage_read_end(stage);
    print_message("the reader looked %d times and had %d notifications\n", result.looks,
                  result.notifications);
    /* How often depends on the machine; that it looked between the portions does not. */
    assert_true(result.looks >= PORTIONS / 10);
    assert_true(result.notifications >= 4);
    check_deleted(stage);
    books_wait_fresh(stage, 10);
    check_requests(stage);
    end_daemon(stage, daemon);
}

/* --- changes between two requests --- */

static void wait_requests(struct stage *stage, int64_t count)
{
    int64_t until_ms = process_now_ms() + stage_ms(stage, 30);
    world_forget(stage->world);
    while (world_requests(stage->world, NULL) < count) {
        if (process_now_ms() > until_ms)
            fail_msg("the daemon made no %lld requests", (long long)count);
        process_pause();
    }
}

static void books_that_never_stand_still_are_never_mirrored_wrongly(struct stage *stage)
{
    set_scene(stage, EVERY_SECOND);
    world_post(stage->world, "/mutate_every", "{\"requests\": 2, \"count\": 1}");
    struct program *daemon = stage_daemon(stage);
    stage_read(stage);
    wait_requests(stage, 200);
    world_post(stage->world, "/mutate_every", "{\"requests\": 0}");
    books_wait_fresh(stage, 45);
    books_wait_equal(stage, 10);
    world_post(stage->world, "/mutate_every", "{\"requests\": 2, \"count\": 1}");
    wait_requests(stage, 200);
    world_post(stage->world, "/mutate_every", "{\"requests\": 0}");
    books_wait_equal(stage, 45);
    (void)stage_read_end(stage);
    books_wait_fresh(stage, 45);
    check_requests(stage);
    end_daemon(stage, daemon);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, first_load_equals_the_truth_within_20_s),
        STAGE_TEST(&stage, changes_arrive_within_10_s_and_no_reader_sees_a_half),
        STAGE_TEST(&stage, books_that_never_stand_still_are_never_mirrored_wrongly),
    };
    int failed = cmocka_run_group_tests_name("mirror", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
