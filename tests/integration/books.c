#include "tests/integration/books.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/stage.h"

const char BOOKS_WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"974760673\", \"name\": \"Fjord Fisk AS\", \"seed\": 1,"
    "  \"postingsPerYear\": 1667 },"
    "{ \"orgNr\": \"910000004\", \"name\": \"Tre Små Griser AS\", \"seed\": 3,"
    "  \"postingsPerYear\": 1667 },"
    "{ \"orgNr\": \"910000012\", \"name\": \"Fire Årstider AS\", \"seed\": 4,"
    "  \"postingsPerYear\": 1667 },"
    "{ \"orgNr\": \"811126489\", \"name\": \"Nordlys ANS\", \"seed\": 2,"
    "  \"postingsPerYear\": 2600, \"fiscalStartMonth\": 7 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"974760673\", \"910000004\", \"910000012\"] },"
    "{ \"employeeToken\": \"test-single\", \"name\": \"single\", \"kind\": \"company\","
    "  \"orgNr\": \"811126489\" } ] }";

static const struct part {
    const char *view, *path, *order, *filter;
} PARTS[] = {
    { "finale.posting", "/truth/postings", "posting_id", "true" },
    /* A voucher whose postings all lie outside of what is mirrored is no matter of the readers. */
    { "finale.voucher", "/truth/vouchers", "voucher_id",
      "voucher_id IN (SELECT p.voucher_id FROM finale.posting p WHERE p.org_nr = $2)" },
    { "finale.account", "/truth/accounts", "account_number", "true" },
    /* The view leaves out what is 0 throughout. */
    { "finale.saldo_month", "/truth/saldo", "account_number, month",
      "(balance_in, balance_change, balance_out) IS DISTINCT FROM (0, 0, 0)" },
};

char *books_single(const struct stage *stage)
{
    return mem_printf("[client " BOOKS_SINGLE "]\nname = Nordlys ANS\nemployee_token_file = %s\n"
                      "org_nr =\n",
                      stage->single);
}

void books_register(struct stage *stage)
{
    static const char *const CLIENTS[][2] = { { "974760673", "Fjord Fisk AS" },
                                              { "910000004", "Tre Små Griser AS" },
                                              { "910000012", "Fire Årstider AS" } };
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    for (size_t i = 0; i < ARRAY_LEN(CLIENTS); i++)
        db_runf(stage->db, "SELECT bureau.add_client('%s', '%s', bureau => 'Regnskap Nord AS')",
                CLIENTS[i][0], CLIENTS[i][1]);
}

void books_wait_fresh(struct stage *stage, double seconds)
{
    stage_wait(stage, seconds,
               "SELECT count(*) > 0 AND bool_and(state = 'fresh' AND verified) "
               "FROM finale.client WHERE state <> 'disabled'");
}

/* The first rows that only one side has, marked by side; "" where there are none. free() it. */
static char *compare_part(struct stage *stage, const struct part *part, const char *org_nr,
                          const char *range)
{
    AUTO_FREE char *path = mem_printf("%s?orgNr=%s%s", part->path, org_nr, range);
    AUTO_FREE char *truth = world_get(stage->world, path);
    AUTO_FREE char *columns = db_textf(
        stage->db,
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) "
        "FROM pg_attribute WHERE attrelid = '%s'::regclass AND attnum > 0 "
        "AND attname NOT IN ('org_nr', 'client_id')",
        part->view);
    AUTO_FREE char *sql = mem_printf(
        "WITH truth AS MATERIALIZED (SELECT %s FROM jsonb_populate_recordset(NULL::%s, $1::jsonb) "
        "WHERE %s), mirror AS MATERIALIZED (SELECT %s FROM %s WHERE org_nr = $2 AND %s), "
        "difference AS ("
        "(SELECT 'only in Tripletex' AS side, x.* FROM (TABLE truth EXCEPT ALL TABLE mirror) x) "
        "UNION ALL "
        "(SELECT 'only mirrored', x.* FROM (TABLE mirror EXCEPT ALL TABLE truth) x)) "
        "SELECT string_agg('%s ' || $2 || ': ' || d.side || ' ' || d.d, E'\\n') "
        "FROM (SELECT side, d::text FROM difference d ORDER BY %s, side LIMIT 6) d",
        columns, part->view, part->filter, columns, part->view, part->filter, part->view,
        part->order);
    const char *values[] = { truth, org_nr };
    return db_ask(stage->db, sql, 2, values);
}

/* What is not equal of one client; free() it. */
static char *compare_client(struct stage *stage, const char *org_nr)
{
    AUTO_FREE char *range = db_textf(
        stage->db,
        "SELECT format('&dateFrom=%%s&dateTo=%%s', min(start_date), max(end_date) + 1) "
        "FROM finale.year WHERE org_nr = '%s' HAVING count(*) > 0",
        org_nr);
    if (!*range)
        return mem_printf("%s has no visible year", org_nr);
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++) {
        char *found = compare_part(stage, &PARTS[i], org_nr, range);
        if (*found)
            return found;
        free(found);
    }
    return mem_strdup("");
}

/* What is not equal of any client; free() it. */
static char *compare_all(struct stage *stage)
{
    AUTO_FREE char *clients = db_text(
        stage->db, "SELECT string_agg(org_nr, ' ' ORDER BY org_nr) FROM finale.client "
                   "WHERE state <> 'disabled'");
    char *rest = NULL;
    assert_true(*clients);
    for (char *org_nr = strtok_r(clients, " ", &rest); org_nr;
         org_nr = strtok_r(NULL, " ", &rest)) {
        char *found = compare_client(stage, org_nr);
        if (*found)
            return found;
        free(found);
    }
    return mem_strdup("");
}

void books_check_equal(struct stage *stage)
{
    AUTO_FREE char *found = compare_all(stage);
    if (*found)
        fail_msg("the mirror differs:\n%s", found);
}

void books_wait_equal(struct stage *stage, double seconds)
{
    int64_t until_ms = process_now_ms() + stage_ms(stage, seconds);
    for (;;) {
        AUTO_FREE char *found = compare_all(stage);
        if (!*found)
            return;
        if (process_now_ms() > until_ms) {
            AUTO_FREE char *clients = stage_clients(stage);
            fail_msg("not equal within %g s:\n%s\n%.4000s", seconds, clients, found);
        }
        process_pause();
    }
}
