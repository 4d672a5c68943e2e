/* What lies beyond the ledger: read once it is complete, in parts where it is large, and never in
 * its way. */
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

#define ALL_READ                                                                                   \
    "SELECT count(*) = 15 AND bool_and(state = 'read') FROM bureau.resource "                      \
    "WHERE org_nr = '" BOOKS_SINGLE "' AND resource IN ('dimension', 'dimension_value', "          \
    "'open_post', 'close_group', 'bank_statement', 'bank_transaction', 'bank_reconciliation', "    \
    "'bank_match', 'asset', 'asset_posting', 'budget', 'non_posted_voucher', 'product', "          \
    "'sales_module', 'subscription')"

/* A list of the API beside what is mirrored of it, both as rows of texts. */
static const struct pair {
    const char *path, *truth, *mirror;
    const char *filter; /* of the truth: what lies before the horizon is not asked for */
} PAIRS[] = {
    { .path = "/ledger/accountingDimensionName",
      .truth = "r->>'id', r->>'dimensionIndex', r->>'dimensionName'",
      .mirror = "dimension_id, dimension_index, name FROM mirror.dimension" },
    { .path = "/ledger/accountingDimensionValue/search",
      .truth = "r->>'id', r->>'dimensionIndex', r->>'number'",
      .mirror = "dimension_value_id, dimension_index, number FROM mirror.dimension_value" },
    { .path = "/ledger/closeGroup",
      .truth =
          "r->>'id', r->>'date', (SELECT string_agg(p->>'id', ',' ORDER BY (p->>'id')::bigint) "
          "FROM jsonb_array_elements(r->'postings') p)",
      .mirror = "g.close_group_id, g.close_date, string_agg(p.posting_id::text, ',' ORDER BY "
                "p.posting_id) "
                "FROM mirror.close_group g JOIN mirror.close_group_posting p USING (client_id, "
                "close_group_id) WHERE g.gone_at IS NULL AND p.gone_at IS NULL "
                "GROUP BY g.client_id, g.close_group_id, g.close_date",
      .filter = "WHERE (r->>'date')::date >= (SELECT min(start_date) FROM mirror.year)" },
    { .path = "/bank/statement",
      .truth = "r->>'id', r->>'fromDate', (r->>'closingBalanceCurrency')::numeric, r->>'fileName'",
      .mirror = "bank_statement_id, from_date, closing_balance_currency, file_name "
                "FROM mirror.bank_statement" },
    { .path = "/bank/statement/transaction",
      .truth =
          "r->>'id', r->'bankStatement'->>'id', r->>'postedDate', (r->>'amountCurrency')::numeric, "
          "(r->>'matched')::boolean, r->>'description'",
      .mirror = "bank_transaction_id, bank_statement_id, posted_date, amount_currency, matched, "
                "description "
                "FROM mirror.bank_transaction" },
    { .path = "/bank/reconciliation",
      .truth =
          "r->>'id', r->'account'->>'id', r->'accountingPeriod'->>'id', (r->>'isClosed')::boolean, "
          "r->>'closedDate', r->'closedByEmployee'->>'id'",
      .mirror = "bank_reconciliation_id, account_id, accounting_period_id, is_closed, closed_date, "
                "closed_by_employee_id FROM mirror.bank_reconciliation" },
    { .path = "/bank/reconciliation/match",
      .truth = "r->>'id', r->'bankReconciliation'->>'id', r->'transactions'->0->>'id', "
               "r->'postings'->0->>'id'",
      .mirror = "bank_match_id, bank_reconciliation_id, bank_transaction_ids[1], posting_ids[1] "
                "FROM mirror.bank_match" },
    { .path = "/asset",
      .truth = "r->>'id', r->>'name', r->'account'->>'id', (r->>'balanceOut')::numeric, "
               "(r->>'accumulatedDepreciation')::numeric",
      .mirror =
          "asset_id, name, account_id, balance_out, accumulated_depreciation FROM mirror.asset" },
    { .path = "/resultbudget/company",
      .truth = "r->'account'->>'id', r->'accountingPeriod'->>'id', (r->>'amount')::numeric",
      .mirror = "account_id, accounting_period_id, amount FROM mirror.budget",
      .filter = "WHERE (r->'accountingPeriod'->>'id')::bigint IN (SELECT accounting_period_id "
                "FROM mirror.accounting_period WHERE start_date >= (SELECT min(start_date) FROM "
                "mirror.year))" },
    { .path = "/ledger/voucher/%3EnonPosted",
      .truth = "r->>'id', r->>'date', r->>'vendorInvoiceNumber'",
      .mirror = "voucher_id, voucher_date, invoice_number FROM mirror.non_posted_voucher" },
    { .path = "/product",
      .truth = "r->>'id', r->>'number', r->>'name', (r->>'isInactive')::boolean",
      .mirror = "product_id, number, name, is_inactive FROM mirror.product" },
    { .path = "/company/salesmodules",
      .truth = "r->>'name'",
      .mirror = "name FROM mirror.sales_module" },
    { .path = "/event/subscription",
      .truth = "r->>'id', r->>'event', r->>'status'",
      .mirror = "subscription_id, event, status FROM mirror.subscription" },
};

