/* Tests of daemon/token.h: sessions, budget and turns, with a made-up Tripletex. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/token.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"
#include "tests/unit/fake_world.h"

#define S INT64_C(1000)
#define MIN (60 * S)
#define HOUR (60 * MIN)

enum { CLIENTS_MAX = 200 };

/* A client that asks one thing after the other. */
struct asker {
    struct fake_world *world;
    struct token *token;
    char company[16];
    int64_t every_ms; /* until the next; -1 = never again */
    int is_urgent;
    struct token_call *call;
    int done, failed, refused;
    int64_t asked_ms, waited_most_ms;
    struct err err; /* of the last failure */
};

static void ask(struct asker *asker);

static void answered(void *ctx, const struct token_answer *answer)
{
    struct asker *asker = ctx;
    int64_t waited_ms = asker->world->now_ms - asker->asked_ms;
    asker->call = NULL;
    if (waited_ms > asker->waited_most_ms)
        asker->waited_most_ms = waited_ms;
    if (answer->class == ANSWER_OK) {
        asker->done++;
    } else {
        asker->failed++;
        asker->refused += answer->class == ANSWER_UNAUTHORIZED;
        asker->err = *answer->err;
    }
    if (asker->every_ms == 0)
        ask(asker);
}

static void ask(struct asker *asker)
{
    asker->asked_ms = asker->world->now_ms;
    asker->call = token_call_start(asker->token,
                                   &(struct token_request){ .company = asker->company,
                                                            .path = "/ledger/posting",
                                                            .resource = "posting",
                                                            .is_urgent = asker->is_urgent,
                                                            .max_body_bytes = 1000 },
                                   answered, asker);
}

static void asker_init(struct asker *asker, struct fake_world *world, struct token *token,
                       int company, int64_t every_ms)
{
    *asker = (struct asker){ .world = world, .token = token_ref(token), .every_ms = every_ms };
    snprintf(asker->company, sizeof(asker->company), "%d", company);
    ask(asker);
}

static void asker_stop(struct asker *asker)
{
    asker->every_ms = -1;
    if (asker->call)
        token_call_cancel(asker->call);
    asker->call = NULL;
    token_unref(asker->token);
    asker->token = NULL;
}

static struct token *new_token(struct fake_world *world, int number)
{
    AUTO_FREE char *id = mem_printf("%032d", number);
    AUTO_FREE char *employee = mem_printf("test-%d", number);
    struct token *token = token_new(
        &world->app, &(struct token_options){
                         .token_id = id, .employee_token = employee, .label = "Regnskap Nord AS" });
    token_own(token, 1);
    return token;
}

static struct fake_world *new_world(void)
{
    return fake_world_new(2026, 11, 26, 9, 0, 1);
}

static void stop_all(struct asker *askers, int count)
{
    for (int i = 0; i < count; i++)
        asker_stop(&askers[i]);
}

/* --- sessions --- */

static void twenty_revocations_under_load_make_twenty_sessions(void **state)
{
    enum { CLIENTS = 10, TIMES = 20 };
    struct asker askers[CLIENTS];
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    for (int i = 0; i < CLIENTS; i++)
        asker_init(&askers[i], world, token, i, 0);
    for (int i = 0; i < TIMES; i++) {
        fake_run_ms(world, 777 + 13 * i);
        fake_revoke_all(world);
    }
    fake_run_ms(world, 2 * S);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(askers[i].failed, 0);
        assert_true(askers[i].done > 20);
    }
    assert_int_equal(world->creates, 1 + TIMES);
    assert_int_equal(fake_living_sessions(world), 1);
    assert_int_equal(world->faults, 0);
    stop_all(askers, CLIENTS);
    token_unref(token);
    fake_world_free(world);
}

