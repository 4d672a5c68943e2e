/* Validates configuration, credentials and schema, and prints every fault. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/command.h"
#include "daemon/command_database.h"
#include "daemon/schema.h"
#include "daemon/secret.h"
#include "daemon/settings.h"
#include "gen/sql_queries.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

static const struct command_database_options OPTIONS = {
    .application_name = "saldod check",
    .connect_timeout_ms = 10000,
    .statement_timeout_ms = 60000,
};

struct check {
    struct command_database *database;
    struct pg *pg;
    const struct settings *settings;
    size_t next; /* the row of the file that is looked up */
    int faults;
    int is_without_credentials; /* an ExecReload does not see those of its service */
};

static void fault(struct check *check, const char *place, int line, const struct err *err)
{
    check->faults++;
    if (line > 0)
        (void)fprintf(stderr, "%s:%d: %s", place, line, err->text);
    else
        (void)fprintf(stderr, "%s: %s", place, err->text);
    (void)fprintf(stderr, *err->remedy ? ". %s\n" : "%s\n", err->remedy);
}

/* --- secrets --- */

static int is_left_out(const struct check *check, const char *spec)
{
    return check->is_without_credentials && secret_is_credential(spec);
}

static void check_token(struct check *check, const char *spec, const char *what, const char *file,
                        int line)
{
    struct err err = ERR_NONE;
    char *token = NULL;
    if (is_left_out(check, spec))
        return;
    int ret = secret_read_token(spec, what, &token, &err);
    if (ret == 0)
        ret = secret_check_host(token, check->settings->base_url, what, &err);
    if (ret < 0)
        fault(check, file, line, &err);
    locked_free(token);
}

static void check_secrets(struct check *check)
{
    const struct settings *settings = check->settings;
    struct err err = ERR_NONE;
    uint8_t key[SECRET_KEY_BYTES];
    check_token(check, settings->consumer_token_file, "[tripletex] consumer_token_file",
                settings->file, 0);
    if (!is_left_out(check, settings->seal_key_file) &&
        secret_read_key(settings->seal_key_file, "[security] seal_key_file", key, &err) < 0)
        fault(check, settings->file, 0, &err);
    mem_wipe(key, sizeof(key));
    for (size_t i = 0; i < settings->bureaus_count; i++)
        check_token(check, settings->bureaus[i].employee_token_file, "employee_token_file",
                    settings->bureaus[i].file, settings->bureaus[i].line);
    for (size_t i = 0; i < settings->clients_count; i++) {
        if (settings->clients[i].employee_token_file)
            check_token(check, settings->clients[i].employee_token_file, "employee_token_file",
                        settings->clients[i].file, settings->clients[i].line);
    }
}

/* Chosen by ourselves, so no host of Tripletex has a say in it. */
static void check_webhook_secret(struct check *check)
{
    const struct settings *settings = check->settings;
    struct err err = ERR_NONE;
    char *secret = NULL;
    if (!settings->webhook_secret_file || is_left_out(check, settings->webhook_secret_file))
        return;
    if (secret_read_shared(settings->webhook_secret_file, "[webhook] secret_file", &secret, &err) <
        0)
        fault(check, settings->file, 0, &err);
    locked_free(secret);
}

/* --- the command of alerts --- */

