/* Secrets: sealed in the database, under another key on demand, and found nowhere else. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/seal.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/scan.h"
#include "tests/integration/stage.h"
#include "tests/integration/web.h"

enum { DONE = 0, FAILED = 1, WRONG_USAGE = 64, WRONG_CONFIGURATION = 78 };

#define OLD_KEY STAGE_KEY
#define NEW_KEY "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f"
#define BUREAU_TOKEN "test-Zm9yIGEgYnVyZWF1IGluIGEgdGVzdA"
#define SINGLE_TOKEN "test-Zm9yIGEgc2luZ2xlIGNvbXBhbnkgaW4"
#define OTHER_TOKEN "test-ZW50ZXJlZCBpbiB0aGUgY2xlYXIgdHdpY2U"

static const char WORLD[] = "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
                            "{ \"orgNr\": \"" BOOKS_CLIENT
                            "\", \"name\": \"Fjord Fisk AS\", \"seed\": 1,"
                            "  \"postingsPerYear\": 100 },"
                            "{ \"orgNr\": \"" BOOKS_SINGLE
                            "\", \"name\": \"Nordlys ANS\", \"seed\": 2,"
                            "  \"postingsPerYear\": 100 } ],"
                            "\"tokens\": ["
                            "{ \"employeeToken\": \"" BUREAU_TOKEN
                            "\", \"name\": \"bureau\", \"kind\": \"bureau\","
                            "  \"access\": [\"" BOOKS_CLIENT "\"] },"
                            "{ \"employeeToken\": \"" SINGLE_TOKEN
                            "\", \"name\": \"single\", \"kind\": \"company\","
                            "  \"orgNr\": \"" BOOKS_SINGLE "\" } ] }";

static const char *const SECRETS[] = { "test-consumer", OLD_KEY,     NEW_KEY, BUREAU_TOKEN,
                                       SINGLE_TOKEN,    OTHER_TOKEN, NULL };

/* By statements that the server does not log, as an administrator who knows would. */
static void enter(struct stage *stage, const char *sql)
{
    db_run(stage->db, "SET log_statement = 'none'");
    db_run(stage->db, "SET log_min_duration_statement = -1");
    db_run(stage->db, sql);
}

static void configure(struct stage *stage, const char *rest)
{
    const struct stage_config config = { .schedule = "pull_interval = 1s", .rest = rest };
    stage_configure(stage, &config);
}

static void set_scene(struct stage *stage, const char *rest)
{
    (void)stage_world(stage, WORLD);
    configure(stage, rest);
    enter(stage, "SELECT bureau.add_bureau('Regnskap Nord AS', '" BUREAU_TOKEN "')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_CLIENT "', 'Fjord Fisk AS', "
                      "bureau => 'Regnskap Nord AS')");
    enter(stage, "SELECT bureau.add_client('" BOOKS_SINGLE "', 'Nordlys ANS', "
                 "employee_token => '" SINGLE_TOKEN "')");
}

static void wait_sealed(struct stage *stage, double seconds)
{
    stage_wait(stage, seconds,
               "SELECT (SELECT bool_and(employee_token LIKE 'sealed:%%') FROM bureau.bureau)"
               " AND (SELECT bool_and(employee_token LIKE 'sealed:%%') FROM bureau.client"
               "       WHERE employee_token IS NOT NULL)");
}

static void end_daemon(struct stage *stage, struct program *daemon)
{
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 20)), 0);
}

/* --- in the clear --- */

static int file_has(struct stage *stage, const char *table, const char *needle)
{
    AUTO_FREE char *relation = db_textf(stage->db, "SELECT pg_relation_filepath('%s')", table);
    AUTO_FREE char *path = mem_printf("%s/%s", cluster_data(stage->cluster), relation);
    return scan_finds(path, needle);
}

