/* Tests of daemon/access.h, with a made-up Tripletex. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/access.h"
#include "daemon/retry.h"
#include "daemon/token.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"
#include "tests/unit/fake_world.h"

#define S INT64_C(1000)
#define MIN (60 * S)
#define HOUR (60 * MIN)

/* A bureau's list: companies 0 to count-1, with organisation numbers 900000000 and up. */
struct bureau {
    struct fake_world *world;
    struct token *token;
    struct access *access;
    int count;
    int is_failing;
    int spoilt;       /* so many pages from the second on, each in another way */
    int is_repeating; /* the second page holds the rows of the first */
    int has_twins;    /* companies 2 and 3 have the number of 2 */
    const char *known_id;
    int readings; /* first pages */
    int changes;
};

struct answer {
    struct access_question *question;
    char id[32]; /* "" = not in the list */
    int count, failed, code;
};

static void note(void *ctx, const char *company_id, const struct err *err)
{
    struct answer *answer = ctx;
    answer->question = NULL;
    answer->count++;
    answer->failed += err != NULL;
    answer->code = err ? err->code : 0;
    snprintf(answer->id, sizeof(answer->id), "%s", company_id ? company_id : "");
}

static void changed(void *ctx)
{
    struct bureau *bureau = ctx;
    bureau->changes++;
}

static void spoil(struct fake_reply *reply, int way)
{
    switch (way % 3) {
    case 0:
        reply->status = 503;
        break;
    case 1:
        reply->body[strlen(reply->body) / 2] = '\0';
        break;
    case 2:
        snprintf(reply->body, sizeof(reply->body), "<html>502 Bad Gateway</html>");
        break;
    }
}

static int list(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct bureau *bureau = ctx;
    if (!strstr(request->path, "withLoginAccess"))
        return 0;
    int from = 0;
    size_t len = 0;
    assert_string_equal(request->user, "0");
    assert_int_equal(sscanf(request->query, "from=%d", &from), 1);
    bureau->readings += from == 0;
    if (bureau->is_repeating && from == 5)
        from = 0;
    reply->status = bureau->is_failing ? 500 : 200;
    if (bureau->is_failing)
        return 1;
    len += (size_t)snprintf(reply->body, sizeof(reply->body), "{\"values\":[");
    /* Short pages: five at once. */
    for (int i = from; i < bureau->count && i < from + 5; i++)
        len += (size_t)snprintf(reply->body + len, sizeof(reply->body) - len,
                                "%s{\"id\":%d,\"name\":\"Kunde %d\","
                                "\"organizationNumber\":\"%d 000 %03d\"}",
                                i > from ? "," : "", 5000 + i, i, 900,
                                bureau->has_twins && i == 3 ? 2 : i);
    snprintf(reply->body + len, sizeof(reply->body) - len, "]}");
    if (from > 0 && bureau->spoilt > 0)
        spoil(reply, --bureau->spoilt);
    return 1;
}

static void bureau_init(struct bureau *bureau, int count)
{
    *bureau = (struct bureau){ .count = count };
    bureau->world = fake_world_new(2026, 11, 26, 9, 0, 1);
    bureau->world->answer = list;
    bureau->world->answer_ctx = bureau;
    bureau->token = token_new(&bureau->world->app,
                              &(struct token_options){ .token_id = "0123",
                                                       .employee_token = "test-0",
                                                       .label = "Regnskap Nord AS" });
    token_own(bureau->token, 1);
    bureau->access = access_new(&bureau->world->app,
                                &(struct access_options){ .token = bureau->token,
                                                          .label = "Regnskap Nord AS",
                                                          .bureau_id = 1,
                                                          .changed = changed,
                                                          .ctx = bureau });
}

static void bureau_release(struct bureau *bureau)
{
    access_free(bureau->access);
    token_unref(bureau->token);
    fake_world_free(bureau->world);
}

static void ask(struct bureau *bureau, struct answer *answer, int company, enum access_need need)
{
    AUTO_FREE char *org_nr = mem_printf("900000%03d", company);
    *answer = (struct answer){ .count = 0 };
    answer->question = access_ask(bureau->access, org_nr, bureau->known_id, need, note, answer);
}

static const char *found(struct bureau *bureau, int company, enum access_need need)
{
    static char id[32];
    struct answer answer;
    ask(bureau, &answer, company, need);
    fake_run_ms(bureau->world, S);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.failed, 0);
    snprintf(id, sizeof(id), "%s", answer.id);
    return id;
}

static void reads_to_an_empty_page_and_finds_numbers_with_spaces(void **state)
{
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 13);
    assert_string_equal(found(&bureau, 12, ACCESS_KNOWN), "5012");
    assert_string_equal(found(&bureau, 0, ACCESS_KNOWN), "5000");
    assert_string_equal(found(&bureau, 13, ACCESS_KNOWN), "");
    assert_int_equal(bureau.readings, 1);
    assert_int_equal(bureau.world->stored_lists, 1);
    bureau_release(&bureau);
}

