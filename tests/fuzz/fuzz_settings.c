/*
 * Fuzzer of daemon/settings.h: any file is a snapshot within its ranges, or a list of faults that
 * each name the file; a snapshot differs from itself in nothing.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/settings.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/ledger/org_nr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int is_true)
{
    if (!is_true)
        abort();
}

static void check_plain(const struct settings *settings)
{
    must(settings->conninfo[0] && settings->instance[0] && settings->seal_key_file[0]);
    must(strncasecmp(settings->base_url, "http", 4) == 0 && settings->consumer_token_file[0]);
    must(settings->base_url[strlen(settings->base_url) - 1] != '/' && settings->status_listen);
    must(settings->database_connections >= 1 && settings->database_connections <= 64);
    must(settings->tripletex_connections >= 1 && settings->tripletex_connections <= 64);
    must(settings->timeout_ms >= 1000 && settings->pull_interval_ms >= 1000);
    must(settings->vanish_limit_percent >= 1 && settings->vanish_limit_percent <= 100);
    must(settings->renew_before_ms < settings->lifetime_days * INT64_C(86400000));
}

static void check_lists(const struct settings *settings)
{
    for (size_t i = 0; i < settings->bureaus_count; i++) {
        const struct settings_bureau *bureau = &settings->bureaus[i];
        must(bureau->name[0] && bureau->employee_token_file && bureau->org_nr && bureau->line > 0);
        must(i == 0 || strcmp(bureau[-1].name, bureau->name) < 0);
    }
    for (size_t i = 0; i < settings->clients_count; i++) {
        const struct settings_client *client = &settings->clients[i];
        must(org_nr_check(client->org_nr, NULL) == 0 && client->line > 0);
        must(client->bureau || client->employee_token_file);
        must(i == 0 || strcmp(client[-1].org_nr, client->org_nr) < 0);
    }
}

static void check_faults(const char *faults, const char *path)
{
    must(faults[0] && faults[strlen(faults) - 1] == '\n');
    for (const char *line = faults; *line; line = strchr(line, '\n') + 1)
        must(strncmp(line, path, strlen(path)) == 0);
}

static void check_same(const struct settings *settings)
{
    AUTO_BUF struct buf change;
    buf_init(&change, 65536);
    must(settings_describe_change(settings, settings, &change) == 0 && change.len_bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    AUTO_BUF struct buf faults;
    struct settings *settings = NULL;
    int fd = memfd_create("settings", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    buf_init(&faults, 1 << 20);
    int rc = settings_read(path, &settings, &faults);
    must((rc == 0) == (settings != NULL) && (rc == 0 || rc == -EINVAL));
    if (rc) {
        check_faults(buf_text(&faults), path);
    } else {
        must(faults.len_bytes == 0);
        check_plain(settings);
        check_lists(settings);
        check_same(settings);
    }
    settings_unref(settings);
    (void)close(fd);
    return 0;
}
