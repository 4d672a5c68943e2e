/* What is done to books: old and future vouchers, deletions, resyncs, names nobody has told of. */
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
#define RARELY "pull_interval = 1h\nmaster_interval = 1h\ncold_interval = 1h"

#define ONE(postings_per_year)                                                                     \
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["                                     \
    "{ \"orgNr\": \"974760673\", \"name\": \"Fjord Fisk AS\", \"seed\": 41,"                       \
    "  \"postingsPerYear\": " postings_per_year " } ],"                                            \
    "\"tokens\": ["                                                                                \
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","            \
    "  \"access\": [\"974760673\"] } ] }"

static struct program *start_world(struct stage *stage, const char *world, const char *schedule)
{
    const struct stage_config config = { .schedule = schedule };
    (void)stage_world(stage, world);
    stage_configure(stage, &config);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db,
           "SELECT bureau.add_client('" CLIENT "', 'Fjord Fisk AS', 'Regnskap Nord AS')");
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    /* What follows a first load at once is done too. */
    stage_wait(stage, 20,
               "SELECT count(*) = 1 FROM sync.list WHERE resource = 'opening' "
               "AND variant = 'all'");
    return daemon;
}

static struct program *start_one(struct stage *stage, const char *schedule)
{
    return start_world(stage, ONE("400"), schedule);
}

static void end_daemon(struct stage *stage, struct program *daemon)
{
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
}

static void end_scene(struct stage *stage, struct program *daemon)
{
    AUTO_FREE char *violations = world_get(stage->world, "/violations");
    if (!strstr(violations, "\"count\":0,"))
        fail_msg("requests that no correct client sends: %.2000s", violations);
    end_daemon(stage, daemon);
}

static void check_text(struct stage *stage, const char *sql, const char *wanted)
{
    AUTO_FREE char *found = db_text(stage->db, sql);
    assert_string_equal(found, wanted);
}

static void wait_order(struct stage *stage, const char *sql)
{
    AUTO_FREE char *order = db_text(stage->db, sql);
    stage_wait(stage, 20, "SELECT outcome = 'done' FROM bureau.order_list WHERE order_id = %s",
               order);
}

/* --- old and future vouchers, periods, groups --- */

static void old_and_future_postings_are_followed(struct stage *stage)
{
    struct program *daemon = start_one(stage, EVERY_SECOND);
    AUTO_FREE char *ids = db_text(
        stage->db, "SELECT string_agg(posting_id::text, ', ') FROM (SELECT p.posting_id FROM "
                   "finale.posting p WHERE p.account_number = '1500' AND p.close_group_id IS NULL "
                   "ORDER BY p.posting_date LIMIT 2) p");
    world_post(stage->world, "/closegroup", "{\"orgNr\": \"" CLIENT "\", \"postings\": [%s]}", ids);
    AUTO_FREE char *old = db_text(stage->db, "SELECT min(start_date) + 40 FROM finale.year");
    AUTO_FREE char *ahead = db_text(stage->db,
                                    "SELECT (current_date + interval '30 months')::date");
    world_post(stage->world, "/period",
               "{\"orgNr\": \"" CLIENT "\", \"date\": \"%s\", \"isClosed\": false}", old);
    for (int i = 0; i < 2; i++)
        world_post(stage->world, "/voucher",
                   "{\"orgNr\": \"" CLIENT "\", \"date\": \"%s\", \"description\": \"sen\","
                   " \"type\": \"Memorialnota\", \"rows\": [{\"account\": 1920, \"amount\": \"7\"},"
                   " {\"account\": 3000, \"amount\": \"-7\"}]}",
                   i == 0 ? old : ahead);
    books_wait_equal(stage, 20);
    books_wait_fresh(stage, 20);
    AUTO_FREE char *closed = db_textf(stage->db,
                                      "SELECT count(DISTINCT close_group_id) FROM finale.posting "
                                      "WHERE posting_id IN (%s)",
                                      ids);
    assert_string_equal(closed, "1");
    check_text(stage, "SELECT count(*) FROM finale.posting WHERE posting_date > current_date + 800",
               "2");
    end_scene(stage, daemon);
}

/* --- what moves --- */

/* The year it comes from is visible all the while: its saldo has to go down with its postings. */
static void what_moves_into_a_year_that_is_loaded_takes_its_saldo_along(struct stage *stage)
{
    end_daemon(stage, start_one(stage, RARELY));
    db_run(stage->db, "UPDATE mirror.year SET complete = false WHERE year = "
                      "(SELECT max(year) - 1 FROM mirror.year WHERE start_date <= current_date)");
    db_run(stage->db, "UPDATE sync.client_state SET next_pull_at = now()");
    AUTO_FREE char *moved = db_text(
        stage->db, "SELECT max(voucher_id) FROM finale.posting WHERE account_number ~ '^[12]' "
                   "AND date_trunc('year', posting_date) = date_trunc('year', current_date)");
    AUTO_FREE char *day = db_text(stage->db, "SELECT (current_date - interval '1 year')::date");
    world_call(stage->world, "PUT", "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"id\": %s, \"date\": \"%s\"}", moved, day);
    struct program *daemon = stage_daemon(stage);
    stage_wait(stage, 20, "SELECT bool_and(complete) FROM mirror.year");
    books_check_equal(stage);
    books_wait_fresh(stage, 20);
    end_scene(stage, daemon);
}

/* --- what is doubted --- */

/* More postings than one list holds: the old year, which is a list of its own, is not due for an
 * hour. Its proof has failed, and a voucher has come since. */
static void a_doubted_month_is_read_with_its_postings(struct stage *stage)
{
    struct program *daemon = start_world(stage, ONE("4500"),
                                         "pull_interval = 1s\ncold_interval = 1h");
    AUTO_FREE char *old = db_text(stage->db, "SELECT min(start_date) + 40 FROM finale.year");
    world_post(stage->world, "/period",
               "{\"orgNr\": \"" CLIENT "\", \"date\": \"%s\", \"isClosed\": false}", old);
    world_post(stage->world, "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"date\": \"%s\", \"description\": \"sen\","
               " \"type\": \"Memorialnota\", \"rows\": [{\"account\": 1920, \"amount\": \"7\"},"
               " {\"account\": 3000, \"amount\": \"-7\"}]}",
               old);
    db_runf(stage->db,
            "UPDATE mirror.saldo SET postings_sum = postings_sum + 1 "
            "WHERE month = date_trunc('month', '%s'::date)",
            old);
    books_wait_equal(stage, 20);
    books_wait_fresh(stage, 20);
    end_scene(stage, daemon);
}

/* --- what is gone --- */

static void deletions_and_edits_are_told_apart(struct stage *stage)
{
    struct program *daemon = start_one(stage, EVERY_SECOND);
    AUTO_FREE char *edited = db_text(
        stage->db, "SELECT max(voucher_id) FROM finale.posting WHERE system_generated");
    AUTO_FREE char *deleted = db_textf(
        stage->db,
        "SELECT max(voucher_id) FROM finale.voucher WHERE voucher_id <> %s "
        "AND voucher_type = 'Leverandørfaktura'",
        edited);
    db_runf(stage->db,
            "CREATE TABLE public.was AS SELECT * FROM finale.posting WHERE voucher_id IN (%s, %s)",
            edited, deleted);
    world_call(stage->world, "PUT", "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"id\": %s, \"newVatRows\": true}", edited);
    world_call(stage->world, "DELETE", "/voucher", "{\"orgNr\": \"" CLIENT "\", \"id\": %s}",
               deleted);
    books_wait_equal(stage, 20);
    AUTO_FREE char *columns = db_text(
        stage->db,
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute "
        "WHERE attrelid = 'finale.posting'::regclass AND attnum > 0");
    AUTO_FREE char *differ = db_textf(
        stage->db,
        "SELECT count(*) FROM (SELECT %s FROM finale.deleted_posting EXCEPT SELECT %s FROM "
        "public.was) d",
        columns, columns);
    assert_string_equal(differ, "0");
    AUTO_FREE char *reasons = db_textf(
        stage->db,
        "SELECT bool_and(reason = CASE voucher_id WHEN %s THEN 'voucher_edited' ELSE "
        "'voucher_deleted' END) AND count(DISTINCT reason) = 2 AND "
        "count(*) FILTER (WHERE voucher_id = %s) = (SELECT count(*) FROM public.was WHERE "
        "voucher_id = %s) FROM finale.deleted_posting",
        edited, deleted, deleted);
    assert_string_equal(reasons, "t");
    end_scene(stage, daemon);
}

/* It is in no list that is read any more, and yet not deleted. */
static void a_voucher_that_leaves_the_horizon_is_not_called_deleted(struct stage *stage)
{
    struct program *daemon = start_one(stage, EVERY_SECOND "\nhistory_years = 0");
    AUTO_FREE char *moved = db_text(stage->db, "SELECT max(voucher_id) FROM finale.posting");
    AUTO_FREE char *day = db_text(stage->db, "SELECT (current_date - interval '1 year')::date");
    AUTO_FREE char *back = db_text(stage->db, "SELECT current_date");
    world_call(stage->world, "PUT", "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"id\": %s, \"date\": \"%s\"}", moved, day);
    books_wait_equal(stage, 20);
    books_wait_fresh(stage, 20);
    AUTO_FREE char *edited = mem_printf("%s voucher_edited", moved);
    check_text(stage,
               "SELECT string_agg(DISTINCT voucher_id || ' ' || reason, ', ') "
               "FROM finale.deleted_posting",
               edited);
    world_call(stage->world, "PUT", "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"id\": %s, \"date\": \"%s\"}", moved, back);
    books_wait_equal(stage, 20);
    check_text(stage, "SELECT count(*) FROM finale.deleted_posting", "0");
    end_scene(stage, daemon);
}

/* More than one question to Tripletex holds, and more than may vanish unless somebody confirms it.
 */
static void many_vouchers_may_leave_the_horizon(struct stage *stage)
{
    enum { MOVED = 130 };
    struct program *daemon = start_world(stage, ONE("900"), EVERY_SECOND "\nhistory_years = 0");
    AUTO_FREE char *day = db_text(stage->db, "SELECT (current_date - interval '1 year')::date");
    program_signal(daemon, SIGSTOP); /* it sees all of them leave at once */
    for (int i = 0; i < MOVED; i++) {
        AUTO_FREE char *id = db_textf(stage->db,
                                      "SELECT voucher_id FROM finale.voucher "
                                      "WHERE voucher_date >= date_trunc('year', current_date) "
                                      "ORDER BY voucher_id LIMIT 1 OFFSET %d",
                                      i);
        world_call(stage->world, "PUT", "/voucher",
                   "{\"orgNr\": \"" CLIENT "\", \"id\": %s, \"date\": \"%s\"}", id, day);
    }
    program_signal(daemon, SIGCONT);
    books_wait_equal(stage, 20);
    books_wait_fresh(stage, 20);
    check_text(stage,
               "SELECT count(DISTINCT voucher_id) = 130 AND bool_and(reason = 'voucher_edited') "
               "FROM finale.deleted_posting",
               "t");
    end_scene(stage, daemon);
}

static char *delete_one(struct stage *stage)
{
    char *id = db_text(stage->db, "SELECT max(voucher_id) FROM finale.voucher "
                                  "WHERE voucher_type = 'Leverandørfaktura'");
    world_call(stage->world, "DELETE", "/voucher", "{\"orgNr\": \"" CLIENT "\", \"id\": %s}", id);
    return id;
}

/* Whether a voucher lives on elsewhere may be refused, or fail in passing. */
static void deletions_are_seen_though_vouchers_cannot_be_asked_for(struct stage *stage)
{
    struct program *daemon = start_one(stage, EVERY_SECOND);
    world_post(
        stage->world, "/fault",
        "{\"kind\": \"status\", \"status\": 403, \"path\": \"/ledger/voucher\", \"next\": 1}");
    AUTO_FREE char *first = delete_one(stage);
    books_wait_equal(stage, 20);
    world_post(stage->world, "/fault",
               "{\"kind\": \"html\", \"path\": \"/ledger/voucher\", \"next\": 1}");
    AUTO_FREE char *second = delete_one(stage);
    books_wait_equal(stage, 20);
    AUTO_FREE char *reasons = db_textf(
        stage->db,
        "SELECT count(DISTINCT voucher_id) = 2 AND bool_and(reason = "
        "'voucher_deleted' AND voucher_id IN (%s, %s)) "
        "FROM finale.deleted_posting",
        first, second);
    assert_string_equal(reasons, "t");
    AUTO_FREE char *faults = world_get(stage->world, "/faults");
    stage_check_lacks(faults, "\"hits\":0");
    books_wait_fresh(stage, 20);
    end_scene(stage, daemon);
}

/* --- orders --- */

/* What a wrong digest would hide: rows of the mirror that are wrong though no digest differs. */
static void spoil(struct stage *stage)
{
    db_run(stage->db, "UPDATE mirror.posting SET description = 'spoilt', amount_gross = 1 "
                      "WHERE posting_id IN (SELECT min(posting_id) FROM mirror.posting "
                      "GROUP BY date_trunc('year', posting_date))");
}

static void resync_reads_what_was_asked_for(struct stage *stage)
{
    struct program *daemon = start_one(stage, RARELY);
    spoil(stage);
    int64_t spoilt = db_int(stage->db, "SELECT count(*) FROM finale.posting "
                                       "WHERE description = 'spoilt'");
    assert_in_range(spoilt, 3, 6);
    wait_order(stage, "SELECT bureau.pull_now('" CLIENT "')");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.posting "
                                       "WHERE description = 'spoilt'"),
                     spoilt);
    world_forget(stage->world);
    wait_order(stage, "SELECT bureau.resync('" CLIENT "', (SELECT max(year) FROM finale.year "
                      "WHERE end_date < current_date))");
    print_message("resync of a year: %lld requests\n",
                  (long long)world_requests(stage->world, NULL));
    check_text(stage,
               "SELECT count(*) FROM finale.posting p WHERE description = 'spoilt' AND "
               "date_trunc('year', posting_date) = date_trunc('year', current_date - interval "
               "'1 year')",
               "0");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.posting "
                                       "WHERE description = 'spoilt'"),
                     spoilt - 1);
    world_forget(stage->world);
    wait_order(stage,
               "SELECT bureau.resync('" CLIENT "', account => (SELECT account_number FROM "
               "finale.posting WHERE description = 'spoilt' ORDER BY posting_date LIMIT 1))");
    print_message("resync of an account: %lld requests\n",
                  (long long)world_requests(stage->world, NULL));
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.posting "
                                  "WHERE description = 'spoilt'") < spoilt - 1);
    db_run(stage->db, "UPDATE mirror.account SET name = 'spoilt' WHERE number = '1920'");
    world_forget(stage->world);
    wait_order(stage, "SELECT bureau.resync('" CLIENT "')");
    print_message("resync of a client: %lld requests\n",
                  (long long)world_requests(stage->world, NULL));
    books_check_equal(stage);
    books_wait_fresh(stage, 20);
    end_scene(stage, daemon);
}

