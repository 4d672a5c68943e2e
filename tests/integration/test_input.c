/* Wrong input is refused with a message that says where and what to do; the commands besides run.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/stage.h"

enum { DONE = 0, FAILED = 1, WRONG_USAGE = 64, WRONG_CONFIGURATION = 78 };

static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"" BOOKS_CLIENT "\", \"name\": \"Fjord Fisk AS\", \"seed\": 1,"
    "  \"postingsPerYear\": 200 },"
    "{ \"orgNr\": \"" BOOKS_SINGLE "\", \"name\": \"Nordlys ANS\", \"seed\": 2,"
    "  \"postingsPerYear\": 200 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"" BOOKS_CLIENT "\"] },"
    "{ \"employeeToken\": \"test-single\", \"name\": \"single\", \"kind\": \"company\","
    "  \"orgNr\": \"" BOOKS_SINGLE "\" } ] }";

/* --- command line --- */

static int run_words(struct stage *stage, const char *const *words)
{
    struct program *program = stage_start(stage, words);
    int status = program_wait(program, stage_ms(stage, 20));
    free(stage->out);
    free(stage->err);
    stage->out = program_out(program);
    stage->err = program_err(program);
    return status;
}
#define RUN(stage, ...) run_words(stage, (const char *const[]){ __VA_ARGS__, NULL })

static void wrong_words_are_refused_with_64(struct stage *stage)
{
    static const char *const WORDS[][4] = {
        { NULL },
        { "fly", NULL },
        { "--fly", NULL },
        { "run", "--fly", NULL },
        { "run", "-c", NULL },
        { "run", "word", NULL },
        { "migrate", "--json", NULL },
        { "seal", NULL },
        { "seal", "--new-key", NULL },
        { "status", "--new-key", NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        assert_int_equal(run_words(stage, WORDS[i]), WRONG_USAGE);
        stage_check_has(stage->err, "saldod: ");
        stage_check_has(stage->err, "Try: saldod --help");
        assert_string_equal(stage->out, "");
    }
    assert_int_equal(RUN(stage, "status", "--jsno"), WRONG_USAGE);
    stage_check_has(stage->err, "--jsno");
}

static void help_and_version_are_told_everywhere(struct stage *stage)
{
    static const char *const COMMANDS[] = { "run", "migrate", "check", "pull", "status", "seal" };
    assert_int_equal(RUN(stage, "--version"), DONE);
    assert_string_equal(stage->out, "saldod " SALDOD_VERSION "\n");
    assert_int_equal(RUN(stage, "-h"), DONE);
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
        stage_check_has(stage->out, COMMANDS[i]);
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        assert_int_equal(RUN(stage, COMMANDS[i], "-h"), DONE);
        stage_check_has(stage->out, COMMANDS[i]);
        assert_string_equal(stage->err, "");
        assert_int_equal(RUN(stage, COMMANDS[i], "--version"), DONE);
        assert_string_equal(stage->out, "saldod " SALDOD_VERSION "\n");
    }
}

/* --- configuration --- */

/* Every command refuses the file, at this line. */
static void check_refused(struct stage *stage, int line, const char *words)
{
    static const char *const COMMANDS[] = { "check", "run" };
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        int status = SALDOD(stage, COMMANDS[i]);
        if (status != WRONG_CONFIGURATION)
            fail_msg("%s exits %d for \"%s\": %s", COMMANDS[i], status, words, stage->err);
        AUTO_FREE char *place = mem_printf("%s:%d: ", stage->config, line);
        stage_check_has(stage->err, place);
        stage_check_has(stage->err, words);
    }
}

