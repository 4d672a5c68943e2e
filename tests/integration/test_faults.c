/* Every fault of Tripletex's answers, each at a client of its own and for as long as it lasts: what
 * its user sees, that nothing visible changes, that the others are not touched, and how it ends. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/stage.h"

static const struct fault {
    const char *org_nr;
    const char *kind;
    const char *more;  /* further members of the fault */
    const char *state; /* "fresh": what need not be noticed */
    const char *words; /* of the reason */
} FAULTS[] = {
    { "910000004", "status", ", \"status\": 500", "failing", "answered 500" },
    { "910000012", "status", ", \"status\": 503, \"retryAfter\": 1", "failing", "answered 503" },
    { "910000020", "status", ", \"status\": 400", "failing", "answered 400" },
    { "910000039", "status", ", \"status\": 404", "failing", "answered 404" },
    { "910000047", "status", ", \"status\": 403", "failing", "answered 403" },
    { "910000055", "html", "", "failing", "not JSON" },
    { "910000063", "html", ", \"status\": 502", "failing", "answered 502" },
    { "910000071", "empty", "", "failing", "the answer is empty" },
    { "910000098", "garbage", "", "failing", "not JSON" },
    { "910000101", "shape", "", "failing", "expected an object" },
    { "910000128", "wrong_type", "", "failing", "expected a whole number" },
    { "910000136", "missing_values", "", "failing", "values" },
    { "910000144", "truncate", "", "failing", "before the whole answer had come" },
    { "910000152", "wrong_length", "", "failing", "cut off" },
    { "910000160", "broken_gzip", "", "failing", "unpacked" },
    { "910000179", "redirect", "", "failing", "answered 302" },
    { "910000187", "reset", "", "failing", "connection" },
    { "910000195", "hang", "", "failing", "had not answered in full after 1500ms" },
    { "910000209", "deep", "", "failing", "nested deeper" },
    { "910000217", "long_text", "", "failing", "a text or a gap" },
    { "910000225", "big_header", "", "failing", "headers of the answer are longer" },
    { "910000233", "endless", "", "failing", "a text or a gap" },
    { "910000241", "repeat_page", "", "failing", "repeats itself" },
    { "910000268", "empty_list", "", "held", "vanished" },
    { "910000276", "short_page", "", "fresh", "" },
    { "910000284", "drip", ", \"skip\": 1, \"next\": 1", "fresh", "" },
};

/* The one that nothing happens to. */
#define OTHER "974760673"

static char *make_world(void)
{
    AUTO_BUF struct buf json;
    int32_t day = clock_oslo_day(clock_now_us());
    int year = 0, month = 0, day_of_month = 0;
    clock_split_day(day, &year, &month, &day_of_month); /* little to load: this year alone */
    buf_init(&json, 65536);
    int ret = buf_printf(&json,
                         "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
                         "{ \"orgNr\": \"" OTHER "\", \"seed\": 700, "
                         "\"name\": \"Fjord Fisk AS\", \"postingsPerYear\": 60,"
                         " \"firstYear\": %d, \"lastYear\": %d }",
                         year, year);
    for (size_t i = 0; i < ARRAY_LEN(FAULTS) && ret == 0; i++)
        ret = buf_printf(&json,
                         ", { \"orgNr\": \"%s\", \"name\": \"Kunde %zu AS\", \"seed\": %zu,"
                         " \"postingsPerYear\": 60, \"firstYear\": %d, \"lastYear\": %d }",
                         FAULTS[i].org_nr, i, 701 + i, year, year);
    if (ret == 0)
        ret = buf_printf(&json,
                         "], \"tokens\": [{ \"employeeToken\": \"test-bureau\","
                         " \"name\": \"bureau\", \"kind\": \"bureau\", \"access\": [\"" OTHER "\"");
    for (size_t i = 0; i < ARRAY_LEN(FAULTS) && ret == 0; i++)
        ret = buf_printf(&json, ", \"%s\"", FAULTS[i].org_nr);
    if (ret == 0)
        ret = buf_printf(&json, "] }] }");
    assert_int_equal(ret, 0);
    return mem_strdup(buf_text(&json));
}

