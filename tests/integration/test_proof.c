/* The proof: what does not hold is shown with its size, asked again, and gone as soon as it holds.
 */
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

static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"974760673\", \"name\": \"Fjord Fisk AS\", \"seed\": 21,"
    "  \"postingsPerYear\": 300 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"974760673\"] } ] }";

#define CLIENT "974760673"
#define SCHEDULE "pull_interval = 1s\nmaster_interval = 1h\ncold_interval = 1h"

static void set_world(struct stage *stage)
{
    static const struct stage_config CONFIG = { .schedule = SCHEDULE };
    (void)stage_world(stage, WORLD);
    stage_configure(stage, &CONFIG);
    world_post(stage->world, "/account",
               "{\"orgNr\": \"" CLIENT "\", \"number\": 1888, \"name\": \"Prøvekonto\"}");
    world_post(stage->world, "/account",
               "{\"orgNr\": \"" CLIENT "\", \"number\": 2888, \"name\": \"Motkonto\"}");
}

static struct program *start(struct stage *stage)
{
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db,
           "SELECT bureau.add_client('" CLIENT "', 'Fjord Fisk AS', 'Regnskap Nord AS')");
    return stage_daemon(stage);
}

/* A voucher on accounts that nobody else uses, `days` ago. */
static void add_typed(struct stage *stage, int days, const char *type, const char *debit,
                      const char *credit)
{
    AUTO_FREE char *day = db_textf(stage->db, "SELECT current_date - %d", days);
    world_post(stage->world, "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"date\": \"%s\", \"description\": \"prøve\","
               " \"type\": \"%s\", \"rows\": [{\"account\": 1888, \"amount\": \"%s\"},"
               " {\"account\": 2888, \"amount\": \"%s\"}]}",
               day, type, debit, credit);
}

static void add_voucher(struct stage *stage, int days, const char *debit, const char *credit)
{
    add_typed(stage, days, "Memorialnota", debit, credit);
}

static void replace(struct stage *stage, const char *find, const char *with)
{
    world_post(stage->world, "/fault",
               "{\"kind\": \"replace\", \"path\": \"/balanceSheet\", \"find\": \"%s\","
               " \"with\": \"%s\"}",
               find, with);
}

static void end_scene(struct stage *stage, struct program *daemon)
{
    AUTO_FREE char *violations = world_get(stage->world, "/violations");
    if (!strstr(violations, "\"count\":0,"))
        fail_msg("requests that no correct client sends: %.2000s", violations);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
}

static void check_text(struct stage *stage, const char *sql, const char *wanted)
{
    AUTO_FREE char *found = db_text(stage->db, sql);
    assert_string_equal(found, wanted);
}

static void a_voucher_that_does_not_sum_to_0_is_shown_until_it_does(struct stage *stage)
{
    set_world(stage);
    struct program *daemon = start(stage);
    books_wait_fresh(stage, 20);
    add_voucher(stage, 40, "100.00", "-99.75");
    stage_wait(stage, 20,
               "SELECT count(*) = 1 AND min(difference) = 0.25 AND bool_and(counted) "
               "FROM finale.voucher_difference WHERE voucher_date = current_date - 40");
    check_text(stage,
               "SELECT differences || ' ' || verified FROM finale.year "
               "WHERE current_date - 40 BETWEEN start_date AND end_date",
               "1 false");
    check_text(stage, "SELECT verified FROM finale.client", "f");
    check_text(stage,
               "SELECT count(*) FROM finale.posting WHERE account_number IN ('1888', '2888')", "2");
    check_text(stage, "SELECT state FROM finale.client", "fresh");
    AUTO_FREE char *id = db_text(stage->db, "SELECT voucher_id FROM finale.voucher_difference "
                                            "WHERE counted");
    world_call(stage->world, "PUT", "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"id\": %s, "
               "\"rows\": [{\"row\": 1, \"amount\": \"-100.00\"}]}",
               id);
    books_wait_fresh(stage, 20);
    books_check_equal(stage);
    check_text(stage, "SELECT count(*) FROM finale.voucher_difference WHERE counted", "0");
    end_scene(stage, daemon);
}

