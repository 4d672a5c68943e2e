/* Creates or upgrades the schema. */
#include <stdio.h>

#include "daemon/command.h"
#include "daemon/command_database.h"
#include "daemon/schema.h"
#include "daemon/settings.h"
#include "lib/base/err.h"
#include "lib/pg/pg.h"

static const struct command_database_options OPTIONS = {
    .application_name = "saldod migrate",
    .connect_timeout_ms = 30000,
    .statement_timeout_ms = 30 * 60 * 1000, /* also the wait for another migration to end */
};

struct migrate {
    struct command_database *database;
};

static void applied(void *ctx, const struct schema_progress *progress)
{
    (void)ctx;
    (void)printf("applied %s\n", progress->name);
    (void)fflush(stdout);
}

static void migrated(void *ctx, int count, const struct err *err)
{
    struct migrate *migrate = ctx;
    if (!err && count > 0)
        (void)printf("the schema is up to date, %d migrations applied\n", count);
    else if (!err)
        (void)printf("the schema is up to date\n");
    command_database_end(migrate->database, err);
}

static void begin(void *ctx, struct command_database *database, struct pg *pg,
                  const struct err *failure)
{
    struct migrate *migrate = ctx;
    struct err err = ERR_NONE;
    migrate->database = database;
    if (!pg) {
        command_database_end(database, failure);
        return;
    }
    if (pg_is_superuser(pg))
        (void)fprintf(stderr, "saldod: connected as a superuser; everything is created as owned by "
                              "saldod_daemon\n");
    if (schema_migrate(pg, applied, migrated, migrate, &err) < 0)
        command_database_end(database, &err);
}

int command_migrate(const struct command_args *args)
{
    struct migrate migrate = { 0 };
    struct settings *settings = command_read_settings(args->config_file);
    if (!settings)
        return COMMAND_WRONG_CONFIGURATION;
    int ret = command_database_run(settings, &OPTIONS, begin, &migrate);
    settings_unref(settings);
    return ret;
}
