/* Exports a fiscal year to a file: SAF-T, or one of the two text forms with closing saldo.
 *
 * All of it is read in one transaction, so the file is of one moment. The role is the caller's:
 * a confined reader exports what he sees. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/command.h"
#include "daemon/command_database.h"
#include "daemon/saft.h"
#include "daemon/settings.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/cp1252.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/outfile.h"
#include "lib/ledger/org_nr.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum {
    TEXT_BYTES_MAX = 64 * 1024 * 1024,
    COMMENT_BYTES = 256, /* the schema allows as many characters */
    SHOW_EVERY_LINES = 10000,
    YEAR_LOWEST = 1900,
    YEAR_HIGHEST = 2999,
};

/* Rows are fetched in portions, so that the year never stands in memory. */
#define FETCH "FETCH FORWARD 1000 FROM part"
#define CLOSE "CLOSE part"
#define BEGIN "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"

static const struct command_database_options OPTIONS = {
    .application_name = "saldod export",
    .connect_timeout_ms = 10000,
    .statement_timeout_ms = 30 * 60 * 1000, /* sorting a million postings on a busy server */
};

struct export
{
    const struct command_args *args;
    struct command_database *database;
    struct pg *pg;
    struct outfile *file;
    int is_cp1252;
    const struct sql_query *text_query; /* NULL = SAF-T */

    int is_client_there, is_year_there, is_verified;
    char *name, *state, *year, *start, *end, *periods, *years, *today, *differences;
    char *vouchers, *debit, *credit;
    int64_t lines, differing, shown;
    char comment[COMMENT_BYTES];

    struct saft_facts facts;
    struct saft *saft;
    const struct saft_part *parts;
    size_t parts_count, part;
};

/* --- ends --- */

static void warn(const char *text, const char *remedy)
{
    (void)fprintf(stderr, "saldod: warning: %s%s%s\n", text, remedy ? ". " : "",
                  remedy ? remedy : "");
}

static void warn_count(int64_t count, const char *one, const char *many, const char *remedy)
{
    if (count == 0)
        return;
    AUTO_FREE char *text = mem_printf("%" PRId64 " %s", count, count == 1 ? one : many);
    warn(text, remedy);
}

static void clear_progress(const struct export *export)
{
    if (export->shown > 0)
        (void)fprintf(stderr, "\r\033[K");
}

static void end(struct export *export, const struct err *err)
{
    struct err told = ERR_NONE;
    clear_progress(export);
    err_copy(&told, err);
    if (err && err->code == EINVAL && !*err->remedy && pg_last_sqlstate(export->pg)[0] == '4')
        err_set_remedy(&told, "See that the schema is up to date (saldod migrate), and that this "
                              "role may read it: GRANT saldod_reader TO it");
    command_database_end(export->database, err ? &told : NULL);
}

static void commit(struct export *export)
{
    struct err err = ERR_NONE;
    end(export, outfile_commit(export->file, &err) < 0 ? &err : NULL);
}

static int sink(void *ctx, const char *bytes, size_t len, struct err *err)
{
    return outfile_write(ctx, bytes, len, err);
}

/* --- the text forms --- */

static int write_text(struct export *export, const char *text, struct err *err)
{
    AUTO_BUF struct buf bytes;
    if (!export->is_cp1252)
        return outfile_write(export->file, text, strlen(text), err);
    buf_init(&bytes, TEXT_BYTES_MAX);
    int64_t replaced = cp1252_append(&bytes, text, strlen(text));
    if (replaced < 0)
        return err_set(err, EFBIG, "the file would be larger than 64 MiB");
    warn_count(replaced, "character is not in Windows-1252 and became '?'",
               "characters are not in Windows-1252 and became '?'",
               "With --encoding utf8 nothing is lost");
    return outfile_write(export->file, buf_text(&bytes), bytes.len_bytes, err);
}

static void text_came(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct export *export = ctx;
    struct err failure = ERR_NONE;
    if (!result)
        end(export, err);
    else if (write_text(export, pg_result_text(result, 0, "text"), &failure) < 0)
        end(export, &failure);
    else
        commit(export);
}