/* Books may begin in the middle of a year. */
static void an_opening_balance_need_not_sum_to_0(struct stage *stage)
{
    set_world(stage);
    struct program *daemon = start(stage);
    books_wait_fresh(stage, 20);
    add_typed(stage, 40, "Åpningsbalanse", "100.00", "-99.75");
    stage_wait(stage, 20,
               "SELECT count(*) = 1 AND min(difference) = 0.25 AND bool_and(NOT counted) "
               "FROM finale.voucher_difference WHERE voucher_date = current_date - 40");
    books_wait_fresh(stage, 20);
    check_text(stage, "SELECT verified FROM finale.client", "t");
    end_scene(stage, daemon);
}

/* One row is dated on a day that is not mirrored; Tripletex knows it. */
static void add_straddling(struct stage *stage, const char *edge, const char *there)
{
    AUTO_FREE char *here = db_textf(stage->db, "SELECT (%s)::date", edge);
    AUTO_FREE char *beyond = db_textf(stage->db, "SELECT (%s)::date", there);
    world_post(stage->world, "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"date\": \"%s\", \"description\": \"periodisert\","
               " \"rows\": [{\"account\": 1888, \"amount\": \"-70\"},"
               " {\"account\": 2888, \"amount\": \"70\", \"date\": \"%s\"}]}",
               here, beyond);
}

static void a_voucher_with_a_part_beyond_the_horizon_is_no_difference(struct stage *stage)
{
    set_world(stage);
    struct program *daemon = start(stage);
    books_wait_fresh(stage, 20);
    add_straddling(stage, "SELECT min(start_date) + 40 FROM finale.year",
                   "SELECT min(start_date) - 3 FROM finale.year");
    add_straddling(stage, "SELECT max(end_date) - 40 FROM finale.year",
                   "SELECT max(end_date) + 3 FROM finale.year");
    stage_wait(stage, 20,
               "SELECT count(*) = 2 AND bool_and(NOT counted) AND bool_and(outside = 70) "
               "AND bool_and(difference = -70) FROM finale.voucher_difference "
               "WHERE abs(difference) = 70");
    books_wait_fresh(stage, 20);
    check_text(stage, "SELECT verified FROM finale.client", "t");
    end_scene(stage, daemon);
}

/* Nobody says what is beyond: it counts. */
static void a_difference_that_cannot_be_looked_into_counts(struct stage *stage)
{
    set_world(stage);
    struct program *daemon = start(stage);
    books_wait_fresh(stage, 20);
    world_post(stage->world, "/fault",
               "{\"kind\": \"status\", \"status\": 403, \"path\": \"/ledger/voucher\"}");
    add_straddling(stage, "SELECT min(start_date) + 40 FROM finale.year",
                   "SELECT min(start_date) - 3 FROM finale.year");
    stage_wait(stage, 20,
               "SELECT bool_or(counted AND outside = 0 AND difference = -70) "
               "FROM finale.voucher_difference");
    check_text(stage, "SELECT verified FROM finale.client", "f");
    end_scene(stage, daemon);
}

/* The last account comes again on the page that ends the sheet, as where what lies before the month
 * changed between the two. */
static void a_sheet_that_moves_between_its_pages_is_read_again(struct stage *stage)
{
    set_world(stage);
    struct program *daemon = start(stage);
    books_wait_fresh(stage, 20);
    stage_read(stage);
    world_post(stage->world, "/fault",
               "{\"kind\": \"shifted_page\", \"path\": \"/balanceSheet\","
               " \"skip\": 1, \"next\": 1}");
    add_voucher(stage, 40, "100.00", "-100.00");
    books_wait_equal(stage, 20);
    (void)stage_read_end(stage);
    books_wait_fresh(stage, 20);
    AUTO_FREE char *faults = world_get(stage->world, "/faults");
    if (!strstr(faults, "\"hits\":1"))
        fail_msg("the fault was not met: %s", faults);
    end_scene(stage, daemon);
}

