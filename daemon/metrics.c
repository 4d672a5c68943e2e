#include "daemon/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"

enum { BUCKETS = 12, STATUS_CLASSES = 7 };

/* Upper bounds in milliseconds, and how Prometheus writes them in seconds. */
static const struct bound {
    int64_t ms;
    const char *seconds;
} BOUNDS[BUCKETS] = {
    { 5, "0.005" },  { 10, "0.01" },  { 25, "0.025" }, { 50, "0.05" },
    { 100, "0.1" },  { 250, "0.25" }, { 500, "0.5" },  { 1000, "1" },
    { 2500, "2.5" }, { 10000, "10" }, { 60000, "60" }, { 600000, "600" },
};

struct histogram {
    uint64_t buckets[BUCKETS + 1]; /* each by itself; the last holds what passes all bounds */
    int64_t sum_us;
};

static const char *const STATUS_NAMES[STATUS_CLASSES] = { "2xx", "304", "401", "429",
                                                          "4xx", "5xx", "none" };

struct request_count {
    char *resource;
    uint64_t by_status[STATUS_CLASSES];
};

static const char *const OUTCOMES[] = {
    "done", "loaded", "held", "no_access", "failed", "stopped"
};
static const char *const EVENTS[] = { "taken", "repeated", "forged", "malformed", "unknown" };

struct metrics {
    struct request_count requests[METRICS_RESOURCES_MAX];
    int resources;
    struct histogram request_time, queue_time, pull_time, database_time, database_wait, loop_lag;
    uint64_t pulls[ARRAY_LEN(OUTCOMES)], events[ARRAY_LEN(EVENTS)];
    uint64_t rows_merged, rows_removed, database_failures;
};

struct metrics *metrics_new(void)
{
    return mem_new(1, sizeof(struct metrics));
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    for (int i = 0; i < metrics->resources; i++)
        free(metrics->requests[i].resource);
    free(metrics);
}

/* --- counting --- */

static void observe(struct histogram *histogram, int64_t us)
{
    int i = 0;
    if (us < 0)
        us = 0;
    while (i < BUCKETS && us > BOUNDS[i].ms * 1000)
        i++;
    histogram->buckets[i]++;
    histogram->sum_us += us;
}

static int class_of(int status)
{
    if (status == 304)
        return 1;
    if (status == 401)
        return 2;
    if (status == 429)
        return 3;
    if (status == 0)
        return 6;
    if (status >= 500)
        return 5;
    return status >= 200 && status < 300 ? 0 : 4;
}

static struct request_count *count_of(struct metrics *metrics, const char *resource)
{
    int last = METRICS_RESOURCES_MAX - 1;
    for (int i = 0; i < metrics->resources; i++) {
        if (strcmp(metrics->requests[i].resource, resource) == 0)
            return &metrics->requests[i];
    }
    if (metrics->resources > last)
        return &metrics->requests[last];
    struct request_count *count = &metrics->requests[metrics->resources];
    count->resource = mem_strdup(metrics->resources == last ? "other" : resource);
    metrics->resources++;
    return count;
}

void metrics_request(struct metrics *metrics, const char *resource, int status, int64_t duration_us)
{
    if (!metrics)
        return;
    count_of(metrics, resource)->by_status[class_of(status)]++;
    observe(&metrics->request_time, duration_us);
}

void metrics_queue(struct metrics *metrics, int64_t waited_ms)
{
    if (metrics)
        observe(&metrics->queue_time, waited_ms * 1000);
}

void metrics_pull(struct metrics *metrics, enum metrics_outcome outcome, int64_t duration_ms)
{
    if (!metrics)
        return;
    metrics->pulls[outcome]++;
    observe(&metrics->pull_time, duration_ms * 1000);
}

void metrics_rows(struct metrics *metrics, int64_t merged, int64_t removed)
{
    if (!metrics)
        return;
    metrics->rows_merged += merged > 0 ? (uint64_t)merged : 0;
    metrics->rows_removed += removed > 0 ? (uint64_t)removed : 0;
}

void metrics_database(struct metrics *metrics, int64_t duration_ms, int64_t waited_ms,
                      int is_failed)
{
    if (!metrics)
        return;
    observe(&metrics->database_time, duration_ms * 1000);
    observe(&metrics->database_wait, waited_ms * 1000);
    metrics->database_failures += is_failed != 0;
}

void metrics_loop_lag(struct metrics *metrics, int64_t lag_ms)
{
    if (metrics)
        observe(&metrics->loop_lag, lag_ms * 1000);
}

void metrics_webhook(struct metrics *metrics, enum metrics_event event)
{
    if (metrics)
        metrics->events[event]++;
}

/* --- the text --- */