static void faults_of_the_file_are_told_with_file_and_line(struct stage *stage)
{
    static const struct fault_case {
        const char *text, *words;
        int line;
    } CASES[] = {
        { "[databse]\nconninfo = x\n", "databse", 1 },
        { "[database]\nconninfo = x\nconections = 2\n", "conections", 3 },
        { "[schedule]\npull_interval = 5 parsecs\n", "pull_interval", 2 },
        { "[schedule]\n\npull_interval = 5\n", "5min", 3 },
        { "[schedule]\npull_interval = 0s\n", "pull_interval", 2 },
        { "[tripletex]\nbase_url = tripletex.no\n", "base_url", 2 },
        { "[tripletex]\nbase_url = http://tripletex.no/v2\n", "in the clear", 2 },
        { "[tripletex]\nbase_url = http://10.0.0.1/v2\n", "in the clear", 2 },
        { "[status]\nlisten = everywhere\n", "listen", 2 },
        { "[status]\nlisten = 127.0.0.1:99999\n", "listen", 2 },
        { "[webhook]\npublic_url = http://a.no\n", "have events sent in the clear", 2 },
        { "[webhook]\npublic_url = https://a.no\n", "but no listen", 2 },
        { "[webhook]\nlisten = 127.0.0.1:9460\n", "which cannot be both", 2 },
        { "[client 974760674]\nbureau = B\n", "974760674", 1 },
        { "[client 97476067]\nbureau = B\n", "97476067", 1 },
        { "[client 974760673]\nbureau = B\n[client 974760673]\nbureau = B\n", "974760673", 3 },
        { "[client 974760673]\nname = No Token AS\n", "neither a bureau", 1 },
        { "[bureau \"B\"]\norg_nr = 123456789\nemployee_token_file = /x\n", "123456789", 2 },
        { "[bureau B]\nemployee_token_file = /x\n", "quotes", 1 },
        { "pull_interval = 5min\n", "pull_interval", 1 },
        { "[schedule]\npull_interval\n", "key = value", 2 },
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        free(stage->config);
        stage->config = folder_put(stage->folder, "wrong.conf", 0600, CASES[i].text);
        check_refused(stage, CASES[i].line, CASES[i].words);
    }
}

static void missing_file_is_refused(struct stage *stage)
{
    stage->config = folder_file(stage->folder, "absent.conf");
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, stage->config);
    assert_int_equal(SALDOD(stage, "run"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, stage->config);
}

/* --- secrets --- */

static void configure_with_secret(struct stage *stage, const char *path)
{
    AUTO_FREE char *rest = mem_printf("[client " BOOKS_SINGLE "]\nemployee_token_file = %s\n"
                                      "org_nr =\n",
                                      path);
    const struct stage_config config = { .rest = rest };
    stage_configure(stage, &config);
}

static void secret_that_is_missing_or_open_to_others_is_refused(struct stage *stage)
{
    AUTO_FREE char *absent = folder_file(stage->folder, "absent");
    AUTO_FREE char *open = folder_put(stage->folder, "open", 0644, "test-open\n");
    configure_with_secret(stage, absent);
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, absent);
    stage_check_has(stage->err, stage->config);
    configure_with_secret(stage, open);
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "chmod 600");
    stage_check_has(stage->err, open);
    stage_check_lacks(stage->err, "test-open");
    assert_int_equal(chmod(stage->consumer, 0644), 0);
    configure_with_secret(stage, stage->single);
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, stage->consumer);
    int run = SALDOD(stage, "run");
    assert_int_equal(chmod(stage->consumer, 0600), 0);
    assert_int_equal(run, WRONG_CONFIGURATION);
    stage_check_has(stage->err, stage->consumer);
}

static void configure_with_hook_secret(struct stage *stage, const char *spec)
{
    AUTO_FREE char *rest = mem_printf("[webhook]\nlisten = 127.0.0.1:9461\n"
                                      "public_url = https://saldod.example.no/hook\n"
                                      "secret_file = %s\n",
                                      spec);
    const struct stage_config config = { .rest = rest };
    stage_configure(stage, &config);
}

static void check_hook_secret(struct stage *stage, const char *content, const char *words)
{
    AUTO_FREE char *path = folder_put(stage->folder, "hook-secret", 0600, content);
    configure_with_hook_secret(stage, path);
    assert_int_equal(SALDOD(stage, "check"), words ? WRONG_CONFIGURATION : DONE);
    if (!words)
        return;
    AUTO_FREE char *place = mem_printf("%s: [webhook] secret_file: %s %s", stage->config, path,
                                       words);
    stage_check_has(stage->err, place);
    stage_check_has(stage->err, "let it hold the secret alone");
    stage_check_lacks(stage->err, "token alone");
    stage_check_has(stage->err, "1 fault\n");
}