static char *compare_pair(struct stage *stage, const struct pair *pair)
{
    AUTO_FREE char *path = mem_printf("/truth/rows?orgNr=" BOOKS_SINGLE "&path=%s", pair->path);
    AUTO_FREE char *truth = world_get(stage->world, path);
    AUTO_FREE char *sql = mem_printf(
        "WITH truth AS (SELECT ROW(%s)::text AS t FROM jsonb_array_elements($1::jsonb) r %s), "
        "mirror AS (SELECT m::text AS t FROM (SELECT %s) m), "
        "difference AS ((TABLE truth EXCEPT ALL TABLE mirror) UNION ALL "
        "(TABLE mirror EXCEPT ALL TABLE truth)) "
        "SELECT (SELECT count(*) FROM truth) || ' rows, differing: ' || "
        "coalesce(string_agg(t, ' ' ORDER BY t), 'none') FROM (SELECT t FROM difference LIMIT 6) d",
        pair->truth, pair->filter ? pair->filter : "", pair->mirror);
    const char *values[] = { truth };
    return db_ask(stage->db, sql, 1, values);
}

static void check_pairs(struct stage *stage)
{
    for (size_t i = 0; i < ARRAY_LEN(PAIRS); i++) {
        AUTO_FREE char *found = compare_pair(stage, &PAIRS[i]);
        if (!strstr(found, "differing: none") || strncmp(found, "0 rows", 6) == 0)
            fail_msg("%s: %s", PAIRS[i].path, found);
    }
}

static void set_scene(struct stage *stage, const char *schedule, const char *more)
{
    (void)stage_world(stage, BOOKS_WORLD);
    AUTO_FREE char *single = books_single(stage);
    AUTO_FREE char *rest = mem_printf("%s%s", more, single);
    const struct stage_config config = { .schedule = schedule, .rest = rest };
    stage_configure(stage, &config);
}

static void check_no_violations(struct stage *stage)
{
    AUTO_FREE char *violations = world_get(stage->world, "/violations");
    if (!strstr(violations, "\"count\":0,"))
        fail_msg("requests that no correct client sends: %.2000s", violations);
}

static void all_of_it_follows_the_first_load(struct stage *stage)
{
    set_scene(stage, NULL, "");
    struct program *daemon = stage_daemon(stage);
    stage_wait(stage, 20, ALL_READ);
    check_pairs(stage);
    /* Every posting of an asset in the horizon is told of it twice. */
    assert_int_equal(
        db_int(stage->db, "SELECT count(*) FROM mirror.posting p FULL JOIN mirror.asset_posting a "
                          "USING (client_id, asset_id, posting_id) "
                          "WHERE p.asset_id IS NOT NULL AND p.amount IS DISTINCT FROM a.amount "
                          "OR p.client_id IS NULL"),
        0);
    assert_true(db_int(stage->db, "SELECT count(*) FROM mirror.asset_posting") > 10);
    assert_true(db_int(stage->db, "SELECT count(*) FROM mirror.posting "
                                  "WHERE dimension1_id IS NOT NULL") > 100);
    check_no_violations(stage);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
}

