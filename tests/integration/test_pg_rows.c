/* Tests of pg_copy (lib/pg/pg.h) and lib/pg/copy.h together: what PostgreSQL makes of the bytes. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "lib/pg/copy.h"
#include "tests/integration/asker.h"
#include "tests/integration/db.h"
#include "tests/integration/pg_fixture.h"

enum { COPY_BYTES_MAX = 64 * 1024 * 1024, MANY_ROWS = 100000, NUMERICS = 20000 };

static void send_copy(struct asker *asker, const char *sql, const struct copy *copy)
{
    struct err err = ERR_NONE;
    int before = asker->done_count;
    assert_int_equal(pg_copy(asker->pg, sql, &copy->bytes, asker_done, asker, &err), 0);
    assert_true(pg_is_busy(asker->pg));
    asker_run(asker);
    assert_int_equal(asker->done_count, before + 1);
}

static struct asker *connected(struct pg_fixture *fixture)
{
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    return asker;
}

static void copies_many_rows(void **state)
{
    struct asker *asker = connected(*state);
    struct copy copy;
    copy_init(&copy, COPY_BYTES_MAX);
    for (int i = 0; i < MANY_ROWS; i++) {
        char text[32];
        int len = snprintf(text, sizeof(text), "rad %d æ", i);
        assert_int_equal(copy_row(&copy, 3), 0);
        assert_int_equal(copy_int8(&copy, i), 0);
        assert_int_equal(i % 10 == 0 ? copy_null(&copy) : copy_text(&copy, text, (size_t)len), 0);
        assert_int_equal(copy_numeric(&copy, "1.25", 4), 0);
    }
    assert_int_equal(copy_finish(&copy), 0);
    asker_ask(asker, "CREATE TEMP TABLE many (i bigint, t text, n numeric)");
    send_copy(asker, "COPY many FROM STDIN (FORMAT binary)", &copy);
    assert_int_equal(asker->failed_count, 0);
    assert_int_equal(asker->affected, MANY_ROWS);
    assert_string_equal(asker_ask(asker, "SELECT concat_ws(' ', count(*), count(t), sum(i), sum(n),"
                                         " max(t) FILTER (WHERE i = 99999)) AS v FROM many"),
                        "100000 90000 4999950000 125000.00 rad 99999 æ");
    copy_release(&copy);
    asker_free(asker);
}

static void every_type_arrives_as_it_was(void **state)
{
    static const char EXPECTED[] =
        "(-7,-9223372036854775808,t,1999-12-31,,\"a\tb\"\"\",1900-01-01)";
    struct asker *asker = connected(*state);
    struct copy copy;
    int32_t day = 0, old_day = 0;
    assert_int_equal(clock_parse_date("1999-12-31", 10, &day), 0);
    assert_int_equal(clock_parse_date("1900-01-01", 10, &old_day), 0);
    copy_init(&copy, 1000);
    assert_int_equal(copy_row(&copy, 7), 0);
    assert_int_equal(copy_int4(&copy, -7), 0);
    assert_int_equal(copy_int8(&copy, INT64_MIN), 0);
    assert_int_equal(copy_bool(&copy, 1), 0);
    assert_int_equal(copy_date(&copy, day), 0);
    assert_int_equal(copy_null(&copy), 0);
    assert_int_equal(copy_text(&copy, "a\tb\"", 4), 0);
    assert_int_equal(copy_date(&copy, old_day), 0);
    assert_int_equal(copy_finish(&copy), 0);
    asker_ask(asker, "CREATE TEMP TABLE typed (a int, b bigint, c bool, d date, e numeric, f text,"
                     " g date)");
    send_copy(asker, "COPY typed FROM STDIN (FORMAT binary)", &copy);
    assert_string_equal(asker_ask(asker, "SELECT t::text AS v FROM typed t"), EXPECTED);
    copy_release(&copy);
    asker_free(asker);
}

/* --- numerics --- */

/* The same numbers in every run. */
static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

static int put_digits(char *out, int count, uint64_t *seed)
{
    for (int i = 0; i < count; i++) {
        uint32_t kind = next_random(seed) % 4; /* many zeros and nines, where mistakes show */
        out[i] = (char)(kind == 0 ? '0' : kind == 1 ? '9' : '0' + next_random(seed) % 10);
    }
    return count;
}