static void a_webhook_secret_that_is_none_is_a_fault(struct stage *stage)
{
    AUTO_FREE char *absent = folder_file(stage->folder, "absent");
    check_hook_secret(stage, "0123456789abcdef\n", NULL);
    check_hook_secret(stage, "", "is empty");
    check_hook_secret(stage, "ab\n", "is too short");
    configure_with_hook_secret(stage, absent);
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "[webhook] secret_file: cannot open");
    configure_with_hook_secret(stage, "credential:hook"); /* a reload cannot see it */
    assert_int_equal(SALDOD(stage, "check", "--no-credentials"), DONE);
    stage_check_has(stage->out, "credentials were not looked at");
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "CREDENTIALS_DIRECTORY is not set");
}

static void check_alert_command(struct stage *stage, const char *path, const char *words)
{
    AUTO_FREE char *rest = mem_printf("[alert]\ncommand = %s word\n", path);
    const struct stage_config config = { .rest = rest };
    stage_configure(stage, &config);
    assert_int_equal(SALDOD(stage, "check"), words ? WRONG_CONFIGURATION : DONE);
    if (!words)
        return;
    AUTO_FREE char *told = mem_printf("%s: [alert] command: %s cannot be run: ", stage->config,
                                      path);
    stage_check_has(stage->err, told);
    stage_check_has(stage->err, words);
}

static void an_alert_command_that_cannot_be_run_is_a_fault(struct stage *stage)
{
    AUTO_FREE char *absent = folder_file(stage->folder, "absent");
    AUTO_FREE char *plain = folder_put(stage->folder, "plain", 0600, "#!/bin/sh\n");
    AUTO_FREE char *program = folder_put(stage->folder, "program", 0700, "#!/bin/sh\n");
    check_alert_command(stage, absent, "Name a program that is there");
    check_alert_command(stage, plain, "chmod 755");
    check_alert_command(stage, folder_path(stage->folder), "Is a directory");
    check_alert_command(stage, program, NULL);
}

static void test_token_is_refused_for_production_without_a_request(struct stage *stage)
{
    AUTO_FREE char *text = mem_printf("[database]\nconninfo = %s\n[tripletex]\n"
                                      "base_url = https://tripletex.no/v2\n"
                                      "consumer_token_file = %s\n[security]\nseal_key_file = %s\n",
                                      stage->conninfo, stage->consumer, stage->key);
    stage->config = folder_put(stage->folder, "production.conf", 0600, text);
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "test token");
    stage_check_has(stage->err, "tripletex.no");
    stage_check_has(stage->err, "https://api-test.tripletex.tech/v2");
    stage_check_lacks(stage->err, "test-consumer");
    assert_int_equal(SALDOD(stage, "run"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "test token");
}

/* --- registration --- */

static void check_sql_refusal(struct stage *stage, const char *sql, const char *column,
                              const char *value, const char *hint)
{
    AUTO_FREE char *told = db_refusal(stage->db, sql);
    stage_check_has(told, column);
    stage_check_has(told, value);
    stage_check_has(told, hint);
}

