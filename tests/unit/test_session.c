/* Tests of daemon/session.h and daemon/session_make.h, over days of a made-up time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/session.h"
#include "daemon/session_make.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"
#include "tests/unit/fake_world.h"
#include "tests/unit/session_owner.h"

/* --- the calendar --- */

static int64_t moment(int year, int month, int day, int hour, int minute, int zone_hours)
{
    return ((int64_t)clock_day_of(year, month, day) * 86400 + (hour - zone_hours) * 3600 +
            minute * 60) *
           1000000;
}

static int32_t ask(int64_t now_us, int lifetime_days)
{
    return session_day_to_ask(now_us, lifetime_days, 6 * HOUR);
}

static void asks_for_a_day_that_leaves_time_to_renew(void **state)
{
    (void)state;
    const int32_t day = clock_day_of(2026, 11, 26);
    assert_int_equal(ask(moment(2026, 11, 26, 12, 0, 1), 2), day + 2);
    assert_int_equal(ask(moment(2026, 11, 26, 12, 0, 1), 1), day + 1);
    /* At 18:00 and later one of tomorrow would be due for renewal again. */
    assert_int_equal(ask(moment(2026, 11, 26, 18, 0, 1), 1), day + 2);
    assert_int_equal(ask(moment(2026, 11, 26, 23, 59, 1), 1), day + 2);
    assert_int_equal(ask(moment(2026, 11, 26, 23, 59, 1), 2), day + 2);
    /* It is tomorrow in Oslo already, whatever UTC says. */
    assert_int_equal(ask(moment(2026, 7, 1, 0, 30, 2), 1), clock_day_of(2026, 7, 2));
    /* A night of 23 hours, and one of 25. */
    assert_int_equal(ask(moment(2026, 3, 28, 23, 59, 1), 1), clock_day_of(2026, 3, 30));
    assert_int_equal(ask(moment(2026, 10, 24, 23, 59, 2), 1), clock_day_of(2026, 10, 26));
}

static void renews_ahead_of_the_end_and_not_all_at_one_moment(void **state)
{
    (void)state;
    const int64_t now = moment(2026, 11, 26, 12, 0, 1), end = moment(2026, 11, 28, 0, 0, 1);
    assert_int_equal(session_renewal_us(now, end, 6 * HOUR, 0), end - 6 * HOUR * 1000);
    assert_int_equal(session_renewal_us(now, end, 6 * HOUR, 0.5),
                     end - (6 * HOUR + 15 * MIN) * 1000);
    /* Late already: within minutes, and never after half of what is left. */
    assert_int_equal(session_renewal_us(end - HOUR * 1000, end, 6 * HOUR, 0), end - HOUR * 1000);
    assert_in_range(session_renewal_us(end - HOUR * 1000, end, 6 * HOUR, 0.999), end - HOUR * 1000,
                    end - 55 * MIN * 1000);
    assert_in_range(session_renewal_us(end - MIN * 1000, end, 6 * HOUR, 0.999), end - MIN * 1000,
                    end - 30 * S * 1000);
}

/* --- the life of a session --- */

static void check_nights(int year, int month, int day, int zone, int lifetime_days)
{
    struct fake_world *world = fake_world_new(year, month, day, 9, 17, zone);
    struct session_owner owner;
    world->settings.lifetime_days = lifetime_days;
    session_owner_init(&owner, world, 3);
    fake_run_ms(world, S);
    session_owner_serves_all_the_time(&owner, 10 * DAY);
    /* Renewed in the evening before its last day; one of a day is renewed daily, too. */
    int days = lifetime_days > 1 ? lifetime_days - 1 : 1;
    assert_in_range(world->creates, 10 / days, 10 / days + 1);
    assert_int_equal(world->deletes, world->creates - 1);
    assert_int_equal(fake_living_sessions(world), 1);
    assert_int_equal(world->faults, 0);
    session_owner_release(&owner);
    fake_world_free(world);
}

static void never_lapses_in_ten_nights(void **state)
{
    (void)state;
    check_nights(2026, 11, 26, 1, 1);
    check_nights(2026, 11, 26, 1, 2);
    check_nights(2026, 11, 26, 1, 5);
}

