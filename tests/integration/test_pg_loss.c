/* Tests of lib/pg/pg.h: connections that break, callbacks that stop and free, notifications. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/pg/copy.h"
#include "tests/integration/asker.h"
#include "tests/integration/cluster.h"
#include "tests/integration/db.h"
#include "tests/integration/pg_fixture.h"

enum { LOCK_KEY = 4711, COPY_BYTES_MAX = 64 * 1024 * 1024, COPY_ROWS = 400000 };

static struct asker *connected(const struct pg_fixture *fixture)
{
    struct asker *asker = asker_new(fixture->conninfo, NULL);
    asker_connect(asker);
    return asker;
}

static void ask(struct asker *asker, const char *sql)
{
    const struct pg_statement statement = { .sql = sql };
    struct err err = ERR_NONE;
    assert_int_equal(pg_query(asker->pg, &statement, asker_done, asker, &err), 0);
}

/* --- conditions to wait for --- */

static int is_waiting_for_lock(void *ctx)
{
    const struct pg_fixture *fixture = ctx;
    return db_int(fixture->db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                               " AND NOT granted AND objid = 4711") > 0;
}

/* The statement of the test waits for this lock, which we hold. */
static void lock(const struct pg_fixture *fixture)
{
    db_runf(fixture->db, "SELECT pg_advisory_lock(%d)", LOCK_KEY);
}

static void unlock(const struct pg_fixture *fixture)
{
    db_run(fixture->db, "SELECT pg_advisory_unlock_all()");
}

static void terminate(const struct pg_fixture *fixture, const struct asker *asker)
{
    db_runf(fixture->db, "SELECT pg_terminate_backend(%d)", pg_backend_pid(asker->pg));
}

/* --- losses --- */

static void check_lost(const struct asker *asker, int done_count)
{
    assert_int_equal(asker->lost_count, 1);
    assert_int_equal(asker->done_before_lost, done_count);
    assert_int_equal(asker->done_count, done_count);
    assert_int_equal(asker->lost_err.code, ECONNRESET);
    assert_false(pg_is_up(asker->pg));
    assert_false(pg_is_busy(asker->pg));
    assert_int_equal(pg_backend_pid(asker->pg), 0);
}

static void an_idle_connection_notices_its_end(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = connected(fixture);
    terminate(fixture, asker);
    asker_run_lost(asker);
    check_lost(asker, 1);
    assert_string_equal(asker->lost_err.text, "terminating connection due to administrator command "
                                              "(SQLSTATE 57P01)");
    asker_connect(asker);
    assert_string_equal(asker_ask(asker, "SELECT 'again' AS v"), "again");
    assert_int_equal(asker->lost_count, 1);
    asker_free(asker);
}

static void a_statement_is_told_before_the_loss(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = connected(fixture);
    lock(fixture);
    ask(asker, "SELECT pg_advisory_lock(4711)");
    asker_run_until(asker, is_waiting_for_lock, fixture);
    terminate(fixture, asker);
    asker_run_lost(asker);
    check_lost(asker, 2);
    assert_int_equal(asker->failed_count, 1);
    assert_int_equal(asker->err.code, ECONNRESET);
    assert_non_null(strstr(asker->err.text, "(SQLSTATE 57P01)"));
    assert_string_equal(pg_last_sqlstate(asker->pg), "57P01");
    unlock(fixture);
    asker_free(asker);
}

/* The server stands still in the first row, so that the rest of the rows fills every buffer. */
static void begin_copy_that_stands(struct pg_fixture *fixture, struct asker *asker,
                                   struct copy *copy)
{
    db_run(fixture->db, "CREATE TABLE IF NOT EXISTS slow (i bigint)");
    db_run(fixture->db,
           "CREATE OR REPLACE FUNCTION wait_for_lock() RETURNS trigger LANGUAGE plpgsql"
           " AS 'BEGIN PERFORM pg_catalog.pg_advisory_lock_shared(4711);"
           " RETURN NEW; END'");
    db_run(fixture->db, "CREATE OR REPLACE TRIGGER wait BEFORE INSERT ON slow FOR EACH ROW"
                        " WHEN (NEW.i = 0) EXECUTE FUNCTION wait_for_lock()");
    copy_init(copy, COPY_BYTES_MAX);
    for (int i = 0; i < COPY_ROWS; i++) {
        assert_int_equal(copy_row(copy, 1), 0);
        assert_int_equal(copy_int8(copy, i), 0);
    }
    assert_int_equal(copy_finish(copy), 0);
    lock(fixture);
    assert_int_equal(pg_copy(asker->pg, "COPY public.slow FROM STDIN (FORMAT binary)", &copy->bytes,
                             asker_done, asker, NULL),
                     0);
    asker_run_until(asker, is_waiting_for_lock, fixture);
    assert_true(pg_is_busy(asker->pg));
}

