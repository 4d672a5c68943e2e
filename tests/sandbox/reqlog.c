#include "tests/sandbox/reqlog.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/mem.h"
#include "tests/sandbox/out.h"

#define ENTRIES_MAX 50000
#define VIOLATIONS_MAX 1000
#define PATHS_MAX 200

struct path_count {
    char *path;
    int64_t requests, unchanged, failed;
};

struct reqlog {
    FILE *file;
    char **entries; /* a ring of JSON objects */
    int64_t added, kept_from;
    struct vec violations;
    struct path_count counts[PATHS_MAX];
    int n_counts;
    int64_t total;
};

struct reqlog *reqlog_new(void)
{
    struct reqlog *log = mem_zero(sizeof(*log));
    log->entries = mem_zero(ENTRIES_MAX * sizeof(*log->entries));
    return log;
}

void reqlog_reset(struct reqlog *log)
{
    for (int i = 0; i < log->n_counts; i++)
        free(log->counts[i].path);
    log->n_counts = 0;
    log->total = 0;
    log->kept_from = log->added;
}

void reqlog_reset_violations(struct reqlog *log)
{
    for (uint32_t i = 0; i < log->violations.n; i++)
        free(log->violations.at[i]);
    log->violations.n = 0;
}

void reqlog_free(struct reqlog *log)
{
    if (!log)
        return;
    reqlog_reset(log);
    reqlog_reset_violations(log);
    vec_release(&log->violations);
    for (int i = 0; i < ENTRIES_MAX; i++)
        free(log->entries[i]);
    free(log->entries);
    if (log->file)
        fclose(log->file);
    free(log);
}

void reqlog_set_file(struct reqlog *log, FILE *file)
{
    log->file = file;
}

static void reqlog_count(struct reqlog *log, const struct reqlog_entry *entry)
{
    int i = 0;
    while (i < log->n_counts && strcmp(log->counts[i].path, entry->path) != 0)
        i++;
    if (i == PATHS_MAX)
        return;
    if (i == log->n_counts) {
        log->counts[i] = (struct path_count){ .path = mem_text(entry->path) };
        log->n_counts++;
    }
    log->counts[i].requests++;
    log->counts[i].unchanged += entry->status == 304;
    log->counts[i].failed += entry->status >= 400 || entry->status == 0;
    log->total++;
}

static char *reqlog_text(int64_t number, const struct reqlog_entry *entry)
{
    struct out out = { 0 };
    size_t len;
    const char *const names[] = { "method", "path",      "query",     "user", "orgNr",
                                  "token",  "userAgent", "requestId", "fault" };
    const char *const texts[] = { entry->method,     entry->path,       entry->query,
                                  entry->user,       entry->org_nr,     entry->token,
                                  entry->user_agent, entry->request_id, entry->fault };
    out_printf(&out, "{\"number\":%lld,\"timeMs\":%lld,\"status\":%d,\"askedDigest\":%s",
               (long long)number, (long long)entry->at_ms, entry->status,
               entry->asked_digest ? "true" : "false");
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        out_key(&out, names[i]);
        out_text(&out, texts[i]);
    }
    out_raw(&out, "}");
    return out_take(&out, &len);
}

void reqlog_add(struct reqlog *log, const struct reqlog_entry *entry)
{
    int64_t number = ++log->added;
    char **slot = &log->entries[number % ENTRIES_MAX];
    free(*slot);
    *slot = reqlog_text(number, entry);
    reqlog_count(log, entry);
    if (log->file) {
        fprintf(log->file, "%s\n", *slot);
        fflush(log->file);
    }
}

void reqlog_violation(struct reqlog *log, int64_t at_ms, const char *method, const char *path,
                      const char *reason)
{
    if (log->violations.n >= VIOLATIONS_MAX)
        return;
    struct out out = { 0 };
    size_t len;
    out_printf(&out, "{\"timeMs\":%lld", (long long)at_ms);
    out_key(&out, "method");
    out_text(&out, method);
    out_key(&out, "path");
    out_text(&out, path);
    out_key(&out, "reason");
    out_text(&out, reason);
    out_raw(&out, "}");
    vec_add(&log->violations, out_take(&out, &len));
}

void reqlog_write(const struct reqlog *log, int64_t since, struct out *out)
{
    int64_t first = since > log->kept_from ? since : log->kept_from;
    first = log->added - first > ENTRIES_MAX ? log->added - ENTRIES_MAX : first;
    out_printf(out, "{\"mark\":%lld,\"total\":%lld,\"byPath\":{", (long long)log->added,
               (long long)log->total);
    for (int i = 0; i < log->n_counts; i++) {
        out_key(out, log->counts[i].path);
        out_printf(out, "{\"requests\":%lld,\"unchanged\":%lld,\"failed\":%lld}",
                   (long long)log->counts[i].requests, (long long)log->counts[i].unchanged,
                   (long long)log->counts[i].failed);
    }
    out_raw(out, "},\"requests\":[");
    for (int64_t i = first + 1; i <= log->added; i++) {
        out_comma(out);
        out_raw(out, log->entries[i % ENTRIES_MAX]);
    }
    out_raw(out, "]}");
}

void reqlog_write_violations(const struct reqlog *log, struct out *out)
{
    out_printf(out, "{\"count\":%u,\"violations\":[", log->violations.n);
    for (uint32_t i = 0; i < log->violations.n; i++) {
        out_comma(out);
        out_raw(out, log->violations.at[i]);
    }
    out_raw(out, "]}");
}
