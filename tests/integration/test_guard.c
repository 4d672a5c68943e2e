/* The vanish guard: what was deleted leaves the mirror at once, what is merely hidden stays. */
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

/* A bureau with a client of 1,000 postings a year, and one that only looks on. */
static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"974760673\", \"name\": \"Fjord Fisk AS\", \"seed\": 11,"
    "  \"postingsPerYear\": 1000 },"
    "{ \"orgNr\": \"910000004\", \"name\": \"Tre Små Griser AS\", \"seed\": 13,"
    "  \"postingsPerYear\": 100 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"974760673\", \"910000004\"] } ] }";

#define CLIENT "974760673"
#define OTHER "910000004"
#define SCHEDULE "pull_interval = 1s\nmaster_interval = 1h\ncold_interval = 1s"

/* Vouchers of a year before the current one, opening balances apart, from the first on. */
#define VOUCHERS_OF_LAST_YEAR                                                                      \
    "SELECT v.voucher_id, (SELECT count(*) FROM finale.posting p WHERE p.org_nr = v.org_nr "       \
    "AND p.voucher_id = v.voucher_id) AS rows, row_number() OVER (ORDER BY v.voucher_id) AS "      \
    "place "                                                                                       \
    "FROM finale.voucher v JOIN finale.year y USING (org_nr, client_id) "                          \
    "WHERE v.org_nr = '" CLIENT "' AND v.voucher_date BETWEEN y.start_date AND y.end_date "        \
    "AND y.year = (SELECT min(year) + 1 FROM finale.year WHERE org_nr = '" CLIENT "') "            \
    "AND v.voucher_type NOT LIKE '%pningsbalanse'"

static struct program *set_scene(struct stage *stage)
{
    static const struct stage_config CONFIG = { .schedule = SCHEDULE };
    (void)stage_world(stage, WORLD);
    stage_configure(stage, &CONFIG);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db,
           "SELECT bureau.add_client('" CLIENT "', 'Fjord Fisk AS', 'Regnskap Nord AS')");
    db_run(stage->db, "SELECT bureau.add_client('" OTHER "', 'Tre Små Griser AS', "
                      "'Regnskap Nord AS')");
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    return daemon;
}

static void end_scene(struct stage *stage, struct program *daemon)
{
    AUTO_FREE char *violations = world_get(stage->world, "/violations");
    if (!strstr(violations, "\"count\":0,"))
        fail_msg("requests that no correct client sends: %.2000s", violations);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
}

/* Everything that readers see of the client, in one number. */
static char *fingerprint(struct stage *stage)
{
    return db_text(stage->db,
                   "SELECT md5(string_agg(p::text, ',' ORDER BY p.posting_id)) || (SELECT "
                   "md5(string_agg(s::text, ',' ORDER BY account_number, month)) "
                   "FROM finale.saldo_month s WHERE org_nr = '" CLIENT "') "
                   "FROM finale.posting p WHERE org_nr = '" CLIENT "'");
}

/* Several pulls of both clients, of which one ended well. */
static void wait_pulls_of_other(struct stage *stage)
{
    AUTO_FREE char *now = db_text(stage->db, "SELECT clock_timestamp() + interval '2 seconds'");
    stage_wait(stage, 20,
               "SELECT fresh_as_of > '%s' AND state = 'fresh' FROM finale.client "
               "WHERE org_nr = '" OTHER "'",
               now);
}

static void delete_vouchers(struct stage *stage, const char *query)
{
    AUTO_FREE char *ids = db_text(stage->db, query);
    char *rest = NULL;
    assert_true(*ids);
    for (char *id = strtok_r(ids, " ", &rest); id; id = strtok_r(NULL, " ", &rest))
        world_call(stage->world, "DELETE", "/voucher", "{\"orgNr\": \"" CLIENT "\", \"id\": %s}",
                   id);
}

