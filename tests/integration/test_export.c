/* Exports of real books: SAF-T that validates and adds up to what readers see, and the text forms.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/stage.h"

#define SCHEMA_PATTERN "../shared/saft/*_1.30.xsd"
#define NAMESPACE "XMLNAMESPACES('urn:StandardAuditFile-Taxation-Financial:NO' AS s)"

static void load_books(struct stage *stage)
{
    (void)stage_world(stage, BOOKS_WORLD);
    AUTO_FREE char *single = books_single(stage);
    const struct stage_config config = { .rest = single };
    stage_configure(stage, &config);
    books_register(stage);
    assert_int_equal(SALDOD(stage, "pull"), 0);
}

static char *read_file(const char *path, size_t *ret_len)
{
    struct stat info;
    if (stat(path, &info) < 0)
        fail_msg("%s: %s", path, strerror(errno));
    *ret_len = (size_t)info.st_size;
    return folder_read(path);
}

/* --- SAF-T --- */

/* The official schema is no part of this project; where it lies beside it, files are validated. */
static char *find_schema(void)
{
    glob_t found;
    char *schema = NULL;
    const char *given = getenv("SAFT_SCHEMA");
    if (glob(given ? given : SCHEMA_PATTERN, 0, NULL, &found) == 0)
        schema = mem_strdup(found.gl_pathv[0]);
    else
        print_message("%s is not there: the files are not validated\n", SCHEMA_PATTERN);
    globfree(&found);
    return schema;
}

static void check_valid(const struct stage *stage, const char *schema, const char *path)
{
    AUTO_FREE char *err = folder_file(stage->folder, "xmllint.err");
    const char *with[] = { "xmllint", "--noout", "--schema", schema, path, NULL };
    const char *without[] = { "xmllint", "--noout", path, NULL };
    const struct process_options options = { .argv = schema ? with : without, .err = err };
    struct process *process = process_start(&options);
    int status = process_wait(process, stage_ms(stage, 60));
    AUTO_FREE char *said = folder_read(err);
    if (status != 0)
        fail_msg("xmllint says %d: %.2000s", status, said);
    process_stop(process, SIGKILL);
}

/* Puts the document where SQL can ask it. */
static void load_document(struct stage *stage, const char *path)
{
    AUTO_FREE char *xml = folder_read(path);
    const char *values[] = { xml };
    db_run(stage->db, "DROP TABLE IF EXISTS pg_temp.document");
    db_run(stage->db, "CREATE TEMP TABLE document (content xml)");
    free(db_ask(stage->db, "INSERT INTO document VALUES (XMLPARSE(DOCUMENT $1))", 1, values));
}

/* Both ways; every account of the file, also those without figures, against finale.saldo_year. */
static const char ACCOUNTS_DIFFER[] =
    "WITH said AS (SELECT x.* FROM document, XMLTABLE(" NAMESPACE ", "
    "'/s:AuditFile/s:MasterFiles/s:GeneralLedgerAccounts/s:Account' PASSING content COLUMNS "
    "number text PATH 's:AccountID', "
    "od numeric PATH 's:OpeningDebitBalance', oc numeric PATH 's:OpeningCreditBalance', "
    "cd numeric PATH 's:ClosingDebitBalance', cc numeric PATH 's:ClosingCreditBalance') x), "
    "file AS (SELECT number, coalesce(od, -oc) AS opening, coalesce(cd, -cc) AS closing FROM "
    "said), "
    "ours AS (SELECT account_number, opening, closing FROM finale.saldo_year "
    "WHERE org_nr = '%s' AND year = %s AND (opening <> 0 OR closing <> 0)) "
    "SELECT count(*) FROM (SELECT * FROM file WHERE opening <> 0 OR closing <> 0) f "
    "FULL JOIN ours o ON o.account_number = f.number "
    "WHERE f.opening IS DISTINCT FROM o.opening OR f.closing IS DISTINCT FROM o.closing";

/* Every line against finale.posting, by what a line says of it. */
static const char LINES_DIFFER[] =
    "WITH file AS (SELECT x.id, x.number, coalesce(x.debit, -x.credit) AS amount FROM document, "
    "XMLTABLE(" NAMESPACE ", '/s:AuditFile/s:GeneralLedgerEntries/s:Journal/s:Transaction/s:Line' "
    "PASSING content COLUMNS id bigint PATH 's:RecordID', number text PATH 's:AccountID', "
    "debit numeric PATH 's:DebitAmount/s:Amount', credit numeric PATH 's:CreditAmount/s:Amount') "
    "x), "
    "ours AS (SELECT p.posting_id, p.account_number, p.amount FROM finale.posting p "
    "JOIN finale.year y ON y.org_nr = p.org_nr AND y.year = %s "
    "AND p.posting_date BETWEEN y.start_date AND y.end_date WHERE p.org_nr = '%s') "
    "SELECT count(*) FROM file FULL JOIN ours ON ours.posting_id = file.id "
    "WHERE (file.number, file.amount) IS DISTINCT FROM (ours.account_number, ours.amount)";