/* --- names --- */

static void an_unknown_name_is_asked_for_at_once(struct stage *stage)
{
    static const char *const LISTS[] = { "account",  "vat_type",   "customer", "supplier",
                                         "employee", "department", "project",  "voucher_type" };
    struct program *daemon = start_one(stage, EVERY_SECOND);
    AUTO_FREE char *id = db_text(stage->db, "SELECT max(voucher_id) FROM finale.posting "
                                            "WHERE customer_id IS NOT NULL");
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
        db_runf(stage->db, "CREATE TABLE public.%s AS SELECT count(*) AS n FROM mirror.%s",
                LISTS[i], LISTS[i]);
        db_runf(stage->db, "DELETE FROM mirror.%s", LISTS[i]);
        /* The digest too, as where the list has grown since it was read. */
        db_runf(stage->db, "UPDATE sync.list SET digest = 'other' WHERE resource = '%s'", LISTS[i]);
    }
    world_post(stage->world, "/fault",
               "{\"kind\": \"status\", \"status\": 403, \"path\": \"/department\"}");
    world_forget(stage->world);
    world_call(stage->world, "PUT", "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"id\": %s, \"description\": \"rørt\", "
               "\"newIds\": true}",
               id);
    stage_wait(stage, 20,
               "SELECT (SELECT n FROM public.account) = (SELECT count(*) FROM mirror.account) AND "
               "(SELECT n FROM public.customer) = (SELECT count(*) FROM mirror.customer) AND "
               "(SELECT n FROM public.voucher_type) = (SELECT count(*) FROM mirror.voucher_type)");
    books_wait_equal(stage, 20);
    assert_true(world_requests(stage->world, "/department") <= 1);
    assert_int_equal(world_requests(stage->world, "/ledger/annualAccount"), 0);
    end_scene(stage, daemon);
}

