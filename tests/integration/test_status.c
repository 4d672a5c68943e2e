/* Health, readiness and metrics of a real daemon. */
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
#include "tests/integration/crowd.h"
#include "tests/integration/stage.h"
#include "tests/integration/web.h"

static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"" BOOKS_CLIENT "\", \"name\": \"Fjord Fisk AS\", \"seed\": 1,"
    "  \"postingsPerYear\": 300 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"" BOOKS_CLIENT "\"] } ] }";

struct page {
    char address[32], url[64];
};

static void configure(struct stage *stage, struct page *page)
{
    int port = web_free_port();
    (void)snprintf(page->address, sizeof(page->address), "127.0.0.1:%d", port);
    (void)snprintf(page->url, sizeof(page->url), "http://%s", page->address);
    const struct stage_config config = { .schedule = "pull_interval = 1s",
                                         .status = page->address };
    stage_configure(stage, &config);
}

static struct program *set_scene(struct stage *stage, struct page *page)
{
    (void)stage_world(stage, WORLD);
    configure(stage, page);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap \"Nord\" AS', 'test-bureau')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_CLIENT "', 'Fjord Fisk AS', "
                      "bureau => 'Regnskap \"Nord\" AS')");
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    return daemon;
}

static char *get(const struct page *page, const char *path, int status)
{
    AUTO_FREE char *url = mem_printf("%s%s", page->url, path);
    return web_get(url, status);
}

/* Asks again until the path is answered with that status; its body, free() it. */
static char *wait_status(struct stage *stage, const struct page *page, const char *path, int status)
{
    AUTO_FREE char *url = mem_printf("%s%s", page->url, path);
    int64_t until_ms = process_now_ms() + stage_ms(stage, 20);
    for (;;) {
        struct web_answer answer;
        web_ask(&(struct web_request){ .url = url }, &answer);
        char *body = buf_steal(&answer.body);
        int is_there = answer.status == status;
        web_release(&answer);
        if (is_there)
            return body;
        if (process_now_ms() > until_ms)
            fail_msg("%s is not answered with %d: %s", url, status, body);
        free(body);
        process_pause();
    }
}

static void check_ask(const struct page *page, const struct web_request *request, int status,
                      const char *header)
{
    struct web_answer answer;
    struct web_request asked = *request;
    AUTO_FREE char *url = mem_printf("%s%s", page->url, request->url);
    asked.url = url;
    web_ask(&asked, &answer);
    assert_int_equal(answer.status, status);
    if (header)
        stage_check_has(buf_text(&answer.headers), header);
    web_release(&answer);
}

static void health_and_readiness_follow_the_database(struct stage *stage)
{
    struct page page;
    struct program *daemon = set_scene(stage, &page);
    AUTO_FREE char *alive = get(&page, "/healthz", 200);
    assert_string_equal(alive, "ok\n");
    AUTO_FREE char *ready = get(&page, "/readyz", 200);
    stage_check_has(ready, "1 client,");
    cluster_stop(stage->cluster, CLUSTER_IMMEDIATE);
    AUTO_FREE char *away = wait_status(stage, &page, "/readyz", 503);
    stage_check_has(away, "the database is away: ");
    AUTO_FREE char *still_alive = get(&page, "/healthz", 200);
    AUTO_FREE char *metrics = get(&page, "/metrics", 200);
    stage_check_has(metrics, "\nsaldod_ready 0\n");
    assert_true(program_is_alive(daemon));
    cluster_start(stage->cluster);
    AUTO_FREE char *back = wait_status(stage, &page, "/readyz", 200);
    stage_check_lacks(back, "away");
}

