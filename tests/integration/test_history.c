/* What figures were: noted, changed a thousand times, and asked for again; and what changed after a
 * sign-off. */
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

enum { PORTIONS = 5, CHANGES_EACH = 200 }; /* 1,000 in all */

#define EVERY_TIME "master_interval = 1s\ncold_interval = 1s"

static void set_scene(struct stage *stage)
{
    (void)stage_world(stage, BOOKS_WORLD);
    AUTO_FREE char *single = books_single(stage);
    const struct stage_config config = { .schedule = EVERY_TIME, .rest = single };
    stage_configure(stage, &config);
    books_register(stage);
    assert_int_equal(SALDOD(stage, "pull"), 0);
}

/* What readers see now, and the moment: tables noted_posting_NAME and noted_saldo_NAME. */
static void note(struct stage *stage, const char *name)
{
    db_runf(stage->db, "CREATE TABLE noted_posting_%s AS SELECT * FROM finale.posting", name);
    db_runf(stage->db,
            "CREATE TABLE noted_saldo_%s AS SELECT c.org_nr, d.day, s.* FROM finale.client c, "
            "LATERAL (SELECT y.start_date + n * 40 + 3 FROM finale.year y, generate_series(0, 8) n "
            "WHERE y.org_nr = c.org_nr) d (day), LATERAL finale.saldo_at(c.org_nr, d.day) s",
            name);
    db_runf(stage->db, "CREATE TABLE moment_%s AS SELECT clock_timestamp() AS moment", name);
}

static void check_as_noted(struct stage *stage, const char *name)
{
    AUTO_FREE char *postings = db_textf(
        stage->db,
        "WITH was AS (SELECT p.* FROM moment_%s m, finale.client c, "
        "LATERAL finale.posting_as_of(c.org_nr, m.moment) p), noted AS (TABLE noted_posting_%s) "
        "SELECT (SELECT count(*) FROM (TABLE was EXCEPT ALL TABLE noted) a) || ' ' || "
        "(SELECT count(*) FROM (TABLE noted EXCEPT ALL TABLE was) a) || ' of ' || "
        "(SELECT count(*) > 10000 FROM noted)",
        name, name);
    assert_string_equal(postings, "0 0 of true");
    AUTO_FREE char *saldo = db_textf(
        stage->db,
        "WITH was AS (SELECT d.org_nr, d.day, s.* FROM moment_%s m, "
        "(SELECT DISTINCT org_nr, day FROM noted_saldo_%s) d, "
        "LATERAL finale.saldo_as_of(d.org_nr, d.day, m.moment) s), "
        "noted AS (TABLE noted_saldo_%s) "
        "SELECT (SELECT count(*) FROM (TABLE was EXCEPT ALL TABLE noted) a) || ' ' || "
        "(SELECT count(*) FROM (TABLE noted EXCEPT ALL TABLE was) a) || ' of ' || "
        "(SELECT count(*) > 1000 FROM noted)",
        name, name, name);
    assert_string_equal(saldo, "0 0 of true");
}

static void change(struct stage *stage, int seed)
{
    world_post(stage->world, "/mutate", "{\"orgNr\": \"all\", \"count\": %d, \"seed\": %d}",
               CHANGES_EACH, seed);
    assert_int_equal(SALDOD(stage, "pull"), 0);
}

static int count_notifications(struct stage *stage, const char *channel)
{
    int count = 0;
    assert_int_equal(PQconsumeInput(stage->db), 1);
    for (PGnotify *told = PQnotifies(stage->db); told; told = PQnotifies(stage->db)) {
        count += strcmp(told->relname, channel) == 0 && strcmp(told->extra, BOOKS_CLIENT) == 0;
        PQfreemem(told);
    }
    return count;
}

/* Per account of the year: what is listed adds up to the difference of the closing saldo. */
static const char LIST_DIFFERS[] =
    "WITH listed AS (SELECT account_number, sum(difference) AS moved "
    "FROM finale.changed_since_sign_off GROUP BY 1), "
    "day AS (SELECT y.org_nr, y.end_date, s.signed_at FROM finale.year y "
    "JOIN bureau.sign_off s ON s.client_id = y.client_id AND s.year = y.year), "
    "now AS (SELECT s.* FROM day, LATERAL finale.saldo_at(org_nr, end_date) s), "
    "was AS (SELECT s.* FROM day, LATERAL finale.saldo_as_of(org_nr, end_date, signed_at) s), "
    "moved AS (SELECT account_number, coalesce(now.saldo, 0) - coalesce(was.saldo, 0) AS moved "
    "FROM now FULL JOIN was USING (account_number)) "
    "SELECT count(*) FROM listed FULL JOIN moved USING (account_number) "
    "WHERE coalesce(listed.moved, 0) <> coalesce(moved.moved, 0)";

static void a_thousand_changes_later_the_figures_are_as_they_were_noted(struct stage *stage)
{
    set_scene(stage);
    assert_int_equal(db_int(stage->db, "SELECT (SELECT count(*) FROM mirror.posting_history) + "
                                       "(SELECT count(*) FROM mirror.saldo_history)"),
                     0);
    note(stage, "first");
    AUTO_FREE char *moment = db_text(
        stage->db, "SELECT finale.sign_off('" BOOKS_CLIENT "', max(year), 'Årsoppgjør') "
                   "FROM finale.year WHERE org_nr = '" BOOKS_CLIENT "'");
    assert_int_not_equal(strlen(moment), 0);
    db_run(stage->db, "LISTEN finale_changed_after_sign_off");
    for (int i = 0; i < PORTIONS; i++) {
        change(stage, 300 + i);
        if (i == PORTIONS / 2)
            note(stage, "middle");
    }
    books_check_equal(stage);
    assert_true(db_int(stage->db, "SELECT count(*) FROM mirror.posting_history") > 300);
    assert_true(db_int(stage->db, "SELECT count(*) FROM (TABLE noted_posting_first EXCEPT "
                                  "SELECT * FROM finale.posting) x") > 300);
    check_as_noted(stage, "first");
    check_as_noted(stage, "middle");
    assert_true(count_notifications(stage, "finale_changed_after_sign_off") > 0);
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.changed_since_sign_off") > 0);
    assert_int_equal(db_int(stage->db, LIST_DIFFERS), 0);
}

static void a_pull_that_finds_nothing_keeps_nothing(struct stage *stage)
{
    static const char KEPT[] = "SELECT (SELECT count(*) FROM mirror.posting_history) + "
                               "(SELECT count(*) FROM mirror.saldo_history) + "
                               "(SELECT count(*) FROM mirror.voucher_history) + "
                               "(SELECT count(*) FROM mirror.account_history) + "
                               "(SELECT count(*) FROM mirror.year_history) + "
                               "(SELECT count(*) FROM mirror.publication)";
    set_scene(stage);
    int64_t kept = db_int(stage->db, KEPT);
    assert_int_equal(SALDOD(stage, "pull"), 0);
    assert_int_equal(SALDOD(stage, "pull"), 0);
    assert_int_equal(db_int(stage->db, KEPT), kept);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, a_thousand_changes_later_the_figures_are_as_they_were_noted),
        STAGE_TEST(&stage, a_pull_that_finds_nothing_keeps_nothing),
    };
    int failed = cmocka_run_group_tests_name("history", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