static void a_night_passes_under_load_without_a_failure(void **state)
{
    enum { CLIENTS = 3 };
    struct asker askers[CLIENTS];
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    world->delay_ms = 500;
    for (int i = 0; i < CLIENTS; i++)
        asker_init(&askers[i], world, token, i, 0);
    fake_run_ms(world, 60 * HOUR);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(askers[i].failed, 0);
    assert_int_equal(world->creates, 3);
    assert_int_equal(world->deletes, 2);
    assert_int_equal(world->faults, 0);
    stop_all(askers, CLIENTS);
    token_unref(token);
    fake_world_free(world);
}

/* One company gets 401 with whatever session. */
static int refuse_company_7(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    (void)ctx;
    if (strcmp(request->user, "7") != 0)
        return 0;
    reply->status = 401;
    return 1;
}

static void a_company_that_is_refused_does_not_cost_the_others_their_session(void **state)
{
    struct asker good, bad;
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    world->answer = refuse_company_7;
    asker_init(&good, world, token, 1, 0);
    fake_run_ms(world, 5 * S);
    asker_init(&bad, world, token, 7, 0);
    fake_run_ms(world, 10 * MIN);
    assert_int_equal(good.failed, 0);
    assert_true(bad.failed > 100);
    assert_int_equal(bad.failed, bad.refused);
    assert_non_null(strstr(bad.err.text, "also with a new session"));
    assert_int_equal(world->creates, 2); /* the first 401 might have meant the session */
    stop_all(&good, 1);
    stop_all(&bad, 1);
    token_unref(token);
    fake_world_free(world);
}

static void a_token_whose_sessions_are_refused_makes_ever_fewer(void **state)
{
    struct asker asker;
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    world->answer = refuse_company_7;
    asker_init(&asker, world, token, 7, 0);
    for (int second = 0; second < 3600; second++)
        fake_run_ms(world, S);
    assert_in_range(world->creates, 5, 25);
    assert_int_equal(asker.failed, asker.refused);
    assert_true(asker.failed > 0);
    asker_stop(&asker);
    token_unref(token);
    fake_world_free(world);
}

static void refused_credentials_fail_at_once_and_ask_no_more(void **state)
{
    struct asker asker;
    struct token_report report;
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    world->create_status = 401;
    asker_init(&asker, world, token, 1, -1);
    fake_run_ms(world, S);
    assert_int_equal(asker.refused, 1);
    token_describe(token, &report);
    assert_true(report.is_refused);
    assert_in_range(report.rest_ms, 28 * S, 30 * S);
    for (int i = 0; i < 20; i++) {
        ask(&asker);
        fake_run_ms(world, S);
    }
    assert_int_equal(asker.refused, 21);
    assert_int_equal(world->creates, 1);
    /* An administrator who orders a pull has put it right. */
    world->create_status = 0;
    asker.is_urgent = 1;
    ask(&asker);
    fake_run_ms(world, S);
    assert_int_equal(asker.done, 1);
    token_describe(token, &report);
    assert_false(report.is_refused);
    asker_stop(&asker);
    token_unref(token);
    fake_world_free(world);
}

static void a_passing_fault_of_create_is_waited_for(void **state)
{
    struct asker asker;
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    world->create_status = 502;
    asker_init(&asker, world, token, 1, -1);
    fake_run_ms(world, 5 * S);
    assert_int_equal(asker.failed, 0);
    world->create_status = 0;
    fake_run_ms(world, 5 * S);
    assert_int_equal(asker.done, 1);
    /* Not for ever. */
    fake_revoke_all(world);
    world->create_status = 502;
    ask(&asker);
    fake_run_ms(world, 30 * S);
    assert_int_equal(asker.failed, 1);
    assert_non_null(strstr(asker.err.text, "502"));
    asker_stop(&asker);
    token_unref(token);
    fake_world_free(world);
}