static void is_not_ready_with_a_schema_that_is_too_old(struct stage *stage)
{
    struct page page;
    configure(stage, &page);
    db_run(stage->db, "DELETE FROM sync.migration WHERE version > 5");
    (void)stage_daemon(stage);
    AUTO_FREE char *body = wait_status(stage, &page, "/readyz", 503);
    AUTO_FREE char *alive = get(&page, "/healthz", 200);
    int64_t until_ms = process_now_ms() + stage_ms(stage, 10);
    AUTO_FREE char *told = NULL;
    do {
        free(told);
        told = get(&page, "/readyz", 503);
        process_pause();
    } while (!strstr(told, "schema") && process_now_ms() < until_ms);
    stage_check_has(told, "schema");
}

/* --- metrics --- */

static void check_promtool(struct stage *stage, const char *metrics)
{
    AUTO_FREE char *file = folder_put(stage->folder, "metrics.txt", 0644, metrics);
    AUTO_FREE char *out = folder_file(stage->folder, "promtool.out");
    AUTO_FREE char *script = mem_printf("exec promtool check metrics <%s", file);
    const char *argv[] = { "sh", "-c", script, NULL };
    const struct process_options options = { .argv = argv, .out = out, .err = out };
    struct process *process = process_start(&options);
    int status = process_wait(process, stage_ms(stage, 30));
    AUTO_FREE char *said = folder_read(out);
    process_stop(process, SIGKILL);
    if (status == 127)
        print_message("promtool is not installed: the metrics were not checked by it\n");
    else if (status != 0)
        fail_msg("promtool check metrics ends with %d: %s", status, said);
}

static void metrics_tell_of_clients_requests_and_tokens(struct stage *stage)
{
    struct page page;
    (void)set_scene(stage, &page);
    AUTO_FREE char *metrics = get(&page, "/metrics", 200);
    stage_check_has(metrics, "\nsaldod_ready 1\n");
    stage_check_has(metrics, "\nsaldod_clients{state=\"fresh\"} 1\n");
    stage_check_has(metrics, "\nsaldod_clients{state=\"held\"} 0\n");
    stage_check_has(metrics, "\nsaldod_clients_verified 1\n");
    stage_check_has(metrics, "\nsaldod_differences 0\n");
    stage_check_has(metrics, "\nsaldod_clients_younger{seconds=\"60\"} 1\n");
    stage_check_has(metrics, "\nsaldod_requests_total{resource=\"posting\",status=\"2xx\"} ");
    stage_check_has(metrics, ",holder=\"Regnskap \\\"Nord\\\" AS\"} ");
    stage_check_has(metrics, "\nsaldod_session_expires_seconds{");
    stage_check_has(metrics, "\nsaldod_pull_duration_seconds_bucket{le=\"+Inf\"} ");
    stage_check_has(metrics, "\nprocess_resident_memory_bytes ");
    stage_check_lacks(metrics, "\nsaldod_rows_merged_total 0\n");
    stage_check_lacks(metrics, "test-bureau");
    stage_check_lacks(metrics, "test-consumer");
    check_promtool(stage, metrics);
}

/* --- the server --- */

static void answers_only_what_it_should(struct stage *stage)
{
    static const char *const REBOUND[] = { "Host: evil.example", NULL };
    static const char *const LOCAL[] = { "Host: localhost:1234", NULL };
    struct page page;
    (void)set_scene(stage, &page);
    check_ask(&page, &(struct web_request){ .url = "/healthz", .headers = REBOUND }, 421, NULL);
    check_ask(&page, &(struct web_request){ .url = "/healthz", .headers = LOCAL }, 200,
              "X-Content-Type-Options: nosniff");
    check_ask(&page, &(struct web_request){ .url = "/metrics", .method = "HEAD" }, 200,
              "Cache-Control: no-store");
    check_ask(&page, &(struct web_request){ .url = "/healthz", .body = "x" }, 405, NULL);
    check_ask(&page, &(struct web_request){ .url = "/nothing" }, 404, NULL);
}

