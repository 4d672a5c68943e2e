/* Values that are odd: exact, told once, or a named error with the last good state standing. */
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
    "{ \"orgNr\": \"974760673\", \"name\": \"Fjord Fisk AS\", \"seed\": 61,"
    "  \"postingsPerYear\": 60 },"
    "{ \"orgNr\": \"910000004\", \"name\": \"Andre AS\", \"seed\": 62,"
    "  \"postingsPerYear\": 60 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"974760673\", \"910000004\"] } ] }";

#define CLIENT "974760673"
#define OTHER "910000004"

static struct program *set_scene(struct stage *stage)
{
    static const struct stage_config CONFIG = {
        .schedule = "pull_interval = 1s\nmaster_interval = 1h\ncold_interval = 1h"
    };
    (void)stage_world(stage, WORLD);
    stage_configure(stage, &CONFIG);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db,
           "SELECT bureau.add_client('" CLIENT "', 'Fjord Fisk AS', 'Regnskap Nord AS')");
    db_run(stage->db, "SELECT bureau.add_client('" OTHER "', 'Andre AS', 'Regnskap Nord AS')");
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    return daemon;
}

static void end_scene(struct stage *stage, struct program *daemon)
{
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
}

static void replace(struct stage *stage, const char *path, const char *find, const char *with)
{
    world_post(stage->world, "/fault",
               "{\"kind\": \"replace\", \"orgNr\": \"" CLIENT "\", \"path\": \"%s\","
               " \"find\": \"%s\", \"with\": \"%s\"}",
               path, find, with);
}

static void add_voucher(struct stage *stage, const char *debit, const char *credit)
{
    AUTO_FREE char *day = db_text(stage->db, "SELECT current_date - 9");
    world_post(stage->world, "/voucher",
               "{\"orgNr\": \"" CLIENT "\", \"date\": \"%s\", \"description\": \"beløp\","
               " \"type\": \"Memorialnota\", \"rows\": [{\"account\": 1920, \"amount\": \"%s\"},"
               " {\"account\": 3000, \"amount\": \"%s\"}]}",
               day, debit, credit);
}

static void what_cannot_be_carried_is_a_named_error_of_that_client(struct stage *stage)
{
    static const struct {
        const char *find, *with, *told;
    } CASES[] = {
        { "\\\"amount\\\":4711.25", "\\\"amount\\\":1e400", "cannot be carried exactly" },
        { "\\\"amount\\\":4711.25", "\\\"amount\\\":null", "required, but missing or null" },
        { "\\\"amount\\\":4711.25", "\\\"amount\\\":\\\"4711.25\\\"", "expected a number" },
    };
    struct program *daemon = set_scene(stage);
    int64_t before = db_int(stage->db, "SELECT count(*) FROM finale.posting "
                                       "WHERE org_nr = '" CLIENT "'");
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        replace(stage, "/ledger/posting", CASES[i].find, CASES[i].with);
        add_voucher(stage, "4711.25", "-4711.25");
        stage_wait(stage, 20,
                   "SELECT last_error LIKE '%%posting%%amount%%%s%%' AND last_error LIKE '%%id %%' "
                   "AND last_request_id <> '' AND last_error_at > now() - interval '10 seconds' "
                   "FROM bureau.status WHERE org_nr = '" CLIENT "'",
                   CASES[i].told);
        assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.posting "
                                           "WHERE org_nr = '" CLIENT "'"),
                         before);
        assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.client WHERE "
                                           "state = 'fresh' AND org_nr = '" OTHER "'"),
                         1);
        world_post(stage->world, "/faults/clear", "{}");
        books_wait_equal(stage, 20);
        before += 2;
    }
    books_wait_fresh(stage, 20);
    end_scene(stage, daemon);
}

static void amounts_that_no_double_carries_are_exact(struct stage *stage)
{
    static const char *const STYLES[] = { "short", "two_decimals", "exponent" };
    struct program *daemon = set_scene(stage);
    for (size_t i = 0; i < ARRAY_LEN(STYLES); i++) {
        world_post(stage->world, "/numbers", "{\"style\": \"%s\"}", STYLES[i]);
        add_voucher(stage, "12345678901234567.89", "-12345678901234567.89");
        add_voucher(stage, "0.01", "-0.01");
        books_wait_equal(stage, 20);
        assert_int_equal(db_int(stage->db, "SELECT count(*) FROM finale.posting "
                                           "WHERE amount = 12345678901234567.89"),
                         (int64_t)i + 1);
    }
    books_wait_fresh(stage, 20);
    end_scene(stage, daemon);
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

static void what_is_new_is_told_once_and_not_fatal(struct stage *stage)
{
    static const char *const TOLD[] = { "not mirrored: brandNew", "not mirrored: another",
                                        "not mirrored: fresh", "U+0000, which" };
    struct program *daemon = set_scene(stage);
    replace(stage, "/ledger/posting", "\\\"amount\\\":",
            "\\\"brandNew\\\":1,\\\"another\\\":{},"
            "\\\"amount\\\":");
    for (int i = 0; i < 3; i++) {
        add_voucher(stage, "1", "-1");
        books_wait_equal(stage, 20);
    }
    world_post(stage->world, "/faults/clear", "{}");
    replace(stage, "/ledger/account", "\\\"ledgerType\\\":\\\"VENDOR\\\"",
            "\\\"fresh\\\":true,\\\"ledgerType\\\":\\\"ROBOT\\\"");
    replace(stage, "/department", "\\\"name\\\":\\\"", "\\\"name\\\":\\\"\\\\u0000");
    db_run(stage->db, "SELECT bureau.resync('" CLIENT "')");
    stage_wait(stage, 20, "SELECT count(*) > 0 FROM finale.account WHERE ledger_type = 'ROBOT'");
    stage_wait(stage, 20,
               "SELECT count(*) > 0 FROM mirror.department WHERE name LIKE E'\\uFFFD%%'");
    stage_wait_told(stage, daemon, 10, "ledgerType = ROBOT");
    books_wait_fresh(stage, 20);
    AUTO_FREE char *told = program_err(daemon);
    for (size_t i = 0; i < ARRAY_LEN(TOLD); i++) {
        if (count_of(told, TOLD[i]) != 1)
            fail_msg("told %d times: %s", count_of(told, TOLD[i]), TOLD[i]);
    }
    end_scene(stage, daemon);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, what_cannot_be_carried_is_a_named_error_of_that_client),
        STAGE_TEST(&stage, amounts_that_no_double_carries_are_exact),
        STAGE_TEST(&stage, what_is_new_is_told_once_and_not_fatal),
    };
    int failed = cmocka_run_group_tests_name("values", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