static void make_number(char *out, size_t size, uint64_t *seed)
{
    char whole[40], decimals[40], exponent[8] = "";
    int whole_digits = 1 + (int)(next_random(seed) % 30);
    int decimal_digits = (int)(next_random(seed) % 31);
    whole[put_digits(whole, whole_digits, seed)] = '\0';
    decimals[put_digits(decimals, decimal_digits, seed)] = '\0';
    if (whole[0] == '0')
        whole[1] = '\0';
    if (next_random(seed) % 3 == 0)
        (void)snprintf(exponent, sizeof(exponent), "%c%d", next_random(seed) % 2 ? 'e' : 'E',
                       (int)(next_random(seed) % 121) - 60);
    (void)snprintf(out, size, "%s%s%s%s%s", next_random(seed) % 2 ? "-" : "", whole,
                   decimal_digits > 0 ? "." : "", decimals, exponent);
}

static void add_number(struct copy *copy, const char *text)
{
    assert_int_equal(copy_row(copy, 2), 0);
    assert_int_equal(copy_text(copy, text, strlen(text)), 0);
    if (copy_numeric(copy, text, strlen(text)) != 0)
        fail_msg("refused: %s", text);
}

/* Each number goes over twice: as text, which the server reads by itself, and as our numeric. Text
 * form, scale and binary form must be the same. */
static void numerics_are_what_the_server_reads(void **state)
{
    static const char *const KNOWN[] = {
        "0",
        "-0",
        "0.00",
        "-0.00",
        "0e3",
        "0E-3",
        "1",
        "-1",
        "10000",
        "9999999999.99",
        "1e-5",
        "1E+5",
        "0.0001",
        "0.00010",
        "100000000",
        "1.50e1",
        "1.5e-1",
        "12345e-4",
        "1e60",
        "1e-60",
        "0.1",
        "0.12345",
        "99999999.99999999",
        "-0.000000000000000001",
        "1234567890.0000",
    };
    struct asker *asker = connected(*state);
    struct copy copy;
    uint64_t seed = 42;
    copy_init(&copy, COPY_BYTES_MAX);
    for (size_t i = 0; i < ARRAY_LEN(KNOWN); i++)
        add_number(&copy, KNOWN[i]);
    for (int i = 0; i < NUMERICS; i++) {
        char text[128];
        make_number(text, sizeof(text), &seed);
        add_number(&copy, text);
    }
    assert_int_equal(copy_finish(&copy), 0);
    asker_ask(asker, "CREATE TEMP TABLE number (t text, n numeric)");
    send_copy(asker, "COPY number FROM STDIN (FORMAT binary)", &copy);
    assert_int_equal(asker->affected, NUMERICS + (int)ARRAY_LEN(KNOWN));
    assert_string_equal(asker_ask(asker,
                                  "SELECT string_agg(concat_ws(' ', t, n), '; ') AS v FROM"
                                  " (SELECT t, n FROM number WHERE n::text <> t::numeric::text"
                                  " OR scale(n) <> scale(t::numeric) OR numeric_send(n) <>"
                                  " numeric_send(t::numeric) LIMIT 5) wrong"),
                        "");
    copy_release(&copy);
    asker_free(asker);
}

/* The bytes that we send are the ones that the server would send. */
static void numerics_are_in_the_server_s_own_form(void **state)
{
    struct asker *asker = connected(*state);
    uint64_t seed = 7;
    for (int i = 0; i < 200; i++) {
        char text[128], sent[512];
        struct copy copy;
        make_number(text, sizeof(text), &seed);
        copy_init(&copy, 1000);
        assert_int_equal(copy_row(&copy, 1), 0);
        assert_int_equal(copy_numeric(&copy, text, strlen(text)), 0);
        size_t at = COPY_HEADER_BYTES + 2 + 4;
        for (size_t j = at; j < copy.bytes.len_bytes; j++)
            (void)snprintf(sent + 2 * (j - at), 3, "%02x", (unsigned char)copy.bytes.data[j]);
        AUTO_FREE char *sql = mem_printf("SELECT encode(numeric_send('%s'), 'hex') AS v", text);
        assert_string_equal(sent, asker_ask(asker, sql));
        copy_release(&copy);
    }
    asker_free(asker);
}

