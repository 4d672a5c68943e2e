/* /metrics: what the daemon counts itself, what the database tells of the clients, the process. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <dirent.h>

#include "daemon/app.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/registry.h"
#include "daemon/schedule.h"
#include "daemon/status_internal.h"
#include "daemon/token.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/server/server.h"

enum {
    METRICS_BYTES_MAX = 1024 * 1024,
    METRICS_TOKENS_MAX = 200, /* labelled ones; a bureau has one, single companies one each */
    AGE_BUCKETS = 8,
};

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static int append_gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
    int ret = metrics_append_family(out, name, "gauge", help);
    return ret < 0 ? ret : buf_printf(out, "%s %" PRId64 "\n", name, value);
}

/* --- clients --- */

static int append_states(const struct status_overview *overview, struct buf *out)
{
    int ret = metrics_append_family(out, "saldod_clients", "gauge", "Clients by state.");
    for (int i = 0; ret == 0 && i < STATUS_STATES; i++)
        ret = buf_printf(out, "saldod_clients{state=\"%s\"} %d\n",
                         status_state_name((enum status_client_state)i), overview->by_state[i]);
    return ret;
}

/* How many clients equalled Tripletex how long ago: a histogram of this moment, hence a gauge. */
static int append_ages(const struct status_overview *overview, struct buf *out)
{
    static const int64_t BOUNDS_S[AGE_BUCKETS] = {
        60, 300, 900, 3600, 14400, 43200, 86400, 604800
    };
    int counts[AGE_BUCKETS] = { 0 };
    for (int i = 0; i < overview->count; i++) {
        const struct status_client *client = &overview->clients[i];
        for (int j = 0; j < AGE_BUCKETS; j++)
            counts[j] += client->state != STATUS_DISABLED && client->is_proven &&
                         client->age_s <= BOUNDS_S[j];
    }
    int ret = metrics_append_family(out, "saldod_clients_younger", "gauge",
                                    "Enabled clients that equalled Tripletex at most so many "
                                    "seconds ago.");
    for (int j = 0; ret == 0 && j < AGE_BUCKETS; j++)
        ret = buf_printf(out, "saldod_clients_younger{seconds=\"%" PRId64 "\"} %d\n", BOUNDS_S[j],
                         counts[j]);
    return ret;
}

static int append_clients(const struct status_overview *overview, struct buf *out)
{
    int ret = append_states(overview, out);
    if (ret == 0)
        ret = append_ages(overview, out);
    if (ret == 0)
        ret = append_gauge(out, "saldod_proven_age_seconds_max",
                           "Age of the oldest proven state among the enabled clients; of one that "
                           "has none, since it was registered.",
                           overview->oldest_s);
    if (ret == 0)
        ret = append_gauge(out, "saldod_clients_load_failing",
                           "Enabled clients whose first load has failed three times in a row.",
                           overview->failing_loads);
    if (ret == 0)
        ret = append_gauge(out, "saldod_clients_verified",
                           "Enabled clients whose visible years are all verified.",
                           overview->verified);
    if (ret == 0)
        ret = append_gauge(out, "saldod_clients_differing",
                           "Enabled clients where saldo and postings differ.", overview->differing);
    if (ret == 0)
        ret = append_gauge(out, "saldod_differences",
                           "Accounts and months, and vouchers, where saldo and postings differ.",
                           overview->differences);
    return ret;
}

/* How old a proven state may be is measured by it. */
static int append_interval(struct app *app, struct buf *out)
{
    const struct client *client;
    int64_t longest_ms = 0;
    TAILQ_FOREACH(client, registry_clients(app->registry), entry)
    {
        int64_t interval_ms = client_interval_ms(client, app->settings);
        if (client->is_enabled && interval_ms > longest_ms)
            longest_ms = interval_ms;
    }
    return append_gauge(out, "saldod_pull_interval_seconds_max",
                        "Longest interval at which an enabled client is asked for changes.",
                        longest_ms / 1000);
}

/* --- tokens of this daemon --- */

enum token_figure { TOKEN_LIMIT, TOKEN_REMAINING, TOKEN_EXPIRES, TOKEN_WAITING, TOKEN_REFUSED };

static const struct {
    enum token_figure figure;
    const char *name, *help;
} TOKEN_FAMILIES[] = {
    { TOKEN_LIMIT, "saldod_budget_limit_requests", "Requests that Tripletex allows in a window." },
    { TOKEN_REMAINING, "saldod_budget_remaining_requests", "Requests left in the window." },
    { TOKEN_EXPIRES, "saldod_session_expires_seconds",
      "When the session of the token ends, as seconds since 1970." },
    { TOKEN_WAITING, "saldod_token_waiting_requests",
      "Requests that wait for session, budget or a free place." },
    { TOKEN_REFUSED, "saldod_token_refused", "1 where Tripletex refuses the token." },
};

/* -1 = not known. */
static int64_t token_value(const struct token_report *report, enum token_figure figure)
{
    switch (figure) {
    case TOKEN_LIMIT:
        return report->limit;
    case TOKEN_REMAINING:
        return report->remaining;
    case TOKEN_EXPIRES:
        return report->session_expires_us > 0 ? report->session_expires_us / CLOCK_US_PER_S : -1;
    case TOKEN_WAITING:
        return report->waiting;
    case TOKEN_REFUSED:
        return report->is_refused;
    }
    return -1;
}

static int append_token(const struct token_entry *entry, const char *name, int64_t value,
                        struct buf *out)
{
    int ret = buf_printf(out, "%s{token=\"%.8s\",holder=", name, entry->id);
    if (ret == 0)
        ret = metrics_append_label(out, entry->label);
    return ret < 0 ? ret : buf_printf(out, "} %" PRId64 "\n", value);
}