static void a_list_is_read_once_however_many_ask(void **state)
{
    static struct answer answers[200];
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 10);
    /* All of them without access, again and again for ten minutes. */
    for (int minute = 0; minute < 10; minute++) {
        for (int i = 0; i < 200; i++)
            ask(&bureau, &answers[i], 500 + i, ACCESS_RECENT);
        fake_run_ms(bureau.world, MIN);
        for (int i = 0; i < 200; i++) {
            assert_int_equal(answers[i].count, 1);
            assert_int_equal(answers[i].failed, 0);
            assert_string_equal(answers[i].id, "");
        }
    }
    assert_in_range(bureau.readings, 2, 8);
    bureau_release(&bureau);
}

static void who_comes_is_found_soon_and_who_goes_is_missed(void **state)
{
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 10);
    access_own(bureau.access, 0);
    fake_run_ms(bureau.world, S);
    assert_int_equal(bureau.changes, 1);
    assert_string_equal(found(&bureau, 10, ACCESS_RECENT), "");
    bureau.count = 11;
    fake_run_ms(bureau.world, 45 * S);
    int changes = bureau.changes;
    fake_run_ms(bureau.world, HOUR);
    assert_int_equal(bureau.changes, 2);
    assert_true(changes >= 1);
    assert_string_equal(found(&bureau, 10, ACCESS_KNOWN), "5010");
    bureau.count = 9;
    fake_run_ms(bureau.world, 40 * MIN);
    assert_int_equal(bureau.changes, 3);
    assert_string_equal(found(&bureau, 10, ACCESS_KNOWN), "");
    bureau_release(&bureau);
}

static void reads_on_its_own_schedule_only_while_it_is_ours(void **state)
{
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 3);
    access_own(bureau.access, 0);
    fake_run_ms(bureau.world, S);
    assert_int_equal(bureau.readings, 1);
    fake_run_ms(bureau.world, 10 * HOUR);
    assert_in_range(bureau.readings, 18, 23);
    access_disown(bureau.access);
    int readings = bureau.readings;
    fake_run_ms(bureau.world, 10 * HOUR);
    assert_int_equal(bureau.readings, readings);
    bureau_release(&bureau);
}

static void a_list_that_is_suddenly_empty_is_read_again_before_it_is_believed(void **state)
{
    struct answer answer;
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 40);
    access_own(bureau.access, 0);
    assert_string_equal(found(&bureau, 3, ACCESS_KNOWN), "5003");
    bureau.count = 0;
    ask(&bureau, &answer, 3, ACCESS_NOW);
    fake_run_ms(bureau.world, 10 * S);
    assert_int_equal(answer.count, 0); /* who asks waits */
    bureau.count = 40;
    fake_run_ms(bureau.world, 10 * S);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.id, "5003");
    assert_int_equal(bureau.changes, 1);
    /* It stays so: then it is true. */
    bureau.count = 2;
    ask(&bureau, &answer, 3, ACCESS_NOW);
    fake_run_ms(bureau.world, 14 * S);
    assert_int_equal(answer.count, 0);
    fake_run_ms(bureau.world, 5 * S);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.id, "");
    assert_int_equal(bureau.changes, 2);
    bureau_release(&bureau);
}

static void who_waits_for_lists_that_keep_changing_is_told(void **state)
{
    struct answer answer;
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 40);
    access_own(bureau.access, 0);
    assert_string_equal(found(&bureau, 3, ACCESS_KNOWN), "5003");
    bureau.count = 9;
    ask(&bureau, &answer, 3, ACCESS_NOW);
    for (int i = 0; i < 60 && answer.count == 0; i++) {
        fake_run_ms(bureau.world, 2 * S);
        bureau.count = 1 + i % 10;
    }
    assert_int_equal(answer.count, 1);
    bureau_release(&bureau);
}

/* Which of them is meant nobody can tell, unless one was meant before. */
static void a_number_of_two_companies_leads_to_none(void **state)
{
    struct answer answer;
    const char *id = "";
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 8);
    bureau.has_twins = 1;
    ask(&bureau, &answer, 2, ACCESS_KNOWN);
    fake_run_ms(bureau.world, S);
    assert_int_equal(answer.failed, 1);
    assert_int_equal(answer.code, ENOTUNIQ);
    access_find(bureau.access, "900000002", NULL, &id);
    assert_null(id);
    bureau.known_id = "5003";
    assert_string_equal(found(&bureau, 2, ACCESS_KNOWN), "5003");
    bureau.known_id = "5002";
    assert_string_equal(found(&bureau, 2, ACCESS_KNOWN), "5002");
    access_find(bureau.access, "900000002", "5002", &id);
    assert_string_equal(id, "5002");
    bureau.known_id = "4711";
    ask(&bureau, &answer, 2, ACCESS_KNOWN);
    fake_run_ms(bureau.world, S);
    assert_int_equal(answer.code, ENOTUNIQ);
    assert_string_equal(found(&bureau, 1, ACCESS_KNOWN), "5001");
    bureau_release(&bureau);
}

