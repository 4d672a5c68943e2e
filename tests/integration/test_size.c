/* What size costs: months and days over the limit of the API, and the number of requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/stage.h"

/* Lists of their own interval are not counted: they stay out of the way once they were read. */
#define ORDERED_ONLY "pull_interval = 1h\nmaster_interval = 10d\ncold_interval = 10h\n"

enum { REQUESTS_OF_A_CHANGE_MAX = 20, TOPS_OF_100000_MAX = 14, LIVING_TOPS_MAX = 6 };

static void set_scene(struct stage *stage, int postings_a_year, const char *schedule)
{
    AUTO_FREE char *json = mem_printf(
        "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
        "{ \"orgNr\": \"811126489\", \"name\": \"Nordlys ANS\", \"seed\": 2,"
        "  \"postingsPerYear\": %d } ],"
        "\"tokens\": [{ \"employeeToken\": \"test-single\", \"name\": \"single\","
        "  \"kind\": \"company\", \"orgNr\": \"811126489\" } ] }",
        postings_a_year);
    (void)stage_world(stage, json);
    AUTO_FREE char *single = books_single(stage);
    const struct stage_config config = { .schedule = schedule, .rest = single };
    stage_configure(stage, &config);
}

/* Pulls whatever is due or not; how many requests that took. */
static int64_t pull(struct stage *stage)
{
    world_forget(stage->world);
    db_run(stage->db, "SELECT bureau.pull_now('" BOOKS_SINGLE "')");
    stage_wait(stage, 60, "SELECT bool_and(done_at IS NOT NULL) FROM sync.\"order\"");
    AUTO_FREE char *outcome = db_text(stage->db, "SELECT outcome FROM sync.\"order\" "
                                                 "ORDER BY order_id DESC LIMIT 1");
    assert_string_equal(outcome, "done");
    return world_requests(stage->world, NULL);
}

static void edit_a_voucher(struct stage *stage)
{
    AUTO_FREE char *id = db_text(
        stage->db, "SELECT voucher_id FROM finale.voucher "
                   "WHERE voucher_date >= date_trunc('year', now()) + interval '2 months' "
                   "AND voucher_number > 0 ORDER BY voucher_id LIMIT 1");
    AUTO_FREE char *body = mem_printf("{\"orgNr\": \"" BOOKS_SINGLE "\", \"id\": %s,"
                                      " \"rows\": [{\"row\": 0, \"description\": \"rettet\"}]}",
                                      id);
    world_call(stage->world, "PUT", "/voucher", "%s", body);
}

/* --- what requests it takes --- */

static void check_costs(struct stage *stage, int postings_a_year, int64_t idle_max)
{
    set_scene(stage, postings_a_year, ORDERED_ONLY);
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 120);
    int64_t learning = pull(stage); /* tops that were not asked for as such before */
    int64_t idle = pull(stage);
    edit_a_voucher(stage);
    int64_t change = pull(stage);
    int64_t after = pull(stage);
    print_message("%d postings a year: learning %lld, idle %lld, one voucher %lld, idle again %lld "
                  "requests; %lld tops, %lld of them living\n",
                  postings_a_year, (long long)learning, (long long)idle, (long long)change,
                  (long long)after,
                  (long long)db_int(stage->db, "SELECT count(*) FROM sync.range WHERE is_top"),
                  (long long)db_int(stage->db, "SELECT count(*) FROM sync.range WHERE is_top "
                                               "AND date_to > date_trunc('year', now())"));
    books_check_equal(stage);
    assert_in_range(idle, 1, idle_max);
    assert_in_range(after, 1, idle_max);
    /* An order asks the tops of closed years too, before and after. */
    assert_in_range(change, 1, REQUESTS_OF_A_CHANGE_MAX + 2 * (idle - 1));
}

static void an_idle_client_costs_one_request_and_a_change_few(struct stage *stage)
{
    check_costs(stage, 3000, 1);
}

static void a_client_of_100000_costs_a_request_for_each_top(struct stage *stage)
{
    check_costs(stage, 33300, TOPS_OF_100000_MAX);
    assert_in_range(db_int(stage->db, "SELECT count(*) FROM sync.range WHERE is_top "
                                      "AND date_to > date_trunc('year', now())"),
                    1, LIVING_TOPS_MAX);
}

/* --- over the limit --- */

static void fill_day(struct stage *stage, const char *day, int vouchers, int debit)
{
    world_post(stage->world, "/bulk",
               "{\"orgNr\": \"" BOOKS_SINGLE "\", \"date\": \"%s\", \"count\": %d, \"debit\": %d}",
               day, vouchers, debit);
}

static void change_and_follow(struct stage *stage)
{
    for (int i = 0; i < 2; i++) {
        world_post(stage->world, "/mutate", "{\"orgNr\": \"" BOOKS_SINGLE "\", \"count\": 30}");
        int64_t requests = pull(stage);
        print_message("30 changes: %lld requests\n", (long long)requests);
        books_wait_equal(stage, 60);
    }
}

static void a_month_of_12000_loads_and_is_followed(struct stage *stage)
{
    set_scene(stage, 500, ORDERED_ONLY);
    for (int i = 1; i <= 12; i++) {
        AUTO_FREE char *day = db_textf(
            stage->db, "SELECT (date_trunc('year', now())::date + 31 + %d)::text", i);
        fill_day(stage, day, 500, 1920);
    }
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 60);
    books_check_equal(stage);
    change_and_follow(stage);
}

static void check_day(struct stage *stage, const char *is_excluded, int debit)
{
    set_scene(stage, 500, ORDERED_ONLY);
    world_post(stage->world, "/options", "{\"postingAccountNumberToExcluded\": %s}", is_excluded);
    AUTO_FREE char *day = db_text(stage->db, "SELECT (date_trunc('year', now())::date + 40)::text");
    fill_day(stage, day, 12500, debit);
    (void)stage_daemon(stage);
    books_wait_fresh(stage, 120);
    print_message("25,000 on one day: %lld requests for the load\n",
                  (long long)world_requests(stage->world, NULL));
    books_check_equal(stage);
    change_and_follow(stage);
}

static void a_day_of_25000_on_two_accounts_loads_and_is_followed(struct stage *stage)
{
    check_day(stage, "false", 1920);
}

/* The two accounts are neighbours, and the API counts the last one out. */
static void a_day_of_25000_is_cut_whatever_the_last_account_means(struct stage *stage)
{
    check_day(stage, "true", 3020);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, an_idle_client_costs_one_request_and_a_change_few),
        STAGE_TEST(&stage, a_client_of_100000_costs_a_request_for_each_top),
        STAGE_TEST(&stage, a_month_of_12000_loads_and_is_followed),
        STAGE_TEST(&stage, a_day_of_25000_on_two_accounts_loads_and_is_followed),
        STAGE_TEST(&stage, a_day_of_25000_is_cut_whatever_the_last_account_means),
    };
    int failed = cmocka_run_group_tests_name("size", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
