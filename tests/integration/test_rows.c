/* What administrators may write into rows of SQL: any value is refused with its column, or taken
 * without harm to others; the row that is put right again serves as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/stage.h"

#define HEALTHY "974760673"

/* Expressions, since what is hostile cannot all be written as it is. */
#define TEXTS                                                                                      \
    "''", "'  '", "repeat('x', 1000000)", "E'a\\nb'", "U&'\\202Eevil\\2066'",                      \
        "'''; DROP SCHEMA mirror CASCADE; --'", "'%s%n%ORGNR%${HOME}'", "chr(1) || chr(127)"
#define INTERVALS "'0'", "'-1 day'", "'1 microsecond'", "'1 month'", "'178000000 years'"
#define DATES "'infinity'", "'-infinity'", "'4713-01-01 BC'", "'5874897-12-31'", "'0001-01-01'"

static const struct column {
    const char *table, *name, *values[9];
} COLUMNS[] = {
    { "bureau.bureau", "name", { TEXTS } },
    { "bureau.bureau", "employee_token", { TEXTS } },
    { "bureau.bureau", "org_nr", { TEXTS } },
    { "bureau.bureau", "source", { TEXTS } },
    { "bureau.bureau", "owner", { TEXTS } },
    { "bureau.client", "org_nr", { TEXTS } },
    { "bureau.client", "name", { TEXTS } },
    { "bureau.client", "employee_token", { TEXTS } },
    { "bureau.client", "org_nr_setting", { TEXTS } },
    { "bureau.client", "pull_interval", { INTERVALS } },
    { "bureau.client", "history_from", { DATES } },
    { "bureau.client", "source", { TEXTS } },
    { "bureau.client", "owner", { TEXTS } },
    { "bureau.client", "created_at", { "'infinity'", "'-infinity'", "'4713-01-01 BC'" } },
};

/* The victims have a bureau and a token of their own. */
static void set_scene(struct stage *stage)
{
    const struct stage_config config = { .schedule = "pull_interval = 1s\nmaster_interval = 1h" };
    (void)stage_world(stage, BOOKS_WORLD);
    stage_configure(stage, &config);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db, "SELECT bureau.add_client('" HEALTHY "', 'Fjord Fisk AS', "
                      "bureau => 'Regnskap Nord AS')");
    db_run(stage->db, "SELECT bureau.add_bureau('Offer AS', 'test-single')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_SINGLE "', 'Nordlys ANS', "
                      "bureau => 'Offer AS')");
    db_run(stage->db, "UPDATE bureau.bureau SET org_nr = '' WHERE name = 'Offer AS'");
    db_run(stage->db, "CREATE TABLE public.refused (columns text, value text, told text)");
}

static void wait_healthy(struct stage *stage)
{
    AUTO_FREE char *now = db_text(stage->db, "SELECT clock_timestamp()");
    stage_wait(stage, 20,
               "SELECT fresh_as_of > '%s' FROM finale.client WHERE org_nr = '" HEALTHY "'", now);
}

/* Whether the value was taken; what was told otherwise goes into public.refused. */
static int try_value(struct stage *stage, const struct column *column, const char *value,
                     const char *victim)
{
    db_run(stage->db, "DELETE FROM public.refused WHERE columns IS NULL");
    AUTO_FREE char *sql = mem_printf(
        "DO $do$ BEGIN UPDATE %s SET %s = %s WHERE %s; "
        "INSERT INTO public.refused VALUES (NULL); "
        "EXCEPTION WHEN OTHERS THEN INSERT INTO public.refused VALUES ($c$%s.%s$c$, $v$%s$v$, "
        "sqlerrm); END $do$",
        column->table, column->name, value, victim, column->table, column->name, value);
    db_run(stage->db, sql);
    return db_int(stage->db, "SELECT count(*) FROM public.refused WHERE columns IS NULL") > 0;
}

static int try_column(struct stage *stage, const struct column *column)
{
    int is_bureau = strcmp(column->table, "bureau.bureau") == 0, taken = 0;
    AUTO_FREE char *victim = db_textf(stage->db,
                                      is_bureau ? "SELECT 'bureau_id = ' || bureau_id FROM "
                                                  "bureau.client WHERE org_nr = '%s'"
                                                : "SELECT 'client_id = ' || client_id FROM "
                                                  "bureau.client WHERE org_nr = '%s'",
                                      BOOKS_SINGLE);
    db_runf(stage->db, "CREATE TABLE public.kept AS SELECT * FROM %s WHERE %s", column->table,
            victim);
    for (const char *const *value = column->values; *value; value++) {
        if (!try_value(stage, column, *value, victim))
            continue;
        taken++;
        wait_healthy(stage);
    }
    db_runf(stage->db, "UPDATE %s SET %s = (SELECT %s FROM public.kept) WHERE %s", column->table,
            column->name, column->name, victim);
    db_run(stage->db, "DROP TABLE public.kept");
    return taken;
}

static void no_value_of_a_row_harms_others(struct stage *stage)
{
    int taken = 0;
    set_scene(stage);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
        taken += try_column(stage, &COLUMNS[i]);
    print_message("%d values were taken, %lld refused\n", taken,
                  (long long)db_int(stage->db, "SELECT count(*) FROM public.refused "
                                               "WHERE columns IS NOT NULL"));
    AUTO_FREE char *mute = db_text(
        stage->db,
        "SELECT string_agg(concat_ws(' | ', columns, left(value, 40), left(told, 200)), E'\\n') "
        "FROM public.refused WHERE strpos(told, columns) = 0");
    if (*mute)
        fail_msg("refused without the name of the column:\n%s", mute);
    assert_true(program_is_alive(daemon));
    books_wait_fresh(stage, 30);
    books_check_equal(stage);
}

int main(void)
{
    static struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, no_value_of_a_row_harms_others),
    };
    int failed = cmocka_run_group_tests_name("rows", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