static void never_lapses_when_a_night_has_23_or_25_hours(void **state)
{
    (void)state;
    for (int lifetime_days = 1; lifetime_days <= 2; lifetime_days++) {
        check_nights(2026, 3, 25, 1, lifetime_days);
        check_nights(2026, 10, 20, 2, lifetime_days);
    }
}

static void many_tokens_do_not_renew_at_once(void **state)
{
    enum { TOKENS = 250 };
    static struct session_owner owners[TOKENS];
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 9, 0, 1);
    for (int i = 0; i < TOKENS; i++)
        session_owner_init(&owners[i], world, i);
    fake_run_ms(world, MIN);
    assert_int_equal(world->creates, TOKENS);
    int most = 0;
    for (int minute = 0; minute < 39 * 60; minute++) {
        int before = world->creates;
        fake_run_ms(world, MIN);
        most = world->creates - before > most ? world->creates - before : most;
    }
    assert_int_equal(world->creates, 2 * TOKENS);
    assert_int_equal(fake_living_sessions(world), TOKENS);
    assert_true(most < TOKENS / 15); /* spread over half an hour */
    for (int i = 0; i < TOKENS; i++)
        session_owner_release(&owners[i]);
    fake_world_free(world);
}

static void the_old_one_serves_until_its_last_request_is_done(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 9, 0, 1);
    struct session_owner owner;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, S);
    struct session_key *long_one = session_key_use(owner.session);
    assert_non_null(long_one);
    fake_run_ms(world, 34 * HOUR);
    assert_int_equal(world->creates, 2);
    assert_int_equal(world->deletes, 0);
    assert_false(session_is_current(owner.session, long_one));
    assert_int_equal(fake_living_sessions(world), 2);
    session_key_drop(long_one);
    fake_run_ms(world, S);
    assert_int_equal(world->deletes, 1);
    assert_int_equal(fake_living_sessions(world), 1);
    assert_true(session_owner_serves(&owner));
    session_owner_release(&owner);
    fake_world_free(world);
}

static void is_stored_before_it_is_used(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 9, 0, 1);
    struct session_owner owner;
    world->is_database_away = 1;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, 5 * MIN);
    assert_int_equal(world->creates, 1); /* one waits to be stored, no other is made */
    assert_null(session_key_use(owner.session));
    assert_int_equal(session_state(owner.session), SESSION_MAKING);
    world->is_database_away = 0;
    fake_run_ms(world, 20 * S);
    assert_int_equal(world->saves, 1);
    assert_int_equal(world->creates, 1);
    assert_true(session_owner_serves(&owner));
    session_owner_release(&owner);
    fake_world_free(world);
}

static void who_has_lost_the_token_uses_and_leaves_no_session(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 9, 0, 1);
    struct session_owner owner;
    world->is_owned_by_other = 1;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, MIN);
    assert_int_equal(world->creates, 1);
    assert_int_equal(world->saves, 0);
    assert_int_equal(world->deletes, 1);
    assert_null(session_key_use(owner.session));
    /* Lost while it is being asked for. */
    world->is_owned_by_other = 0;
    session_own(owner.session, 2);
    session_owner_look(&owner);
    session_disown(owner.session);
    fake_run_ms(world, MIN);
    assert_int_equal(world->deletes, 2);
    assert_int_equal(fake_living_sessions(world), 0);
    session_owner_release(&owner);
    fake_world_free(world);
}

static void a_restart_takes_the_session_up(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 9, 0, 1);
    struct session_owner owner;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, S);
    int64_t expires_us = session_expires_us(owner.session);
    session_owner_release(&owner);
    fake_run_ms(world, HOUR);
    assert_int_equal(world->deletes, 0); /* it is wanted again */
    AUTO_FREE char *sealed = mem_strdup(world->stored);
    struct session_owner next;
    session_owner_init(&next, world, 1);
    /* Before anything is sent: the owner reads it together with the lock. */
    session_hold(next.session, "sealed:1:damaged", expires_us);
    assert_int_equal(session_state(next.session), SESSION_MAKING);
    fake_run_ms(world, S);
    assert_int_equal(world->creates, 2);
    session_owner_release(&next);
    next = (struct session_owner){ .world = world };
    session_owner_init(&next, world, 1);
    session_disown(next.session);
    fake_run_ms(world, S);
    int creates = world->creates;
    session_own(next.session, 3);
    session_hold(next.session, sealed, expires_us);
    session_owner_serves_all_the_time(&next, 3 * HOUR);
    assert_int_equal(world->creates, creates);
    session_hold(next.session, world->stored, expires_us); /* one is there */
    fake_run_ms(world, 30 * HOUR);
    assert_int_equal(world->creates, creates + 1); /* renewed in its time */
    session_owner_release(&next);
    fake_world_free(world);
}

