/* Seals every secret of the database again under a new key, all of them or none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/command.h"
#include "daemon/command_database.h"
#include "daemon/schema.h"
#include "daemon/seal.h"
#include "daemon/secret.h"
#include "daemon/settings.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum { LIST_BYTES_MAX = 256 * 1024 * 1024 };

static const struct command_database_options OPTIONS = {
    .application_name = "saldod seal",
    .role = "saldod_daemon",
    .connect_timeout_ms = 30000,
    .statement_timeout_ms = 60000,
};

/* Two arrays of PostgreSQL that belong together: what a row is known by, and its new value. Both
 * hold digits, letters and - _ : only, so that nothing needs quotes. */
struct pairs {
    struct buf keys, values;
    int count;
};

struct seal_command {
    struct command_database *database;
    struct pg *pg;
    const struct settings *settings;
    struct seal *old, *new;
    struct pairs bureaus, clients, sessions, names;
    int faults;
};

/* --- pairs --- */

static void pairs_init(struct pairs *pairs)
{
    buf_init(&pairs->keys, LIST_BYTES_MAX);
    buf_init(&pairs->values, LIST_BYTES_MAX);
    pairs->count = 0;
}

static void pairs_release(struct pairs *pairs)
{
    buf_release(&pairs->keys);
    buf_release(&pairs->values);
}

static int pairs_add(struct pairs *pairs, const char *key, const char *value)
{
    const char *before = pairs->count++ > 0 ? "," : "{";
    int ret = buf_printf(&pairs->keys, "%s%s", before, key);
    return ret < 0 ? ret : buf_printf(&pairs->values, "%s%s", before, value);
}

/* Adds a statement that takes the two arrays; none where there is nothing. */
static int pairs_send(struct pairs *pairs, struct pg_batch *batch, const struct sql_query *query)
{
    if (pairs->count == 0)
        return 0;
    int ret = buf_append_byte(&pairs->keys, '}');
    if (ret == 0)
        ret = buf_append_byte(&pairs->values, '}');
    if (ret < 0)
        return ret;
    const char *values[] = { buf_text(&pairs->keys), buf_text(&pairs->values) };
    batch_add_query(batch, *query, 2, values, NULL);
    pairs->keys.data[--pairs->keys.len_bytes] = '\0'; /* the names are sent four times */
    pairs->values.data[--pairs->values.len_bytes] = '\0';
    return 0;
}

/* --- secrets --- */

static void fault(struct seal_command *command, const char *kind, const char *label,
                  const struct err *err)
{
    command->faults++;
    (void)fprintf(stderr, "saldod: %s %s: %s\n", kind, label, err->text);
}

/* Tokens are known by a name that is made with the key: what is stored of them moves along. */
static int rename_token(struct seal_command *command, const char *secret)
{
    char old_id[33], new_id[33];
    seal_name(command->old, secret, old_id);
    seal_name(command->new, secret, new_id);
    /* Several holders may have one token; the second renaming would find nothing. */
    return pairs_add(&command->names, old_id, new_id);
}

static int take_holder(struct seal_command *command, const struct pg_result *result, int row)
{
    const char *text = pg_result_text(result, row, "employee_token");
    const char *kind = pg_result_text(result, row, "kind");
    struct pairs *pairs = strcmp(kind, "bureau") == 0 ? &command->bureaus : &command->clients;
    struct err err = ERR_NONE;
    char *secret = NULL;
    int ret = 0;
    if (secret_is_credential(text)) {
        /* Not in the database; where it can be read here, its session is found again. */
        if (secret_read_token(text, "employee token", &secret, &err) < 0)
            return 0;
        ret = rename_token(command, secret);
        locked_free(secret);
        return ret;
    }
    if (!seal_is_sealed(text)) {
        secret = locked_strdup(text);
    } else if (seal_open(command->old, "token", text, &secret, &err) < 0) {
        fault(command, kind, pg_result_text(result, row, "label"), &err);
        return 0;
    }
    AUTO_FREE char *sealed = seal_close(command->new, "token", secret);
    ret = pairs_add(pairs, pg_result_text(result, row, "holder_id"), sealed);
    if (ret == 0)
        ret = rename_token(command, secret);
    locked_free(secret);
    return ret;
}

static int take_holders(void *ctx, const struct pg_result *result, struct err *err)
{
    struct seal_command *command = ctx;
    for (int i = 0; i < pg_result_rows(result); i++) {
        if (take_holder(command, result, i) < 0)
            return err_set(err, EMSGSIZE, "there are more tokens than one statement takes");
    }
    return 0;
}

/* A session that does not open is nobody's any more: the daemon makes a new one. */
static int take_sessions(void *ctx, const struct pg_result *result, struct err *err)
{
    struct seal_command *command = ctx;
    for (int i = 0; i < pg_result_rows(result); i++) {
        struct err unused = ERR_NONE;
        char *secret = NULL;
        if (seal_open(command->old, "session", pg_result_text(result, i, "sealed_token"), &secret,
                      &unused) < 0)
            continue;
        AUTO_FREE char *sealed = seal_close(command->new, "session", secret);
        locked_free(secret);
        if (pairs_add(&command->sessions, pg_result_text(result, i, "token_id"), sealed) < 0)
            return err_set(err, EMSGSIZE, "there are more sessions than one statement takes");
    }
    return 0;
}

/* --- database --- */

static void written(void *ctx, const struct err *err)
{
    struct seal_command *command = ctx;
    if (!err)
        (void)printf("%d tokens and %d sessions are sealed under the new key.\n"
                     "Put it where [security] seal_key_file points, and restart saldod.\n",
                     command->bureaus.count + command->clients.count, command->sessions.count);
    command_database_end(command->database, err);
}

