/* Tests of lib/pg/pg.h: connecting, statements, results and errors, against a real server. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "tests/integration/asker.h"
#include "tests/integration/db.h"
#include "tests/integration/folder.h"
#include "tests/integration/pg_fixture.h"

/* --- connecting --- */

static void connects_with_its_settings(void **state)
{
    static const char *const SETTINGS[][2] = {
        { "search_path", "\"\"" },
        { "timezone", "UTC" },
        { "client_encoding", "UTF8" },
        { "datestyle", "ISO, YMD" },
        { "standard_conforming_strings", "on" },
        { "bytea_output", "hex" },
        { "statement_timeout", "30s" },
        { "lock_timeout", "7s" },
        { "idle_in_transaction_session_timeout", "5s" },
        { "client_connection_check_interval", "5s" },
        { "application_name", "saldod test" },
    };
    struct pg_fixture *fixture = *state;
    const struct pg_options options = { .application_name = "saldod test",
                                        .statement_timeout_ms = 30000,
                                        .lock_timeout_ms = 7000 };
    db_run(fixture->db, "ALTER ROLE postgres SET datestyle = 'German'");
    struct asker *asker = asker_new(fixture->conninfo, &options);
    asker_connect(asker);
    db_run(fixture->db, "ALTER ROLE postgres RESET datestyle");
    assert_true(pg_is_superuser(asker->pg));
    for (size_t i = 0; i < ARRAY_LEN(SETTINGS); i++) {
        AUTO_FREE char *sql = mem_printf("SELECT current_setting('%s') AS v", SETTINGS[i][0]);
        assert_string_equal(asker_ask(asker, sql), SETTINGS[i][1]);
    }
    AUTO_FREE char *pid = mem_printf("%d", pg_backend_pid(asker->pg));
    assert_string_equal(asker_ask(asker, "SELECT pg_backend_pid() AS v"), pid);
    asker_free(asker);
}

static void takes_a_role(void **state)
{
    struct pg_fixture *fixture = *state;
    const struct pg_options options = { .role = "odd \"role\"; x" };
    db_run(fixture->db, "CREATE ROLE \"odd \"\"role\"\"; x\"");
    struct asker *asker = asker_new(fixture->conninfo, &options);
    asker_connect(asker);
    assert_string_equal(asker_ask(asker, "SELECT current_user AS v"), "odd \"role\"; x");
    assert_true(pg_is_superuser(asker->pg)); /* as logged in */
    asker_free(asker);
    db_run(fixture->db, "DROP ROLE \"odd \"\"role\"\"; x\"");
}

static void knows_who_is_no_superuser(void **state)
{
    struct pg_fixture *fixture = *state;
    db_run(fixture->db, "CREATE ROLE plain LOGIN");
    AUTO_FREE char *conninfo = mem_printf("%s user=plain", fixture->conninfo);
    struct asker *asker = asker_new(conninfo, NULL);
    asker_connect(asker);
    assert_false(pg_is_superuser(asker->pg));
    asker_free(asker);
    db_run(fixture->db, "DROP ROLE plain");
}

static void a_role_that_is_not_there_is_a_failure(void **state)
{
    struct pg_fixture *fixture = *state;
    const struct pg_options options = { .role = "nobody" };
    struct asker *asker = asker_new(fixture->conninfo, &options);
    asker_fail_to_connect(asker);
    assert_string_equal(asker->err.text, "the settings of the connection: role \"nobody\" does not "
                                         "exist (SQLSTATE 22023)");
    assert_string_equal(pg_last_sqlstate(asker->pg), "22023");
    asker_free(asker);
}

static void tells_why_it_cannot_connect(void **state)
{
    struct pg_fixture *fixture = *state;
    AUTO_FREE char *wrong_db = mem_printf("%s dbname=nope", fixture->conninfo);
    struct asker *asker = asker_new(wrong_db, NULL);
    asker_fail_to_connect(asker);
    assert_non_null(strstr(asker->err.text, "FATAL:  database \"nope\" does not exist"));
    assert_non_null(strstr(asker->err.text, "(SQLSTATE 3D000)"));
    assert_null(strchr(asker->err.text, '\n'));
    assert_string_equal(pg_last_sqlstate(asker->pg), "3D000");
    asker_fail_to_connect(asker); /* may be tried again */
    asker_free(asker);

    asker = asker_new("host=/tmp/saldod-is-not-there dbname=x", NULL);
    asker_fail_to_connect(asker);
    assert_non_null(strstr(asker->err.text, "/tmp/saldod-is-not-there"));
    assert_non_null(strstr(asker->err.text, "No such file or directory"));
    assert_null(strstr(asker->err.text, "Is the server running"));
    assert_int_equal(asker->err.code, ECONNRESET);
    assert_string_not_equal(asker->err.remedy, "");
    assert_string_equal(pg_last_sqlstate(asker->pg), "");
    asker_free(asker);
}