static void a_copy_waits_for_the_server(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = connected(fixture);
    struct copy copy;
    begin_copy_that_stands(fixture, asker, &copy);
    unlock(fixture);
    asker_run(asker);
    assert_int_equal(asker->failed_count, 0);
    assert_int_equal(asker->affected, COPY_ROWS);
    copy_release(&copy);
    asker_free(asker);
    db_run(fixture->db, "DROP TABLE slow");
}

static void a_copy_in_the_middle_is_told_before_the_loss(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = connected(fixture);
    struct copy copy;
    begin_copy_that_stands(fixture, asker, &copy);
    terminate(fixture, asker);
    asker_run_lost(asker);
    check_lost(asker, 2);
    assert_int_equal(asker->failed_count, 1);
    assert_int_equal(asker->err.code, ECONNRESET);
    assert_non_null(strstr(asker->err.text, "(SQLSTATE 57P01)"));
    unlock(fixture);
    copy_release(&copy);
    asker_free(asker);
    assert_int_equal(db_int(fixture->db, "SELECT count(*) FROM slow"), 0);
    db_run(fixture->db, "DROP TABLE slow");
}

static void a_server_that_dies_is_a_loss(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *busy = connected(fixture), *idle = connected(fixture);
    lock(fixture);
    ask(busy, "SELECT pg_advisory_lock(4711)");
    asker_run_until(busy, is_waiting_for_lock, fixture);
    cluster_stop(fixture->cluster, CLUSTER_IMMEDIATE);
    asker_run_lost(busy);
    check_lost(busy, 2);
    assert_int_equal(busy->failed_count, 1);
    asker_run_lost(idle);
    check_lost(idle, 1);
    struct asker *late = asker_new(fixture->conninfo, NULL);
    asker_fail_to_connect(late);
    asker_free(late);
    pg_fixture_revive(fixture);
    asker_connect(busy);
    assert_string_equal(asker_ask(busy, "SELECT 'again' AS v"), "again");
    asker_free(busy);
    asker_free(idle);
}

/* A backend that is stopped by a signal answers nothing: neither its own time-out nor TCP helps. */
static void a_server_that_hangs_is_left_after_the_deadline(void **state)
{
    struct pg_fixture *fixture = *state;
    const struct pg_options options = { .statement_timeout_ms = 100 };
    struct asker *asker = asker_new(fixture->conninfo, &options);
    asker_connect(asker);
    pid_t backend = pg_backend_pid(asker->pg);
    assert_int_equal(kill(backend, SIGSTOP), 0);
    ask(asker, "SELECT 1 AS v");
    asker_run_lost(asker);
    assert_int_equal(kill(backend, SIGCONT), 0);
    assert_int_equal(asker->done_before_lost, 2);
    assert_int_equal(asker->err.code, ETIMEDOUT);
    assert_string_equal(asker->err.text, "the database has not answered a statement for 5100ms");
    assert_string_equal(pg_last_sqlstate(asker->pg), "");
    asker_free(asker);
}

/* --- notifications --- */

static void notifications_come_while_nothing_is_asked(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = connected(fixture);
    asker_ask(asker, "LISTEN \"odd channel\"");
    db_run(fixture->db, "SELECT pg_notify('odd channel', 'blå')");
    asker_run(asker);
    assert_int_equal(asker->notify_count, 1);
    assert_string_equal(asker->notified, "odd channel=blå");
    db_run(fixture->db, "DO $$BEGIN FOR i IN 1..500 LOOP PERFORM pg_notify('odd channel',"
                        " i::text); END LOOP; END$$");
    while (asker->notify_count < 501)
        asker_run(asker);
    assert_string_equal(asker->notified, "odd channel=500");
    asker_free(asker);
}