/* --- what Tripletex may answer --- */

struct script {
    const char *body;
    int status;
    int asked;
};

static int play(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct script *script = ctx;
    if (strcmp(request->path, "/token/session/:create") != 0)
        return 0;
    script->asked++;
    reply->status = script->status;
    snprintf(reply->body, sizeof(reply->body), "%s", script->body);
    return 1;
}

/* The end of a session that is made at noon on 2026-11-26 by such an answer; 0 = none is made. */
static int64_t end_by(const char *body)
{
    struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
    struct script script = { .body = body, .status = 201 };
    struct session_owner owner;
    world->answer = play;
    world->answer_ctx = &script;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, 500);
    int64_t end_us = session_expires_us(owner.session);
    session_owner_release(&owner);
    fake_world_free(world);
    return end_us;
}

static void takes_no_date_on_trust(void **state)
{
    (void)state;
    const int64_t asked = moment(2026, 11, 28, 0, 0, 1);
#define MADE(date) "{\"value\":{\"token\":\"secret-0\"" date "}}"
    assert_int_equal(end_by(MADE("")), asked);
    assert_int_equal(end_by(MADE(",\"expirationDate\":\"2026-11-27\"")), asked - DAY * 1000);
    assert_int_equal(end_by(MADE(",\"expirationDate\":\"2026-11-27T00:00:00Z\"")),
                     asked - DAY * 1000);
    assert_int_equal(end_by(MADE(",\"expirationDate\":\"2030-01-01\"")), asked);
    assert_int_equal(end_by(MADE(",\"expirationDate\":\"2026-11-26\"")), asked);
    assert_int_equal(end_by(MADE(",\"expirationDate\":\"tomorrow\"")), asked);
    assert_int_equal(end_by(MADE(",\"expirationDate\":null")), asked);
    assert_int_equal(end_by(MADE(",\"expirationDate\":20261127")), asked);
    assert_int_equal(end_by("{\"value\":{\"token\":\"\"}}"), 0);
    assert_int_equal(end_by("{\"value\":{\"token\":7}}"), 0);
    assert_int_equal(end_by("{\"value\":null}"), 0);
    assert_int_equal(end_by("<html>"), 0);
    assert_int_equal(end_by(""), 0);
#undef MADE
}

/* Tripletex always gives the coming midnight, whatever was asked for. */
static int play_short(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct script *script = ctx;
    if (strcmp(request->path, "/token/session/:create") != 0)
        return 0;
    char date[CLOCK_DATE_BYTES];
    clock_format_date(clock_oslo_day(clock_now_us()) + 1, date);
    reply->status = 201;
    snprintf(reply->body, sizeof(reply->body),
             "{\"value\":{\"token\":\"short-%d\",\"expirationDate\":\"%s\"}}", script->asked++,
             date);
    return 1;
}

static void a_renewal_that_gains_no_time_is_not_repeated(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
    struct script script = { .asked = 0 };
    struct session_owner owner;
    world->answer = play_short;
    world->answer_ctx = &script;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, 5 * DAY);
    /* One at midnight and one in vain before it, each day. */
    assert_in_range(script.asked, 6, 12);
    assert_int_equal(session_state(owner.session), SESSION_READY);
    session_owner_release(&owner);
    fake_world_free(world);
}

static void asks_the_older_way_only_where_post_is_not_there(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
    struct session_owner owner;
    world->is_post_missing = 1;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, S);
    assert_true(session_owner_serves(&owner));
    assert_int_equal(world->creates, 2);
    assert_int_equal(world->puts, 1);
    fake_run_ms(world, 35 * HOUR); /* it remembers */
    assert_int_equal(world->creates, 3);
    assert_int_equal(world->puts, 2);
    session_owner_release(&owner);
    fake_world_free(world);
}