static void begin_text(struct export *export)
{
    struct err err = ERR_NONE;
    const char *values[] = { export->args->operands[0], export->year };
    const struct pg_statement statement = { .sql = export->text_query->text,
                                            .params = 2,
                                            .values = values };
    if (pg_query(export->pg, &statement, text_came, export, &err) < 0)
        end(export, &err);
}

/* --- SAF-T --- */

static void begin_part(struct export *export);

static void show_progress(struct export *export)
{
    int64_t lines = saft_lines(export->saft);
    if (!isatty(STDERR_FILENO) || lines - export->shown < SHOW_EVERY_LINES)
        return;
    clear_progress(export);
    export->shown = lines;
    (void)fprintf(stderr, "%" PRId64 " of %" PRId64 " postings", lines, export->lines);
    (void)fflush(stderr);
}

static void end_saft(struct export *export)
{
    struct err err = ERR_NONE;
    if (saft_finish(export->saft, &err) < 0) {
        end(export, &err);
        return;
    }
    clear_progress(export);
    export->shown = 0;
    warn_count(saft_replaced(export->saft), "character cannot stand in XML and was replaced",
               "characters cannot stand in XML and were replaced", NULL);
    warn_count(saft_cut(export->saft), "text is longer than SAF-T allows and was cut",
               "texts are longer than SAF-T allows and were cut", NULL);
    warn_count(saft_ungrouped(export->saft), "account has no grouping code, and got NA",
               "accounts have no grouping code, and got NA",
               "Enter it in the chart of accounts in Tripletex");
    commit(export);
}

static void run(struct export *export, const char *sql, pg_done_fn *done)
{
    struct err err = ERR_NONE;
    const struct pg_statement statement = { .sql = sql };
    if (pg_query(export->pg, &statement, done, export, &err) < 0)
        end(export, &err);
}

static void part_closed(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct export *export = ctx;
    if (!result) {
        end(export, err);
        return;
    }
    if (export->parts[export->part].end)
        export->parts[export->part].end(export->saft);
    export->part++;
    begin_part(export);
}

static void rows_came(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct export *export = ctx;
    const struct saft_part *part = &export->parts[export->part];
    if (!result) {
        end(export, err);
        return;
    }
    for (int row = 0; row < pg_result_rows(result); row++)
        part->row(export->saft, result, row);
    show_progress(export);
    if (!saft_is_well(export->saft))
        end_saft(export);
    else if (pg_result_rows(result) > 0)
        run(export, FETCH, rows_came);
    else
        run(export, CLOSE, part_closed);
}

static void part_declared(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct export *export = ctx;
    if (!result)
        end(export, err);
    else
        run(export, FETCH, rows_came);
}

static void begin_part(struct export *export)
{
    struct err err = ERR_NONE;
    if (export->part == export->parts_count) {
        end_saft(export);
        return;
    }
    const struct saft_part *part = &export->parts[export->part];
    const char *values[] = { export->args->operands[0], export->start, export->end, export->year };
    const struct pg_statement statement = { .sql = part->query->text,
                                            .params = part->params,
                                            .values = values };
    if (part->begin)
        part->begin(export->saft);
    if (pg_query(export->pg, &statement, part_declared, export, &err) < 0)
        end(export, &err);
}

static int take_totals(void *ctx, const struct pg_result *result, struct err *err)
{
    struct export *export = ctx;
    export->lines = pg_result_int(result, 0, "lines", 0);
    export->vouchers = mem_strdup(pg_result_text(result, 0, "vouchers"));
    export->debit = mem_strdup(pg_result_text(result, 0, "debit"));
    export->credit = mem_strdup(pg_result_text(result, 0, "credit"));
    int64_t inexact = pg_result_int(result, 0, "inexact", 0);
    if (inexact == 0)
        return 0;
    err_set(err, ERANGE,
            "%" PRId64 " postings have an amount that SAF-T cannot hold (two decimals, 18 digits), "
            "the first of them with posting_id %s",
            inexact, pg_result_text(result, 0, "inexact_id"));
    err_set_remedy(err, "Correct the vouchers in Tripletex; finale.posting has every decimal");
    return -ERANGE;
}

static int take_subledger(void *ctx, const struct pg_result *result, struct err *err)
{
    struct export *export = ctx;
    (void)err;
    export->differing = pg_result_int(result, 0, "differing", 0);
    return 0;
}