/* Opening and the lines are the closing: the file proves itself. */
static const char CLOSING_DIFFERS[] =
    "WITH a AS (SELECT x.* FROM document, XMLTABLE(" NAMESPACE ", '//s:Account' PASSING content "
    "COLUMNS number text PATH 's:AccountID', "
    "od numeric PATH 's:OpeningDebitBalance', oc numeric PATH 's:OpeningCreditBalance', "
    "cd numeric PATH 's:ClosingDebitBalance', cc numeric PATH 's:ClosingCreditBalance') x), "
    "l AS (SELECT x.number, sum(coalesce(x.debit, -x.credit)) AS moved FROM document, "
    "XMLTABLE(" NAMESPACE ", '//s:Line' PASSING content COLUMNS number text PATH 's:AccountID', "
    "debit numeric PATH 's:DebitAmount/s:Amount', credit numeric PATH 's:CreditAmount/s:Amount') x "
    "GROUP BY 1) SELECT count(*) FROM a FULL JOIN l USING (number) "
    "WHERE coalesce(od, -oc) + coalesce(moved, 0) IS DISTINCT FROM coalesce(cd, -cc)";

static const char TOTALS_HOLD[] =
    "SELECT t.n = (SELECT count(*) FROM XMLTABLE(" NAMESPACE ", '//s:Transaction' PASSING content "
    "COLUMNS id text PATH 's:TransactionID')) AND (t.d, t.c) = (SELECT sum(debit), sum(credit) "
    "FROM "
    "XMLTABLE(" NAMESPACE ", '//s:Line' PASSING content COLUMNS "
    "debit numeric PATH 's:DebitAmount/s:Amount', credit numeric PATH 's:CreditAmount/s:Amount')) "
    "FROM document, XMLTABLE(" NAMESPACE ", '/s:AuditFile/s:GeneralLedgerEntries' PASSING content "
    "COLUMNS n bigint PATH 's:NumberOfEntries', d numeric PATH 's:TotalDebit', "
    "c numeric PATH 's:TotalCredit') t";

/* Whoever and whatever a line names is in the master files. */
static const char NAMELESS[] =
    "WITH l AS (SELECT x.* FROM document, XMLTABLE(" NAMESPACE
    ", '//s:Line' PASSING content COLUMNS "
    "a text PATH 's:AccountID', c text PATH 's:CustomerID', s text PATH 's:SupplierID', "
    "v text PATH 's:TaxInformation/s:TaxCode') x), "
    "m AS (SELECT x.* FROM document, XMLTABLE(" NAMESPACE ", "
    "'//s:Account/s:AccountID | //s:Customer/s:CustomerID | //s:Supplier/s:SupplierID | "
    "//s:TaxCodeDetails/s:TaxCode' PASSING content COLUMNS kind text PATH 'local-name()', "
    "id text PATH '.') x) SELECT count(*) FROM l, LATERAL (VALUES ('AccountID', a), "
    "('CustomerID', c), ('SupplierID', s), ('TaxCode', v)) r (kind, id) WHERE r.id IS NOT NULL "
    "AND NOT EXISTS (SELECT FROM m WHERE m.kind = r.kind AND m.id = r.id)";

static void check_document(struct stage *stage, const char *org_nr, const char *year)
{
    AUTO_FREE char *accounts = mem_printf(ACCOUNTS_DIFFER, org_nr, year);
    AUTO_FREE char *lines = mem_printf(LINES_DIFFER, year, org_nr);
    assert_int_equal(db_int(stage->db, accounts), 0);
    assert_int_equal(db_int(stage->db, lines), 0);
    assert_int_equal(db_int(stage->db, CLOSING_DIFFERS), 0);
    assert_int_equal(db_int(stage->db, NAMELESS), 0);
    AUTO_FREE char *totals = db_text(stage->db, TOTALS_HOLD);
    assert_string_equal(totals, "t");
}

