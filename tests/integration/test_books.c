/* Books of every form: fiscal years, clients without any, horizons that grow and shrink. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/stage.h"

#define CLIENT "974760673"
#define EVERY_SECOND "pull_interval = 1s\nmaster_interval = 1h\ncold_interval = 1s"

/* %1$d to %4$d: from the year before last to the next; %5$d: long ago; %6$d: the one after next. */
static const char FORMS[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    /* a fiscal year from July */
    "{ \"orgNr\": \"910000004\", \"name\": \"Julistart AS\", \"seed\": 31,"
    "  \"postingsPerYear\": 200, \"fiscalStartMonth\": 7 },"
    /* a first year of 18 months */
    "{ \"orgNr\": \"910000012\", \"name\": \"Atten AS\", \"seed\": 32, \"postingsPerYear\": 200,"
    "  \"years\": [{\"year\": %2$d, \"start\": \"%1$d-07-01\", \"end\": \"%3$d-01-01\"},"
    "  {\"year\": %3$d, \"start\": \"%3$d-01-01\", \"end\": \"%4$d-01-01\"}] },"
    /* books that begin within a month of this year */
    "{ \"orgNr\": \"974760673\", \"name\": \"Nystart AS\", \"seed\": 33, \"postingsPerYear\": 200,"
    "  \"years\": [{\"year\": %3$d, \"start\": \"%3$d-02-15\", \"end\": \"%4$d-01-01\"},"
    "  {\"year\": %4$d, \"start\": \"%4$d-01-01\", \"end\": \"%6$d-01-01\"}] },"
    /* an opening balance of long ago, before the horizon */
    "{ \"orgNr\": \"811126489\", \"name\": \"Gamle Greier ANS\", \"seed\": 34,"
    "  \"postingsPerYear\": 200, \"firstYear\": %5$d, \"lastYear\": %3$d } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"974760673\", \"910000004\", \"910000012\", \"811126489\"] } ] }";

static const char ONE[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"974760673\", \"name\": \"Fjord Fisk AS\", \"seed\": 41,"
    "  \"postingsPerYear\": 400 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"974760673\"] } ] }";

static const char EMPTY[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"910000004\", \"name\": \"Tomt AS\", \"seed\": 51,"
    "  \"postingsPerYear\": 0, \"years\": [] },"
    "{ \"orgNr\": \"974760673\", \"name\": \"Fjord Fisk AS\", \"seed\": 52,"
    "  \"postingsPerYear\": 100 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"974760673\", \"910000004\"] } ] }";

static void add_bureau(struct stage *stage)
{
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
}

static void add_client(struct stage *stage, const char *org_nr)
{
    db_runf(stage->db, "SELECT bureau.add_client('%s', 'Klient %s', 'Regnskap Nord AS')", org_nr,
            org_nr);
}

/* A bureau with one client, which is mirrored. */
static struct program *start(struct stage *stage, const char *schedule)
{
    const struct stage_config config = { .schedule = schedule };
    (void)stage_world(stage, ONE);
    stage_configure(stage, &config);
    add_bureau(stage);
    add_client(stage, CLIENT);
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

static void check_text(struct stage *stage, const char *sql, const char *wanted)
{
    AUTO_FREE char *found = db_text(stage->db, sql);
    assert_string_equal(found, wanted);
}

/* --- forms --- */

static void check_forms(struct stage *stage, int is_end_included)
{
    static const struct stage_config CONFIG = { .schedule = EVERY_SECOND };
    int year = (int)db_int(stage->db, "SELECT extract(year FROM current_date)");
    AUTO_FREE char *world = mem_printf(FORMS, year - 2, year - 1, year, year + 1, year - 4,
                                       year + 2);
    (void)stage_world(stage, world);
    stage_configure(stage, &CONFIG);
    world_post(stage->world, "/options", "{\"endInclusive\": %s}",
               is_end_included ? "true" : "false");
    add_bureau(stage);
    add_client(stage, "910000004");
    add_client(stage, "910000012");
    add_client(stage, CLIENT);
    add_client(stage, "811126489");
    struct program *daemon = stage_daemon(stage);
    stage_wait(stage, 30,
               "SELECT count(*) = 4 AND bool_and(state = 'fresh' AND verified) "
               "FROM finale.client");
    books_check_equal(stage);
    check_text(stage,
               "SELECT string_agg(to_char(start_date, 'MM-DD') || ' ' || end_date - start_date + 1,"
               " ',' ORDER BY start_date) FROM finale.year WHERE org_nr = '910000012' "
               "AND start_date < current_date",
               year % 4 == 0 ? "07-01 549,01-01 366" : "07-01 549,01-01 365");
    check_text(stage,
               "SELECT bool_and(to_char(start_date, 'MM-DD') = '07-01') FROM finale.year "
               "WHERE org_nr = '910000004'",
               "t");
    check_text(
        stage,
        "SELECT min(start_date) = date_trunc('year', current_date - interval '2 years')::date "
        "FROM finale.year WHERE org_nr = '811126489'",
        "t");
    /* Where Tripletex has no year yet, the last one is continued: 36 months ahead. */
    check_text(stage,
               "SELECT bool_and(last > current_date + interval '35 months') FROM "
               "(SELECT max(end_date) AS last FROM finale.year GROUP BY org_nr) y",
               "t");
    world_post(stage->world, "/mutate", "{\"orgNr\": \"all\", \"count\": 60, \"seed\": 7}");
    books_wait_equal(stage, 20);
    end_scene(stage, daemon);
}

static void fiscal_years_of_every_form(struct stage *stage)
{
    check_forms(stage, 0);
}

static void fiscal_years_whose_end_is_their_last_day(struct stage *stage)
{
    check_forms(stage, 1);
}

static void an_empty_client_and_one_without_annual_accounts(struct stage *stage)
{
    static const struct stage_config CONFIG = { .schedule = EVERY_SECOND };
    (void)stage_world(stage, EMPTY);
    stage_configure(stage, &CONFIG);
    world_post(stage->world, "/fault",
               "{\"kind\": \"empty_list\", \"path\": \"/ledger/annualAccount\"}");
    for (int i = 0; i < 3; i++) /* all lists of the ledger of the empty one */
        world_post(stage->world, "/fault",
                   "{\"kind\": \"empty_list\", \"orgNr\": \"910000004\", "
                   "\"path\": \"%s\"}",
                   ((const char *[]){ "/ledger/posting", "/ledger/voucher", "/balanceSheet" })[i]);
    add_bureau(stage);
    add_client(stage, "910000004");
    add_client(stage, CLIENT);
    struct program *daemon = stage_daemon(stage);
    stage_wait(stage, 30,
               "SELECT count(*) = 2 AND bool_and(state = 'fresh' AND verified) "
               "FROM finale.client");
    check_text(stage, "SELECT postings FROM bureau.status WHERE org_nr = '910000004'", "0");
    check_text(stage, "SELECT count(*) FROM finale.saldo_month WHERE org_nr = '910000004'", "0");
    check_text(stage,
               "SELECT bool_and(start_date = date_trunc('year', start_date)) AND count(*) >= 3 "
               "FROM finale.year WHERE org_nr = '" CLIENT "'",
               "t");
    AUTO_FREE char *first = db_text(stage->db, "SELECT clock_timestamp() + interval '2 seconds'");
    stage_wait(stage, 20,
               "SELECT bool_and(fresh_as_of > '%s' AND state = 'fresh') FROM finale.client", first);
    end_scene(stage, daemon);
}

/* So many requests more. */
static void wait_asked(struct stage *stage, const char *path, int64_t count)
{
    int64_t until_ms = process_now_ms() + stage_ms(stage, 20);
    int64_t wanted = world_requests(stage->world, path) + count;
    while (world_requests(stage->world, path) < wanted) {
        if (process_now_ms() > until_ms)
            fail_msg("%s is not asked", path);
        process_pause();
    }
}

/* The horizon would begin a year later, and that year's postings be gone; or have no VAT code. */
static void what_postings_name_is_not_given_up_for_a_shorter_list(struct stage *stage)
{
    static const char SHOWN[] =
        "SELECT (SELECT min(start_date) || ' ' || count(*) FROM finale.year) || ' ' || "
        "count(DISTINCT voucher_type) || ' ' || count(voucher_type) FROM finale.voucher";
    struct program *daemon = start(stage, EVERY_SECOND);
    AUTO_FREE char *before = db_text(stage->db, SHOWN);
    stage_read(stage);
    for (int i = 0; i < 3; i++)
        world_post(stage->world, "/fault", "{\"kind\": \"lacks_first\", \"path\": \"%s\"}",
                   ((const char *[]){ "/ledger/annualAccount", "/ledger/vatType",
                                      "/ledger/voucherType" })[i]);
    db_run(stage->db, "SELECT bureau.resync('" CLIENT "')");
    wait_asked(stage, "/ledger/annualAccount", 2); /* it has a page without rows at its end */
    AUTO_FREE char *then = db_text(stage->db, "SELECT clock_timestamp()");
    stage_wait(stage, 20, "SELECT fresh_as_of > '%s' FROM finale.client", then);
    check_text(stage, SHOWN, before);
    books_check_equal(stage);
    (void)stage_read_end(stage);
    end_scene(stage, daemon);
}

static void delete_voucher(struct stage *stage, const char *id)
{
    world_call(stage->world, "DELETE", "/voucher", "{\"orgNr\": \"910000004\", \"id\": %s}", id);
}

/* The sheet of a year without rows is no fault where the year has no postings any more. */
static void the_only_voucher_of_the_first_year_is_deleted(struct stage *stage)
{
    static const struct stage_config CONFIG = { .schedule = EVERY_SECOND };
    (void)stage_world(stage, EMPTY);
    stage_configure(stage, &CONFIG);
    AUTO_FREE char *vouchers = world_get(stage->world,
                                         "/truth/vouchers?orgNr=910000004&dateFrom=2000-01-01");
    AUTO_FREE char *opening = db_textf(stage->db, "SELECT '%s'::jsonb -> 0 ->> 'voucher_id'",
                                       vouchers);
    delete_voucher(stage, opening);
    add_bureau(stage);
    add_client(stage, "910000004");
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    AUTO_FREE char *day = db_text(stage->db, "SELECT min(start_date) + 40 FROM finale.year");
    world_post(
        stage->world, "/voucher",
        "{\"orgNr\": \"910000004\", \"date\": \"%s\", \"description\": \"eneste\", \"type\": "
        "\"Memorialnota\", \"rows\": [{\"account\": 1920, \"amount\": \"7.00\"}, "
        "{\"account\": 3000, \"amount\": \"-7.00\"}]}",
        day);
    stage_wait(stage, 20, "SELECT count(*) = 2 FROM finale.posting");
    AUTO_FREE char *id = db_text(stage->db, "SELECT max(voucher_id) FROM finale.posting");
    delete_voucher(stage, id);
    stage_wait(
        stage, 20,
        "SELECT (SELECT count(*) FROM finale.posting) = 0 AND (SELECT count(*) FROM "
        "finale.saldo_month) = 0 AND bool_and(state = 'fresh' AND verified) FROM finale.client");
    end_scene(stage, daemon);
}

/* --- the horizon --- */

static void reload_with(struct stage *stage, const struct program *daemon, const char *schedule)
{
    const struct stage_config config = { .schedule = schedule };
    stage_configure(stage, &config);
    program_signal(daemon, SIGHUP);
}

static void a_horizon_grows_and_shrinks_with_the_settings(struct stage *stage)
{
    struct program *daemon = start(stage, EVERY_SECOND "\nhistory_years = 0");
    check_text(stage,
               "SELECT min(start_date) = date_trunc('year', current_date)::date FROM finale.year",
               "t");
    books_check_equal(stage);
    stage_read(stage);
    reload_with(stage, daemon, EVERY_SECOND "\nhistory_years = 2");
    stage_wait(stage, 20,
               "SELECT min(start_date) = date_trunc('year', current_date - interval "
               "'2 years')::date FROM finale.year");
    books_wait_fresh(stage, 20);
    books_wait_equal(stage, 20);
    reload_with(stage, daemon, EVERY_SECOND "\nhistory_years = 1");
    stage_wait(stage, 20,
               "SELECT min(start_date) = date_trunc('year', current_date - interval "
               "'1 year')::date FROM finale.year");
    books_wait_fresh(stage, 20);
    books_wait_equal(stage, 20);
    check_text(stage,
               "SELECT count(*) FROM mirror.posting WHERE posting_date < (SELECT min(start_date) "
               "FROM mirror.year)",
               "0");
    check_text(stage, "SELECT count(*) FROM finale.deleted_posting", "0");
    (void)stage_read_end(stage);
    end_scene(stage, daemon);
}

/* Its postings are mirrored and every digest says "unchanged": the saldo is read all the same. */
static void a_year_that_is_loaded_anew_has_all_its_saldo(struct stage *stage)
{
    static const char *const FORGOTTEN[] = {
        "WITH y AS (DELETE FROM mirror.year WHERE next_start_date < current_date RETURNING year) "
        "DELETE FROM mirror.saldo USING y WHERE saldo.year = y.year",
        "WITH y AS (UPDATE mirror.year SET start_date = start_date - 31 WHERE year = (SELECT "
        "min(year) FROM mirror.year)) INSERT INTO mirror.saldo (client_id, year, month, "
        "account_id, balance_change, postings_sum) SELECT client_id, year, (start_date - "
        "31)::date, (SELECT min(account_id) FROM mirror.account), 7, 7 FROM mirror.year ORDER BY "
        "year LIMIT 1",
    };
    struct program *daemon = start(stage, EVERY_SECOND);
    for (size_t i = 0; i < ARRAY_LEN(FORGOTTEN); i++) {
        db_run(stage->db, FORGOTTEN[i]);
        stage_wait(stage, 20, "SELECT count(*) = 0 FROM finale.year WHERE NOT complete");
        AUTO_FREE char *then = db_text(stage->db, "SELECT clock_timestamp()");
        stage_wait(stage, 20,
                   "SELECT state = 'fresh' AND verified AND fresh_as_of > '%s' FROM finale.client",
                   then);
        books_check_equal(stage);
    }
    end_scene(stage, daemon);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, fiscal_years_of_every_form),
        STAGE_TEST(&stage, fiscal_years_whose_end_is_their_last_day),
        STAGE_TEST(&stage, an_empty_client_and_one_without_annual_accounts),
        STAGE_TEST(&stage, the_only_voucher_of_the_first_year_is_deleted),
        STAGE_TEST(&stage, what_postings_name_is_not_given_up_for_a_shorter_list),
        STAGE_TEST(&stage, a_year_that_is_loaded_anew_has_all_its_saldo),
        STAGE_TEST(&stage, a_horizon_grows_and_shrinks_with_the_settings),
    };
    int failed = cmocka_run_group_tests_name("books", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
