#include "daemon/command_database.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "daemon/command.h"
#include "daemon/settings.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/pg/pg.h"

enum { FAULTS_BYTES_MAX = 256 * 1024 };

struct command_database {
    struct loop *loop;
    struct pg *pg;
    command_database_fn *begin;
    void *ctx;
    int exit_status;
};

struct settings *command_read_settings(const char *file)
{
    struct settings *settings = NULL;
    AUTO_BUF struct buf faults;
    buf_init(&faults, FAULTS_BYTES_MAX);
    if (settings_read(file, &settings, &faults) == 0)
        return settings;
    (void)fprintf(stderr, "%s", buf_text(&faults));
    return NULL;
}

void command_tell(const struct err *err)
{
    (void)fprintf(stderr, "saldod: %s\n", err->text);
    if (*err->remedy)
        (void)fprintf(stderr, "%s\n", err->remedy);
}

void command_database_end(struct command_database *database, const struct err *err)
{
    if (err) {
        command_tell(err);
        database->exit_status = COMMAND_FAILED;
    }
    loop_stop(database->loop);
}

/* What was begun is rolled back by the server, and the command cleans up after itself. */
static void interrupted(void *ctx, int signal_number)
{
    struct err err = ERR_NONE;
    (void)signal_number;
    err_set(&err, EINTR, "interrupted");
    command_database_end(ctx, &err);
}

static void connected(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct command_database *database = ctx;
    database->begin(database->ctx, database, result ? database->pg : NULL, err);
}

int command_database_run(const struct settings *settings,
                         const struct command_database_options *options, command_database_fn *begin,
                         void *ctx)
{
    struct command_database database = { .loop = loop_new(), .begin = begin, .ctx = ctx };
    struct err err = ERR_NONE;
    const struct pg_options pg_options = {
        .conninfo = settings->conninfo,
        .application_name = options->application_name,
        .role = options->role,
        .connect_timeout_ms = options->connect_timeout_ms,
        .statement_timeout_ms = options->statement_timeout_ms,
    };
    if (!database.loop)
        return COMMAND_FAILED;
    database.pg = pg_new(database.loop, &pg_options, NULL, NULL, &database);
    if (loop_on_signal(database.loop, SIGINT, interrupted, &database) < 0 ||
        loop_on_signal(database.loop, SIGTERM, interrupted, &database) < 0)
        database.exit_status = COMMAND_FAILED;
    if (pg_start(database.pg, connected, &database, &err) < 0)
        begin(ctx, &database, NULL, &err);
    if (loop_run(database.loop) < 0)
        database.exit_status = COMMAND_FAILED;
    pg_free(database.pg);
    loop_free(database.loop);
    return database.exit_status;
}
