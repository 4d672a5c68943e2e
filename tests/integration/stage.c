#include "tests/integration/stage.h"

#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"

enum {
    RUN_MS = 120000,
    LOG_TAIL_BYTES = 6000,
    SANITIZED_SLACK = 5,
};

/* --- of the program --- */

/* BUILD of BUILD/tests/integration/test_x: three names up; free() it. */
static char *find_build(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (len < 0)
        abort();
    path[len] = '\0';
    return mem_strdup(dirname(dirname(dirname(path))));
}

static int find_slack(void)
{
    const char *told = getenv("SALDOD_TEST_SLACK");
    int slack = told ? (int)strtol(told, NULL, 10) : 1;
#ifdef __SANITIZE_ADDRESS__
    slack *= SANITIZED_SLACK;
#endif
    return slack > 0 ? slack : 1;
}

static void clean_environment(void)
{
    static const char *const NAMES[] = {
        "PGHOST",         "PGPORT",       "PGUSER",    "PGDATABASE",    "PGSERVICE",
        "PGSERVICEFILE",  "PGPASSFILE",   "PGOPTIONS", "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY",
        "JOURNAL_STREAM", "WATCHDOG_USEC"
    };
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        (void)unsetenv(NAMES[i]);
}

/* A statement that is not for the database of the test, by a connection of its own: the server
 * may have been started again meanwhile. */
static void run_outside(const struct stage *stage, const char *sql)
{
    AUTO_FREE char *conninfo = cluster_conninfo(stage->cluster, "postgres");
    PGconn *db = db_open(conninfo);
    db_run(db, sql);
    PQfinish(db);
}

/* The schema once; each test copies it. */
static int make_template(struct stage *stage)
{
    AUTO_FREE char *template = cluster_conninfo(stage->cluster, "template_saldod");
    run_outside(stage, "CREATE DATABASE template_saldod");
    stage->conninfo = mem_strdup(template);
    stage_configure(stage, NULL);
    const char *words[] = { "migrate", "-c", stage->config, NULL };
    struct program *program = program_start(stage->folder, stage->build, "migrate", words);
    int status = program_wait(program, RUN_MS);
    if (status != 0) {
        AUTO_FREE char *err = program_err(program);
        (void)fprintf(stderr, "saldod migrate exits %d: %s\n", status, err);
    }
    program_free(program);
    return status == 0 ? 0 : -1;
}

int stage_open(struct stage *stage)
{
    *stage = (struct stage){ .build = find_build(), .slack = find_slack() };
    clean_environment();
    stage->folder = folder_new();
    if (!stage->folder)
        return -1;
    stage->cluster = cluster_new(stage->folder);
    if (!stage->cluster)
        return -1;
    stage->consumer = folder_put(stage->folder, "consumer", 0600, "test-consumer\n");
    stage->single = folder_put(stage->folder, "single", 0600, "test-single\n");
    stage->key = folder_put(stage->folder, "key", 0600, STAGE_KEY);
    return make_template(stage);
}

static void forget_test(struct stage *stage)
{
    char **texts[] = { &stage->conninfo, &stage->config, &stage->out, &stage->err,
                       &stage->world_json };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        free(*texts[i]);
        *texts[i] = NULL;
    }
    stage->programs_count = 0;
    stage->world = NULL;
    stage->db = NULL;
}

void stage_close(struct stage *stage)
{
    forget_test(stage);
    cluster_free(stage->cluster);
    folder_free(stage->folder);
    free(stage->build);
    free(stage->consumer);
    free(stage->single);
    free(stage->key);
}

/* --- of one test --- */

int stage_set_up(void **state)
{
    struct stage *stage = ((struct stage_test *)*state)->stage;
    AUTO_FREE char *name = mem_printf("test_%d", ++stage->number);
    AUTO_FREE char *create = mem_printf("CREATE DATABASE %s TEMPLATE template_saldod", name);
    forget_test(stage);
    stage->has_passed = 0;
    run_outside(stage, create);
    stage->conninfo = cluster_conninfo(stage->cluster, name);
    stage->db = db_open(stage->conninfo);
    return 0;
}

