/* From every earlier version of the schema to this one: figures, digests and what readers have made
 * of them stay. */
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/stage.h"

enum {
    /* The first that a daemon could work with: data can be in any schema from there on. */
    FIRST_WITH_DATA = 10,
    /* Asks for further fields of postings: a digest of an earlier request says nothing of the new
     * one, and is given up. No other version may. */
    FIELDS_CHANGED = 18,
    DONE = 0,
};

/* Books of two clients, as the daemon of that time left them, and what readers made of them. */
static const char DATA[] =
    "SELECT bureau.add_bureau('Nord', 'sealed:1:nord');"
    "SELECT bureau.add_client('974760673', 'Fjord Fisk AS', bureau => 'Nord');"
    "SELECT bureau.add_client('811126489', 'Nordlys ANS', employee_token => 'credential:nordlys');"
    "INSERT INTO mirror.year (client_id, year, start_date, next_start_date, complete)"
    " SELECT client_id, 2025, '2025-01-01', '2026-01-01', true FROM bureau.client;"
    "INSERT INTO mirror.account (client_id, account_id, version, number, name)"
    " SELECT client_id, a, 0, 1900 + a, 'Konto ' || a FROM bureau.client, generate_series(1, 9) a;"
    "INSERT INTO mirror.voucher (client_id, voucher_id, version, year, number, voucher_date)"
    " SELECT client_id, v, 0, 2025, v, '2025-03-01' FROM bureau.client, generate_series(1, 50) v;"
    "INSERT INTO mirror.posting (client_id, posting_id, version, voucher_id, posting_date, "
    "account_id,"
    " amount) SELECT client_id, 2 * v + s, 0, v, '2025-03-01', 1 + (v + s) % 9, (2 * s - 1) * v * "
    "1.01"
    " FROM bureau.client, generate_series(1, 50) v, generate_series(0, 1) s;"
    "INSERT INTO mirror.saldo (client_id, year, month, account_id, balance_change, postings_sum)"
    " SELECT client_id, 2025, '2025-03-01', account_id, sum(amount), sum(amount)"
    " FROM mirror.posting GROUP BY client_id, account_id;"
    "INSERT INTO mirror.opening (client_id, year, account_id, balance_in)"
    " SELECT client_id, 2025, a, CASE a WHEN 1 THEN 10.5 ELSE -10.5 END FROM bureau.client,"
    " generate_series(1, 2) a;"
    "INSERT INTO sync.range (client_id, date_from, date_to, digest, row_count, is_top, "
    "due_interval,"
    " confirmed_at) SELECT client_id, '2025-01-01', '2026-01-01', 'digest-' || client_id, 100, "
    "true,"
    " '5 minutes', now() FROM bureau.client;"
    "INSERT INTO sync.list (client_id, resource, digest, confirmed_at, asked_at)"
    " SELECT client_id, 'ledger/account', 'list-' || client_id, now(), now() FROM bureau.client;"
    "INSERT INTO sync.session (token_id, sealed_token, expires_at) VALUES ('t', 'sealed:1:s',"
    " now() + interval '1 day');"
    "UPDATE sync.client_state SET first_pull_at = now(), last_success_at = now(), company_id = '7',"
    " proven_at = now();"
    "SELECT bureau.grant_reader('upgrade_reader', '974760673');"
    "CREATE SCHEMA reporting;"
    "CREATE VIEW reporting.balance AS SELECT s.*, y.verified FROM finale.saldo_year s"
    " JOIN finale.year y USING (client_id, year);"
    "CREATE VIEW reporting.lines AS SELECT * FROM finale.posting;"
    "CREATE MATERIALIZED VIEW reporting.kept AS SELECT * FROM finale.saldo_month;"
    "CREATE FUNCTION reporting.at_end() RETURNS numeric LANGUAGE sql BEGIN ATOMIC"
    " SELECT sum(saldo) FROM finale.saldo_at('974760673', '2025-12-31'); END;"
    "GRANT USAGE ON SCHEMA reporting TO upgrade_reader;"
    "GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO upgrade_reader";

/* What must not change, by columns that each version has: figures as readers see them, what spares
 * full pulls, and what was made of it. */
static const char *const KEPT[] = {
    "SELECT string_agg(concat_ws('|', org_nr, year, account_number, opening, movement, closing), "
    "','"
    " ORDER BY org_nr, account_number) FROM finale.saldo_year",
    "SELECT md5(string_agg(concat_ws('|', org_nr, posting_id, account_number, amount), ','"
    " ORDER BY org_nr, posting_id)) FROM finale.posting",
    "SELECT string_agg(concat_ws('|', org_nr, name, bureau, state), ',' ORDER BY org_nr)"
    " FROM finale.client",
    "SELECT string_agg(concat_ws('|', client_id, date_from, date_to, row_count, is_top,"
    " confirmed_at), ',' ORDER BY client_id) FROM sync.range",
    "SELECT string_agg(concat_ws('|', client_id, resource, digest, confirmed_at, asked_at), ','"
    " ORDER BY client_id, resource) FROM sync.list WHERE digest IS NOT NULL",
    "SELECT string_agg(concat_ws('|', token_id, sealed_token, expires_at), ',') FROM sync.session",
    "SELECT string_agg(concat_ws('|', company_id, proven_at, last_success_at), ',' ORDER BY "
    "client_id)"
    " FROM sync.client_state",
    "SELECT string_agg(employee_token, ',' ORDER BY name) FROM bureau.bureau",
    "SELECT string_agg(concat_ws('|', org_nr, account_number, closing, verified), ',' ORDER BY "
    "org_nr,"
    " account_number) FROM reporting.balance",
    "SELECT concat_ws('|', count(*), sum(amount), (SELECT count(*) FROM reporting.kept),"
    " reporting.at_end()) FROM reporting.lines",
    "SELECT string_agg(oid::regclass || ' ' || relkind::text, ',' ORDER BY relname) FROM pg_class"
    " WHERE relnamespace = 'reporting'::regnamespace",
    /* The last one: see FIELDS_CHANGED. */
    "SELECT string_agg(concat_ws('|', client_id, date_from, date_to, digest), ',' ORDER BY "
    "client_id)"
    " FROM sync.range",
};
enum { KEPT_COUNT = sizeof(KEPT) / sizeof(*KEPT) };