static int append_token_family(struct app *app, size_t family, struct buf *out)
{
    const struct token_entry *entry;
    int count = 0;
    int ret = metrics_append_family(out, TOKEN_FAMILIES[family].name, "gauge",
                                    TOKEN_FAMILIES[family].help);
    TAILQ_FOREACH(entry, registry_tokens(app->registry), entry)
    {
        struct token_report report;
        if (ret < 0 || !entry->token || !entry->is_owned)
            continue;
        token_describe(entry->token, &report);
        int64_t value = token_value(&report, TOKEN_FAMILIES[family].figure);
        if (value >= 0 && ++count <= METRICS_TOKENS_MAX)
            ret = append_token(entry, TOKEN_FAMILIES[family].name, value, out);
    }
    return ret;
}

static int append_tokens(struct app *app, struct buf *out)
{
    int ret = 0;
    for (size_t i = 0; ret == 0 && i < ARRAY_LEN(TOKEN_FAMILIES); i++)
        ret = append_token_family(app, i, out);
    return ret;
}

/* --- the process --- */

static int count_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return 0;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    (void)closedir(folder);
    return count - 1; /* that of the folder itself */
}

static void read_memory(int64_t *ret_virtual, int64_t *ret_resident)
{
    long long pages[2] = { 0 };
    int64_t page_bytes = sysconf(_SC_PAGESIZE);
    FILE *in = fopen("/proc/self/statm", "re");
    if (in) {
        if (fscanf(in, "%lld %lld", &pages[0], &pages[1]) != 2)
            pages[0] = pages[1] = 0;
        (void)fclose(in);
    }
    *ret_virtual = pages[0] * page_bytes;
    *ret_resident = pages[1] * page_bytes;
}

static int append_cpu(struct buf *out)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    int64_t us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * CLOCK_US_PER_S +
                 usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    int ret = metrics_append_family(out, "process_cpu_seconds_total", "counter",
                                    "Time of the processor that was used.");
    return ret < 0 ? ret
                   : buf_printf(out, "process_cpu_seconds_total %" PRId64 ".%06" PRId64 "\n",
                                us / CLOCK_US_PER_S, us % CLOCK_US_PER_S);
}

static int append_process(const struct status *status, struct buf *out)
{
    int64_t virtual_bytes, resident_bytes;
    struct rlimit files;
    read_memory(&virtual_bytes, &resident_bytes);
    int ret = append_cpu(out);
    if (ret == 0)
        ret = append_gauge(out, "process_resident_memory_bytes", "Memory that is resident.",
                           resident_bytes);
    if (ret == 0)
        ret = append_gauge(out, "process_virtual_memory_bytes", "Memory that is mapped.",
                           virtual_bytes);
    if (ret == 0)
        ret = append_gauge(out, "process_open_fds", "Descriptors that are open.",
                           count_descriptors());
    if (ret == 0 && getrlimit(RLIMIT_NOFILE, &files) == 0)
        ret = append_gauge(out, "process_max_fds", "Descriptors that may be open.",
                           (int64_t)files.rlim_cur);
    if (ret == 0)
        ret = append_gauge(out, "process_start_time_seconds",
                           "When the process was started, as seconds since 1970.",
                           status->started_us / CLOCK_US_PER_S);
    return ret;
}

/* --- the whole --- */

static int append_daemon(const struct status *status, struct buf *out)
{
    struct schedule_report report;
    schedule_describe(status->app->schedule, &report);
    int ret = metrics_append_family(out, "saldod_info", "gauge", "Version of the program.");
    if (ret == 0)
        ret = buf_printf(out, "saldod_info{version=\"%s\"} 1\n", SALDOD_VERSION);
    if (ret == 0)
        ret = append_gauge(out, "saldod_ready", "1 while database and schema are there.",
                           health_is_ready(status->health));
    if (ret == 0)
        ret = append_gauge(out, "saldod_pulls_running", "Pulls that run now.", report.running);
    if (ret == 0)
        ret = append_gauge(out, "saldod_pulls_waiting", "Clients that are due and wait their turn.",
                           report.waiting);
    if (ret == 0)
        ret = append_gauge(out, "saldod_status_connections", "Open connections to this server.",
                           status->server ? server_connections(status->server) : 0);
    return ret;
}

struct question {
    struct status *status;
    struct server_call *call;
};

static void answer(void *ctx, struct status_overview *overview, const struct err *err)
{
    struct question *question = ctx;
    struct status *status = question->status;
    AUTO_BUF struct buf out;
    (void)err; /* saldod_ready and what is missing say it */
    buf_init(&out, METRICS_BYTES_MAX);
    int ret = append_daemon(status, &out);
    if (ret == 0 && overview)
        ret = append_clients(overview, &out);
    if (ret == 0)
        ret = append_interval(status->app, &out);
    if (ret == 0)
        ret = append_tokens(status->app, &out);
    if (ret == 0)
        ret = metrics_append(status->app->metrics, &out);
    if (ret == 0)
        ret = append_process(status, &out);
    struct server_body *body = server_body_new(&out);
    server_answer(question->call, &(struct server_answer){ .status = ret == 0 ? 200 : 500,
                                                           .type = METRICS_TYPE,
                                                           .headers = STATUS_HEADERS,
                                                           .body = body });
    server_body_unref(body);
    free(question);
}

void status_metrics(struct status *status, struct server_call *call)
{
    struct question *question = mem_new(1, sizeof(*question));
    *question = (struct question){ .status = status, .call = call };
    status_store_overview(status->store, STATUS_FRESH_MS, answer, question);
}