static void a_list_that_cannot_be_read_changes_nothing(void **state)
{
    struct answer answer;
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 8);
    access_own(bureau.access, 0);
    fake_run_ms(bureau.world, S);
    bureau.is_failing = 1;
    ask(&bureau, &answer, 3, ACCESS_NOW);
    fake_run_ms(bureau.world, 3 * S); /* several tries */
    assert_int_equal(answer.failed, 1);
    assert_int_equal(bureau.readings, 1 + RETRY_TRIES_MAX);
    fake_run_ms(bureau.world, 3 * HOUR);
    assert_int_equal(bureau.changes, 1);
    const char *id = NULL;
    access_find(bureau.access, "900000003", NULL, &id);
    assert_string_equal(id, "5003");
    bureau.is_failing = 0;
    bureau.count = 9;
    fake_run_ms(bureau.world, 2 * MIN); /* tried again soon after a failure */
    assert_int_equal(bureau.changes, 2);
    bureau_release(&bureau);
}

/* Of a page that broke off some rows were taken already; they count once. */
static void a_spoilt_page_is_asked_for_again(void **state)
{
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 13);
    bureau.spoilt = RETRY_TRIES_MAX - 1;
    access_own(bureau.access, 0);
    fake_run_ms(bureau.world, 5 * S);
    assert_int_equal(bureau.spoilt, 0);
    assert_int_equal(bureau.readings, 1);
    assert_string_equal(found(&bureau, 12, ACCESS_KNOWN), "5012");
    assert_int_equal(bureau.changes, 1);
    access_own(bureau.access, 0); /* the same list, so nothing had been taken twice */
    fake_run_ms(bureau.world, 5 * S);
    assert_int_equal(bureau.readings, 2);
    assert_int_equal(bureau.changes, 1);
    bureau_release(&bureau);
}

/* Those that were left out for it are not without access. */
static void a_page_that_comes_twice_is_no_list(void **state)
{
    struct answer answer;
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 13);
    access_own(bureau.access, 0);
    fake_run_ms(bureau.world, S);
    bureau.is_repeating = 1;
    ask(&bureau, &answer, 7, ACCESS_NOW);
    fake_run_ms(bureau.world, 5 * S);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.failed, 1);
    assert_int_equal(bureau.changes, 1);
    bureau.is_repeating = 0;
    assert_string_equal(found(&bureau, 7, ACCESS_NOW), "5007");
    bureau_release(&bureau);
}

static void questions_go_to_the_token_that_takes_its_place(void **state)
{
    struct answer answer;
    (void)state;
    struct bureau bureau;
    bureau_init(&bureau, 8);
    ask(&bureau, &answer, 3, ACCESS_NOW);
    fake_run_ms(bureau.world, 10);
    struct access *heir = access_new(&bureau.world->app,
                                     &(struct access_options){ .token = bureau.token,
                                                               .label = "Regnskap Nord AS",
                                                               .bureau_id = 1,
                                                               .changed = changed,
                                                               .ctx = &bureau });
    access_hand_over(bureau.access, heir);
    access_free(bureau.access);
    bureau.access = heir;
    fake_run_ms(bureau.world, S);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.id, "5003");
    ask(&bureau, &answer, 4, ACCESS_NOW);
    access_cancel(answer.question);
    fake_run_ms(bureau.world, S);
    assert_int_equal(answer.count, 0);
    bureau_release(&bureau);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_to_an_empty_page_and_finds_numbers_with_spaces),
        cmocka_unit_test(a_number_of_two_companies_leads_to_none),
        cmocka_unit_test(a_list_is_read_once_however_many_ask),
        cmocka_unit_test(who_comes_is_found_soon_and_who_goes_is_missed),
        cmocka_unit_test(reads_on_its_own_schedule_only_while_it_is_ours),
        cmocka_unit_test(a_list_that_is_suddenly_empty_is_read_again_before_it_is_believed),
        cmocka_unit_test(who_waits_for_lists_that_keep_changing_is_told),
        cmocka_unit_test(a_list_that_cannot_be_read_changes_nothing),
        cmocka_unit_test(a_spoilt_page_is_asked_for_again),
        cmocka_unit_test(a_page_that_comes_twice_is_no_list),
        cmocka_unit_test(questions_go_to_the_token_that_takes_its_place),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