static void nothing_is_sent_before_the_token_is_ours(void **state)
{
    struct asker asker;
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    token_disown(token);
    asker_init(&asker, world, token, 1, 0);
    fake_run_ms(world, 5 * MIN);
    assert_int_equal(world->creates + world->requests, 0);
    assert_int_equal(asker.failed, 0);
    token_own(token, 2);
    fake_run_ms(world, 5 * S);
    assert_true(asker.done > 100);
    int creates = world->creates;
    token_disown(token);
    fake_run_ms(world, S);
    int requests = world->requests;
    fake_run_ms(world, 40 * HOUR); /* nor renewed */
    assert_int_equal(world->requests, requests);
    assert_int_equal(world->creates, creates);
    assert_int_equal(world->deletes, 0);
    asker_stop(&asker);
    token_unref(token);
    fake_world_free(world);
}

/* --- rotation --- */

static void a_rotation_goes_on_where_the_earlier_token_was(void **state)
{
    enum { CLIENTS = 12 };
    struct asker askers[CLIENTS];
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    world->delay_ms = 200;
    for (int i = 0; i < CLIENTS; i++)
        asker_init(&askers[i], world, token, i, 0);
    fake_run_ms(world, 5 * S);
    struct token *heir = new_token(world, 1);
    token_disown(heir); /* its lock comes a little later */
    token_retire(token, heir);
    fake_revoke_all(world); /* the earlier one is refused from now on */
    fake_run_ms(world, S);
    int requests = world->requests;
    fake_run_ms(world, S);
    assert_int_equal(world->requests, requests);
    token_own(heir, 1);
    for (int i = 0; i < CLIENTS; i++)
        askers[i].done = 0;
    fake_run_ms(world, 10 * S);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(askers[i].failed, 0);
        assert_true(askers[i].done > 5);
    }
    assert_int_equal(world->creates, 2);
    assert_int_equal(world->deletes, 1);
    assert_int_equal(world->forgets, 1);
    stop_all(askers, CLIENTS);
    token_unref(heir);
    fake_world_free(world);
}

static void a_token_that_is_gone_lets_what_runs_end(void **state)
{
    struct asker askers[6];
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    world->delay_ms = 2000;
    for (int i = 0; i < 6; i++)
        asker_init(&askers[i], world, token, i, -1);
    fake_run_ms(world, 3 * S); /* one runs, to learn; the others wait */
    token_retire(token, NULL);
    fake_run_ms(world, 10 * S);
    int done = 0, failed = 0;
    for (int i = 0; i < 6; i++) {
        done += askers[i].done;
        failed += askers[i].failed;
    }
    assert_true(done > 0);
    assert_int_equal(done + failed, 6);
    assert_int_equal(world->deletes, 1);
    assert_int_equal(fake_living_sessions(world), 0);
    stop_all(askers, 6);
    fake_world_free(world);
}

/* --- the budget --- */

/* 200 clients, 120 requests a minute, for so long. */
static struct token *run_bureau(struct fake_world *world, struct asker *askers, int64_t ms)
{
    world->limit = 120;
    world->window_ms = MIN;
    struct token *token = new_token(world, 0);
    for (int i = 0; i < CLIENTS_MAX; i++)
        asker_init(&askers[i], world, token, i, 0);
    fake_run_ms(world, ms);
    return token;
}

static void uses_its_share_of_the_budget_and_never_more(void **state)
{
    static struct asker askers[CLIENTS_MAX];
    (void)state;
    for (int rounding = 0; rounding < 2; rounding++) {
        struct fake_world *world = new_world();
        world->is_reset_rounded_up = rounding;
        struct token *token = run_bureau(world, askers, 20 * MIN);
        assert_int_equal(world->refused, 0);
        /* 96 of the 120 are ours. */
        print_message("%d requests in 20 windows of 96: %d %%\n", world->requests,
                      world->requests * 100 / (20 * 96));
        assert_in_range(world->requests, 20 * 96 * 3 / 4, 20 * 96 + 96);
        /* Every client once before any twice. */
        int least = INT32_MAX, most = 0;
        for (int i = 0; i < CLIENTS_MAX; i++) {
            least = askers[i].done < least ? askers[i].done : least;
            most = askers[i].done > most ? askers[i].done : most;
            assert_int_equal(askers[i].failed, 0);
        }
        assert_true(most - least <= 1);
        stop_all(askers, CLIENTS_MAX);
        token_unref(token);
        fake_world_free(world);
    }
}