static void wrong_rows_are_refused_with_table_and_column(struct stage *stage)
{
    db_run(stage->db, "SELECT bureau.add_bureau('B', 'test-b')");
    db_run(stage->db, "SELECT bureau.add_client('974760673', 'Fjord Fisk AS', bureau => 'B')");
    check_sql_refusal(stage, "SELECT bureau.add_client('974760674', 'X', bureau => 'B')",
                      "bureau.client.org_nr", "974760674", "brreg.no");
    check_sql_refusal(stage, "SELECT bureau.add_client('97476067', 'X', bureau => 'B')",
                      "bureau.client.org_nr", "nine digits", "brreg.no");
    check_sql_refusal(stage, "SELECT bureau.add_client('974760673', 'X', bureau => 'B')",
                      "bureau.client.org_nr", "registered already", "bureau.client_list");
    check_sql_refusal(stage, "SELECT bureau.add_client('811126489', 'X', bureau => 'Nobody')",
                      "bureau.client.bureau_id", "Nobody", "bureau.add_bureau");
    check_sql_refusal(stage, "SELECT bureau.add_client('811126489', 'X')",
                      "bureau.client.bureau_id", "811126489", "employee_token");
    check_sql_refusal(stage,
                      "INSERT INTO bureau.client (org_nr, name, bureau_id) "
                      "VALUES ('974760674', 'X', 1)",
                      "bureau.client.org_nr", "974760674", "brreg.no");
    check_sql_refusal(stage, "SELECT bureau.add_bureau('C', ' ')", "bureau.bureau.employee_token",
                      "blank", "credential:NAME");
}

static void bureau_that_does_not_exist_is_told_by_its_line(struct stage *stage)
{
    const struct stage_config config = { .rest = "[client 974760673]\nbureau = Nobody AS\n" };
    (void)stage_world(stage, WORLD);
    stage_configure(stage, &config);
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    AUTO_FREE char *text = folder_read(stage->config);
    int line = 1;
    for (const char *at = text; at < strstr(text, "[client"); at++)
        line += *at == '\n';
    AUTO_FREE char *place = mem_printf("%s:%d: ", stage->config, line);
    stage_check_has(stage->err, place);
    stage_check_has(stage->err, "Nobody AS");
    stage_check_has(stage->err, "bureau.add_bureau");
}

static void client_registered_by_sql_is_not_taken_over_by_a_file(struct stage *stage)
{
    AUTO_FREE char *single = books_single(stage);
    const struct stage_config config = { .rest = single };
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_SINGLE "', 'By SQL', "
                      "employee_token => 'test-single')");
    stage_configure(stage, &config);
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "registered already");
    stage_check_has(stage->err, stage->config);
}

/* --- database --- */

static void database_that_cannot_be_reached_is_told(struct stage *stage)
{
    free(stage->conninfo);
    stage->conninfo = mem_printf("host=%s dbname=absent", folder_path(stage->folder));
    stage_configure(stage, NULL);
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "[database]");
    static const char *const COMMANDS[] = { "migrate", "status", "pull" };
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        assert_int_equal(SALDOD(stage, COMMANDS[i]), FAILED);
        stage_check_has(stage->err, folder_path(stage->folder));
        stage_check_has(stage->err, "See that ");
    }
}

static void schema_that_is_missing_or_too_old_names_migrate(struct stage *stage)
{
    stage_configure(stage, NULL);
    db_run(stage->db, "DELETE FROM sync.migration "
                      "WHERE version = (SELECT max(version) FROM sync.migration)");
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "too old");
    stage_check_has(stage->err, "saldod migrate");
    assert_int_equal(SALDOD(stage, "status"), FAILED);
    stage_check_has(stage->err, "saldod migrate");
    db_run(stage->db, "DROP SCHEMA sync CASCADE; ");
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "saldod migrate");
    struct program *daemon = stage_daemon(stage);
    int64_t until_ms = process_now_ms() + stage_ms(stage, 10);
    for (;;) {
        AUTO_FREE char *log = program_err(daemon);
        if (strstr(log, "saldod migrate"))
            break;
        assert_true(process_now_ms() < until_ms);
        process_pause();
    }
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 5)), DONE);
}

static void schema_that_is_too_new_ends_the_daemon_with_1(struct stage *stage)
{
    static const char *const COMMANDS[] = { "run", "migrate", "status", "pull" };
    stage_configure(stage, NULL);
    db_run(stage->db, "INSERT INTO sync.migration (version, name) VALUES (9999, 'of_tomorrow')");
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        assert_int_equal(SALDOD(stage, COMMANDS[i]), FAILED);
        stage_check_has(stage->err, "too new");
        stage_check_has(stage->err, "9999");
    }
    assert_int_equal(SALDOD(stage, "check"), WRONG_CONFIGURATION);
    stage_check_has(stage->err, "too new");
}