/* What none of its programs may have printed. */
static void check_lacks_secrets(struct stage *stage, const char *text)
{
    static const char *const KEYS[] = { "\"employeeToken\": \"", "\"consumerToken\": \"" };
    stage_check_lacks(text, STAGE_KEY);
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        const char *at = stage->world_json;
        while (at && (at = strstr(at, KEYS[i]))) {
            at += strlen(KEYS[i]);
            AUTO_FREE char *token = mem_printf("%.*s", (int)strcspn(at, "\""), at);
            stage_check_lacks(text, token);
        }
    }
}

static void check_secrets(struct stage *stage)
{
    for (int i = 0; i < stage->programs_count; i++) {
        AUTO_FREE char *out = program_out(stage->programs[i]);
        AUTO_FREE char *err = program_err(stage->programs[i]);
        check_lacks_secrets(stage, out);
        check_lacks_secrets(stage, err);
    }
}

void stage_run(void **state)
{
    const struct stage_test *test = *state;
    test->body(test->stage);
    check_secrets(test->stage);
    test->stage->has_passed = 1;
}

/* Not by cmocka, which cuts what is long. */
static void show_tail(const char *title, const char *text)
{
    size_t len = strlen(text);
    (void)fprintf(stderr, "--- %s%s\n%s\n", title, len > LOG_TAIL_BYTES ? " (the end of it)" : "",
                  len > LOG_TAIL_BYTES ? text + len - LOG_TAIL_BYTES : text);
}

static void show_logs(const struct stage *stage)
{
    for (int i = 0; i < stage->programs_count; i++) {
        AUTO_FREE char *title = mem_printf("saldod, program %d of the test", i + 1);
        AUTO_FREE char *err = program_err(stage->programs[i]);
        show_tail(title, err);
    }
    AUTO_FREE char *log = cluster_log(stage->cluster);
    show_tail("PostgreSQL", log);
}

int stage_tear_down(void **state)
{
    struct stage *stage = ((struct stage_test *)*state)->stage;
    if (!stage->has_passed)
        show_logs(stage);
    struct reader_result unused;
    reader_stop(stage->reader, &unused);
    stage->reader = NULL;
    for (int i = 0; i < stage->programs_count; i++)
        program_free(stage->programs[i]);
    for (int i = 0; i < STAGE_WORLDS_MAX; i++) {
        world_free(stage->worlds[i]);
        stage->worlds[i] = NULL;
    }
    PQfinish(stage->db);
    cluster_start(stage->cluster); /* a test that failed may have left it stopped */
    AUTO_FREE char *drop = mem_printf("DROP DATABASE test_%d WITH (FORCE)", stage->number);
    run_outside(stage, drop);
    forget_test(stage);
    return 0;
}

struct world *stage_world(struct stage *stage, const char *json)
{
    AUTO_FREE char *program = mem_printf("%s/tests/sandbox/tripletex-sandbox", stage->build);
    int at = stage->worlds[0] ? 1 : 0;
    free(stage->world_json);
    stage->world_json = mem_strdup(json);
    AUTO_FREE char *name = mem_printf("world-%d-%d", stage->number, at);
    stage->worlds[at] = world_new(stage->folder, program, name, json);
    stage->world = stage->worlds[0];
    return stage->worlds[at];
}

char *stage_write_config(struct stage *stage, const char *name, const char *base_url,
                         const struct stage_config *config)
{
    static const struct stage_config NONE = { NULL };
    const struct stage_config *more = config ? config : &NONE;
    AUTO_FREE char *text = mem_printf(
        "[database]\nconninfo = %s\n%s\n"
        "[tripletex]\nbase_url = %s\nconsumer_token_file = %s\n%s\n"
        "[schedule]\n%s\n"
        "[security]\nseal_key_file = %s\n"
        "[status]\nlisten = %s\n%s\n",
        stage->conninfo, more->database ? more->database : "", base_url, stage->consumer,
        more->tripletex ? more->tripletex : "", more->schedule ? more->schedule : "", stage->key,
        more->status ? more->status : "", more->rest ? more->rest : "");
    return folder_put(stage->folder, name, 0600, text);
}

