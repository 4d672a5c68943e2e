/* Several servers: a database of readers that follows the one that saldod writes, and one that
 * reads two of them. By the scripts of sql/servers. */
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

#define OTHER_CLIENT "910000020"
#define SCHEDULE "pull_interval = 1s\n"

static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"" BOOKS_CLIENT "\", \"name\": \"Fjord Fisk AS\", \"seed\": 1,"
    "  \"postingsPerYear\": 300 },"
    "{ \"orgNr\": \"" OTHER_CLIENT "\", \"name\": \"Ny Kunde AS\", \"seed\": 2,"
    "  \"postingsPerYear\": 200 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"" BOOKS_CLIENT "\", \"" OTHER_CLIENT "\"] } ] }";

/* Runs a script of sql/servers; words of psql between, NULL at the end. */
static void run_script(struct stage *stage, const char *conninfo, const char *script,
                       const char *const *words)
{
    AUTO_FREE char *file = mem_printf("sql/servers/%s", script);
    AUTO_FREE char *out = folder_file(stage->folder, script);
    const char *argv[24] = { "psql", "-X", "-q", "-d", conninfo, "-f", file };
    for (size_t i = 0, at = 7; words && words[i]; i++) {
        argv[at++] = "-v";
        argv[at++] = words[i];
    }
    const struct process_options options = { .argv = argv, .out = out, .err = out };
    struct process *process = process_start(&options);
    int status = process_wait(process, stage_ms(stage, 60));
    process_stop(process, SIGKILL);
    AUTO_FREE char *said = folder_read(out);
    if (status != 0)
        fail_msg("%s ends with %d: %s", script, status, said);
}

static void register_client(PGconn *db, const char *org_nr, const char *name)
{
    db_run(db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_runf(db, "SELECT bureau.add_client('%s', '%s', bureau => 'Regnskap Nord AS')", org_nr, name);
}

static char *figures(PGconn *db)
{
    return db_text(
        db, "SELECT concat_ws(' ',"
            " (SELECT md5(string_agg(p::text, ',' ORDER BY p.posting_id)) FROM finale.posting p),"
            " (SELECT md5(string_agg(s::text, ',' ORDER BY s::text)) FROM finale.saldo_month s),"
            " (SELECT string_agg(concat_ws('/', c.org_nr, c.state, c.verified), ',')"
            "    FROM finale.client c))");
}

static void wait_same(struct stage *stage, PGconn *one, PGconn *other)
{
    int64_t until_ms = process_now_ms() + stage_ms(stage, 30);
    for (;;) {
        AUTO_FREE char *here = figures(one);
        AUTO_FREE char *there = figures(other);
        if (strcmp(here, there) == 0)
            return;
        if (process_now_ms() > until_ms)
            fail_msg("they differ: %s and %s", here, there);
        process_pause();
    }
}

/* A database with the schema, of a server; free() how it is reached. */
static char *make_database(struct stage *stage, const struct cluster *cluster, const char *name)
{
    AUTO_FREE char *server = cluster_conninfo(cluster, "postgres");
    PGconn *db = db_open(server);
    db_runf(db, "CREATE DATABASE %s", name);
    PQfinish(db);
    char *conninfo = cluster_conninfo(cluster, name);
    char *before = stage->conninfo;
    stage->conninfo = conninfo;
    AUTO_FREE char *config = stage_write_config(stage, name, "http://127.0.0.1:1/v2", NULL);
    const char *words[] = { "migrate", "-c", config, NULL };
    struct program *migrate = stage_start(stage, words);
    assert_int_equal(program_wait(migrate, stage_ms(stage, 60)), 0);
    stage->conninfo = before;
    return conninfo;
}

/* --- a database of readers --- */

static void use_logical_wal(struct stage *stage)
{
    db_run(stage->db, "ALTER SYSTEM SET wal_level = logical");
    PQfinish(stage->db);
    cluster_stop(stage->cluster, CLUSTER_FAST);
    cluster_start(stage->cluster);
    stage->db = db_open(stage->conninfo);
}

static void check_reader(PGconn *there)
{
    assert_int_equal(db_int(there, "SELECT count(*) FROM bureau.bureau "
                                   "WHERE employee_token IS NOT NULL"),
                     0);
    assert_int_equal(db_int(there, "SELECT count(*) FROM sync.session"), 0);
    db_run(there, "SET ROLE saldod_reader");
    assert_true(db_int(there, "SELECT count(*) FROM finale.saldo_at('" BOOKS_CLIENT
                              "', current_date)") > 0);
    db_run(there, "RESET ROLE");
}

static void a_database_of_readers_follows(struct stage *stage)
{
    use_logical_wal(stage);
    struct cluster *other = cluster_named(stage->folder, "reading");
    (void)stage_world(stage, WORLD);
    stage_configure(stage, &(struct stage_config){ .schedule = SCHEDULE });
    register_client(stage->db, BOOKS_CLIENT, "Fjord Fisk AS");
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 20);
    AUTO_FREE char *there = make_database(stage, other, "saldod");
    AUTO_FREE char *source = mem_printf("source=%s", stage->conninfo);
    const char *words[] = { "name=reading1", source, NULL };
    run_script(stage, stage->conninfo, "publish.sql", NULL);
    run_script(stage, there, "subscribe.sql", words);
    PGconn *reading = db_open(there);
    wait_same(stage, stage->db, reading);
    check_reader(reading);
    world_post(stage->world, "/mutate", "{\"orgNr\": \"" BOOKS_CLIENT "\", \"count\": 20}");
    books_wait_equal(stage, 10);
    int64_t begun_ms = process_now_ms();
    wait_same(stage, stage->db, reading);
    print_message("a change of 20 vouchers: there %lld ms after it was here\n",
                  (long long)(process_now_ms() - begun_ms));
    /* What is purged is gone there too, tombstones included. */
    db_run(stage->db, "SELECT bureau.purge_client('" BOOKS_CLIENT "')");
    wait_same(stage, stage->db, reading);
    assert_int_equal(db_int(reading, "SELECT count(*) FROM mirror.posting_history"), 0);
    db_run(reading, "DROP SUBSCRIPTION reading1");
    PQfinish(reading);
    cluster_free(other);
}