/* Not "no data": the month has postings. */
static void a_sheet_without_rows_is_not_believed(struct stage *stage)
{
    static const char SALDO[] = "SELECT md5(string_agg(s::text, ',' ORDER BY s::text)) "
                                "FROM finale.saldo_month s";
    set_world(stage);
    struct program *daemon = start(stage);
    books_wait_fresh(stage, 20);
    AUTO_FREE char *before = db_text(stage->db, SALDO);
    stage_read(stage);
    world_post(stage->world, "/fault", "{\"kind\": \"empty_list\", \"path\": \"/balanceSheet\"}");
    add_voucher(stage, 40, "100.00", "-100.00");
    stage_wait(stage, 30,
               "SELECT state = 'failing' AND reason LIKE '%%without rows%%' FROM bureau.status");
    check_text(stage, SALDO, before);
    world_post(stage->world, "/faults/clear", "{}");
    stage_wait(stage, 40, "SELECT state = 'fresh' AND verified FROM finale.client");
    books_wait_equal(stage, 20);
    (void)stage_read_end(stage);
    end_scene(stage, daemon);
}

static void a_saldo_that_is_not_the_sum_is_asked_again_until_it_is(struct stage *stage)
{
    set_world(stage);
    struct program *daemon = start(stage);
    books_wait_fresh(stage, 20);
    /* The openings of all years have been read: they are not asked for in what follows. */
    stage_wait(stage, 20,
               "SELECT count(*) = 1 FROM sync.list WHERE resource = 'opening' "
               "AND variant = 'all'");
    replace(stage, "\\\"balanceChange\\\":77123.45", "\\\"balanceChange\\\":77123.5");
    add_voucher(stage, 40, "77123.45", "-77123.45");
    stage_wait(stage, 20,
               "SELECT count(*) = 1 AND min(difference) = 0.05 AND min(account_number) = '1888' "
               "AND min(saldo_change) = 77123.5 AND min(postings_sum) = 77123.45 "
               "FROM finale.saldo_proof WHERE difference <> 0");
    check_text(stage, "SELECT state || ' ' || verified FROM finale.client", "fresh false");
    check_text(stage, "SELECT count(*) FROM finale.posting WHERE account_number = '1888'", "1");
    check_text(stage, "SELECT reason FROM bureau.status",
               "1 difference(s) between saldo and postings");
    check_text(stage, "SELECT remedy <> '' FROM bureau.status", "t");
    /* Asked again with each pull: two requests for the lock, one for the month. */
    world_forget(stage->world);
    AUTO_FREE char *now = db_text(stage->db, "SELECT clock_timestamp()");
    stage_wait(stage, 20,
               "SELECT last_success_at > '%s'::timestamptz + interval '2 seconds' "
               "FROM bureau.status",
               now);
    int64_t sheets = world_requests(stage->world, "/balanceSheet");
    print_message("%lld requests, %lld of them of the sheet, while a difference stood\n",
                  (long long)world_requests(stage->world, NULL), (long long)sheets);
    assert_true(sheets >= 2);
    world_post(stage->world, "/faults/clear", "{}");
    books_wait_fresh(stage, 20);
    books_check_equal(stage);
    end_scene(stage, daemon);
}

static void an_opening_that_is_not_last_years_closing_is_shown(struct stage *stage)
{
    set_world(stage);
    add_voucher(stage, 500, "55321.25", "-55321.25");
    replace(stage, "\\\"balanceIn\\\":55321.25", "\\\"balanceIn\\\":55322.25");
    struct program *daemon = start(stage);
    stage_wait(stage, 30, "SELECT state = 'fresh' AND NOT verified FROM finale.client");
    check_text(stage,
               "SELECT string_agg(d.year - y.year || ' ' || account_number || ' ' || opening || "
               "' ' || prior_closing || ' ' || difference, ',') FROM finale.opening_difference d, "
               "finale.year y WHERE current_date - 500 BETWEEN y.start_date AND y.end_date",
               "1 1888 55322.25 55321.25 1.00");
    check_text(stage,
               "SELECT string_agg(differences::text, ' ') FROM finale.year WHERE differences <> 0",
               "1");
    world_post(stage->world, "/faults/clear", "{}");
    books_wait_fresh(stage, 20);
    books_check_equal(stage);
    check_text(stage, "SELECT count(*) FROM finale.opening_difference", "0");
    end_scene(stage, daemon);
}