static struct program *set_scene(struct stage *stage)
{
    static const struct stage_config CONFIG = {
        .tripletex = "timeout = 1500ms",
        .schedule = "pull_interval = 1s\nmaster_interval = 1h\ncold_interval = 1h\n"
                    "history_years = 0\nfuture_months = 1"
    };
    AUTO_FREE char *world = make_world();
    (void)stage_world(stage, world);
    stage_configure(stage, &CONFIG);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db, "SELECT bureau.add_client('" OTHER "', 'Fjord Fisk AS', "
                      "'Regnskap Nord AS')");
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++)
        db_runf(stage->db, "SELECT bureau.add_client('%s', 'Kunde %zu AS', 'Regnskap Nord AS')",
                FAULTS[i].org_nr, i);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 60);
    return daemon;
}

/* Everything that readers see of the client, in one number. */
static char *fingerprint(struct stage *stage, const char *org_nr)
{
    return db_textf(stage->db,
                    "SELECT md5(string_agg(p::text, ',' ORDER BY p.posting_id)) || (SELECT "
                    "md5(string_agg(s::text, ',' ORDER BY account_number, month)) "
                    "FROM finale.saldo_month s WHERE org_nr = '%s') "
                    "FROM finale.posting p WHERE org_nr = '%s'",
                    org_nr, org_nr);
}

/* So that no answer is a 304. */
static void change_books(struct stage *stage, const char *org_nr)
{
    AUTO_FREE char *day = db_text(stage->db, "SELECT date_trunc('year', current_date)::date + 3");
    world_post(stage->world, "/voucher",
               "{\"orgNr\": \"%s\", \"date\": \"%s\", \"description\": \"Nytt\", \"rows\": ["
               "{\"account\": 1920, \"amount\": \"12.50\"},"
               "{\"account\": 3000, \"amount\": \"-12.50\"}]}",
               org_nr, day);
}

static void begin_faults(struct stage *stage)
{
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++)
        world_post(stage->world, "/fault",
                   "{\"kind\": \"%s\", \"orgNr\": \"%s\", \"path\": \"/ledger/posting\"%s}",
                   FAULTS[i].kind, FAULTS[i].org_nr, FAULTS[i].more);
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++)
        change_books(stage, FAULTS[i].org_nr);
    change_books(stage, OTHER);
}

static void wait_seen(struct stage *stage, const char *org_nr)
{
    stage_wait(stage, 20,
               "SELECT count(*) = 2 FROM finale.posting WHERE org_nr = '%s' "
               "AND voucher_id = (SELECT max(voucher_id) FROM finale.voucher "
               "WHERE org_nr = '%s' AND description = 'Nytt')",
               org_nr, org_nr);
}

static void wait_state(struct stage *stage, const struct fault *fault)
{
    stage_wait(stage, 60,
               "SELECT state = '%s' AND reason LIKE '%%%s%%' FROM bureau.status "
               "WHERE org_nr = '%s'",
               fault->state, fault->words, fault->org_nr);
    AUTO_FREE char *reason = db_textf(stage->db,
                                      "SELECT reason || ' -> ' || remedy FROM bureau.status "
                                      "WHERE org_nr = '%s' AND reason <> '' AND remedy <> ''",
                                      fault->org_nr);
    if (!*reason || strstr(reason, "see last_error"))
        fail_msg("%s: no reason, or no remedy", fault->kind);
    print_message("%s%s: %s: %s\n", fault->kind, fault->more, fault->state, reason);
}

static void each_fault_is_told_harms_nothing_and_passes(struct stage *stage)
{
    char *before[ARRAY_LEN(FAULTS)];
    struct program *daemon = set_scene(stage);
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++)
        before[i] = fingerprint(stage, FAULTS[i].org_nr);
    begin_faults(stage);
    wait_seen(stage, OTHER);
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++) {
        if (*FAULTS[i].words)
            wait_state(stage, &FAULTS[i]);
        else
            wait_seen(stage, FAULTS[i].org_nr);
    }
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++) {
        AUTO_FREE char *now = fingerprint(stage, FAULTS[i].org_nr);
        if (*FAULTS[i].words && strcmp(now, before[i]) != 0)
            fail_msg("%s has changed what readers see", FAULTS[i].kind);
        free(before[i]);
    }
    stage_wait(stage, 10, "SELECT state = 'fresh' FROM bureau.status WHERE org_nr = '" OTHER "'");
    world_post(stage->world, "/faults/clear", "{}");
    int64_t begun_ms = process_now_ms();
    books_wait_fresh(stage, 60);
    print_message("all fresh %lld ms after the faults\n", (long long)(process_now_ms() - begun_ms));
    books_check_equal(stage);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), 0);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, each_fault_is_told_harms_nothing_and_passes),
    };
    int failed = cmocka_run_group_tests_name("faults", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