/* In the transaction that holds the locks: it began with the reading. */
static void write_all(struct seal_command *command)
{
    /* Not sync.owner: a daemon that still runs is fenced by the name it knows. */
    static const struct sql_query *const RENAMINGS[] = { &SQL_seal_rename_session,
                                                         &SQL_seal_rename_token_state,
                                                         &SQL_seal_rename_available_client };
    struct err err = ERR_NONE;
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    int ret = pairs_send(&command->bureaus, batch, &SQL_seal_bureaus);
    if (ret == 0)
        ret = pairs_send(&command->clients, batch, &SQL_seal_clients);
    if (ret == 0)
        ret = pairs_send(&command->sessions, batch, &SQL_seal_session_tokens);
    for (size_t i = 0; ret == 0 && i < ARRAY_LEN(RENAMINGS); i++)
        ret = pairs_send(&command->names, batch, RENAMINGS[i]);
    if (ret < 0) {
        batch_free(batch);
        err_set(&err, EMSGSIZE, "there are more secrets than one statement takes");
        command_database_end(command->database, &err);
        return;
    }
    batch_add_query(batch, SQL_seal_sweep, 0, NULL, NULL);
    batch_add_text(batch, "COMMIT");
    if (batch_start(batch, command->pg, written, command, &err) < 0)
        command_database_end(command->database, &err);
}

/* The connection ends with the command, and the transaction with it. */
static void read_done(void *ctx, const struct err *failure)
{
    struct seal_command *command = ctx;
    struct err err = ERR_NONE;
    if (failure) {
        command_database_end(command->database, failure);
    } else if (command->faults > 0) {
        err_set(&err, EBADMSG, "%d %s could not be opened, and nothing was changed",
                command->faults, command->faults == 1 ? "token" : "tokens");
        err_set_remedy(&err, "See that [security] seal_key_file is the key they were sealed under; "
                             "tokens that are lost are entered again first");
        command_database_end(command->database, &err);
    } else {
        write_all(command);
    }
}

static void read_all(struct seal_command *command)
{
    struct err err = ERR_NONE;
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_text(batch, "BEGIN");
    batch_add_query(batch, SQL_seal_lock, 0, NULL, NULL);
    batch_add_query(batch, SQL_registry_holders, 0, NULL, take_holders);
    batch_add_query(batch, SQL_seal_sessions, 0, NULL, take_sessions);
    if (batch_start(batch, command->pg, read_done, command, &err) < 0)
        command_database_end(command->database, &err);
}

static void schema_checked(void *ctx, enum schema_state state, const struct err *err)
{
    struct seal_command *command = ctx;
    if (state == SCHEMA_FITS)
        read_all(command);
    else
        command_database_end(command->database, err);
}

static void begin(void *ctx, struct command_database *database, struct pg *pg,
                  const struct err *failure)
{
    struct seal_command *command = ctx;
    struct err err = ERR_NONE;
    command->database = database;
    command->pg = pg;
    if (!pg)
        command_database_end(database, failure);
    else if (schema_check(pg, schema_checked, command, &err) < 0)
        command_database_end(database, &err);
}

/* --- keys --- */

static int make_seal(const uint8_t key[SECRET_KEY_BYTES], struct seal **ret_seal)
{
    struct err err = ERR_NONE;
    *ret_seal = seal_new(key, &err);
    if (*ret_seal)
        return 0;
    command_tell(&err);
    return COMMAND_FAILED;
}

/* 0, or an exit status with what is wrong told. */
static int read_keys(struct seal_command *command, const char *spec)
{
    uint8_t old[SECRET_KEY_BYTES] = { 0 }, new[SECRET_KEY_BYTES] = { 0 };
    struct err err = ERR_NONE;
    /* A file beside us; only a spec of the configuration must have a slash in it. */
    AUTO_FREE char *file = secret_is_credential(spec) || strchr(spec, '/')
                               ? mem_strdup(spec)
                               : mem_printf("./%s", spec);
    int ret = secret_read_key(command->settings->seal_key_file, "[security] seal_key_file", old,
                              &err);
    if (ret == 0)
        ret = secret_read_key(file, "--new-key", new, &err);
    if (ret == 0 && memcmp(old, new, sizeof(old)) == 0) {
        ret = err_set(&err, EINVAL, "--new-key: %s holds the key that is in use", spec);
        err_set_remedy(&err, "Make a new one: head -c 32 /dev/urandom > FILE");
    }
    if (ret < 0) {
        command_tell(&err);
        ret = COMMAND_WRONG_CONFIGURATION;
    } else {
        ret = make_seal(old, &command->old);
        if (ret == 0)
            ret = make_seal(new, &command->new);
    }
    mem_wipe(old, sizeof(old));
    mem_wipe(new, sizeof(new));
    return ret;
}

static void release(struct seal_command *command)
{
    pairs_release(&command->bureaus);
    pairs_release(&command->clients);
    pairs_release(&command->sessions);
    pairs_release(&command->names);
    seal_free(command->old);
    seal_free(command->new);
}

int command_seal(const struct command_args *args)
{
    struct seal_command command = { 0 };
    if (!args->new_key) {
        (void)fprintf(stderr,
                      "saldod: seal needs the new key: --new-key FILE\nTry: saldod --help\n");
        return COMMAND_WRONG_USAGE;
    }
    struct settings *settings = command_read_settings(args->config_file);
    if (!settings)
        return COMMAND_WRONG_CONFIGURATION;
    command.settings = settings;
    pairs_init(&command.bureaus);
    pairs_init(&command.clients);
    pairs_init(&command.sessions);
    pairs_init(&command.names);
    int ret = read_keys(&command, args->new_key);
    if (ret == 0)
        ret = command_database_run(settings, &OPTIONS, begin, &command);
    release(&command);
    settings_unref(settings);
    return ret;
}