static void a_port_that_is_taken_stops_nothing(struct stage *stage)
{
    struct page page;
    struct program *first = set_scene(stage, &page);
    const struct stage_config config = { .database = "instance = other", .status = page.address };
    AUTO_FREE char *other = stage_write_config(stage, "other.conf", world_url(stage->world),
                                               &config);
    struct program *second = stage_daemon_of(stage, other);
    stage_wait_told(stage, second, 10, "The status page is off, and tried again each minute");
    stage_wait_told(stage, second, 10, page.address);
    stage_wait_told(stage, second, 10, "is ready");
    assert_true(program_is_alive(first));
}

static void a_reload_moves_it(struct stage *stage)
{
    struct page page, moved;
    struct program *daemon = set_scene(stage, &page);
    configure(stage, &moved);
    program_signal(daemon, SIGHUP);
    AUTO_FREE char *alive = wait_status(stage, &moved, "/healthz", 200);
    struct web_answer answer;
    AUTO_FREE char *url = mem_printf("%s/healthz", page.url);
    web_ask(&(struct web_request){ .url = url }, &answer);
    assert_int_equal(answer.status, 0);
    web_release(&answer);
}

/* --- many readers --- */

enum { READERS = 200, ROUNDS = 5, PULLS_EACH = 4, DELAY_PERCENT = 100, NOISE_MS = 20 };

static int compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* How long reading all of a client again takes, by the database's clock. */
static int64_t measure_pull(struct stage *stage)
{
    db_run(stage->db, "SELECT bureau.resync('" BOOKS_CLIENT "')");
    stage_wait(stage, 30, "SELECT bool_and(done_at IS NOT NULL) FROM sync.\"order\"");
    return db_int(stage->db, "SELECT (extract(epoch FROM done_at - ordered_at) * 1000)::bigint "
                             "FROM sync.\"order\" ORDER BY order_id DESC LIMIT 1");
}

/* In turns, so that whatever else the machine does falls on both sides alike. The figures are
 * printed; what fails the test is a page that the daemon waits for, not a busy machine. */
static void two_hundred_readers_do_not_delay_pulls(struct stage *stage)
{
    struct page page;
    int64_t alone[ROUNDS * PULLS_EACH], watched[ROUNDS * PULLS_EACH], bytes = 0, sum = 0;
    int cut = 0;
    (void)set_scene(stage, &page);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PULLS_EACH; i++)
            alone[round * PULLS_EACH + i] = measure_pull(stage);
        struct crowd *crowd = crowd_new((int)strtol(strrchr(page.address, ':') + 1, NULL, 10),
                                        READERS);
        for (int i = 0; i < PULLS_EACH; i++)
            watched[round * PULLS_EACH + i] = measure_pull(stage);
        crowd_free(crowd, &bytes, &cut);
        assert_int_equal(cut, 0);
        sum += bytes;
    }
    qsort(alone, ARRAY_LEN(alone), sizeof(alone[0]), compare);
    qsort(watched, ARRAY_LEN(watched), sizeof(watched[0]), compare);
    int64_t before = alone[ARRAY_LEN(alone) / 2], with = watched[ARRAY_LEN(watched) / 2];
    print_message("reading a client again takes %lld ms alone, %lld ms with %d readers, who got "
                  "%lld KiB\n",
                  (long long)before, (long long)with, READERS, (long long)(sum / 1024));
    assert_in_range(with, 0, before + before * DELAY_PERCENT / 100 + NOISE_MS * stage->slack);
}

int main(void)
{
    static struct stage stage;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, health_and_readiness_follow_the_database),
        STAGE_TEST(&stage, is_not_ready_with_a_schema_that_is_too_old),
        STAGE_TEST(&stage, metrics_tell_of_clients_requests_and_tokens),
        STAGE_TEST(&stage, answers_only_what_it_should),
        STAGE_TEST(&stage, a_port_that_is_taken_stops_nothing),
        STAGE_TEST(&stage, a_reload_moves_it),
        STAGE_TEST(&stage, two_hundred_readers_do_not_delay_pulls),
    };
    if (stage_open(&stage) < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