/* Each of these finds what does not hold; all of them are to find nothing. */
static const struct claim {
    const char *what, *sql;
} CLAIMS[] = {
    { "departments add up to the saldo",
      "SELECT count(*) FROM finale.saldo_month s FULL JOIN (SELECT client_id, year, month, "
      "account_number, sum(balance_change) AS parts FROM finale.saldo_department_month "
      "GROUP BY 1, 2, 3, 4) d USING (client_id, year, month, account_number) "
      "WHERE coalesce(s.balance_change, 0) <> coalesce(d.parts, 0)" },
    { "projects add up to the saldo",
      "SELECT count(*) FROM finale.saldo_month s FULL JOIN (SELECT client_id, year, month, "
      "account_number, sum(balance_change) AS parts FROM finale.saldo_project_month "
      "GROUP BY 1, 2, 3, 4) d USING (client_id, year, month, account_number) "
      "WHERE coalesce(s.balance_change, 0) <> coalesce(d.parts, 0)" },
    { "grouping codes add up to the saldo",
      "SELECT count(*) FROM (SELECT year, sum(closing) AS c FROM finale.saldo_year GROUP BY 1) s "
      "FULL JOIN (SELECT year, sum(closing) AS c FROM finale.saldo_grouping_year GROUP BY 1) g "
      "USING (year) WHERE s.c IS DISTINCT FROM g.c" },
    { "the register of assets is the ledger",
      "SELECT count(*) FROM finale.asset_movement WHERE account_difference <> 0" },
    { "open posts are the saldo of the sub-ledgers",
      "SELECT count(*) FROM finale.subledger_proof WHERE difference <> 0" },
    { "lines make up their statement",
      "SELECT count(*) FROM finale.bank_statement WHERE difference_currency <> 0" },
    { "what came to the cash is its change",
      "SELECT count(*) FROM (SELECT year, sum(cash_change) AS c FROM finale.cash_flow_month "
      "GROUP BY 1) f FULL JOIN (SELECT year, sum(balance_change) AS c FROM finale.saldo_month "
      "WHERE account_number ~ '^19' GROUP BY 1) s USING (year) WHERE coalesce(f.c, 0) <> "
      "coalesce(s.c, 0)" },
    { "the sheet of an avstemming is the saldo",
      "SELECT count(*) FROM finale.saldo_month s FULL JOIN finale.reconciliation r "
      "USING (client_id, year, month, account_number) "
      "WHERE account_number ~ '^[12]' AND s.balance_out IS DISTINCT FROM r.balance_out "
      "AND coalesce(s.balance_out, r.balance_out) <> 0" },
    { "a group of one has its saldo",
      "SELECT count(*) FROM finale.saldo_year s FULL JOIN finale.group_saldo_month('Alene') g "
      "USING (client_id, year, account_number) "
      "WHERE coalesce(s.closing, 0) <> coalesce(g.ytd_12, 0)" },
    { "what no line has is not matched",
      "SELECT count(*) FROM finale.bank_transaction t FULL JOIN finale.bank_unmatched u "
      "USING (client_id, bank_transaction_id) WHERE u.side = 'bank' AND t.matched "
      "OR u.side IS NULL AND NOT t.matched" },
};

/* Open posts of the horizon as they were at the end of some days, by the dates of their groups. */
static void check_open_posts(struct stage *stage)
{
    static const char *const DAYS[] = { "2024-12-31", "2025-06-30", "2025-12-31", "2026-02-28" };
    for (size_t i = 0; i < ARRAY_LEN(DAYS); i++) {
        AUTO_FREE char *day_after = db_textf(stage->db, "SELECT date '%s' + 1", DAYS[i]);
        AUTO_FREE char *path = mem_printf("/truth/openposts?orgNr=" BOOKS_SINGLE "&dateTo=%s",
                                          day_after);
        AUTO_FREE char *truth = world_get(stage->world, path);
        const char *values[] = { truth, DAYS[i] };
        AUTO_FREE char *found = db_ask(
            stage->db,
            "WITH truth AS (SELECT posting_id, amount FROM jsonb_to_recordset($1::jsonb) "
            "AS t (posting_id bigint, posting_date date, amount numeric) "
            "WHERE posting_date >= (SELECT min(start_date) FROM finale.year)), "
            "mirror AS (SELECT posting_id, amount FROM finale.open_post_at('" BOOKS_SINGLE
            "', $2::date) "
            "WHERE posting_date >= (SELECT min(start_date) FROM finale.year)) "
            "SELECT (SELECT count(*) > 20 FROM truth) || ' ' || count(*) FROM "
            "((TABLE truth EXCEPT TABLE mirror) UNION ALL (TABLE mirror EXCEPT TABLE truth)) d",
            2, values);
        if (strcmp(found, "true 0") != 0)
            fail_msg("open posts on %s: %s", DAYS[i], found);
    }
}