static void check_mark(struct stage *stage)
{
    AUTO_FREE char *year = db_text(stage->db, "SELECT max(year) FROM finale.year "
                                              "WHERE org_nr = '" BOOKS_CLIENT "'");
    AUTO_FREE char *path = folder_file(stage->folder, "year.xml");
    db_runf(stage->db, "UPDATE mirror.year SET differences = 3 WHERE year = %s", year);
    assert_int_equal(SALDOD(stage, "export", BOOKS_CLIENT, year, "--format=saft", "--output", path),
                     0);
    stage_check_has(stage->err, "is not verified: 3 differences");
    AUTO_FREE char *xml = folder_read(path);
    stage_check_has(xml, "<HeaderComment>Not verified: 3 differences");
    assert_int_equal(SALDOD(stage, "export", BOOKS_CLIENT, year, "--format", "csv"), 0);
    stage_check_has(stage->err, "is not verified: 3 differences");
    assert_int_equal(strncmp(stage->out, "Konto;Kontonavn;Saldo\r\n", 23), 0);
}

/* --- text forms --- */

static void check_bytes(const struct stage *stage, const char *path, const char *expression)
{
    size_t len = 0;
    AUTO_FREE char *content = read_file(path, &len);
    AUTO_FREE char *expected = db_textf(stage->db, "SELECT encode(%s, 'hex')", expression);
    assert_int_equal(strlen(expected), len * 2);
    for (size_t i = 0; i < len; i++) {
        char hex[3];
        (void)snprintf(hex, sizeof(hex), "%02x", (unsigned char)content[i]);
        if (strncmp(hex, expected + i * 2, 2) != 0)
            fail_msg("byte %zu is %s and should be %.2s", i, hex, expected + i * 2);
    }
}

static void check_text_forms(struct stage *stage)
{
    AUTO_FREE char *year = db_text(stage->db, "SELECT max(year) FROM finale.year "
                                              "WHERE org_nr = '" BOOKS_CLIENT "'");
    AUTO_FREE char *path = folder_file(stage->folder, "year.txt");
    AUTO_FREE char *query = mem_printf("finale.export_saldo('" BOOKS_CLIENT "', %s)", year);
    db_run(stage->db, "UPDATE mirror.account SET name = E'Kasse; \\t€ Åse' WHERE number = '1920'");
    assert_int_equal(SALDOD(stage, "export", BOOKS_CLIENT, year, "--format", "saldo", "-o", path),
                     0);
    assert_string_equal(stage->err, "");
    AUTO_FREE char *as_utf8 = mem_printf("convert_to(%s, 'UTF8')", query);
    check_bytes(stage, path, as_utf8);
    assert_int_equal(SALDOD(stage, "export", BOOKS_CLIENT, year, "--format", "saldo", "-o", path,
                            "--encoding", "windows-1252"),
                     0);
    assert_string_equal(stage->err, "");
    AUTO_FREE char *as_cp1252 = mem_printf("convert_to(%s, 'WIN1252')", query);
    check_bytes(stage, path, as_cp1252);
    db_run(stage->db, "UPDATE mirror.account SET name = 'Fisk 日本' WHERE number = '1920'");
    assert_int_equal(SALDOD(stage, "export", BOOKS_CLIENT, year, "--format", "saldo", "-o", path,
                            "--encoding", "windows-1252"),
                     0);
    stage_check_has(stage->err, "2 characters are not in Windows-1252 and became '?'");
    AUTO_FREE char *replaced = mem_printf(
        "convert_to(translate(%s, '日本', repeat('?', 2)), 'WIN1252')", query);
    check_bytes(stage, path, replaced);
}

/* --- what is refused --- */