static void look(PGconn *db, char *out[KEPT_COUNT])
{
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        out[i] = db_text(db, KEPT[i]);
        if (!*out[i])
            fail_msg("nothing comes of: %s", KEPT[i]);
    }
}

/* Several statements at once, which db_run() does not take. */
static void run_script(PGconn *db, const char *sql)
{
    PGresult *result = PQexec(db, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s", PQresultErrorMessage(result));
    PQclear(result);
}

/* As the program of that time did: each in a transaction of its own, recorded in it. */
static void apply(PGconn *db, const glob_t *migrations, size_t count)
{
    AUTO_FREE char *bootstrap = folder_read("sql/bootstrap.sql");
    run_script(db, "SET search_path = ''");
    run_script(db, bootstrap);
    for (size_t i = 0; i < count; i++) {
        const char *name = strrchr(migrations->gl_pathv[i], '/') + 1;
        AUTO_FREE char *sql = folder_read(migrations->gl_pathv[i]);
        AUTO_FREE char *script = mem_printf(
            "BEGIN;\n%s\n;INSERT INTO sync.migration (version, name) "
            "VALUES (%ld, '%.*s');COMMIT",
            sql, strtol(name, NULL, 10), (int)strcspn(name + 5, "."), name + 5);
        run_script(db, script);
    }
    run_script(db, "RESET search_path");
}

static void check_confined(PGconn *db)
{
    db_run(db, "SET ROLE upgrade_reader");
    AUTO_FREE char *seen = db_text(db,
                                   "SELECT string_agg(DISTINCT org_nr, ',') FROM finale.posting");
    assert_string_equal(seen, "974760673");
    db_run(db, "RESET ROLE");
}

static void upgrade_from(struct stage *stage, const glob_t *migrations, size_t count)
{
    char *before[KEPT_COUNT], *after[KEPT_COUNT];
    AUTO_FREE char *name = mem_printf("upgrade_%zu", count);
    db_runf(stage->db, "CREATE DATABASE %s", name);
    free(stage->conninfo);
    stage->conninfo = cluster_conninfo(stage->cluster, name);
    PGconn *db = db_open(stage->conninfo);
    apply(db, migrations, count);
    run_script(db, DATA);
    look(db, before);
    stage_configure(stage, NULL);
    assert_int_equal(SALDOD(stage, "migrate"), DONE);
    assert_int_equal(db_int(db, "SELECT count(*) FROM sync.migration"), migrations->gl_pathc);
    look(db, after);
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        int is_given_up = i == KEPT_COUNT - 1 && count < FIELDS_CHANGED;
        if (!is_given_up && strcmp(before[i], after[i]) != 0)
            fail_msg("from version %zu: %s\nbefore: %s\nafter: %s", count, KEPT[i], before[i],
                     after[i]);
        free(before[i]);
        free(after[i]);
    }
    check_confined(db);
    PQfinish(db);
    assert_int_equal(SALDOD(stage, "migrate"), DONE);
    stage_check_has(stage->out, "the schema is up to date");
    db_runf(stage->db, "DROP DATABASE %s WITH (FORCE)", name);
}

static void every_earlier_version_keeps_its_data_and_its_readers_objects(struct stage *stage)
{
    glob_t migrations;
    assert_int_equal(glob("sql/migrations/*.sql", 0, NULL, &migrations), 0);
    db_run(stage->db, "CREATE ROLE upgrade_reader IN ROLE saldod_reader");
    for (size_t count = FIRST_WITH_DATA; count < migrations.gl_pathc; count++)
        upgrade_from(stage, &migrations, count);
    db_run(stage->db, "DROP ROLE upgrade_reader");
    globfree(&migrations);
}

/* Two at once, from nothing: one waits for the other and then finds nothing to do. */
static void two_migrations_at_once_are_one(struct stage *stage)
{
    db_run(stage->db, "CREATE DATABASE upgrade_twice");
    free(stage->conninfo);
    stage->conninfo = cluster_conninfo(stage->cluster, "upgrade_twice");
    stage_configure(stage, NULL);
    const char *words[] = { "migrate", "-c", stage->config, NULL };
    struct program *one = stage_start(stage, words), *other = stage_start(stage, words);
    assert_int_equal(program_wait(one, stage_ms(stage, 60)), DONE);
    assert_int_equal(program_wait(other, stage_ms(stage, 60)), DONE);
    AUTO_FREE char *one_out = program_out(one), *other_out = program_out(other);
    int one_applied = strstr(one_out, "applied") != NULL;
    int other_applied = strstr(other_out, "applied") != NULL;
    assert_int_equal(one_applied + other_applied, 1);
    db_run(stage->db, "DROP DATABASE upgrade_twice WITH (FORCE)");
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, every_earlier_version_keeps_its_data_and_its_readers_objects),
        STAGE_TEST(&stage, two_migrations_at_once_are_one),
    };
    int failed = cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
