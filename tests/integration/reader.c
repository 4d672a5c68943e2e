#include "tests/integration/reader.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/mem.h"
#include "tests/integration/process.h"

#define LISTEN "LISTEN finale_changed"

struct reader {
    pthread_t thread;
    char *conninfo;
    PGconn *db;
    atomic_int is_ending;
    int is_cut; /* the server has gone: the look under way does not count */
    struct reader_result result;
};

#define POSTING_SUMS                                                                               \
    "SELECT client_id, account_number, date_trunc('month', posting_date)::date AS month, "         \
    "sum(amount) AS total FROM finale.posting GROUP BY 1, 2, 3 HAVING sum(amount) <> 0"
#define SALDO_SUMS                                                                                 \
    "SELECT client_id, account_number, month, sum(balance_change) AS total "                       \
    "FROM finale.saldo_month GROUP BY 1, 2, 3 HAVING sum(balance_change) <> 0"

/* One statement: where the two disagree. */
static const char TOGETHER[] =
    "SELECT concat_ws(' ', client_id, account_number, month, p.total, s.total) FROM (" POSTING_SUMS
    ") p FULL JOIN (" SALDO_SUMS ") s USING (client_id, account_number, month) "
    "WHERE p.total IS DISTINCT FROM s.total LIMIT 1";

/* Two statements of one snapshot: the same list has to come out of both. */
#define AS_LIST(sums)                                                                              \
    "SELECT md5(string_agg(concat_ws(' ', client_id, account_number, month, trim_scale(total)), "  \
    "',' ORDER BY client_id, account_number, month)) FROM (" sums ") x"

static void note_fault(struct reader *reader, const char *how, const char *what)
{
    if (reader->result.faults++ == 0)
        (void)snprintf(reader->result.first, sizeof(reader->result.first), "%s: %s", how, what);
}

/* First column of the first row, NULL without rows; free() it. */
static char *ask(struct reader *reader, const char *sql)
{
    char *answer = NULL;
    PGresult *result = PQexec(reader->db, sql);
    ExecStatusType status = PQresultStatus(result);
    if (PQstatus(reader->db) != CONNECTION_OK)
        reader->is_cut = 1;
    else if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        note_fault(reader, "the reader was refused", PQresultErrorMessage(result));
    else if (PQntuples(result) > 0)
        answer = mem_strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    return answer;
}

static void look_at_once(struct reader *reader)
{
    AUTO_FREE char *difference = ask(reader, TOGETHER);
    if (reader->is_cut)
        return;
    if (difference)
        note_fault(reader, "in one statement (client, account, month, postings, saldo)",
                   difference);
    reader->result.looks++;
}

static void look_in_transaction(struct reader *reader)
{
    free(ask(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    AUTO_FREE char *postings = ask(reader, AS_LIST(POSTING_SUMS));
    AUTO_FREE char *saldo = ask(reader, AS_LIST(SALDO_SUMS));
    free(ask(reader, "COMMIT"));
    if (reader->is_cut)
        return;
    if (!postings || !saldo || strcmp(postings, saldo) != 0)
        note_fault(reader, "in one transaction", "sums of postings and saldo are not the same");
    reader->result.looks++;
}

static void count_notifications(struct reader *reader)
{
    PGnotify *notify;
    (void)PQconsumeInput(reader->db);
    while ((notify = PQnotifies(reader->db))) {
        reader->result.notifications++;
        PQfreemem(notify);
    }
}

/* Waits for a server that was ended, as any tool has to. */
static void connect_again(struct reader *reader)
{
    if (PQping(reader->conninfo) == PQPING_OK)
        PQreset(reader->db);
    reader->is_cut = PQstatus(reader->db) != CONNECTION_OK;
    if (reader->is_cut)
        process_pause();
    else
        free(ask(reader, LISTEN));
}

static void *reader_run(void *ctx)
{
    struct reader *reader = ctx;
    free(ask(reader, LISTEN));
    while (!atomic_load(&reader->is_ending)) {
        if (reader->is_cut)
            connect_again(reader);
        if (!reader->is_cut)
            look_at_once(reader);
        if (!reader->is_cut)
            look_in_transaction(reader);
        if (!reader->is_cut)
            count_notifications(reader);
    }
    return NULL;
}

struct reader *reader_start(const char *conninfo)
{
    struct reader *reader = mem_new(1, sizeof(*reader));
    reader->conninfo = mem_strdup(conninfo);
    reader->db = PQconnectdb(conninfo);
    if (PQstatus(reader->db) == CONNECTION_OK &&
        pthread_create(&reader->thread, NULL, reader_run, reader) == 0)
        return reader;
    PQfinish(reader->db);
    free(reader->conninfo);
    free(reader);
    return NULL;
}

void reader_stop(struct reader *reader, struct reader_result *ret_result)
{
    if (!reader)
        return;
    atomic_store(&reader->is_ending, 1);
    (void)pthread_join(reader->thread, NULL);
    PQfinish(reader->db);
    *ret_result = reader->result;
    free(reader->conninfo);
    free(reader);
}