/* A reader that keeps its snapshot keeps the old rows alive, and the sweep waits for its end. */
static void token_in_the_clear_leaves_the_files_of_its_table(struct stage *stage)
{
    set_scene(stage, NULL);
    db_run(stage->db, "CHECKPOINT");
    assert_true(file_has(stage, "bureau.bureau", BUREAU_TOKEN));
    PGconn *reader = db_open(stage->conninfo);
    db_run(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    db_run(reader, "SELECT 1");
    (void)stage_daemon(stage);
    wait_sealed(stage, 10);
    books_wait_fresh(stage, 20);
    db_run(stage->db, "CHECKPOINT");
    assert_true(file_has(stage, "bureau.bureau", BUREAU_TOKEN));
    assert_true(db_int(stage->db, "SELECT count(*) FROM sync.sweep") > 0);
    PQfinish(reader);
    stage_wait(stage, 15, "SELECT count(*) = 0 FROM sync.sweep");
    /* Again, with the daemon there: within a second. */
    enter(stage, "UPDATE bureau.bureau SET employee_token = '" OTHER_TOKEN "'");
    wait_sealed(stage, 1);
    stage_wait(stage, 15, "SELECT count(*) = 0 FROM sync.sweep");
    db_run(stage->db, "CHECKPOINT");
    static const char *const TOKENS[] = { BUREAU_TOKEN, SINGLE_TOKEN, OTHER_TOKEN };
    for (size_t i = 0; i < ARRAY_LEN(TOKENS); i++) {
        assert_false(file_has(stage, "bureau.bureau", TOKENS[i]));
        assert_false(file_has(stage, "bureau.client", TOKENS[i]));
        assert_false(file_has(stage, "pg_catalog.pg_statistic", TOKENS[i]));
    }
}

/* --- nowhere --- */

static void check_process(const struct program *daemon)
{
    AUTO_FREE char *words = mem_printf("/proc/%d/cmdline", program_id(daemon));
    AUTO_FREE char *environment = mem_printf("/proc/%d/environ", program_id(daemon));
    AUTO_FREE char *limits = mem_printf("/proc/%d/limits", program_id(daemon));
    AUTO_FREE char *told = folder_read(limits);
    scan_check_lacks(words, SECRETS);
    scan_check_lacks(environment, SECRETS);
    if (scan_finds(limits, "Max core file size        0                    0"))
        return;
    fail_msg("it may leave a core:\n%s", told);
}

/* What a core would hold, were it allowed. The name of the bureau shows that the search finds what
 * is there. A session is there: libcurl keeps it with its connection. */
static void check_memory(const struct program *daemon)
{
    int pid = program_id(daemon);
    const char *why_not = geteuid() == 0 ? NULL : "only root may read it";
#ifdef __SANITIZE_ADDRESS__
    why_not = "the address sanitizer keeps what was freed";
#endif
    if (why_not) {
        print_message("the daemon's memory is not searched: %s\n", why_not);
        return;
    }
    assert_true(scan_finds_in_memory(pid, "Regnskap Nord AS"));
    for (const char *const *secret = SECRETS; *secret; secret++) {
        if (scan_finds_in_memory(pid, *secret))
            fail_msg("a core would hold %s", *secret);
    }
}

static void check_dump(struct stage *stage, const char *session)
{
    AUTO_FREE char *path = folder_put(stage->folder, "dump", 0600, "");
    const char *argv[] = { "pg_dump", "-d", stage->conninfo, NULL };
    const struct process_options options = { .argv = argv, .out = path };
    struct process *dump = process_start(&options);
    assert_int_equal(process_wait(dump, stage_ms(stage, 60)), 0);
    process_stop(dump, SIGKILL);
    assert_true(scan_finds(path, "sealed:1:"));
    scan_check_lacks(path, SECRETS);
    assert_false(scan_finds(path, session));
}

/* Everything that the status server tells, in one file. */
static char *save_pages(struct stage *stage, int port)
{
    static const char *const PATHS[] = {
        "/",
        "/metrics",
        "/healthz",
        "/readyz",
        "/api/v1/status",
        "/api/v1/clients",
        "/api/v1/bureaus",
        "/api/v1/clients/" BOOKS_CLIENT,
        "/api/v1/clients/" BOOKS_SINGLE,
    };
    AUTO_FREE char *all = mem_strdup("");
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        AUTO_FREE char *url = mem_printf("http://127.0.0.1:%d%s", port, PATHS[i]);
        AUTO_FREE char *body = web_get(url, 200);
        char *more = mem_printf("%s%s\n%s\n", all, PATHS[i], body);
        free(all);
        all = more;
    }
    return folder_put(stage->folder, "pages", 0600, all);
}