static void migrate_may_run_twice_at_once(struct stage *stage)
{
    db_run(stage->db, "DROP SCHEMA finale, mirror, bureau, sync CASCADE");
    stage_configure(stage, NULL);
    const char *words[] = { "migrate", "-c", stage->config, NULL };
    struct program *both[2] = { stage_start(stage, words), stage_start(stage, words) };
    for (int i = 0; i < 2; i++) {
        int status = program_wait(both[i], stage_ms(stage, 60));
        AUTO_FREE char *err = program_err(both[i]);
        AUTO_FREE char *out = program_out(both[i]);
        if (status != DONE)
            fail_msg("migrate exits %d: %s", status, err);
        stage_check_has(out, "the schema is up to date");
    }
    assert_int_equal(SALDOD(stage, "migrate"), DONE);
    assert_string_equal(stage->out, "the schema is up to date\n");
}

/* --- the good case --- */

/* Both by SQL: `pull` brings what is registered, and only the daemon registers what the file has.
 */
static void set_good_scene(struct stage *stage)
{
    (void)stage_world(stage, WORLD);
    stage_configure(stage, NULL);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_CLIENT "', 'Fjord Fisk AS', "
                      "bureau => 'Regnskap Nord AS')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_SINGLE "', 'Nordlys ANS', "
                      "employee_token => 'test-single')");
    db_run(stage->db, "UPDATE bureau.client SET org_nr_setting = '' "
                      "WHERE org_nr = '" BOOKS_SINGLE "'");
}

static void check_has_nothing_to_say_where_all_is_well(struct stage *stage)
{
    set_good_scene(stage);
    assert_int_equal(SALDOD(stage, "check"), DONE);
    stage_check_has(stage->out, "in order");
    assert_string_equal(stage->err, "");
}

/* Its name stands in the configuration, and in what the daemon looks up about itself. */
static void a_database_of_any_name_serves(struct stage *stage)
{
    db_run(stage->db, "CREATE DATABASE \"o'brien \"\"AS\"\" \\ %s ${HOME} $1 \u00e6 --\" "
                      "TEMPLATE template_saldod");
    AUTO_FREE char *conninfo = mem_printf(
        "host=%s/pg user=postgres dbname='o\\'brien \"AS\" \\\\ %%s ${HOME} $1 \u00e6 --'",
        folder_path(stage->folder));
    PQfinish(stage->db);
    free(stage->conninfo);
    stage->conninfo = mem_strdup(conninfo);
    stage->db = db_open(conninfo);
    set_good_scene(stage);
    assert_int_equal(SALDOD(stage, "migrate"), DONE);
    assert_int_equal(SALDOD(stage, "check"), DONE);
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 20);
    books_check_equal(stage);
    assert_int_equal(SALDOD(stage, "status"), DONE);
    stage_check_has(stage->out, "fresh");
}

/* Nothing of it is read where it has no business to be. */
static void a_hostile_environment_changes_nothing(struct stage *stage)
{
    static const char *const NAMES[] = { "PGHOST", "http_proxy", "https_proxy", "ALL_PROXY",
                                         "TZ",     "LC_ALL",     "LANG",        "TMPDIR" };
    set_good_scene(stage);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        (void)setenv(NAMES[i], "\xff%s%n${x}/nowhere:1", 1);
    (void)stage_daemon(stage);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        (void)unsetenv(NAMES[i]);
    books_wait_fresh(stage, 20);
    books_check_equal(stage);
}

static void pull_alone_brings_everything(struct stage *stage)
{
    set_good_scene(stage);
    assert_int_equal(SALDOD(stage, "pull"), DONE);
    stage_check_has(stage->out, BOOKS_CLIENT ": up to date");
    stage_check_has(stage->out, BOOKS_SINGLE ": up to date");
    books_check_equal(stage);
    assert_int_equal(SALDOD(stage, "pull", BOOKS_SINGLE), DONE);
    stage_check_has(stage->out, BOOKS_SINGLE ": up to date");
    stage_check_lacks(stage->out, BOOKS_CLIENT);
    assert_int_equal(SALDOD(stage, "pull", "910000012"), FAILED);
    stage_check_has(stage->err, "910000012: no such client");
}