static void check_refusals(struct stage *stage)
{
    AUTO_FREE char *year = db_text(stage->db, "SELECT max(year) FROM finale.year "
                                              "WHERE org_nr = '" BOOKS_CLIENT "'");
    AUTO_FREE char *path = folder_file(stage->folder, "refused.xml");
    assert_int_equal(SALDOD(stage, "export", "100000008", year, "--format", "saft", "-o", path), 1);
    stage_check_has(stage->err, "there is no client 100000008");
    stage_check_has(stage->err, "4 can be seen: " BOOKS_SINGLE ", 910000004");
    assert_int_equal(SALDOD(stage, "export", BOOKS_CLIENT, "1999", "--format", "saldo", "-o", path),
                     1);
    stage_check_has(stage->err, "fiscal year 1999 of client " BOOKS_CLIENT);
    stage_check_has(stage->err, year);
    db_runf(stage->db, "UPDATE mirror.year SET complete = false WHERE year = %s", year);
    assert_int_equal(SALDOD(stage, "export", BOOKS_CLIENT, year, "--format", "saft", "-o", path),
                     1);
    stage_check_has(stage->err, "is not complete in the mirror");
    stage_check_has(stage->err, "saldod status");
    assert_int_equal(access(path, F_OK), -1);

    static const char *const WRONG[][5] = {
        { "export", BOOKS_CLIENT, "--format", "saft" },
        { "export", BOOKS_CLIENT, "2025" },
        { "export", "123456789", "2025", "--format=saft" },
        { "export", BOOKS_CLIENT, "25", "--format=saft" },
        { "export", BOOKS_CLIENT, "2025", "--format=pdf" },
        { "export", BOOKS_CLIENT, "2025", "--format=saft", "--encoding=windows-1252" },
        { "export", BOOKS_CLIENT, "2025", "--format=csv", "--encoding=latin1" },
    };
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        const char *words[6] = { NULL };
        memcpy(words, WRONG[i], sizeof(WRONG[i]));
        assert_int_equal(stage_saldod(stage, words), 64);
        stage_check_has(stage->err, "Try: saldod export --help");
    }
}

static void check_confined_reader(struct stage *stage)
{
    AUTO_FREE char *year = db_text(stage->db, "SELECT min(year) + 1 FROM finale.year "
                                              "WHERE org_nr = '" BOOKS_SINGLE "'");
    db_run(stage->db, "DROP ROLE IF EXISTS export_reader");
    db_run(stage->db, "CREATE ROLE export_reader LOGIN IN ROLE saldod_reader");
    db_run(stage->db, "SELECT bureau.grant_reader('export_reader', '" BOOKS_SINGLE "')");
    AUTO_FREE char *path = folder_file(stage->folder, "reader.xml");
    AUTO_FREE char *content = mem_printf("[database]\nconninfo = %s user=export_reader\n"
                                         "[tripletex]\nconsumer_token_file = credential:none\n"
                                         "[security]\nseal_key_file = credential:none\n",
                                         stage->conninfo);
    AUTO_FREE char *file = folder_put(stage->folder, "reader.conf", 0600, content);
    const char *own[] = { "export",   "-c",   file, BOOKS_SINGLE, year,
                          "--format", "saft", "-o", path,         NULL };
    const char *other[] = { "export", "-c", file, BOOKS_CLIENT, year, "--format", "saft", NULL };
    struct program *program = stage_start(stage, own);
    int status = program_wait(program, stage_ms(stage, 30));
    AUTO_FREE char *said = program_err(program);
    if (status != 0)
        fail_msg("%s", said);
    load_document(stage, path);
    check_document(stage, BOOKS_SINGLE, year);
    program = stage_start(stage, other);
    assert_int_equal(program_wait(program, stage_ms(stage, 30)), 1);
    AUTO_FREE char *refused = program_err(program);
    stage_check_has(refused, "1 can be seen: " BOOKS_SINGLE);
    db_run(stage->db, "SELECT bureau.revoke_reader('export_reader')");
    db_run(stage->db, "DROP ROLE export_reader");
}

/* --- all together: a load takes longer than everything done with it --- */

static void saft_validates_and_adds_up_to_the_mirror(struct stage *stage)
{
    static const char *const CLIENTS[] = { BOOKS_CLIENT, BOOKS_SINGLE };
    load_books(stage);
    AUTO_FREE char *schema = find_schema();
    AUTO_FREE char *path = folder_file(stage->folder, "year.xml");
    for (size_t i = 0; i < ARRAY_LEN(CLIENTS); i++) {
        AUTO_FREE char *year = db_textf(
            stage->db, "SELECT min(year) + 1 FROM finale.year WHERE org_nr = '%s'", CLIENTS[i]);
        int status = SALDOD(stage, "export", CLIENTS[i], year, "--format", "saft", "-o", path);
        if (status != 0)
            fail_msg("export ends with %d: %s", status, stage->err);
        check_valid(stage, schema, path);
        load_document(stage, path);
        check_document(stage, CLIENTS[i], year);
        stage_check_lacks(stage->err, "not verified");
    }
    check_confined_reader(stage);
}

static void text_forms_are_exact_and_what_does_not_hold_is_told(struct stage *stage)
{
    load_books(stage);
    check_text_forms(stage);
    check_mark(stage);
    check_refusals(stage);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, saft_validates_and_adds_up_to_the_mirror),
        STAGE_TEST(&stage, text_forms_are_exact_and_what_does_not_hold_is_told),
    };
    int failed = cmocka_run_group_tests_name("export", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