static void the_views_of_the_products_agree_with_the_truth(struct stage *stage)
{
    set_scene(stage, NULL, "");
    (void)stage_daemon(stage);
    stage_wait(stage, 20, ALL_READ);
    db_run(stage->db, "SELECT bureau.add_group_member('Alene', '" BOOKS_SINGLE "')");
    for (size_t i = 0; i < ARRAY_LEN(CLAIMS); i++) {
        int64_t against = db_int(stage->db, CLAIMS[i].sql);
        if (against != 0)
            fail_msg("%s: not in %lld cases", CLAIMS[i].what, (long long)against);
    }
    check_open_posts(stage);
}

static void what_is_refused_is_told_and_keeps_nobody_waiting(struct stage *stage)
{
    set_scene(stage, "pull_interval = 1s\nmaster_interval = 2s", "");
    world_post(stage->world, "/fault",
               "{\"kind\": \"status\", \"status\": 403, \"code\": 9000, \"path\": \"/asset\"}");
    world_post(stage->world, "/fault",
               "{\"kind\": \"status\", \"status\": 500, \"path\": \"/bank/reconciliation\"}");
    world_post(stage->world, "/fault",
               "{\"kind\": \"status\", \"status\": 422, \"code\": 23000, "
               "\"path\": \"/ledger/posting/openPost\", \"next\": 1, \"skip\": 0}");
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 20);
    stage_wait(stage, 20,
               "SELECT count(*) = 3 FROM bureau.resource WHERE (resource, state) IN "
               "(('asset', 'refused'), ('bank_reconciliation', 'failing'), ('open_post', 'read'))");
    stage_wait(stage, 5,
               "SELECT bool_and(state = 'fresh' AND verified AND failures = 0) FROM bureau.status");
    AUTO_FREE char *fault = db_text(stage->db, "SELECT fault FROM bureau.resource "
                                               "WHERE resource = 'asset'");
    stage_check_has(fault, "/asset");
    /* In one piece it was too large: asked by account, it is all there. */
    assert_true(db_int(stage->db, "SELECT count(*) FROM sync.list "
                                  "WHERE resource = 'open_post' AND state = 'read'") > 1);
    world_post(stage->world, "/faults/clear", "{}");
    stage_wait(stage, 90, ALL_READ);
    check_pairs(stage);
}

static const struct pair CUSTOMERS = {
    .path = "/customer",
    .truth = "r->>'id', r->>'name', r->>'organizationNumber'",
    .mirror = "customer_id, name, organization_number FROM mirror.customer",
};

#define NAMED                                                                                      \
    "(SELECT count(DISTINCT customer_id) FROM mirror.posting WHERE customer_id IS NOT NULL)"

/* More customers than the API gives in a list: those that postings name are all there. */
static void of_too_many_customers_those_named_are_read(struct stage *stage)
{
    set_scene(stage, "pull_interval = 1s", "");
    world_post(stage->world, "/fault",
               "{\"kind\": \"status\", \"status\": 422, \"code\": 23000, "
               "\"path\": \"/customer\", \"next\": 1}");
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 20);
    stage_wait(stage, 20,
               "SELECT count(*) = 1 FROM bureau.resource "
               "WHERE resource = 'customer_named' AND state = 'read' AND rows = " NAMED);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM mirror.customer") -
                         db_int(stage->db, "SELECT " NAMED),
                     0);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM bureau.resource "
                                       "WHERE resource IN ('customer', 'supplier_named')"),
                     0);
    db_run(stage->db, "SELECT bureau.resync('" BOOKS_SINGLE "')");
    stage_wait(stage, 20,
               "SELECT state = 'read' AND fault IS NULL FROM bureau.resource "
               "WHERE resource = 'customer'");
    AUTO_FREE char *found = compare_pair(stage, &CUSTOMERS);
    assert_non_null(strstr(found, "differing: none"));
}

