/*
 * app.h - what the parts of the daemon share: the loop, the log, the settings and the services.
 *
 * A plain bundle of borrowed pointers, passed down instead of globals. Who made a service owns and
 * frees it (app_start and app_release). `settings` changes at a reload: who needs one snapshot for
 * longer takes a reference.
 */
#ifndef SALDOD_DAEMON_APP_H
#define SALDOD_DAEMON_APP_H

#include "lib/base/cleanup.h"

struct access_list;
struct err;
struct http_client;
struct listener;
struct log;
struct loop;
struct metrics;
struct loading;
struct owner;
struct pool;
struct registry;
struct schedule;
struct seal;
struct settings;
struct sweep;
struct webhook;

/* Whether the API counts `accountNumberTo` of a list of postings in; found by asking, once. */
enum app_account_to { ACCOUNT_TO_UNKNOWN, ACCOUNT_TO_INCLUDED, ACCOUNT_TO_EXCLUDED };

struct app {
    struct loop *loop;
    struct log *log;
    struct settings *settings;
    struct seal *seal;
    struct http_client *http;
    struct pool *pool;
    struct owner *owner;
    struct listener *listener;
    struct registry *registry;
    struct schedule *schedule;
    struct sweep *sweep;
    struct loading *loading;
    struct metrics *metrics;
    struct webhook *webhook;
    char *consumer_token;
    enum app_account_to account_to;
};

/* Makes what needs no database: loop, log, settings, secrets, HTTP client, pool. All faults are
 * told on stderr or the log; returns 0, or -EINVAL for a wrong configuration (exit 78), or another
 * -errno. */
int app_init(struct app *app, const char *config_file) MUST_USE;

/* Reads the file again for a reload. Faults are logged and -EINVAL is returned; nothing has changed
 * then. settings_unref() what it gives, or hand it to app_take_settings. */
int app_read_settings(struct app *app, struct settings **ret_settings) MUST_USE;

/* From now on these settings are in force; takes the reference. What changed is logged. */
void app_take_settings(struct app *app, struct settings *settings);

void app_release(struct app *app);

#endif