/* The token of a session, which only Tripletex and the daemon know; locked_free() it. */
static char *open_session(struct stage *stage)
{
    uint8_t key[32];
    char *session = NULL;
    struct err err = ERR_NONE;
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)i; /* OLD_KEY */
    struct seal *seal = seal_new(key, &err);
    AUTO_FREE char *sealed = db_text(stage->db, "SELECT max(sealed_token) FROM sync.session");
    assert_int_equal(seal_open(seal, "session", sealed, &session, &err), 0);
    seal_free(seal);
    return session;
}

static void secrets_stand_in_no_log_dump_or_process(struct stage *stage)
{
    db_run(stage->db, "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET log_statement = ''all''', "
                      "current_database()); EXECUTE format('ALTER DATABASE %I SET "
                      "log_min_duration_statement = 0', current_database()); END$$");
    int port = web_free_port();
    AUTO_FREE char *address = mem_printf("127.0.0.1:%d", port);
    const struct stage_config config = { .schedule = "pull_interval = 1s",
                                         .status = address,
                                         .rest = "[log]\nlevel = debug\n" };
    set_scene(stage, NULL);
    stage_configure(stage, &config);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    wait_sealed(stage, 5);
    char *session = open_session(stage);
    const char *const sessions[] = { session, NULL };
    check_memory(daemon);
    world_post(stage->world, "/session", "{}"); /* a refused session is told of */
    world_post(stage->world, "/mutate", "{\"orgNr\": \"" BOOKS_CLIENT "\", \"count\": 5}");
    books_wait_equal(stage, 10);
    world_post(stage->world, "/token", "{\"name\": \"bureau\", \"revoked\": true}");
    stage_wait(stage, 20, "SELECT state = 'failing' FROM bureau.status WHERE org_nr = '%s'",
               BOOKS_CLIENT);
    assert_int_equal(SALDOD(stage, "status", "--json"), DONE);
    AUTO_FREE char *shown = folder_put(stage->folder, "shown", 0600, stage->out);
    AUTO_FREE char *told = program_err(daemon);
    AUTO_FREE char *log = folder_put(stage->folder, "daemon.log", 0600, told);
    AUTO_FREE char *server = cluster_log(stage->cluster);
    AUTO_FREE char *server_log = folder_put(stage->folder, "server.log", 0600, server);
    assert_true(scan_finds(server_log, "employee_token")); /* statements were logged */
    AUTO_FREE char *pages = save_pages(stage, port);
    assert_true(scan_finds(pages, "saldod_client"));
    const char *const paths[] = { shown, log, server_log, pages };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        scan_check_lacks(paths[i], SECRETS);
        scan_check_lacks(paths[i], sessions);
    }
    check_process(daemon);
    check_memory(daemon);
    check_dump(stage, session);
    locked_free(session);
}

/* --- another key --- */

static void use_new_key(struct stage *stage, char *key)
{
    char *old = stage->key;
    stage->key = key;
    configure(stage, NULL);
    stage->key = old;
}

static void seal_puts_every_secret_under_the_new_key(struct stage *stage)
{
    AUTO_FREE char *key = folder_put(stage->folder, "new-key", 0600, NEW_KEY);
    set_scene(stage, NULL);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    wait_sealed(stage, 5);
    AUTO_FREE char *before = db_text(stage->db, "SELECT employee_token FROM bureau.bureau");
    assert_int_equal(SALDOD(stage, "seal", "--new-key", key), DONE);
    stage_check_has(stage->out, "2 tokens and 2 sessions are sealed under the new key");
    AUTO_FREE char *after = db_text(stage->db, "SELECT employee_token FROM bureau.bureau");
    assert_string_not_equal(before, after);
    /* The daemon goes on with what it holds, and says what has to be done. */
    stage_wait_told(stage, daemon, 5, "restart saldod");
    world_post(stage->world, "/mutate", "{\"orgNr\": \"" BOOKS_CLIENT "\", \"count\": 5}");
    books_wait_equal(stage, 10);
    end_daemon(stage, daemon);
    /* It finds its sessions and makes no new one. */
    use_new_key(stage, key);
    world_forget(stage->world);
    (void)stage_daemon(stage);
    world_post(stage->world, "/mutate", "{\"orgNr\": \"" BOOKS_SINGLE "\", \"count\": 5}");
    books_wait_equal(stage, 10);
    assert_int_equal(world_requests(stage->world, "/v2/token/session/:create"), 0);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM sync.session"), 2);
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM sync.token_state"), 2);
    assert_int_equal(SALDOD(stage, "seal", "--new-key", key), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "holds the key that is in use");
}