/* A socket that is bound to a free port of 127.0.0.1, and listens or not. */
static int bind_port(int is_listening, int *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    if (is_listening)
        assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void a_refused_connection_is_told(void **state)
{
    (void)state;
    int port = 0;
    AUTO_CLOSE int fd = bind_port(0, &port);
    AUTO_FREE char *conninfo = mem_printf("host=127.0.0.1,127.0.0.1 port=%d dbname=x", port);
    struct asker *asker = asker_new(conninfo, NULL);
    asker_fail_to_connect(asker);
    assert_int_equal(asker->err.code, ECONNRESET);
    char *first = strstr(asker->err.text, "Connection refused; connection to server");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "Connection refused"));
    asker_free(asker);
}

static void a_server_that_says_nothing_is_left(void **state)
{
    (void)state;
    int port = 0;
    AUTO_CLOSE int fd = bind_port(1, &port);
    AUTO_FREE char *conninfo = mem_printf("host=127.0.0.1 port=%d dbname=x", port);
    const struct pg_options options = { .connect_timeout_ms = 150 };
    struct asker *asker = asker_new(conninfo, &options);
    asker_fail_to_connect(asker);
    assert_int_equal(asker->err.code, ETIMEDOUT);
    assert_string_equal(asker->err.text, "no connection to the database within 150ms");
    asker_free(asker);
}

/* Whatever is wrong with a connection string, nothing of a password in it is told. */
static void a_password_is_never_told(void **state)
{
    static const char *const FAULTY[] = {
        "host=/tmp password=hem melig",
        "host=/tmp password=hem hemmelig=x",
        "host=/tmp password='hemmelig",
        "host=/tmp password hemmelig",
        "hemmelig",
        "postgresql://user:hem@melig@127.0.0.1:1/db",
        "postgresql://user:hem/melig@127.0.0.1:1/db",
        "postgresql://user:1/hemmelig@127.0.0.1:1/db",
        "postgres://user:hem%zzmelig@127.0.0.1/db",
        "postgres://user:hemmelig@127.0.0.1/db?hemmelig",
        "postgres://user:hemmelig@[::1/db",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(FAULTY); i++) {
        struct asker *asker = asker_new(FAULTY[i], NULL);
        struct err err = ERR_NONE;
        assert_int_equal(pg_start(asker->pg, asker_done, asker, &err), -EINVAL);
        assert_int_equal(err.code, EINVAL);
        assert_non_null(strstr(err.text, "connection string of the database"));
        assert_null(strstr(err.text, "hem"));
        assert_null(strstr(err.text, "melig"));
        assert_null(strstr(err.remedy, "hem"));
        assert_false(pg_is_busy(asker->pg));
        asker_free(asker);
    }
    struct asker *asker = asker_new("postgresql://me:hemmelig@127.0.0.1:1/db", NULL);
    asker_fail_to_connect(asker);
    assert_null(strstr(asker->err.text, "hemmelig"));
    asker_free(asker);
}

static void a_uri_connects_as_well(void **state)
{
    struct pg_fixture *fixture = *state;
    AUTO_FREE char *uri = mem_printf("postgresql://postgres:p%%40ss@/postgres?host=%s/pg"
                                     "&keepalives_idle=99",
                                     folder_path(fixture->folder));
    struct asker *asker = asker_new(uri, NULL);
    asker_connect(asker);
    asker_free(asker);
}

static int option_of(int fd, int option)
{
    int value = -1;
    socklen_t len = sizeof(value);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, option, &value, &len), 0);
    return value;
}

/* Our descriptor of the connection to that port. */
static int find_socket(int port)
{
    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in peer = { .sin_family = AF_INET };
        socklen_t len = sizeof(peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == port)
            return fd;
    }
    fail_msg("no connection to port %d", port);
    return -1;
}