static void is_refused_once_where_another_program_ate_the_rest(void **state)
{
    static struct asker askers[CLIENTS_MAX];
    (void)state;
    for (int told = 0; told < 2; told++) {
        struct fake_world *world = new_world();
        world->is_reset_on_429 = told;
        struct token *token = run_bureau(world, askers, 30 * S);
        for (int window = 0; window < 10; window++) {
            int refused = world->refused;
            /* Just after a window has begun. */
            int64_t until_ms = world->window_ends_ms + 1500;
            while (world->now_ms < until_ms || world->used > 20)
                fake_run_ms(world, 100);
            fake_burn(world, 1000);
            fake_run_ms(world, world->window_ends_ms - world->now_ms - 10);
            assert_int_equal(world->refused, refused + 1);
        }
        for (int i = 0; i < CLIENTS_MAX; i++)
            assert_int_equal(askers[i].failed, 0);
        stop_all(askers, CLIENTS_MAX);
        token_unref(token);
        fake_world_free(world);
    }
}

static void pull_now_uses_a_part_of_what_is_left(void **state)
{
    struct asker askers[2];
    (void)state;
    struct fake_world *world = new_world();
    world->limit = 100;
    world->window_ms = 10 * MIN;
    struct token *token = new_token(world, 0);
    asker_init(&askers[0], world, token, 1, 0);
    fake_run_ms(world, MIN);
    assert_int_equal(world->requests, 80);
    asker_init(&askers[1], world, token, 2, 0);
    token_call_cancel(askers[1].call);
    askers[1].is_urgent = 1;
    ask(&askers[1]);
    fake_run_ms(world, MIN);
    assert_int_equal(world->requests, 85);
    fake_run_ms(world, 8 * MIN + 5 * S);
    assert_true(world->requests > 85);
    assert_int_equal(world->refused, 0);
    stop_all(askers, 2);
    token_unref(token);
    fake_world_free(world);
}

static void a_wait_for_the_budget_has_an_end(void **state)
{
    struct asker asker;
    (void)state;
    struct fake_world *world = new_world();
    world->limit = 10;
    world->window_ms = 30 * S;
    struct token *token = new_token(world, 0);
    asker_init(&asker, world, token, 1, 0);
    for (int64_t ms = 0; ms < 40 * MIN; ms += 100) {
        fake_run_ms(world, 100);
        fake_burn(world, 10);
    }
    assert_int_equal(asker.failed, 2);
    assert_non_null(strstr(asker.err.text, "waited 15 min for the budget"));
    asker_stop(&asker);
    token_unref(token);
    fake_world_free(world);
}

/* --- turns --- */

/* Companies 0 to 2 get no answer at all. */
static int hang(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    (void)ctx;
    if (strcmp(request->path, "/ledger/posting") != 0 || strcmp(request->user, "3") >= 0)
        return 0;
    reply->error = ETIMEDOUT;
    reply->delay_ms = 30 * S;
    return 1;
}

static int running(const struct token *token)
{
    struct token_report report;
    token_describe(token, &report);
    return report.running;
}