/* --- bureaus spread over databases --- */

static void join(struct stage *stage, const char *reading, const char *const *words)
{
    AUTO_FREE char *host = mem_printf("source_host=%s", cluster_host(stage->cluster));
    const char *all[] = {
        words[0], host, words[1], "reader=finale_tool", words[2], words[3], NULL
    };
    run_script(stage, reading, "join.sql", all);
}

static void bureaus_in_two_databases_are_read_in_one(struct stage *stage)
{
    AUTO_FREE char *second = make_database(stage, stage->cluster, "second");
    AUTO_FREE char *reading = cluster_conninfo(stage->cluster, "reading");
    AUTO_FREE char *first_name = db_text(stage->db, "SELECT current_database()");
    AUTO_FREE char *first_dbname = mem_printf("source_dbname=%s", first_name);
    db_run(stage->db, "CREATE DATABASE reading");
    db_run(stage->db, "CREATE ROLE finale_tool LOGIN IN ROLE saldod_reader");
    PGconn *other = db_open(second);
    db_run(other, "ALTER TABLE bureau.client ALTER COLUMN client_id RESTART WITH 1000000");
    (void)stage_world(stage, WORLD);
    stage_configure(stage, &(struct stage_config){ .schedule = SCHEDULE });
    char *first = stage->conninfo;
    stage->conninfo = second;
    AUTO_FREE char *config = stage_write_config(
        stage, "second.conf", world_url(stage->world),
        &(struct stage_config){ .schedule = SCHEDULE, .database = "instance = second" });
    stage->conninfo = first;
    register_client(stage->db, BOOKS_CLIENT, "Fjord Fisk AS");
    register_client(other, OTHER_CLIENT, "Ny Kunde AS");
    (void)stage_daemon(stage);
    (void)stage_daemon_of(stage, config);
    const char *one[] = { "name=db1", first_dbname, "from=1", "to=1000000" };
    const char *two[] = { "name=db2", "source_dbname=second", "from=1000000", "to=2000000" };
    join(stage, reading, one);
    join(stage, reading, two);
    AUTO_FREE char *tool = mem_printf("host=%s user=finale_tool dbname=reading",
                                      cluster_host(stage->cluster));
    PGconn *tools = db_open(tool);
    int64_t until_ms = process_now_ms() + stage_ms(stage, 30);
    while (db_int(tools, "SELECT count(*) FROM finale.client WHERE state = 'fresh'") < 2) {
        assert_true(process_now_ms() < until_ms);
        process_pause();
    }
    int64_t begun_ms = process_now_ms();
    static const char SUM[] = "SELECT count(*) FROM finale.posting";
    assert_int_equal(db_int(tools, SUM), db_int(stage->db, SUM) + db_int(other, SUM));
    print_message("all postings of two databases counted through one, and in each, in %lld ms\n",
                  (long long)(process_now_ms() - begun_ms));
    /* A question about one client goes to its database alone. */
    AUTO_FREE char *plan = db_text(tools, "EXPLAIN (VERBOSE, FORMAT json) "
                                          "SELECT * FROM finale.posting WHERE client_id = 1000000");
    stage_check_has(plan, "finale_db2");
    stage_check_lacks(plan, "finale_db1");
    PQfinish(tools);
    PQfinish(other);
}

int main(void)
{
    static struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, a_database_of_readers_follows),
        STAGE_TEST(&stage, bureaus_in_two_databases_are_read_in_one),
    };
    int failed = cmocka_run_group_tests_name("servers", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