static void a_dead_peer_is_noticed_by_tcp(void **state)
{
    (void)state;
    int port = 0;
    AUTO_CLOSE int fd = bind_port(1, &port);
    AUTO_FREE char *conninfo = mem_printf("host=127.0.0.1 port=%d dbname=x keepalives_count=9",
                                          port);
    struct asker *asker = asker_new(conninfo, NULL);
    struct err err = ERR_NONE;
    assert_int_equal(pg_start(asker->pg, asker_done, asker, &err), 0);
    int connection = find_socket(port);
    assert_int_equal(option_of(connection, TCP_KEEPIDLE), 10);
    assert_int_equal(option_of(connection, TCP_KEEPINTVL), 5);
    assert_int_equal(option_of(connection, TCP_KEEPCNT), 9); /* the user's */
    assert_int_equal(option_of(connection, TCP_USER_TIMEOUT), 20000);
    assert_int_equal(pg_start(asker->pg, asker_done, asker, &err), -EBUSY);
    pg_stop(asker->pg);
    assert_false(pg_is_busy(asker->pg));
    assert_int_equal(asker->done_count, 0);
    asker_free(asker);
}

/* --- statements --- */

static void note_row(void *ctx, const struct pg_result *result, const struct err *err)
{
    assert_null(err);
    assert_int_equal(pg_result_rows(result), 2);
    assert_int_equal(pg_result_columns(result), 5);
    assert_string_equal(pg_result_text(result, 0, "t"), "blå \"x\"");
    assert_null(pg_result_text(result, 0, "n"));
    assert_int_equal(pg_result_int(result, 0, "i", 0), INT64_MIN);
    assert_int_equal(pg_result_int(result, 0, "n", -9), -9);
    assert_int_equal(pg_result_int(result, 0, "b", -9), 1);
    assert_int_equal(pg_result_bool(result, 0, "b"), 1);
    assert_int_equal(pg_result_bool(result, 0, "n"), 0);
    assert_int_equal(pg_result_bool(result, 1, "b"), 0);
    assert_int_equal(pg_result_int(result, 1, "i", 0), 7);
    assert_string_equal(pg_result_text(result, 1, "e"), "");
    asker_done(ctx, NULL, &(struct err){ .code = 1 });
}

static void carries_parameters_and_nulls(void **state)
{
    struct pg_fixture *fixture = *state;
    char first[] = "blå \"x\""; /* copied: changed at once */
    const char *values[] = { first, NULL, "-9223372036854775808", "t", "" };
    const struct pg_statement statement = {
        .sql = "SELECT $1::text AS t, $2::bigint AS n, $3::bigint AS i, $4::boolean AS b,"
               " $5::text AS e UNION ALL SELECT 'z', NULL, 7, false, '' ORDER BY 1",
        .params = 5,
        .values = values,
    };
    struct err err = ERR_NONE;
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    assert_int_equal(pg_query(asker->pg, &statement, note_row, asker, &err), 0);
    first[0] = '!';
    asker_run(asker);
    assert_int_equal(asker->err.code, 1); /* note_row got to its end */
    asker_free(asker);
}

static void counts_what_a_write_touched(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    asker_ask(asker, "CREATE TEMP TABLE t (i int)");
    asker_ask(asker, "INSERT INTO t SELECT generate_series(1, 1000)");
    assert_int_equal(asker->affected, 1000);
    asker_ask(asker, "DELETE FROM t WHERE i > 990");
    assert_int_equal(asker->affected, 10);
    asker_ask(asker, "BEGIN");
    assert_int_equal(asker->affected, 0);
    asker_free(asker);
}

static void refuses_a_second_statement(void **state)
{
    struct pg_fixture *fixture = *state;
    const struct pg_statement statement = { .sql = "SELECT 1 AS v" };
    const struct pg_statement too_many = { .sql = "SELECT 1 AS v", .params = 33 };
    struct buf none = { .data = NULL };
    struct err err = ERR_NONE;
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    assert_int_equal(pg_query(asker->pg, &statement, asker_done, asker, &err), -ENOTCONN);
    asker_connect(asker);
    assert_int_equal(pg_start(asker->pg, asker_done, asker, &err), -EISCONN);
    assert_int_equal(pg_query(asker->pg, &too_many, asker_done, asker, &err), -EINVAL);
    assert_int_equal(pg_query(asker->pg, &statement, asker_done, asker, &err), 0);
    assert_int_equal(pg_query(asker->pg, &statement, asker_done, asker, &err), -EBUSY);
    assert_int_equal(pg_script(asker->pg, "SELECT 1", asker_done, asker, NULL), -EBUSY);
    assert_int_equal(pg_copy(asker->pg, "COPY", &none, asker_done, asker, &err), -EBUSY);
    asker_run(asker);
    assert_string_equal(asker->value, "1");
    assert_int_equal(asker->done_count, 2);
    asker_free(asker);
}