static void an_empty_list_after_many_rows_is_held(struct stage *stage)
{
    set_scene(stage, "pull_interval = 1s\nmaster_interval = 2s\nrecheck_interval = 2s", "");
    (void)stage_daemon(stage);
    stage_wait(stage, 20, ALL_READ);
    int64_t lines = db_int(stage->db, "SELECT count(*) FROM mirror.bank_transaction");
    world_post(stage->world, "/checksum", "{\"mode\": \"null\"}");
    world_post(stage->world, "/fault",
               "{\"kind\": \"replace\", \"find\": \"\\\"values\\\":[\", "
               "\"with\": \"\\\"values\\\":[],\\\"else\\\":[\", \"path\": \"/bank/statement\"}");
    stage_wait(stage, 20,
               "SELECT state = 'held' AND fault LIKE '%%are kept%%' "
               "FROM bureau.resource WHERE resource = 'bank_statement'");
    assert_true(db_int(stage->db, "SELECT count(*) FROM mirror.bank_statement") > 20);
    db_run(stage->db, "SELECT bureau.resync('" BOOKS_SINGLE "')");
    stage_wait(stage, 20, "SELECT count(*) = 0 FROM mirror.bank_statement");
    stage_wait(stage, 5, "SELECT count(*) = 0 FROM mirror.bank_transaction");
    world_post(stage->world, "/faults/clear", "{}");
    stage_wait(stage, 20, "SELECT count(*) = %lld FROM mirror.bank_transaction", (long long)lines);
    check_pairs(stage);
}

static void groups_that_open_again_leave_their_history(struct stage *stage)
{
    set_scene(stage, "pull_interval = 1s\nmaster_interval = 1s", "");
    (void)stage_daemon(stage);
    stage_wait(stage, 20, ALL_READ);
    AUTO_FREE char *group = db_text(stage->db, "SELECT min(close_group_id) "
                                               "FROM mirror.close_group");
    AUTO_FREE char *path = mem_printf("/closegroup?orgNr=" BOOKS_SINGLE "&id=%s", group);
    world_call(stage->world, "DELETE", path, "{}");
    stage_wait(
        stage, 20,
        "SELECT (SELECT gone_at > seen_at FROM mirror.close_group WHERE close_group_id = %s) "
        "AND (SELECT count(*) = 2 AND bool_and(gone_at > seen_at) "
        "FROM mirror.close_group_posting WHERE close_group_id = %s)",
        group, group);
    stage_wait(stage, 20, "SELECT count(*) = 0 FROM mirror.posting WHERE close_group_id = %s",
               group);
    check_pairs(stage);
}

static void a_list_that_hangs_does_not_hold_the_ledger_back(struct stage *stage)
{
    set_scene(stage, "pull_interval = 1s", "");
    world_post(stage->world, "/fault", "{\"kind\": \"hang\", \"path\": \"/asset\"}");
    (void)stage_daemon(stage);
    stage_wait(stage, 30,
               "SELECT state = 'failing' AND fault LIKE '%%no answer within%%' "
               "FROM bureau.resource WHERE resource = 'asset'");
    world_post(stage->world, "/mutate", "{\"orgNr\": \"all\", \"count\": 5, \"seed\": 7}");
    books_wait_equal(stage, 15);
    stage_wait(stage, 5, "SELECT state = 'fresh' FROM bureau.status");
}

static void only_what_is_chosen_is_asked(struct stage *stage)
{
    set_scene(stage, NULL, "[mirror]\nresources = budget, asset\n");
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 20);
    stage_wait(stage, 20,
               "SELECT count(*) = 2 FROM bureau.resource "
               "WHERE resource IN ('budget', 'asset') AND state = 'read'");
    assert_int_equal(world_requests(stage->world, "/bank/statement"), 0);
    assert_int_equal(world_requests(stage->world, "/ledger/posting/openPost"), 0);
    assert_int_equal(world_requests(stage->world, "/asset"), 2);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, all_of_it_follows_the_first_load),
        STAGE_TEST(&stage, the_views_of_the_products_agree_with_the_truth),
        STAGE_TEST(&stage, what_is_refused_is_told_and_keeps_nobody_waiting),
        STAGE_TEST(&stage, of_too_many_customers_those_named_are_read),
        STAGE_TEST(&stage, an_empty_list_after_many_rows_is_held),
        STAGE_TEST(&stage, groups_that_open_again_leave_their_history),
        STAGE_TEST(&stage, a_list_that_hangs_does_not_hold_the_ledger_back),
        STAGE_TEST(&stage, only_what_is_chosen_is_asked),
    };
    int failed = cmocka_run_group_tests_name("extras", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