static void seal_changes_nothing_where_a_token_does_not_open(struct stage *stage)
{
    AUTO_FREE char *key = folder_put(stage->folder, "new-key", 0600, NEW_KEY);
    set_scene(stage, NULL);
    assert_int_equal(SALDOD(stage, "seal"), WRONG_USAGE);
    assert_int_equal(SALDOD(stage, "seal", "--new-key", "/nonexistent/key"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "/nonexistent/key");
    assert_int_equal(SALDOD(stage, "seal", "--new-key", stage->key), WRONG_CONFIGURATION);
    /* Without a daemon those in the clear are sealed, and what is no secret stays. */
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Vest AS', 'credential:vest')");
    assert_int_equal(SALDOD(stage, "seal", "--new-key", key), DONE);
    stage_check_has(stage->out, "2 tokens and 0 sessions");
    assert_int_equal(db_int(stage->db, "SELECT count(*) FROM bureau.bureau "
                                       "WHERE employee_token = 'credential:vest'"),
                     1);
    /* The wrong old key: the one in the configuration is no longer theirs. */
    AUTO_FREE char *third = folder_put(stage->folder, "third", 0600,
                                       "99999999999999999999999999999999"
                                       "99999999999999999999999999999999");
    AUTO_FREE char *before = db_text(stage->db, "SELECT string_agg(b::text, ',') FROM (SELECT * "
                                                "FROM bureau.bureau ORDER BY 1) b");
    assert_int_equal(SALDOD(stage, "seal", "--new-key", third), FAILED);
    stage_check_has(stage->err, "bureau Regnskap Nord AS: the sealed value cannot be opened");
    stage_check_has(stage->err, "client " BOOKS_SINGLE);
    stage_check_has(stage->err, "2 tokens could not be opened, and nothing was changed");
    AUTO_FREE char *after = db_text(stage->db, "SELECT string_agg(b::text, ',') FROM (SELECT * "
                                               "FROM bureau.bureau ORDER BY 1) b");
    assert_string_equal(before, after);
}

static void lost_key_is_told_of_every_client_until_its_token_is_entered_again(struct stage *stage)
{
    AUTO_FREE char *key = folder_put(stage->folder, "new-key", 0600, NEW_KEY);
    set_scene(stage, NULL);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    wait_sealed(stage, 5);
    end_daemon(stage, daemon);
    use_new_key(stage, key);
    (void)stage_daemon(stage);
    stage_wait(
        stage, 10,
        "SELECT count(*) = 2 FROM bureau.status WHERE remedy LIKE '%%enter the token again%%' "
        "AND reason LIKE '%%seal key%%'");
    assert_true(db_int(stage->db, "SELECT count(*) FROM finale.posting") > 0);
    enter(stage, "UPDATE bureau.bureau SET employee_token = '" BUREAU_TOKEN "'");
    enter(stage, "UPDATE bureau.client SET employee_token = '" SINGLE_TOKEN "' "
                 "WHERE org_nr = '" BOOKS_SINGLE "'");
    wait_sealed(stage, 1);
    world_post(stage->world, "/mutate", "{\"orgNr\": \"" BOOKS_CLIENT "\", \"count\": 5}");
    books_wait_equal(stage, 15);
    books_wait_fresh(stage, 10);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, token_in_the_clear_leaves_the_files_of_its_table),
        STAGE_TEST(&stage, secrets_stand_in_no_log_dump_or_process),
        STAGE_TEST(&stage, seal_puts_every_secret_under_the_new_key),
        STAGE_TEST(&stage, seal_changes_nothing_where_a_token_does_not_open),
        STAGE_TEST(&stage, lost_key_is_told_of_every_client_until_its_token_is_entered_again),
    };
    int failed = cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