static void notifications_come_with_an_answer(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = connected(fixture);
    asker_ask(asker, "LISTEN own");
    ask(asker, "SELECT pg_notify('own', '')::text AS v");
    while (asker->done_count < 3 || asker->notify_count < 1)
        asker_run(asker);
    assert_string_equal(asker->notified, "own=");
    asker_free(asker);
}

/* --- callbacks that do things --- */

struct actor {
    struct asker *asker;
    int calls;
    int is_stopping; /* rather than freeing */
};

static void act(struct actor *actor)
{
    struct asker *asker = actor->asker;
    actor->calls++;
    loop_stop(asker->loop);
    if (actor->is_stopping) {
        pg_stop(asker->pg);
        return;
    }
    pg_free(asker->pg);
    asker->pg = NULL;
}

static void act_done(void *ctx, const struct pg_result *result, const struct err *err)
{
    assert_true(!result == !!err);
    act(ctx);
}

static void act_lost(void *ctx, const struct err *err)
{
    assert_int_not_equal(err->code, 0);
    act(ctx);
}

static void act_notified(void *ctx, const char *channel, const char *payload)
{
    assert_string_equal(channel, "c");
    assert_string_equal(payload, "p");
    act(ctx);
}

/* An asker whose connection tells the actor of losses and notifications. */
static void actor_begin(struct actor *actor, struct pg_fixture *fixture, int is_stopping)
{
    const struct pg_options options = { .conninfo = fixture->conninfo };
    *actor = (struct actor){ .asker = asker_new(fixture->conninfo, NULL),
                             .is_stopping = is_stopping };
    pg_free(actor->asker->pg);
    actor->asker->pg = pg_new(actor->asker->loop, &options, act_lost, act_notified, actor);
}

static void actor_end(struct actor *actor)
{
    asker_run(actor->asker);
    assert_int_equal(actor->calls, 1);
    if (actor->is_stopping) {
        assert_false(pg_is_up(actor->asker->pg));
        asker_connect(actor->asker);
    }
    assert_int_equal(actor->calls, 1);
    asker_free(actor->asker);
}

static void done_of_a_connect_may_end_it(void **state)
{
    for (int is_stopping = 0; is_stopping < 2; is_stopping++) {
        struct actor actor;
        actor_begin(&actor, *state, is_stopping);
        assert_int_equal(pg_start(actor.asker->pg, act_done, &actor, NULL), 0);
        actor_end(&actor);
    }
}

static void done_of_a_statement_may_end_it(void **state)
{
    static const char *const STATEMENTS[] = { "SELECT 1 AS v", "SELECT 1/0" };
    for (int i = 0; i < 4; i++) {
        const struct pg_statement statement = { .name = "s", .sql = STATEMENTS[i / 2] };
        struct actor actor;
        actor_begin(&actor, *state, i % 2);
        asker_connect(actor.asker);
        assert_int_equal(pg_query(actor.asker->pg, &statement, act_done, &actor, NULL), 0);
        actor_end(&actor);
    }
}

/* `lost` is not told any more after a `done` that stopped or freed. */
static void done_of_a_loss_may_end_it(void **state)
{
    struct pg_fixture *fixture = *state;
    const struct pg_statement statement = { .sql = "SELECT pg_advisory_lock(4711)" };
    lock(fixture);
    for (int is_stopping = 0; is_stopping < 2; is_stopping++) {
        struct actor actor;
        actor_begin(&actor, fixture, is_stopping);
        asker_connect(actor.asker);
        assert_int_equal(pg_query(actor.asker->pg, &statement, act_done, &actor, NULL), 0);
        asker_run_until(actor.asker, is_waiting_for_lock, fixture);
        terminate(fixture, actor.asker);
        actor_end(&actor);
    }
    unlock(fixture);
}

static void lost_may_end_it(void **state)
{
    struct pg_fixture *fixture = *state;
    for (int is_stopping = 0; is_stopping < 2; is_stopping++) {
        struct actor actor;
        actor_begin(&actor, fixture, is_stopping);
        asker_connect(actor.asker);
        terminate(fixture, actor.asker);
        actor_end(&actor);
    }
}

/* Several have come at once; only the first is told. */
static void a_notification_may_end_it(void **state)
{
    struct pg_fixture *fixture = *state;
    for (int is_stopping = 0; is_stopping < 2; is_stopping++) {
        struct actor actor;
        actor_begin(&actor, fixture, is_stopping);
        asker_connect(actor.asker);
        asker_ask(actor.asker, "LISTEN c");
        db_run(fixture->db, "SELECT pg_notify('c', 'p'), pg_notify('c', 'q')");
        actor_end(&actor);
    }
}