/* Tripletex works on it until it answers: before, nobody else may use the token. */
static void what_is_taken_back_keeps_the_token_in_use_for_a_while(void **state)
{
    struct asker askers[2];
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    world->answer = hang;
    world->delay_ms = S;
    asker_init(&askers[1], world, token, 5, 0);
    fake_run_ms(world, 10 * S + S / 2);         /* the budget is known */
    asker_init(&askers[0], world, token, 0, 0); /* hangs */
    fake_run_ms(world, S / 4);
    assert_int_equal(running(token), 2);
    int done = askers[1].done;
    stop_all(askers, 2);
    assert_int_equal(running(token), 2);
    fake_run_ms(world, S);
    assert_int_equal(running(token), 1);
    fake_run_ms(world, 2 * S);
    assert_int_equal(running(token), 0);
    assert_int_equal(askers[1].done, done);
    assert_int_equal(askers[1].failed, 0);
    token_unref(token);
    fake_world_free(world);
}

static void what_hangs_does_not_keep_the_others_waiting(void **state)
{
    enum { HANGING = 3, CLIENTS = 8 };
    struct asker askers[CLIENTS];
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    world->answer = hang;
    for (int i = 0; i < CLIENTS; i++)
        asker_init(&askers[i], world, token, i, 0);
    fake_run_ms(world, 10 * MIN);
    for (int i = 0; i < HANGING; i++) {
        assert_int_equal(askers[i].done, 0);
        assert_true(askers[i].failed > 10);
    }
    for (int i = HANGING; i < CLIENTS; i++) {
        assert_int_equal(askers[i].failed, 0);
        assert_true(askers[i].done > 100);
        assert_in_range(askers[i].waited_most_ms, 0, HANGING * 5 * S + S);
    }
    stop_all(askers, CLIENTS);
    token_unref(token);
    fake_world_free(world);
}

static void a_first_load_does_not_keep_the_others_waiting(void **state)
{
    enum { LOADERS = 4, SMALL = 40 };
    static struct asker loaders[2 * LOADERS], small[SMALL];
    (void)state;
    struct fake_world *world = new_world();
    struct token *token = new_token(world, 0);
    world->delay_ms = 100;
    for (int i = 0; i < LOADERS * 2; i++) /* two pages at once of each */
        asker_init(&loaders[i], world, token, 100 + i % LOADERS, 0);
    fake_run_ms(world, MIN);
    for (int i = 0; i < SMALL; i++) {
        asker_init(&small[i], world, token, 200 + i, -1);
        fake_run_ms(world, 50);
    }
    fake_run_ms(world, 5 * S);
    for (int i = 0; i < SMALL; i++) {
        assert_int_equal(small[i].done, 1);
        assert_true(small[i].waited_most_ms <= 500);
    }
    stop_all(loaders, 2 * LOADERS);
    stop_all(small, SMALL);
    token_unref(token);
    fake_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_revocations_under_load_make_twenty_sessions),
        cmocka_unit_test(a_night_passes_under_load_without_a_failure),
        cmocka_unit_test(a_company_that_is_refused_does_not_cost_the_others_their_session),
        cmocka_unit_test(a_token_whose_sessions_are_refused_makes_ever_fewer),
        cmocka_unit_test(refused_credentials_fail_at_once_and_ask_no_more),
        cmocka_unit_test(a_passing_fault_of_create_is_waited_for),
        cmocka_unit_test(nothing_is_sent_before_the_token_is_ours),
        cmocka_unit_test(a_rotation_goes_on_where_the_earlier_token_was),
        cmocka_unit_test(a_token_that_is_gone_lets_what_runs_end),
        cmocka_unit_test(uses_its_share_of_the_budget_and_never_more),
        cmocka_unit_test(is_refused_once_where_another_program_ate_the_rest),
        cmocka_unit_test(pull_now_uses_a_part_of_what_is_left),
        cmocka_unit_test(a_wait_for_the_budget_has_an_end),
        cmocka_unit_test(what_is_taken_back_keeps_the_token_in_use_for_a_while),
        cmocka_unit_test(what_hangs_does_not_keep_the_others_waiting),
        cmocka_unit_test(a_first_load_does_not_keep_the_others_waiting),
    };
    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