/* What a reader of the file has to know; the same is told on stderr. */
static void compose_comment(struct export *export)
{
    static const char SUBLEDGER[] = "Balances of customers and suppliers count the postings "
                                    "mirrored, and do not add up to their accounts";
    int len = 0;
    if (!export->is_verified)
        len = snprintf(export->comment, sizeof(export->comment),
                       "Not verified: %s differences between saldo and postings.%s",
                       export->differences, export->differing > 0 ? " " : "");
    if (export->differing == 0)
        return;
    (void)snprintf(export->comment + len, sizeof(export->comment) - (size_t)len, "%s.", SUBLEDGER);
    warn(SUBLEDGER, "What they owed before the first year of the mirror is in the account alone");
}

static void totals_came(void *ctx, const struct err *err)
{
    struct export *export = ctx;
    if (err) {
        end(export, err);
        return;
    }
    compose_comment(export);
    export->facts = (struct saft_facts){
        .org_nr = export->args->operands[0],
        .name = export->name,
        .year = export->year,
        .periods = export->periods,
        .today = export->today,
        .comment = export->comment[0] ? export->comment : NULL,
        .vouchers = export->vouchers,
        .debit = export->debit,
        .credit = export->credit,
    };
    export->saft = saft_new(&export->facts, sink, export->file);
    export->parts = saft_parts(&export->parts_count);
    begin_part(export);
}

static void begin_saft(struct export *export)
{
    struct err err = ERR_NONE;
    const char *days[] = { export->args->operands[0], export->start, export->end };
    const char *year[] = { export->args->operands[0], export->end, export->year };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add(batch, NULL, SQL_export_totals.text, 3, days, take_totals);
    batch_add(batch, NULL, SQL_export_subledger.text, 3, year, take_subledger);
    if (batch_start(batch, export->pg, totals_came, export, &err) < 0)
        end(export, &err);
}

/* --- what is to be exported --- */

static char *copy(const struct pg_result *result, const char *column)
{
    return mem_strdup(pg_result_text(result, 0, column));
}

static int take_year(void *ctx, const struct pg_result *result, struct err *err)
{
    struct export *export = ctx;
    (void)err;
    if (pg_result_rows(result) == 0)
        return 0;
    export->is_client_there = 1;
    export->name = copy(result, "name");
    export->state = copy(result, "state");
    export->years = copy(result, "years");
    export->year = copy(result, "year");
    if (!export->year)
        return 0;
    export->is_year_there = 1;
    export->is_verified = pg_result_bool(result, 0, "verified");
    export->differences = copy(result, "differences");
    export->start = copy(result, "start_date");
    export->end = copy(result, "end_date");
    export->periods = copy(result, "periods");
    export->today = copy(result, "today");
    return 0;
}

static void clients_came(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct export *export = ctx;
    struct err failure = ERR_NONE;
    if (!result) {
        end(export, err);
        return;
    }
    int64_t clients = pg_result_int(result, 0, "clients", 0);
    const char *first = pg_result_text(result, 0, "first_ones");
    err_set(&failure, ENOENT, "there is no client %s, or this role may not see it",
            export->args->operands[0]);
    if (clients == 0)
        err_set_remedy(&failure, "No client can be seen. Register one: saldod.conf(5)");
    else
        err_set_remedy(&failure, "%" PRId64 " can be seen: %s%s", clients, first,
                       clients > 10 ? ", and more in finale.client" : "");
    end(export, &failure);
}

static void refuse_year(struct export *export)
{
    struct err err = ERR_NONE;
    int is_loading = strcmp(export->state, "fresh") != 0 && strcmp(export->state, "stale") != 0;
    err_set(&err, ENOENT, "fiscal year %s of client %s (%s, %s) is not complete in the mirror",
            export->args->operands[1], export->args->operands[0], export->name, export->state);
    if (is_loading)
        err_set_remedy(
            &err, "See what it waits for: saldod status. A year is there once it is complete%s%s",
            export->years ? "; complete are " : "", export->years ? export->years : "");
    else
        err_set_remedy(&err, "Complete are %s; earlier years need a longer history_years",
                       export->years ? export->years : "none");
    end(export, &err);
}