static void a_stopped_statement_is_not_told(void **state)
{
    struct pg_fixture *fixture = *state;
    struct asker *asker = connected(fixture);
    lock(fixture);
    ask(asker, "SELECT pg_advisory_lock(4711)");
    asker_run_until(asker, is_waiting_for_lock, fixture);
    pg_stop(asker->pg);
    assert_false(pg_is_busy(asker->pg));
    pg_stop(asker->pg);
    unlock(fixture);
    asker_connect(asker);
    assert_int_equal(asker->done_count, 2);
    assert_int_equal(asker->lost_count, 0);
    asker_free(asker);
}

struct chain {
    struct asker *asker;
    int left;
};

static void next_in_chain(void *ctx, const struct pg_result *result, const struct err *err)
{
    static const struct pg_statement STATEMENT = { .name = "one", .sql = "SELECT 1 AS v" };
    struct chain *chain = ctx;
    struct err failure = ERR_NONE;
    assert_non_null(result);
    assert_null(err);
    assert_false(pg_is_busy(chain->asker->pg));
    if (chain->left-- == 0)
        loop_stop(chain->asker->loop);
    else
        assert_int_equal(pg_query(chain->asker->pg, &STATEMENT, next_in_chain, chain, &failure), 0);
}

static void done_may_ask_the_next(void **state)
{
    struct asker *asker = asker_new(((struct pg_fixture *)*state)->conninfo, NULL);
    struct chain chain = { .asker = asker, .left = 2000 };
    assert_int_equal(pg_start(asker->pg, next_in_chain, &chain, NULL), 0);
    asker_run(asker);
    assert_int_equal(chain.left, -1);
    asker_free(asker);
}

/* A `done` that asks again on a connection that is just being lost is told of that as well. */
static void ask_again(void *ctx, const struct pg_result *result, const struct err *err)
{
    const struct pg_statement statement = { .sql = "SELECT 1 AS v" };
    struct asker *asker = ctx;
    struct err failure = ERR_NONE;
    assert_null(result);
    assert_int_equal(err->code, ECONNRESET);
    int ret = pg_query(asker->pg, &statement, asker_done, asker, &failure);
    assert_true(ret == 0 || ret == -ENOTCONN);
    asker->affected = ret;
}

static void a_statement_asked_during_a_loss_is_answered(void **state)
{
    struct pg_fixture *fixture = *state;
    const struct pg_statement statement = { .sql = "SELECT pg_advisory_lock(4711)" };
    struct asker *asker = connected(fixture);
    lock(fixture);
    assert_int_equal(pg_query(asker->pg, &statement, ask_again, asker, NULL), 0);
    asker_run_until(asker, is_waiting_for_lock, fixture);
    terminate(fixture, asker);
    asker_run_lost(asker);
    check_lost(asker, asker->affected == 0 ? 2 : 1);
    unlock(fixture);
    asker_free(asker);
}

static void free_of_nothing_is_fine(void **state)
{
    (void)state;
    pg_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(an_idle_connection_notices_its_end),
        cmocka_unit_test(a_statement_is_told_before_the_loss),
        cmocka_unit_test(a_copy_waits_for_the_server),
        cmocka_unit_test(a_copy_in_the_middle_is_told_before_the_loss),
        cmocka_unit_test(a_server_that_dies_is_a_loss),
        cmocka_unit_test(a_server_that_hangs_is_left_after_the_deadline),
        cmocka_unit_test(notifications_come_while_nothing_is_asked),
        cmocka_unit_test(notifications_come_with_an_answer),
        cmocka_unit_test(done_of_a_connect_may_end_it),
        cmocka_unit_test(done_of_a_statement_may_end_it),
        cmocka_unit_test(done_of_a_loss_may_end_it),
        cmocka_unit_test(lost_may_end_it),
        cmocka_unit_test(a_notification_may_end_it),
        cmocka_unit_test(a_stopped_statement_is_not_told),
        cmocka_unit_test(done_may_ask_the_next),
        cmocka_unit_test(a_statement_asked_during_a_loss_is_answered),
        cmocka_unit_test(free_of_nothing_is_fine),
    };
    return cmocka_run_group_tests(TESTS, pg_fixture_set_up, pg_fixture_tear_down);
}