static void wait_held(struct stage *stage, const char *why)
{
    stage_wait(stage, 20,
               "SELECT state = 'held' AND held_detail ->> 'why' = '%s' AND reason <> '' AND "
               "remedy LIKE '%%confirm_vanish%%' FROM bureau.status WHERE org_nr = '" CLIENT "'",
               why);
}

/* --- hidden --- */

/* One voucher of the salary module: fewer postings than a handful, so that the proof alone tells.
 */
static void add_salary(struct stage *stage)
{
    AUTO_FREE char *day = db_text(stage->db, "SELECT current_date - 20");
    world_post(stage->world, "/voucher",
               "{\"orgNr\": \"" OTHER "\", \"date\": \"%s\", \"description\": \"Lønn\","
               " \"type\": \"Lønnsbilag\", \"rows\": ["
               "{\"account\": 5000, \"amount\": \"41250.00\"},"
               "{\"account\": 1920, \"amount\": \"-41250.00\"}]}",
               day);
}

static void hidden_vouchers_are_held_and_come_back_by_themselves(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    AUTO_FREE char *before = fingerprint(stage);
    AUTO_FREE char *fresh = db_text(stage->db, "SELECT clock_timestamp()");
    world_post(stage->world, "/salary", "{\"orgNr\": \"" CLIENT "\", \"hidden\": true}");
    int64_t begun_ms = process_now_ms();
    wait_held(stage, "refused");
    print_message("held %lld ms after the salary module was switched off\n",
                  (long long)(process_now_ms() - begun_ms));
    wait_pulls_of_other(stage);
    AUTO_FREE char *meanwhile = fingerprint(stage);
    assert_string_equal(meanwhile, before);
    AUTO_FREE char *claimed = db_textf(
        stage->db,
        "SELECT fresh_as_of < '%s'::timestamptz + interval '2 seconds' FROM finale.client "
        "WHERE org_nr = '" CLIENT "'",
        fresh);
    assert_string_equal(claimed, "t");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.deleted_posting"), 0);
    world_post(stage->world, "/salary", "{\"orgNr\": \"" CLIENT "\", \"hidden\": false}");
    books_wait_fresh(stage, 20);
    books_check_equal(stage);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.deleted_posting"), 0);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM sync.held_posting"), 0);
    end_scene(stage, daemon);
}

static void a_single_hidden_voucher_is_told_by_the_proof(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    AUTO_FREE char *salary = db_text(
        stage->db, "SELECT count(*) FROM finale.posting p JOIN finale.voucher v USING (org_nr, "
                   "voucher_id) WHERE org_nr = '" OTHER "' AND v.voucher_type = 'Lønnsbilag'");
    add_salary(stage);
    stage_wait(stage, 20,
               "SELECT count(*) = %s + 2 FROM finale.posting p JOIN finale.voucher v "
               "USING (org_nr, voucher_id) WHERE org_nr = '" OTHER "' "
               "AND v.voucher_type = 'Lønnsbilag'",
               salary);
    world_forget(stage->world);
    world_post(stage->world, "/salary", "{\"orgNr\": \"" OTHER "\", \"hidden\": true}");
    stage_wait(stage, 20, "SELECT state = 'held' FROM bureau.status WHERE org_nr = '" OTHER "'");
    AUTO_FREE char *why = db_text(stage->db, "SELECT held_detail ->> 'why' FROM bureau.status "
                                             "WHERE org_nr = '" OTHER "'");
    assert_string_equal(why, strtoll(salary, NULL, 10) + 2 > 20 ? "refused" : "hidden");
    world_post(stage->world, "/salary", "{\"orgNr\": \"" OTHER "\", \"hidden\": false}");
    books_wait_fresh(stage, 20);
    books_check_equal(stage);
    end_scene(stage, daemon);
}

/* --- deleted --- */