static void pull_is_handed_over_to_the_daemon_that_runs(struct stage *stage)
{
    set_good_scene(stage);
    (void)stage_daemon(stage); /* which would ask again in 5 minutes only */
    books_wait_fresh(stage, 20);
    world_post(stage->world, "/mutate",
               "{\"orgNr\": \"" BOOKS_SINGLE "\", \"count\": 5, "
               "\"kinds\": [\"new\", \"amount\", \"text\", \"delete\"]}");
    assert_int_equal(SALDOD(stage, "pull", BOOKS_SINGLE), DONE);
    stage_check_has(stage->out, "by the running daemon");
    books_check_equal(stage);
    world_post(stage->world, "/fault", "{\"kind\": \"status\", \"path\": \"/ledger/posting\"}");
    assert_int_equal(SALDOD(stage, "pull", BOOKS_SINGLE), FAILED);
    stage_check_has(stage->err, BOOKS_SINGLE);
}

static void status_shows_a_table_and_a_document(struct stage *stage)
{
    set_good_scene(stage);
    assert_int_equal(SALDOD(stage, "pull"), DONE);
    assert_int_equal(SALDOD(stage, "status"), DONE);
    stage_check_has(stage->out, BOOKS_CLIENT);
    stage_check_has(stage->out, "Nordlys ANS");
    stage_check_has(stage->out, "fresh");
    stage_check_has(stage->out, "Regnskap Nord AS");
    stage_check_lacks(stage->out, "test-bureau");
    assert_int_equal(SALDOD(stage, "status", "--json"), DONE);
    const char *values[] = { stage->out };
    AUTO_FREE char *states = db_ask(
        stage->db,
        "SELECT string_agg(c ->> 'org_nr' || ' ' || (c ->> 'state'), ', ' "
        "ORDER BY c ->> 'org_nr') FROM jsonb_array_elements($1::jsonb -> 'clients') c",
        1, values);
    assert_string_equal(states, BOOKS_SINGLE " fresh, " BOOKS_CLIENT " fresh");
    stage_check_lacks(stage->out, "sealed:");
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, wrong_words_are_refused_with_64),
        STAGE_TEST(&stage, help_and_version_are_told_everywhere),
        STAGE_TEST(&stage, faults_of_the_file_are_told_with_file_and_line),
        STAGE_TEST(&stage, missing_file_is_refused),
        STAGE_TEST(&stage, secret_that_is_missing_or_open_to_others_is_refused),
        STAGE_TEST(&stage, a_webhook_secret_that_is_none_is_a_fault),
        STAGE_TEST(&stage, an_alert_command_that_cannot_be_run_is_a_fault),
        STAGE_TEST(&stage, test_token_is_refused_for_production_without_a_request),
        STAGE_TEST(&stage, wrong_rows_are_refused_with_table_and_column),
        STAGE_TEST(&stage, bureau_that_does_not_exist_is_told_by_its_line),
        STAGE_TEST(&stage, client_registered_by_sql_is_not_taken_over_by_a_file),
        STAGE_TEST(&stage, database_that_cannot_be_reached_is_told),
        STAGE_TEST(&stage, schema_that_is_missing_or_too_old_names_migrate),
        STAGE_TEST(&stage, schema_that_is_too_new_ends_the_daemon_with_1),
        STAGE_TEST(&stage, migrate_may_run_twice_at_once),
        STAGE_TEST(&stage, check_has_nothing_to_say_where_all_is_well),
        STAGE_TEST(&stage, a_database_of_any_name_serves),
        STAGE_TEST(&stage, a_hostile_environment_changes_nothing),
        STAGE_TEST(&stage, pull_alone_brings_everything),
        STAGE_TEST(&stage, pull_is_handed_over_to_the_daemon_that_runs),
        STAGE_TEST(&stage, status_shows_a_table_and_a_document),
    };
    int failed = cmocka_run_group_tests_name("input", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