static void run_named(struct asker *asker, const char *sql, const char *value)
{
    const struct pg_statement statement = {
        .name = "number_of", .sql = sql, .params = 1, .values = &value
    };
    struct err err = ERR_NONE;
    assert_int_equal(pg_query(asker->pg, &statement, asker_done, asker, &err), 0);
    asker_run(asker);
}

static void prepares_a_named_statement_once(void **state)
{
    static const char COUNT[] = "SELECT count(*) AS v FROM pg_catalog.pg_prepared_statements";
    static const char SQL[] = "SELECT 10 / $1::int AS v";
    struct pg_fixture *fixture = *state;
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    run_named(asker, "SELECT $1::bigint + nonsense", "1");
    assert_string_equal(pg_last_sqlstate(asker->pg), "42703");
    assert_string_equal(asker_ask(asker, COUNT), "0");
    run_named(asker, SQL, "5");
    assert_string_equal(asker->value, "2");
    run_named(asker, SQL, "0");
    assert_string_equal(pg_last_sqlstate(asker->pg), "22012");
    run_named(asker, SQL, "2");
    assert_string_equal(asker->value, "5");
    assert_string_equal(asker_ask(asker, COUNT), "1");
    pg_stop(asker->pg);
    asker_connect(asker); /* another session knows nothing of it */
    assert_string_equal(asker_ask(asker, COUNT), "0");
    run_named(asker, SQL, "1");
    assert_string_equal(asker->value, "10");
    asker_free(asker);
}

static void reads_a_big_result(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    asker_ask(asker, "SELECT repeat('x', 100) AS v FROM pg_catalog.generate_series(1, 100000)");
    assert_int_equal(asker->rows, 100000);
    asker_free(asker);
}

/* Both directions at once: a parameter larger than any socket buffer comes back. */
static void sends_and_reads_a_big_value(void **state)
{
    enum { BYTES = 8 * 1024 * 1024 };
    struct pg_fixture *fixture = *state;
    char *value = mem_new(BYTES + 1, 1);
    memset(value, 'y', BYTES);
    const char *values[] = { value };
    const struct pg_statement statement = { .sql = "SELECT $1::text || 'z' AS v",
                                            .params = 1,
                                            .values = values };
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    assert_int_equal(pg_query(asker->pg, &statement, asker_done, asker, NULL), 0);
    free(value);
    asker_run(asker);
    assert_int_equal(strlen(asker->value), BYTES + 1);
    asker_free(asker);
}

static void runs_a_script(void **state)
{
    struct pg_fixture *fixture = *state;
    struct err err = ERR_NONE;
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    assert_int_equal(pg_script(asker->pg,
                               "CREATE TEMP TABLE s (i int); INSERT INTO s VALUES (1), (2);"
                               "/* nothing */; SELECT sum(i) AS v FROM s",
                               asker_done, asker, &err),
                     0);
    asker_run(asker);
    assert_string_equal(asker->value, "3");
    /* All or nothing, and the first fault is the one that is told. */
    assert_int_equal(
        pg_script(asker->pg, "DELETE FROM s; SELECT 1/0; SELECT nonsense", asker_done, asker, &err),
        0);
    asker_run(asker);
    assert_string_equal(asker->err.text, "division by zero (SQLSTATE 22012)");
    assert_string_equal(asker_ask(asker, "SELECT count(*) AS v FROM s"), "2");
    assert_int_equal(pg_script(asker->pg, "", asker_done, asker, &err), 0);
    asker_run(asker);
    assert_int_equal(asker->failed_count, 1);
    asker_free(asker);
}

/* --- errors --- */

static void errors_have_a_code_by_class(void **state)
{
    static const struct {
        const char *sqlstate;
        int code;
    } CASES[] = {
        { "08006", ECONNRESET }, { "57P03", ECONNRESET }, { "40001", EAGAIN }, { "40P01", EAGAIN },
        { "55P03", EAGAIN },     { "53100", ENOSPC },     { "53300", ENOSPC }, { "25006", EROFS },
        { "57014", ETIMEDOUT },  { "42P01", EINVAL },     { "23505", EIO },    { "P0001", EIO },
        { "57000", EIO },        { "40002", EIO },
    };
    struct pg_fixture *fixture = *state;
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO_FREE char *sql = mem_printf("DO $$BEGIN RAISE EXCEPTION 'made' USING ERRCODE = '%s',"
                                         " HINT = 'Do this', DETAIL = 'hemmelig'; END$$",
                                         CASES[i].sqlstate);
        AUTO_FREE char *text = mem_printf("made (SQLSTATE %s)", CASES[i].sqlstate);
        const struct err *err = asker_fail(asker, sql);
        assert_string_equal(err->text, text);
        assert_string_equal(err->remedy, "Do this");
        assert_int_equal(err->code, CASES[i].code);
        assert_string_equal(pg_last_sqlstate(asker->pg), CASES[i].sqlstate);
    }
    assert_int_equal(asker->lost_count, 0);
    asker_free(asker);
}