static void keeps_secrets_out_of_urls_where_post_has_been_there(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
    struct session_owner owner;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, S);
    world->create_status = 404; /* the token is revoked */
    session_reject(owner.session, NULL);
    fake_revoke_all(world);
    struct session_key *key = session_key_use(owner.session);
    session_reject(owner.session, key);
    session_key_drop(key);
    fake_run_ms(world, HOUR);
    assert_true(world->creates >= 4);
    assert_int_equal(world->puts, 0);
    session_owner_release(&owner);
    fake_world_free(world);
}

static void a_date_that_is_refused_is_about_the_clock(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 12, 0, 1);
    struct script script = { .status = 422,
                             .body = "{\"message\":\"expirationDate: must be later than today\"}" };
    struct session_owner owner;
    int is_refused = 0;
    world->answer = play;
    world->answer_ctx = &script;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, 10 * MIN);
    const struct err *err = session_failure(owner.session, &is_refused);
    assert_false(is_refused);
    assert_non_null(strstr(err->remedy, "clock"));
    assert_in_range(script.asked, 8, 20);
    session_owner_release(&owner);
    fake_world_free(world);
}

/* --- clocks, ends --- */

static void a_clock_that_jumps_is_noticed_within_a_minute(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 9, 0, 1);
    struct session_owner owner;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, S);
    fake_set_wall(world, 3 * DAY); /* it has ended, by the clock */
    assert_null(session_key_use(owner.session));
    fake_run_ms(world, 61 * S);
    assert_true(session_owner_serves(&owner));
    assert_int_equal(world->creates, 2);
    fake_set_wall(world, 30 * HOUR); /* into the hours of renewal */
    fake_run_ms(world, 61 * S);
    fake_run_ms(world, 6 * MIN);
    assert_int_equal(world->creates, 2);
    fake_set_wall(world, 5 * HOUR);
    fake_run_ms(world, 6 * MIN);
    assert_int_equal(world->creates, 3);
    assert_true(session_owner_serves(&owner));
    fake_set_wall(world, -2 * DAY);
    session_owner_serves_all_the_time(&owner, 3 * DAY);
    assert_int_equal(world->faults, 0);
    session_owner_release(&owner);
    fake_world_free(world);
}

static void an_ended_token_ends_its_session_with_the_last_request(void **state)
{
    (void)state;
    struct fake_world *world = fake_world_new(2026, 11, 26, 9, 0, 1);
    struct session_owner owner;
    session_owner_init(&owner, world, 1);
    fake_run_ms(world, S);
    struct session_key *key = session_key_use(owner.session);
    session_end(owner.session);
    fake_run_ms(world, MIN);
    assert_int_equal(world->deletes, 0);
    assert_int_equal(world->forgets, 1);
    session_key_drop(key);
    fake_run_ms(world, S);
    assert_int_equal(world->deletes, 1);
    assert_int_equal(fake_living_sessions(world), 0);
    /* While it is being stored. */
    struct session_owner other;
    session_owner_init(&other, world, 2);
    fake_run_ms(world, 21);
    session_end(other.session);
    session_owner_release(&other);
    fake_run_ms(world, S);
    assert_int_equal(world->deletes, 2);
    assert_int_equal(world->forgets, 2);
    session_owner_release(&owner);
    fake_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_for_a_day_that_leaves_time_to_renew),
        cmocka_unit_test(renews_ahead_of_the_end_and_not_all_at_one_moment),
        cmocka_unit_test(never_lapses_in_ten_nights),
        cmocka_unit_test(never_lapses_when_a_night_has_23_or_25_hours),
        cmocka_unit_test(many_tokens_do_not_renew_at_once),
        cmocka_unit_test(the_old_one_serves_until_its_last_request_is_done),
        cmocka_unit_test(is_stored_before_it_is_used),
        cmocka_unit_test(who_has_lost_the_token_uses_and_leaves_no_session),
        cmocka_unit_test(a_restart_takes_the_session_up),
        cmocka_unit_test(takes_no_date_on_trust),
        cmocka_unit_test(a_renewal_that_gains_no_time_is_not_repeated),
        cmocka_unit_test(asks_the_older_way_only_where_post_is_not_there),
        cmocka_unit_test(keeps_secrets_out_of_urls_where_post_has_been_there),
        cmocka_unit_test(a_date_that_is_refused_is_about_the_clock),
        cmocka_unit_test(a_clock_that_jumps_is_noticed_within_a_minute),
        cmocka_unit_test(an_ended_token_ends_its_session_with_the_last_request),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