/* --- refusals --- */

static void fill(struct copy *copy, int rows, int columns)
{
    copy_init(copy, COPY_BYTES_MAX);
    for (int i = 0; i < rows; i++) {
        assert_int_equal(copy_row(copy, columns), 0);
        for (int j = 0; j < columns; j++)
            assert_int_equal(copy_int8(copy, i), 0);
    }
    assert_int_equal(copy_finish(copy), 0);
}

static void refused_rows_leave_the_connection_usable(void **state)
{
    struct asker *asker = connected(*state);
    struct copy copy;
    fill(&copy, MANY_ROWS, 2); /* the server is refusing while we still send */
    asker_ask(asker, "CREATE TEMP TABLE narrow (i bigint)");
    send_copy(asker, "COPY narrow FROM STDIN (FORMAT binary)", &copy);
    assert_int_equal(asker->failed_count, 1);
    assert_string_equal(asker->err.text, "row field count is 2, expected 1 (SQLSTATE 22P04)");
    assert_int_equal(asker->lost_count, 0);
    send_copy(asker, "COPY nowhere FROM STDIN (FORMAT binary)", &copy);
    assert_int_equal(asker->err.code, EINVAL);
    assert_string_equal(pg_last_sqlstate(asker->pg), "42P01");
    copy_release(&copy);
    fill(&copy, 10, 1);
    send_copy(asker, "COPY narrow FROM STDIN (FORMAT binary)", &copy);
    assert_int_equal(asker->failed_count, 2);
    assert_string_equal(asker_ask(asker, "SELECT count(*) AS v FROM narrow"), "10");
    copy_release(&copy);
    asker_free(asker);
}

static void no_rows_are_fine(void **state)
{
    struct asker *asker = connected(*state);
    struct copy copy;
    fill(&copy, 0, 1);
    asker_ask(asker, "CREATE TEMP TABLE empty (i bigint)");
    send_copy(asker, "COPY empty FROM STDIN (FORMAT binary)", &copy);
    assert_int_equal(asker->failed_count, 0);
    assert_int_equal(asker->affected, 0);
    copy_release(&copy);
    asker_free(asker);
}

static void a_statement_that_is_no_copy_is_told(void **state)
{
    struct asker *asker = connected(*state);
    struct copy copy;
    fill(&copy, 1, 1);
    send_copy(asker, "SELECT 1 AS v", &copy);
    assert_int_equal(asker->err.code, EINVAL);
    assert_int_equal(asker->lost_count, 0);
    assert_string_equal(asker_ask(asker, "SELECT 2 AS v"), "2");
    copy_release(&copy);
    asker_free(asker);
}

/* There is no way back from a COPY that nobody feeds, so the connection goes. */
static void a_copy_that_nobody_feeds_closes_the_connection(void **state)
{
    static const char *const STATEMENTS[] = {
        "COPY pg_catalog.pg_class TO STDOUT",
        "COPY pg_catalog.pg_class FROM STDIN",
    };
    for (size_t i = 0; i < ARRAY_LEN(STATEMENTS); i++) {
        struct asker *asker = connected(*state);
        asker_ask(asker, "SET allow_system_table_mods = on");
        const struct err *err = asker_fail(asker, STATEMENTS[i]);
        assert_int_equal(err->code, EINVAL);
        assert_non_null(strstr(err->text, "COPY"));
        assert_int_equal(asker->lost_count, 1);
        assert_int_equal(asker->done_before_lost, asker->done_count);
        assert_false(pg_is_up(asker->pg));
        asker_connect(asker);
        asker_free(asker);
    }
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(copies_many_rows),
        cmocka_unit_test(every_type_arrives_as_it_was),
        cmocka_unit_test(numerics_are_what_the_server_reads),
        cmocka_unit_test(numerics_are_in_the_server_s_own_form),
        cmocka_unit_test(refused_rows_leave_the_connection_usable),
        cmocka_unit_test(no_rows_are_fine),
        cmocka_unit_test(a_statement_that_is_no_copy_is_told),
        cmocka_unit_test(a_copy_that_nobody_feeds_closes_the_connection),
    };
    return cmocka_run_group_tests(TESTS, pg_fixture_set_up, pg_fixture_tear_down);
}