void stage_configure(struct stage *stage, const struct stage_config *config)
{
    free(stage->config);
    stage->config = stage_write_config(
        stage, "saldod.conf", stage->world ? world_url(stage->world) : "http://127.0.0.1:1/v2",
        config);
}

struct program *stage_start(struct stage *stage, const char *const *words)
{
    AUTO_FREE char *name = mem_printf("saldod-%d-%d", stage->number, stage->programs_count);
    assert_in_range(stage->programs_count, 0, STAGE_PROGRAMS_MAX - 1);
    struct program *program = program_start(stage->folder, stage->build, name, words);
    stage->programs[stage->programs_count++] = program;
    return program;
}

struct program *stage_daemon_of(struct stage *stage, const char *config)
{
    const char *words[] = { "run", "-c", config, NULL };
    return stage_start(stage, words);
}

struct program *stage_daemon(struct stage *stage)
{
    return stage_daemon_of(stage, stage->config);
}

int stage_saldod(struct stage *stage, const char *const *words)
{
    const char *all[PROGRAM_WORDS_MAX] = { words[0], "-c", stage->config };
    for (int i = 1; words[i] && i < PROGRAM_WORDS_MAX - 3; i++)
        all[i + 2] = words[i];
    struct program *program = stage_start(stage, all);
    int status = program_wait(program, stage_ms(stage, RUN_MS / 1000.0));
    free(stage->out);
    free(stage->err);
    stage->out = program_out(program);
    stage->err = program_err(program);
    return status;
}

void stage_read(struct stage *stage)
{
    stage->reader = reader_start(stage->conninfo);
    assert_non_null(stage->reader);
}

struct reader_result stage_read_end(struct stage *stage)
{
    struct reader_result result = { 0 };
    reader_stop(stage->reader, &result);
    stage->reader = NULL;
    if (result.faults > 0)
        fail_msg("a reader saw figures that do not fit, %d of %d times; the first: %s",
                 result.faults, result.looks, result.first);
    assert_true(result.looks > 0);
    return result;
}

int64_t stage_ms(const struct stage *stage, double seconds)
{
    return (int64_t)(seconds * 1000) * stage->slack;
}

void stage_wait(struct stage *stage, double seconds, const char *fmt, ...)
{
    char *sql = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&sql, fmt, args) < 0)
        abort();
    va_end(args);
    AUTO_FREE char *mine = sql;
    int64_t until_ms = process_now_ms() + stage_ms(stage, seconds);
    for (;;) {
        int64_t begun_ms = process_now_ms();
        AUTO_FREE char *answer = db_text(stage->db, mine);
        if (strcmp(answer, "t") == 0)
            return;
        if (process_now_ms() > until_ms)
            break;
        process_pause_after(begun_ms);
    }
    AUTO_FREE char *clients = stage_clients(stage);
    fail_msg("not within %g s: %s\n%s", seconds, mine, clients);
}

char *stage_clients(struct stage *stage)
{
    return db_text(stage->db, "SELECT concat(clock_timestamp(), E'\\n', string_agg(concat_ws(' ', "
                              "org_nr, state, verified, reason, last_error, fresh_as_of, "
                              "next_pull_at), E'\\n')) FROM bureau.status");
}

void stage_wait_told(struct stage *stage, const struct program *program, double seconds,
                     const char *wanted)
{
    int64_t until_ms = process_now_ms() + stage_ms(stage, seconds);
    for (;;) {
        AUTO_FREE char *told = program_err(program);
        if (strstr(told, wanted))
            return;
        if (process_now_ms() > until_ms)
            fail_msg("not told within %g s: %s", seconds, wanted);
        process_pause();
    }
}

void stage_check_has(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        fail_msg("\"%s\" is not in:\n%s", wanted, text);
}

void stage_check_lacks(const char *text, const char *unwanted)
{
    if (strstr(text, unwanted))
        fail_msg("\"%s\" is in:\n%s", unwanted, text);
}
