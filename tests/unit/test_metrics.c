/* Tests of daemon/metrics.h: what is counted, and how it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/metrics.h"
#include "lib/base/buf.h"

enum { TEXT_BYTES_MAX = 256 * 1024 };

static void check_has(const struct metrics *metrics, const char *line)
{
    AUTO_BUF struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    assert_int_equal(metrics_append(metrics, &out), 0);
    if (!strstr(buf_text(&out), line))
        fail_msg("%s is not in:\n%s", line, buf_text(&out));
}

static void counts_requests_by_resource_and_status(void **state)
{
    struct metrics *metrics = metrics_new();
    (void)state;
    metrics_request(metrics, "posting", 200, 4000);
    metrics_request(metrics, "posting", 304, 5000);
    metrics_request(metrics, "posting", 304, 6000);
    metrics_request(metrics, "account", 0, 60000000);
    metrics_request(metrics, "account", 503, 700000000);
    metrics_request(metrics, "account", 422, 1);
    check_has(metrics, "\nsaldod_requests_total{resource=\"posting\",status=\"2xx\"} 1\n");
    check_has(metrics, "\nsaldod_requests_total{resource=\"posting\",status=\"304\"} 2\n");
    check_has(metrics, "\nsaldod_requests_total{resource=\"account\",status=\"none\"} 1\n");
    check_has(metrics, "\nsaldod_requests_total{resource=\"account\",status=\"5xx\"} 1\n");
    check_has(metrics, "\nsaldod_requests_total{resource=\"account\",status=\"4xx\"} 1\n");
    metrics_free(metrics);
}

static void writes_histograms_that_add_up(void **state)
{
    struct metrics *metrics = metrics_new();
    (void)state;
    metrics_request(metrics, "posting", 200, 4000);
    metrics_request(metrics, "posting", 200, 5000);
    metrics_request(metrics, "posting", 200, 5001);
    metrics_request(metrics, "posting", 200, 700000000);
    metrics_request(metrics, "posting", 200, -3);
    check_has(metrics, "# TYPE saldod_request_duration_seconds histogram\n");
    check_has(metrics, "\nsaldod_request_duration_seconds_bucket{le=\"0.005\"} 3\n");
    check_has(metrics, "\nsaldod_request_duration_seconds_bucket{le=\"0.01\"} 4\n");
    check_has(metrics, "\nsaldod_request_duration_seconds_bucket{le=\"600\"} 4\n");
    check_has(metrics, "\nsaldod_request_duration_seconds_bucket{le=\"+Inf\"} 5\n");
    check_has(metrics, "\nsaldod_request_duration_seconds_sum 700.014001\n");
    check_has(metrics, "\nsaldod_request_duration_seconds_count 5\n");
    metrics_free(metrics);
}

static void counts_pulls_rows_and_events(void **state)
{
    struct metrics *metrics = metrics_new();
    (void)state;
    metrics_pull(metrics, METRICS_PULL_HELD, 250);
    metrics_rows(metrics, 10, 3);
    metrics_rows(metrics, 1, -1);
    metrics_webhook(metrics, METRICS_EVENT_FORGED);
    metrics_database(metrics, 12, 3, 1);
    metrics_queue(metrics, 7);
    metrics_loop_lag(metrics, 1);
    check_has(metrics, "\nsaldod_pulls_total{outcome=\"held\"} 1\n");
    check_has(metrics, "\nsaldod_pulls_total{outcome=\"done\"} 0\n");
    check_has(metrics, "\nsaldod_pull_duration_seconds_bucket{le=\"0.25\"} 1\n");
    check_has(metrics, "\nsaldod_rows_merged_total 11\n");
    check_has(metrics, "\nsaldod_rows_removed_total 3\n");
    check_has(metrics, "\nsaldod_webhook_events_total{verdict=\"forged\"} 1\n");
    check_has(metrics, "\nsaldod_database_failures_total 1\n");
    check_has(metrics, "\nsaldod_queue_wait_seconds_count 1\n");
    check_has(metrics, "\nsaldod_loop_lag_seconds_count 1\n");
    metrics_free(metrics);
}

static void bounds_the_number_of_resources(void **state)
{
    struct metrics *metrics = metrics_new();
    char name[16];
    (void)state;
    for (int i = 0; i < METRICS_RESOURCES_MAX * 2; i++) {
        (void)snprintf(name, sizeof(name), "r%d", i);
        metrics_request(metrics, name, 200, 1);
    }
    AUTO_BUF struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    assert_int_equal(metrics_append(metrics, &out), 0);
    int lines = 0;
    for (const char *at = buf_text(&out); (at = strstr(at, "saldod_requests_total{")); at++)
        lines++;
    assert_int_equal(lines, METRICS_RESOURCES_MAX);
    check_has(metrics, "\nsaldod_requests_total{resource=\"other\",status=\"2xx\"} 49\n");
    metrics_free(metrics);
}

static void escapes_labels(void **state)
{
    AUTO_BUF struct buf out;
    (void)state;
    buf_init(&out, 200);
    assert_int_equal(metrics_append_label(&out, "A \"B\"\\\nC\xC3\xA5"), 0);
    assert_string_equal(buf_text(&out), "\"A \\\"B\\\"\\\\\\nC\xC3\xA5\"");
}

static void says_when_there_is_no_room(void **state)
{
    struct metrics *metrics = metrics_new();
    AUTO_BUF struct buf out;
    (void)state;
    buf_init(&out, 500);
    assert_true(metrics_append(metrics, &out) < 0);
    metrics_free(metrics);
}

static void nobody_counting_is_fine(void **state)
{
    (void)state;
    metrics_request(NULL, "posting", 200, 1);
    metrics_queue(NULL, 1);
    metrics_pull(NULL, METRICS_PULL_DONE, 1);
    metrics_rows(NULL, 1, 1);
    metrics_database(NULL, 1, 1, 0);
    metrics_loop_lag(NULL, 1);
    metrics_webhook(NULL, METRICS_EVENT_TAKEN);
    metrics_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_requests_by_resource_and_status),
        cmocka_unit_test(writes_histograms_that_add_up),
        cmocka_unit_test(counts_pulls_rows_and_events),
        cmocka_unit_test(bounds_the_number_of_resources),
        cmocka_unit_test(escapes_labels),
        cmocka_unit_test(says_when_there_is_no_room),
        cmocka_unit_test(nobody_counting_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