static void an_unknown_product_is_asked_for_at_once(struct stage *stage)
{
    struct program *daemon = start_one(stage, EVERY_SECOND);
    stage_wait(stage, 20, "SELECT count(*) > 0 FROM finale.product");
    AUTO_FREE char *product = db_text(stage->db, "SELECT max(product_id) FROM finale.posting");
    AUTO_FREE char *id = db_textf(stage->db,
                                  "SELECT max(voucher_id) FROM finale.posting "
                                  "WHERE product_id = %s",
                                  product);
    db_runf(stage->db, "DELETE FROM mirror.product WHERE product_id = %s", product);
    db_run(stage->db, "UPDATE sync.list SET digest = 'other' WHERE resource = 'product'");
    world_call(stage->world, "PUT", "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"id\": %s, \"description\": \"rørt\", "
               "\"newIds\": true}",
               id);
    stage_wait(stage, 20, "SELECT count(*) = 1 FROM finale.product WHERE product_id = %s", product);
    end_scene(stage, daemon);
}

/* The list of accounts is not due for long, and the posting knows better. */
static void an_account_with_another_number_is_asked_for_at_once(struct stage *stage)
{
    struct program *daemon = start_one(stage, EVERY_SECOND);
    db_run(stage->db, "UPDATE mirror.account SET number = '1999' WHERE number = '1920'");
    db_run(stage->db, "UPDATE sync.list SET digest = 'other' WHERE resource = 'account'");
    AUTO_FREE char *day = db_text(stage->db, "SELECT current_date - 40");
    world_post(stage->world, "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"date\": \"%s\", \"description\": \"ny\","
               " \"rows\": [{\"account\": 1920, \"amount\": \"7\"},"
               " {\"account\": 3000, \"amount\": \"-7\"}]}",
               day);
    books_wait_equal(stage, 20);
    end_scene(stage, daemon);
}