int metrics_append_family(struct buf *out, const char *name, const char *type, const char *help)
{
    return buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

int metrics_append_label(struct buf *out, const char *value)
{
    int ret = buf_append_byte(out, '"');
    for (; ret == 0 && *value; value++) {
        if (*value == '\n')
            ret = buf_append_text(out, "\\n");
        else if (*value == '"' || *value == '\\')
            ret = buf_printf(out, "\\%c", *value);
        else
            ret = buf_append_byte(out, (uint8_t)*value);
    }
    return ret < 0 ? ret : buf_append_byte(out, '"');
}

static int append_histogram(struct buf *out, const char *name, const char *help,
                            const struct histogram *histogram)
{
    uint64_t count = 0;
    int ret = metrics_append_family(out, name, "histogram", help);
    for (int i = 0; ret == 0 && i < BUCKETS; i++) {
        count += histogram->buckets[i];
        ret = buf_printf(out, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name, BOUNDS[i].seconds, count);
    }
    count += histogram->buckets[BUCKETS];
    if (ret == 0)
        ret = buf_printf(out,
                         "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %" PRId64 ".%06" PRId64
                         "\n%s_count %" PRIu64 "\n",
                         name, count, name, histogram->sum_us / 1000000,
                         histogram->sum_us % 1000000, name, count);
    return ret;
}

static int append_counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
    int ret = metrics_append_family(out, name, "counter", help);
    return ret < 0 ? ret : buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

static int append_named(struct buf *out, const char *name, const char *label, const char *help,
                        const char *const *names, const uint64_t *values, size_t count)
{
    int ret = metrics_append_family(out, name, "counter", help);
    for (size_t i = 0; ret == 0 && i < count; i++)
        ret = buf_printf(out, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, names[i], values[i]);
    return ret;
}

static int append_requests(const struct metrics *metrics, struct buf *out)
{
    int ret = metrics_append_family(out, "saldod_requests_total", "counter",
                                    "Requests to Tripletex by resource and status; none = no "
                                    "answer came.");
    for (int i = 0; ret == 0 && i < metrics->resources; i++) {
        const struct request_count *count = &metrics->requests[i];
        for (int class = 0; ret == 0 && class < STATUS_CLASSES; class ++) {
            if (count->by_status[class] == 0)
                continue;
            ret = buf_append_text(out, "saldod_requests_total{resource=");
            if (ret == 0)
                ret = metrics_append_label(out, count->resource);
            if (ret == 0)
                ret = buf_printf(out, ",status=\"%s\"} %" PRIu64 "\n", STATUS_NAMES[class],
                                 count->by_status[class]);
        }
    }
    return ret;
}

static int append_times(const struct metrics *metrics, struct buf *out)
{
    const struct {
        const char *name, *help;
        const struct histogram *histogram;
    } times[] = {
        { "saldod_request_duration_seconds", "Time from sending a request to its whole answer.",
          &metrics->request_time },
        { "saldod_queue_wait_seconds",
          "Time that requests waited for session, budget and a free connection.",
          &metrics->queue_time },
        { "saldod_pull_duration_seconds", "Time from the begin of a pull to its end.",
          &metrics->pull_time },
        { "saldod_database_duration_seconds", "Time that a piece of work took in the database.",
          &metrics->database_time },
        { "saldod_database_wait_seconds", "Time that work waited for a connection to the database.",
          &metrics->database_wait },
        { "saldod_loop_lag_seconds", "How late timers of the event loop ran.", &metrics->loop_lag },
    };
    int ret = 0;
    for (size_t i = 0; ret == 0 && i < ARRAY_LEN(times); i++)
        ret = append_histogram(out, times[i].name, times[i].help, times[i].histogram);
    return ret;
}

int metrics_append(const struct metrics *metrics, struct buf *out)
{
    int ret = append_requests(metrics, out);
    if (ret == 0)
        ret = append_times(metrics, out);
    if (ret == 0)
        ret = append_named(out, "saldod_pulls_total", "outcome", "Pulls by how they ended.",
                           OUTCOMES, metrics->pulls, ARRAY_LEN(OUTCOMES));
    if (ret == 0)
        ret = append_named(out, "saldod_webhook_events_total", "verdict",
                           "Deliveries of webhooks by what became of them.", EVENTS,
                           metrics->events, ARRAY_LEN(EVENTS));
    if (ret == 0)
        ret = append_counter(out, "saldod_rows_merged_total",
                             "Postings written into the mirror, new and changed ones.",
                             metrics->rows_merged);
    if (ret == 0)
        ret = append_counter(out, "saldod_rows_removed_total",
                             "Postings removed from the mirror because they are gone.",
                             metrics->rows_removed);
    if (ret == 0)
        ret = append_counter(out, "saldod_database_failures_total",
                             "Pieces of work that the database did not do.",
                             metrics->database_failures);
    return ret;
}