static void details_show_no_rows_of_the_register(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    db_run(fixture->db, "CREATE SCHEMA bureau");
    db_run(fixture->db, "CREATE TABLE bureau.b (token text UNIQUE)");
    db_run(fixture->db, "CREATE TABLE public.b (number text UNIQUE)");
    db_run(fixture->db, "INSERT INTO bureau.b VALUES ('hemmelig')");
    db_run(fixture->db, "INSERT INTO public.b VALUES ('1920')");
    const struct err *err = asker_fail(asker, "INSERT INTO public.b VALUES ('1920')");
    assert_string_equal(err->text,
                        "duplicate key value violates unique constraint \"b_number_key\" "
                        "(SQLSTATE 23505): Key (number)=(1920) already exists.");
    err = asker_fail(asker, "INSERT INTO bureau.b VALUES ('hemmelig')");
    assert_string_equal(err->text, "duplicate key value violates unique constraint \"b_token_key\" "
                                   "(SQLSTATE 23505)");
    db_run(fixture->db, "DROP SCHEMA bureau CASCADE");
    db_run(fixture->db, "DROP TABLE public.b");
    asker_free(asker);
}

static void a_long_error_is_one_line_with_its_sqlstate(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    const struct err *err = asker_fail(
        asker, "DO $$BEGIN RAISE EXCEPTION E'%\n%', repeat('å', 999), 1; END$$");
    assert_non_null(strstr(err->text, "å (SQLSTATE P0001)"));
    err = asker_fail(asker, "DO $$BEGIN RAISE EXCEPTION E'one\n\ttwo\n'; END$$");
    assert_string_equal(err->text, "one  two (SQLSTATE P0001)");
    asker_free(asker);
}

static void a_statement_that_takes_too_long_is_ended(void **state)
{
    struct pg_fixture *fixture = *state;
    const struct pg_options options = { .statement_timeout_ms = 50 };
    struct asker *asker = asker_new(fixture->conninfo, &options);
    asker_connect(asker);
    const struct err *err = asker_fail(asker, "SELECT pg_catalog.pg_sleep(60)");
    assert_int_equal(err->code, ETIMEDOUT);
    assert_string_equal(pg_last_sqlstate(asker->pg), "57014");
    assert_string_equal(asker_ask(asker, "SELECT 'on' AS v"), "on");
    assert_int_equal(asker->lost_count, 0);
    asker_free(asker);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(connects_with_its_settings),
        cmocka_unit_test(takes_a_role),
        cmocka_unit_test(knows_who_is_no_superuser),
        cmocka_unit_test(a_role_that_is_not_there_is_a_failure),
        cmocka_unit_test(tells_why_it_cannot_connect),
        cmocka_unit_test(a_refused_connection_is_told),
        cmocka_unit_test(a_server_that_says_nothing_is_left),
        cmocka_unit_test(a_password_is_never_told),
        cmocka_unit_test(a_uri_connects_as_well),
        cmocka_unit_test(a_dead_peer_is_noticed_by_tcp),
        cmocka_unit_test(carries_parameters_and_nulls),
        cmocka_unit_test(counts_what_a_write_touched),
        cmocka_unit_test(refuses_a_second_statement),
        cmocka_unit_test(prepares_a_named_statement_once),
        cmocka_unit_test(reads_a_big_result),
        cmocka_unit_test(sends_and_reads_a_big_value),
        cmocka_unit_test(runs_a_script),
        cmocka_unit_test(errors_have_a_code_by_class),
        cmocka_unit_test(details_show_no_rows_of_the_register),
        cmocka_unit_test(a_long_error_is_one_line_with_its_sqlstate),
        cmocka_unit_test(a_statement_that_takes_too_long_is_ended),
    };
    return cmocka_run_group_tests(TESTS, pg_fixture_set_up, pg_fixture_tear_down);
}