/* A balance account carries over, a result account opens at 0. */
static void an_account_that_changes_its_class_opens_otherwise_in_all_years(struct stage *stage)
{
    struct program *daemon = start_one(stage, "pull_interval = 1s\nmaster_interval = 1s\n"
                                              "cold_interval = 1h");
    check_text(stage,
               "SELECT count(*) > 1 FROM finale.saldo_year WHERE account_number = '2400' "
               "AND opening <> 0",
               "t");
    world_post(stage->world, "/account",
               "{\"orgNr\": \"" CLIENT "\", \"number\": 2400, \"newNumber\": 3940}");
    books_wait_equal(stage, 20);
    books_wait_fresh(stage, 20);
    check_text(stage,
               "SELECT count(*) FROM finale.saldo_year WHERE account_number = '3940' "
               "AND opening <> 0",
               "0");
    world_post(stage->world, "/account",
               "{\"orgNr\": \"" CLIENT "\", \"number\": 3940, \"newNumber\": 2400}");
    books_wait_equal(stage, 20);
    books_wait_fresh(stage, 20);
    end_scene(stage, daemon);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, old_and_future_postings_are_followed),
        STAGE_TEST(&stage, what_moves_into_a_year_that_is_loaded_takes_its_saldo_along),
        STAGE_TEST(&stage, a_doubted_month_is_read_with_its_postings),
        STAGE_TEST(&stage, deletions_and_edits_are_told_apart),
        STAGE_TEST(&stage, a_voucher_that_leaves_the_horizon_is_not_called_deleted),
        STAGE_TEST(&stage, many_vouchers_may_leave_the_horizon),
        STAGE_TEST(&stage, deletions_are_seen_though_vouchers_cannot_be_asked_for),
        STAGE_TEST(&stage, resync_reads_what_was_asked_for),
        STAGE_TEST(&stage, an_unknown_name_is_asked_for_at_once),
        STAGE_TEST(&stage, an_unknown_product_is_asked_for_at_once),
        STAGE_TEST(&stage, an_account_that_changes_its_class_opens_otherwise_in_all_years),
        STAGE_TEST(&stage, an_account_with_another_number_is_asked_for_at_once),
    };
    int failed = cmocka_run_group_tests_name("changes", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
