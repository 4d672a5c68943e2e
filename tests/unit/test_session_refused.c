/* Tests of daemon/session.h: what is refused, and what fails for a while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/session.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "tests/unit/fake_world.h"
#include "tests/unit/session_owner.h"

static void refused_at_once_it_rests_ever_longer(void **state)
{
    static const int STATUSES[] = { 401, 403 };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++) {
        struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
        struct session_owner owner;
        int is_refused = 0;
        world->create_status = STATUSES[i];
        session_owner_init(&owner, world, 1);
        fake_run_ms(world, S);
        assert_int_equal(world->creates, 1);
        const struct err *err = session_failure(owner.session, &is_refused);
        assert_true(is_refused);
        assert_non_null(strstr(err->remedy, "Regnskap Nord AS"));
        assert_in_range(session_rest_ms(owner.session), 28 * S, 30 * S);
        fake_run_ms(world, 3 * MIN); /* after 30 s and 2 min */
        assert_int_equal(world->creates, 3);
        fake_run_ms(world, 10 * HOUR); /* after 8 and 32 min, then every 2 h */
        assert_in_range(world->creates, 8, 10);
        /* An order tries it at once; still refused, it rests as at first. */
        int creates = world->creates;
        session_retry(owner.session);
        fake_run_ms(world, 25 * S);
        assert_int_equal(world->creates, creates + 1);
        /* Put right, and the row was written: at once. */
        world->create_status = 0;
        session_retry(owner.session);
        fake_run_ms(world, S);
        assert_true(session_owner_serves(&owner));
        (void)!session_failure(owner.session, &is_refused);
        assert_false(is_refused);
        session_owner_release(&owner);
        fake_world_free(world);
    }
}

/* What was put right while the answer was under way is not kept waiting by it: first and later. */
static void a_refusal_of_before_the_retry_brings_no_rest(void **state)
{
    (void)state;
    for (int is_later = 0; is_later < 2; is_later++) {
        struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
        struct session_owner owner;
        world->create_status = 401;
        session_owner_init(&owner, world, 1);
        if (is_later) {
            fake_run_ms(world, 10 * S); /* refused once */
            world->delay_ms = 5 * S;
            fake_run_ms(world, 22 * S); /* asked for again */
        }
        int creates = world->creates;
        session_retry(owner.session);
        fake_run_ms(world, 10 * S);
        assert_int_equal(world->creates, creates + 1);
        fake_run_ms(world, 10 * S); /* and that one does */
        assert_int_equal(world->creates, creates + 1);
        session_owner_release(&owner);
        fake_world_free(world);
    }
}

static void not_found_is_a_refusal_after_three_over_30_seconds(void **state)
{
    static const int STATUSES[] = { 404, 422 };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++) {
        struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
        struct session_owner owner;
        int is_refused = 0;
        world->create_status = STATUSES[i];
        session_owner_init(&owner, world, 1);
        fake_run_ms(world, 29 * S);
        (void)!session_failure(owner.session, &is_refused);
        assert_false(is_refused);
        assert_true(session_is_in_doubt(owner.session));
        fake_run_ms(world, 3 * S);
        (void)!session_failure(owner.session, &is_refused);
        assert_true(is_refused);
        /* Where POST says 404 the older way is asked as well. */
        assert_int_equal(world->creates, STATUSES[i] == 404 ? 6 : 3);
        int creates = world->creates;
        fake_run_ms(world, 25 * S);
        assert_int_equal(world->creates, creates);
        fake_run_ms(world, 10 * HOUR);
        assert_in_range(world->creates, creates + 6, creates + 20);
        session_owner_release(&owner);
        fake_world_free(world);
    }
}

static void a_passing_404_is_no_refusal(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
    struct session_owner owner;
    world->create_status = 404;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, 20 * S);
    world->create_status = 0;
    fake_run_ms(world, 20 * S);
    assert_true(session_owner_serves(&owner));
    session_owner_release(&owner);
    fake_world_free(world);
}