/* What moves in a year that is closed moves the openings of the years after it. */
static void an_old_voucher_moves_all_later_openings(struct stage *stage)
{
    set_world(stage);
    struct program *daemon = start(stage);
    books_wait_fresh(stage, 20);
    add_voucher(stage, 500, "1234.5", "-1234.5");
    db_run(stage->db, "SELECT bureau.pull_now('" CLIENT "')"); /* closed years are asked rarely */
    books_wait_equal(stage, 20);
    books_wait_fresh(stage, 20);
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.saldo_year "
                                  "WHERE account_number = '1888' AND opening = 1234.5 "
                                  "AND prior_closing = 1234.5") >= 2);
    check_text(stage, "SELECT count(*) FROM finale.opening_difference", "0");
    end_scene(stage, daemon);
}

/* --- accounts that no list holds --- */

/* The newest account, whose list has changed since it was read. */
static char *touch_account(struct stage *stage)
{
    world_post(stage->world, "/account",
               "{\"orgNr\": \"" CLIENT "\", \"number\": 2888, \"name\": \"Nyere konto\"}");
    return db_text(stage->db,
                   "SELECT account_id FROM finale.account WHERE account_number = '2888'");
}

static void check_unknown_account(struct stage *stage, const char *path, const char *message)
{
    set_world(stage);
    struct program *daemon = start(stage);
    books_wait_fresh(stage, 20);
    AUTO_FREE char *id = touch_account(stage);
    if (strcmp(path, "/ledger/account") == 0)
        db_runf(stage->db, "DELETE FROM mirror.account WHERE account_id = %s", id);
    stage_read(stage);
    world_post(stage->world, "/fault",
               "{\"kind\": \"replace\", \"path\": \"%s\", \"find\": \"\\\"id\\\":%s,\","
               " \"with\": \"\\\"id\\\":%s7,\"}",
               path, id, id);
    add_voucher(stage, 40, "100.00", "-100.00");
    stage_wait(stage, 20,
               "SELECT last_error LIKE '%%%s%%' AND remedy LIKE '%%whether the token may see%%' "
               "FROM bureau.status WHERE org_nr = '" CLIENT "'",
               message);
    check_text(stage, "SELECT count(*) FROM finale.posting WHERE account_number IS NULL", "0");
    world_post(stage->world, "/faults/clear", "{}");
    books_wait_equal(stage, 30);
    (void)stage_read_end(stage);
    books_wait_fresh(stage, 20);
    check_text(stage, "SELECT count(*) FROM finale.posting WHERE account_number = '2888'", "1");
    end_scene(stage, daemon);
}

static void a_posting_on_an_account_that_no_list_holds_is_not_published(struct stage *stage)
{
    check_unknown_account(stage, "/ledger/account", "list of accounts, asked for 4 times");
}

static void saldo_of_an_account_that_no_list_holds_is_not_published(struct stage *stage)
{
    check_unknown_account(stage, "/balanceSheet", "saldo is on the account with id ");
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, a_voucher_that_does_not_sum_to_0_is_shown_until_it_does),
        STAGE_TEST(&stage, an_opening_balance_need_not_sum_to_0),
        STAGE_TEST(&stage, a_voucher_with_a_part_beyond_the_horizon_is_no_difference),
        STAGE_TEST(&stage, a_difference_that_cannot_be_looked_into_counts),
        STAGE_TEST(&stage, a_sheet_that_moves_between_its_pages_is_read_again),
        STAGE_TEST(&stage, a_sheet_without_rows_is_not_believed),
        STAGE_TEST(&stage, a_saldo_that_is_not_the_sum_is_asked_again_until_it_is),
        STAGE_TEST(&stage, an_opening_that_is_not_last_years_closing_is_shown),
        STAGE_TEST(&stage, an_old_voucher_moves_all_later_openings),
        STAGE_TEST(&stage, a_posting_on_an_account_that_no_list_holds_is_not_published),
        STAGE_TEST(&stage, saldo_of_an_account_that_no_list_holds_is_not_published),
    };
    int failed = cmocka_run_group_tests_name("proof", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
