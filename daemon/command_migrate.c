/* Creates or upgrades the schema. */
#include <errno.h>
#include <stdio.h>

#include "daemon/command.h"
#include "daemon/schema.h"
#include "daemon/settings.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/pg/pg.h"

enum {
    CONNECT_MS = 30000,
    STATEMENT_MS = 30 * 60 * 1000, /* also the wait for another migration to end */
    FAULTS_BYTES_MAX = 256 * 1024,
};

struct migrate {
    struct loop *loop;
    struct pg *pg;
    int exit_status;
};

static void end(struct migrate *migrate, const struct err *err)
{
    if (err) {
        (void)fprintf(stderr, "saldod: %s\n", err->text);
        if (*err->remedy)
            (void)fprintf(stderr, "%s\n", err->remedy);
        migrate->exit_status = COMMAND_FAILED;
    }
    loop_stop(migrate->loop);
}

static void applied(void *ctx, const struct schema_progress *progress)
{
    (void)ctx;
    (void)printf("applied %s\n", progress->name);
    (void)fflush(stdout);
}

static void migrated(void *ctx, int count, const struct err *err)
{
    if (!err)
        (void)printf(count > 0 ? "the schema is up to date, %d migrations applied\n"
                               : "the schema is up to date\n",
                     count);
    end(ctx, err);
}

static void connected(void *ctx, const struct pg_result *result, const struct err *failure)
{
    struct migrate *migrate = ctx;
    struct err err = ERR_NONE;
    if (!result) {
        end(migrate, failure);
        return;
    }
    if (pg_is_superuser(migrate->pg))
        (void)fprintf(
            stderr,
            "saldod: connected as a superuser; everything is created as owned by saldod_daemon\n");
    if (schema_migrate(migrate->pg, applied, migrated, migrate, &err) < 0)
        end(migrate, &err);
}

static int run(const struct settings *settings)
{
    struct migrate migrate = { .loop = loop_new(), .exit_status = COMMAND_DONE };
    struct err err = ERR_NONE;
    const struct pg_options options = {
        .conninfo = settings->conninfo,
        .application_name = "saldod migrate",
        .connect_timeout_ms = CONNECT_MS,
        .statement_timeout_ms = STATEMENT_MS,
    };
    if (!migrate.loop)
        return COMMAND_FAILED;
    migrate.pg = pg_new(migrate.loop, &options, NULL, NULL, &migrate);
    if (pg_start(migrate.pg, connected, &migrate, &err) < 0)
        end(&migrate, &err);
    else if (loop_run(migrate.loop) < 0)
        migrate.exit_status = COMMAND_FAILED;
    pg_free(migrate.pg);
    loop_free(migrate.loop);
    return migrate.exit_status;
}

int command_migrate(const struct command_args *args)
{
    struct settings *settings = NULL;
    AUTO_BUF struct buf faults;
    buf_init(&faults, FAULTS_BYTES_MAX);
    if (settings_read(args->config_file, &settings, &faults) < 0) {
        (void)fprintf(stderr, "%s", buf_text(&faults));
        return COMMAND_WRONG_CONFIGURATION;
    }
    int ret = run(settings);
    settings_unref(settings);
    return ret;
}