static void thirty_real_deletions_pass_at_once(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    int64_t before = db_int(stage->db, "SELECT count(*) FROM finale.posting");
    world_forget(stage->world);
    /* No number of JSON is too long for a list, and its values do not matter here. */
    world_post(stage->world, "/fault",
               "{\"kind\": \"replace\", \"path\": \"/ledger/postingByDate\","
               " \"find\": \"\\\"amount\\\":\","
               " \"with\": \"\\\"new\\\":92233720368547758070,\\\"amount\\\":\"}");
    delete_vouchers(stage, "SELECT string_agg(voucher_id::text, ' ') FROM (" VOUCHERS_OF_LAST_YEAR
                           ") v WHERE place <= 30");
    int64_t begun_ms = process_now_ms();
    books_wait_equal(stage, 20);
    print_message("30 vouchers gone after %lld ms; /ledger/postingByDate was asked %lld times\n",
                  (long long)(process_now_ms() - begun_ms),
                  (long long)world_requests(stage->world, "/ledger/postingByDate"));
    books_wait_fresh(stage, 20);
    int64_t gone = before - db_int(stage->db, "SELECT count(*) FROM finale.posting");
    assert_in_range(gone, 30, 199);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.deleted_posting "
                                       "WHERE reason = 'voucher_deleted' AND account_name <> ''"),
                     gone);
    end_scene(stage, daemon);
}

static void check_detail(struct stage *stage)
{
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM sync.held_posting"),
                     db_int(stage->db, "SELECT held_detail -> 'postings' FROM bureau.status "
                                       "WHERE org_nr = '" CLIENT "'"));
    assert_int_equal(db_int(stage->db, "SELECT jsonb_array_length(held_detail -> 'examples') "
                                       "FROM bureau.status WHERE org_nr = '" CLIENT "'"),
                     10);
}

static void two_fifths_are_held_until_confirmed_and_no_more_than_that(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    AUTO_FREE char *before = fingerprint(stage);
    AUTO_FREE char *refusal = db_refusal(stage->db, "SELECT bureau.confirm_vanish('" CLIENT "')");
    stage_check_has(refusal, "nothing is held back");
    delete_vouchers(stage,
                    "WITH v AS (" VOUCHERS_OF_LAST_YEAR "), s AS (SELECT voucher_id, sum(rows) "
                    "OVER (ORDER BY place) AS sum, sum(rows) OVER () AS total FROM v) "
                    "SELECT string_agg(voucher_id::text, ' ') FROM s WHERE sum < total * 0.4");
    wait_held(stage, "mass");
    check_detail(stage);
    /* What vanishes beyond what was confirmed is held anew. */
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
    db_run(stage->db, "SELECT bureau.confirm_vanish('" CLIENT "')");
    int64_t confirmed = db_int(stage->db, "SELECT count(*) FROM sync.held_posting");
    delete_vouchers(stage,
                    "WITH v AS (" VOUCHERS_OF_LAST_YEAR "), s AS (SELECT voucher_id, sum(rows) "
                    "OVER (ORDER BY place DESC) AS sum, sum(rows) OVER () AS total FROM v) "
                    "SELECT string_agg(voucher_id::text, ' ') FROM s WHERE sum < total * 0.3");
    daemon = stage_daemon(stage);
    stage_wait(stage, 20,
               "SELECT count(*) FILTER (WHERE is_confirmed) = %lld AND count(*) FILTER (WHERE NOT "
               "is_confirmed) > 200 FROM sync.held_posting",
               (long long)confirmed);
    wait_held(stage, "mass");
    AUTO_FREE char *meanwhile = fingerprint(stage);
    assert_string_equal(meanwhile, before);
    db_run(stage->db, "SELECT bureau.confirm_vanish('" CLIENT "')");
    books_wait_equal(stage, 20);
    books_wait_fresh(stage, 20);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM sync.held_posting"), 0);
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.deleted_posting") > confirmed + 200);
    end_scene(stage, daemon);
}

/* --- what cannot be seen --- */

