/* Shows how every client stands: a table for people, a document for machines. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/command.h"
#include "daemon/command_database.h"
#include "daemon/schema.h"
#include "daemon/settings.h"
#include "daemon/table.h"
#include "gen/sql_queries.h"
#include "lib/base/err.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

static const struct command_database_options OPTIONS = {
    .application_name = "saldod status",
    .role = "saldod_daemon",
    .connect_timeout_ms = 10000,
    .statement_timeout_ms = 60000,
};

struct status {
    struct command_database *database;
    struct pg *pg;
    int is_json;
    struct table_style style;
};

/* --- for people --- */

static const char *cell(const struct pg_result *result, int row, const char *column)
{
    const char *text = pg_result_text(result, row, column);
    return text ? text : "";
}

static void print_line(const char *label, const char *text)
{
    if (!text || !*text)
        return;
    (void)printf("    %s", label);
    for (; *text; text++)
        (void)putchar((unsigned char)*text < 0x20 || *text == 0x7F ? ' ' : *text);
    (void)putchar('\n');
}

static int print_clients(void *ctx, const struct pg_result *result, struct err *err)
{
    static const char *const COLUMNS[] = { "org_nr",   "name",         "bureau",
                                           "state",    "fresh_as_of",  "verified",
                                           "postings", "next_pull_at", NULL };
    const struct status *status = ctx;
    (void)err;
    table_print(result, COLUMNS, &status->style);
    for (int row = 0; row < pg_result_rows(result); row++) {
        const char *reason = pg_result_text(result, row, "reason");
        if (!reason)
            continue;
        (void)printf("\n%s %s\n", cell(result, row, "org_nr"), cell(result, row, "state"));
        print_line("reason: ", reason);
        print_line("remedy: ", pg_result_text(result, row, "remedy"));
        print_line("last error: ", pg_result_text(result, row, "last_error"));
        print_line("request id: ", pg_result_text(result, row, "last_request_id"));
    }
    return 0;
}

static int print_tokens(void *ctx, const struct pg_result *result, struct err *err)
{
    static const char *const COLUMNS[] = { "holder", "state",         "owner",
                                           "budget", "session_until", NULL };
    const struct status *status = ctx;
    (void)err;
    if (pg_result_rows(result) == 0)
        return 0;
    (void)putchar('\n');
    table_print(result, COLUMNS, &status->style);
    return 0;
}

static int print_document(void *ctx, const struct pg_result *result, struct err *err)
{
    (void)ctx, (void)err;
    (void)puts(pg_result_text(result, 0, "document"));
    return 0;
}

/* --- asking --- */

static void shown(void *ctx, const struct err *err)
{
    const struct status *status = ctx;
    command_database_end(status->database, err);
}

static void schema_checked(void *ctx, enum schema_state state, const struct err *failure)
{
    struct status *status = ctx;
    struct err err = ERR_NONE;
    const char *all[] = { NULL };
    if (state != SCHEMA_FITS) {
        command_database_end(status->database, failure);
        return;
    }
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    if (status->is_json) {
        batch_add_query(batch, SQL_status_json, 0, NULL, print_document);
    } else {
        batch_add_query(batch, SQL_status_clients, 1, all, print_clients);
        batch_add_query(batch, SQL_status_tokens, 0, NULL, print_tokens);
    }
    if (batch_start(batch, status->pg, shown, status, &err) < 0)
        command_database_end(status->database, &err);
}

static void begin(void *ctx, struct command_database *database, struct pg *pg,
                  const struct err *failure)
{
    struct status *status = ctx;
    struct err err = ERR_NONE;
    status->database = database;
    status->pg = pg;
    if (!pg)
        command_database_end(database, failure);
    else if (schema_check(pg, schema_checked, status, &err) < 0)
        command_database_end(database, &err);
}

int command_status(const struct command_args *args)
{
    struct status status = { .is_json = args->is_json, .style = table_style_of_stdout() };
    struct settings *settings = command_read_settings(args->config_file);
    if (!settings)
        return COMMAND_WRONG_CONFIGURATION;
    int ret = command_database_run(settings, &OPTIONS, begin, &status);
    settings_unref(settings);
    return ret;
}