static void passing_faults_are_tried_again_ever_later(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
    struct session_owner owner;
    world->create_status = 503;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, 10 * S);
    assert_in_range(world->creates, 3, 5);
    fake_run_ms(world, HOUR);
    assert_in_range(world->creates, 60, 70);
    world->create_status = 0;
    fake_run_ms(world, MIN);
    assert_true(session_owner_serves(&owner));
    session_owner_release(&owner);
    fake_world_free(world);
}

static void nobody_makes_sessions_that_nobody_wants(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
    struct session_owner owner;
    world->create_status = 503;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, 30 * S);
    owner.is_wanting = 0;
    int creates = world->creates;
    fake_run_ms(world, DAY);
    assert_in_range(world->creates, creates, creates + 1);
    session_owner_release(&owner);
    fake_world_free(world);
}

static void a_renewal_that_fails_leaves_the_one_that_serves(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 9, 0, 1);
    struct session_owner owner;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, S);
    world->create_status = 503;
    session_owner_serves_all_the_time(&owner, 35 * HOUR); /* from 33 hours on it is tried */
    assert_true(world->creates > 10);
    world->create_status = 0;
    session_owner_serves_all_the_time(&owner, 10 * HOUR);
    session_owner_release(&owner);
    fake_world_free(world);
}

/* --- 401 --- */

static void only_the_current_key_can_be_rejected(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 9, 0, 1);
    struct session_owner owner;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, S);
    struct session_key *one = session_key_use(owner.session);
    struct session_key *same = session_key_use(owner.session);
    session_accept(owner.session, one);
    fake_revoke_all(world);
    session_reject(owner.session, one);
    fake_run_ms(world, S);
    assert_int_equal(world->creates, 2);
    assert_true(session_owner_serves(&owner));
    /* The other requests of the old one come late. */
    session_reject(owner.session, same);
    fake_run_ms(world, MIN);
    assert_int_equal(world->creates, 2);
    assert_true(session_owner_serves(&owner));
    session_key_drop(one);
    session_key_drop(same);
    fake_run_ms(world, S);
    assert_int_equal(world->deletes, 0); /* Tripletex has ended it itself */
    session_owner_release(&owner);
    fake_world_free(world);
}

/* Every session is given and then refused: not hundreds of them. */
static void sessions_that_never_serve_are_made_ever_later(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 9, 0, 1);
    struct session_owner owner;
    int is_refused = 0;
    session_owner_init(&owner, world, 1);
    for (int second = 0; second < 3600; second++) {
        fake_run_ms(world, S);
        struct session_key *key = session_key_use(owner.session);
        session_reject(owner.session, key);
        session_key_drop(key);
    }
    assert_in_range(world->creates, 10, 20);
    (void)!session_failure(owner.session, &is_refused);
    assert_true(is_refused);
    /* One that serves ends it. */
    struct session_key *key = NULL;
    for (int minute = 0; minute < 20 && !key; minute++) {
        fake_run_ms(world, MIN);
        key = session_key_use(owner.session);
    }
    assert_non_null(key);
    session_accept(owner.session, key);
    (void)!session_failure(owner.session, &is_refused);
    assert_false(is_refused);
    int creates = world->creates;
    session_reject(owner.session, key);
    session_key_drop(key);
    fake_run_ms(world, S);
    assert_int_equal(world->creates, creates + 1); /* at once again */
    session_owner_release(&owner);
    fake_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_at_once_it_rests_ever_longer),
        cmocka_unit_test(a_refusal_of_before_the_retry_brings_no_rest),
        cmocka_unit_test(not_found_is_a_refusal_after_three_over_30_seconds),
        cmocka_unit_test(a_passing_404_is_no_refusal),
        cmocka_unit_test(passing_faults_are_tried_again_ever_later),
        cmocka_unit_test(nobody_makes_sessions_that_nobody_wants),
        cmocka_unit_test(a_renewal_that_fails_leaves_the_one_that_serves),
        cmocka_unit_test(only_the_current_key_can_be_rejected),
        cmocka_unit_test(sessions_that_never_serve_are_made_ever_later),
    };
    return cmocka_run_group_tests_name("session_refused", tests, NULL, NULL);
}