static void year_came(void *ctx, const struct err *err)
{
    struct export *export = ctx;
    if (err) {
        end(export, err);
        return;
    }
    if (!export->is_client_there) {
        run(export, SQL_export_clients.text, clients_came);
        return;
    }
    if (!export->is_year_there) {
        refuse_year(export);
        return;
    }
    if (!export->is_verified) {
        AUTO_FREE char *text = mem_printf("fiscal year %s is not verified: %s differences between "
                                          "saldo and postings",
                                          export->year, export->differences);
        warn(text, "They are in finale.saldo_proof and finale.voucher_difference");
    }
    if (export->text_query)
        begin_text(export);
    else
        begin_saft(export);
}

static void begin(void *ctx, struct command_database *database, struct pg *pg,
                  const struct err *failure)
{
    struct export *export = ctx;
    struct err err = ERR_NONE;
    export->database = database;
    export->pg = pg;
    if (!pg) {
        command_database_end(database, failure);
        return;
    }
    const char *values[] = { export->args->operands[0], export->args->operands[1] };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_text(batch, BEGIN);
    batch_add(batch, NULL, SQL_export_role.text, 0, NULL, NULL);
    batch_add(batch, NULL, SQL_export_plan.text, 0, NULL, NULL);
    batch_add(batch, NULL, SQL_export_year.text, 2, values, take_year);
    if (batch_start(batch, pg, year_came, export, &err) < 0)
        end(export, &err);
}

/* --- the command line --- */

static int wrong_usage(const char *text, const char *word)
{
    (void)fprintf(stderr, "saldod: %s%s%s\nTry: saldod export --help\n", text, word ? ": " : "",
                  word ? word : "");
    return COMMAND_WRONG_USAGE;
}

static int is_year(const char *word)
{
    char *rest = NULL;
    long year = strtol(word, &rest, 10);
    return strlen(word) == 4 && *rest == '\0' && year >= YEAR_LOWEST && year <= YEAR_HIGHEST;
}

static int read_format(struct export *export)
{
    const char *format = export->args->format;
    const char *encoding = export->args->encoding ? export->args->encoding : "utf8";
    if (!format)
        return wrong_usage("a format is needed: --format saft, saldo or csv", NULL);
    if (strcmp(format, "saldo") == 0)
        export->text_query = &SQL_export_saldo;
    else if (strcmp(format, "csv") == 0)
        export->text_query = &SQL_export_csv;
    else if (strcmp(format, "saft") != 0)
        return wrong_usage("the format is one of saft, saldo and csv, not", format);
    export->is_cp1252 = strcmp(encoding, "windows-1252") == 0;
    if (!export->is_cp1252 && strcmp(encoding, "utf8") != 0)
        return wrong_usage("the encoding is utf8 or windows-1252, not", encoding);
    if (export->is_cp1252 && !export->text_query)
        return wrong_usage("SAF-T is written in utf8 only", NULL);
    return COMMAND_DONE;
}

static int read_usage(struct export *export)
{
    const struct command_args *args = export->args;
    struct err err = ERR_NONE;
    if (args->operands_count != 2)
        return wrong_usage("an organisation number and a fiscal year are needed", NULL);
    if (org_nr_check(args->operands[0], &err) < 0)
        return wrong_usage(err.text, NULL);
    if (!is_year(args->operands[1]))
        return wrong_usage("a fiscal year has four digits, unlike", args->operands[1]);
    return read_format(export);
}

static void release(struct export *export)
{
    char *const texts[] = {
        export->name,     export->state,   export->year,   export->start,
        export->end,      export->periods, export->years,  export->today,
        export->vouchers, export->debit,   export->credit, export->differences
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free(texts[i]);
    saft_free(export->saft);
    outfile_free(export->file);
}

int command_export(const struct command_args *args)
{
    struct export export = { .args = args };
    struct err err = ERR_NONE;
    int ret = read_usage(&export);
    if (ret != COMMAND_DONE)
        return ret;
    struct settings *settings = command_read_settings(args->config_file);
    if (!settings)
        return COMMAND_WRONG_CONFIGURATION;
    if (outfile_open(args->output, &export.file, &err) < 0) {
        command_tell(&err);
        ret = COMMAND_FAILED;
    } else {
        ret = command_database_run(settings, &OPTIONS, begin, &export);
    }
    release(&export);
    settings_unref(settings);
    return ret;
}