static void what_cannot_be_probed_is_held(struct stage *stage)
{
    static const int STATUSES[] = { 403, 500 };
    struct program *daemon = set_scene(stage);
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++) {
        world_post(stage->world, "/fault",
                   "{\"kind\": \"status\", \"status\": %d, \"path\": \"/ledger/postingByDate\"}",
                   STATUSES[i]);
        delete_vouchers(stage, "SELECT string_agg(voucher_id::text, ' ') "
                               "FROM (" VOUCHERS_OF_LAST_YEAR ") v WHERE place <= 12");
        wait_held(stage, "refused");
        world_post(stage->world, "/faults/clear", "{}");
        books_wait_equal(stage, 20);
    }
    books_wait_fresh(stage, 20);
    end_scene(stage, daemon);
}

static void no_answer_is_ever_taken_for_an_empty_client(struct stage *stage)
{
    static const char *const FAULTS[] = {
        "{\"kind\": \"empty_list\", \"orgNr\": \"" CLIENT "\"}",
        "{\"kind\": \"status\", \"status\": 404, \"orgNr\": \"" CLIENT "\"}",
    };
    struct program *daemon = set_scene(stage);
    AUTO_FREE char *before = fingerprint(stage);
    AUTO_FREE char *accounts = db_text(stage->db, "SELECT count(*) FROM finale.account "
                                                  "WHERE org_nr = '" CLIENT "'");
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++) {
        world_post(stage->world, "/fault", "%s", FAULTS[i]);
        db_run(stage->db, "SELECT bureau.resync('" CLIENT "')"); /* all lists are asked */
        stage_wait(stage, 30,
                   "SELECT state IN ('held', 'failing', 'no_access') AND reason <> '' "
                   "FROM bureau.status WHERE org_nr = '" CLIENT "'");
        AUTO_FREE char *meanwhile = fingerprint(stage);
        assert_string_equal(meanwhile, before);
        AUTO_FREE char *left = db_text(stage->db, "SELECT count(*) FROM finale.account "
                                                  "WHERE org_nr = '" CLIENT "'");
        assert_string_equal(left, accounts);
        world_post(stage->world, "/faults/clear", "{}");
        db_run(stage->db, "SELECT bureau.pull_now('" CLIENT "')");
        books_wait_fresh(stage, 30);
    }
    books_check_equal(stage);
    end_scene(stage, daemon);
}

static void zero_rows_with_a_saldo_are_an_error(struct stage *stage)
{
    static const struct stage_config CONFIG = { .schedule = SCHEDULE };
    (void)stage_world(stage, WORLD);
    stage_configure(stage, &CONFIG);
    world_post(stage->world, "/fault", "{\"kind\": \"empty_list\", \"path\": \"/ledger/posting\"}");
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db,
           "SELECT bureau.add_client('" CLIENT "', 'Fjord Fisk AS', 'Regnskap Nord AS')");
    struct program *daemon = stage_daemon(stage);
    stage_wait(stage, 20,
               "SELECT state = 'loading' AND last_error LIKE '%%zero rows with a saldo%%' "
               "AND remedy <> '' FROM bureau.status");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.year "
                                       "WHERE start_date <= current_date"),
                     0);
    world_post(stage->world, "/faults/clear", "{}");
    books_wait_fresh(stage, 45);
    books_check_equal(stage);
    end_scene(stage, daemon);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, hidden_vouchers_are_held_and_come_back_by_themselves),
        STAGE_TEST(&stage, a_single_hidden_voucher_is_told_by_the_proof),
        STAGE_TEST(&stage, thirty_real_deletions_pass_at_once),
        STAGE_TEST(&stage, two_fifths_are_held_until_confirmed_and_no_more_than_that),
        STAGE_TEST(&stage, what_cannot_be_probed_is_held),
        STAGE_TEST(&stage, no_answer_is_ever_taken_for_an_empty_client),
        STAGE_TEST(&stage, zero_rows_with_a_saldo_are_an_error),
    };
    int failed = cmocka_run_group_tests_name("guard", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