/* 0, or why it cannot be run. */
static int try_program(const char *path)
{
    struct stat info;
    if (stat(path, &info) < 0)
        return errno;
    if (S_ISDIR(info.st_mode))
        return EISDIR;
    if (!S_ISREG(info.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

static void check_alert(struct check *check)
{
    const char *command = check->settings->alert_command;
    struct err err = ERR_NONE;
    if (!command || !*command)
        return;
    AUTO_FREE char *path = mem_strndup(command, strcspn(command, " "));
    int code = try_program(path);
    if (code == 0)
        return;
    err_set(&err, code, "[alert] command: %s cannot be run: %s", path, strerror(code));
    if (code == EACCES || code == EPERM)
        err_set_remedy(&err, "Let the user that saldod runs as run it: chmod 755 %s", path);
    else
        err_set_remedy(&err, "Name a program that is there, or remove the line");
    fault(check, check->settings->file, 0, &err);
}

/* --- rows of the file that the database has from somebody else --- */

static void look_up_next(struct check *check);

static void end_database(struct check *check, const struct err *err)
{
    if (err)
        fault(check, "[database]", 0, err);
    command_database_end(check->database, NULL);
}

static const struct settings_client *client_in_hand(const struct check *check)
{
    return &check->settings->clients[check->next - check->settings->bureaus_count];
}

static int take_owner(void *ctx, const struct pg_result *result, struct err *err)
{
    struct check *check = ctx;
    int is_bureau = check->next < check->settings->bureaus_count;
    (void)err;
    if (pg_result_rows(result) == 0)
        return 0;
    const char *owner = pg_result_text(result, 0, "owner");
    if (owner && strcmp(owner, check->settings->instance) == 0)
        return 0;
    struct err found = ERR_NONE;
    err_set(&found, EEXIST, "this %s is registered already, by %s%s, and is not taken over",
            is_bureau ? "bureau" : "client", owner ? "the file of " : "SQL", owner ? owner : "");
    err_set_remedy(&found, "Remove this section, or remove the row of bureau.%s",
                   is_bureau ? "bureau" : "client");
    if (is_bureau)
        fault(check, check->settings->bureaus[check->next].file,
              check->settings->bureaus[check->next].line, &found);
    else
        fault(check, client_in_hand(check)->file, client_in_hand(check)->line, &found);
    return 0;
}

static int is_bureau_in_file(const struct check *check, const char *name)
{
    for (size_t i = 0; i < check->settings->bureaus_count; i++) {
        if (strcmp(check->settings->bureaus[i].name, name) == 0)
            return 1;
    }
    return 0;
}

static int take_bureau(void *ctx, const struct pg_result *result, struct err *err)
{
    struct check *check = ctx;
    const struct settings_client *client = client_in_hand(check);
    struct err found = ERR_NONE;
    (void)err;
    if (pg_result_bool(result, 0, "is_there") || is_bureau_in_file(check, client->bureau))
        return 0;
    err_set(&found, ENOENT, "bureau \"%s\" does not exist", client->bureau);
    err_set_remedy(&found,
                   "Add a section [bureau \"%s\"], or register it: SELECT bureau.add_bureau(...)",
                   client->bureau);
    fault(check, client->file, client->line, &found);
    return 0;
}

static void looked_up(void *ctx, const struct err *err)
{
    struct check *check = ctx;
    if (err) {
        end_database(check, err);
        return;
    }
    check->next++;
    look_up_next(check);
}

static void look_up_next(struct check *check)
{
    const struct settings *settings = check->settings;
    struct err err = ERR_NONE;
    if (check->next == settings->bureaus_count + settings->clients_count) {
        end_database(check, NULL);
        return;
    }
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    if (check->next < settings->bureaus_count) {
        const char *name[] = { settings->bureaus[check->next].name };
        batch_add_query(batch, SQL_config_bureau_owner, 1, name, take_owner);
    } else {
        const char *org_nr[] = { client_in_hand(check)->org_nr };
        const char *bureau[] = { client_in_hand(check)->bureau };
        batch_add_query(batch, SQL_config_client_owner, 1, org_nr, take_owner);
        if (bureau[0])
            batch_add_query(batch, SQL_config_bureau_there, 1, bureau, take_bureau);
    }
    if (batch_start(batch, check->pg, looked_up, check, &err) < 0)
        end_database(check, &err);
}

/* --- database --- */

static void schema_checked(void *ctx, enum schema_state state, const struct err *err)
{
    struct check *check = ctx;
    if (state == SCHEMA_FITS)
        look_up_next(check);
    else
        end_database(check, err);
}

static void begin(void *ctx, struct command_database *database, struct pg *pg,
                  const struct err *failure)
{
    struct check *check = ctx;
    struct err err = ERR_NONE;
    check->database = database;
    check->pg = pg;
    if (!pg)
        end_database(check, failure);
    else if (schema_check(pg, schema_checked, check, &err) < 0)
        end_database(check, &err);
}

int command_check(const struct command_args *args)
{
    struct settings *settings = command_read_settings(args->config_file);
    if (!settings)
        return COMMAND_WRONG_CONFIGURATION;
    struct check check = { .settings = settings,
                           .is_without_credentials = args->is_without_credentials };
    check_secrets(&check);
    check_webhook_secret(&check);
    check_alert(&check);
    if (command_database_run(settings, &OPTIONS, begin, &check) != COMMAND_DONE)
        check.faults++;
    if (check.faults == 0)
        (void)printf("%s: configuration%s and database are in order%s\n", settings->file,
                     check.is_without_credentials ? "" : ", secrets",
                     check.is_without_credentials ? "; credentials were not looked at" : "");
    else
        (void)fprintf(stderr, "%d %s\n", check.faults, check.faults == 1 ? "fault" : "faults");
    settings_unref(settings);
    return check.faults == 0 ? COMMAND_DONE : COMMAND_WRONG_CONFIGURATION;
}
