/* Tests of daemon/webhook_plan.h: what is kept, removed and made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/webhook_plan.h"

#define OURS "https://saldod.example.no/hook"
#define URL OURS "/974760673/mark"

static struct webhook_subscription listed[16];
static int count;
static struct webhook_plan plan;

static void list(int64_t id, const char *event, const char *url, const char *status)
{
    struct webhook_subscription *one = &listed[count++];
    *one = (struct webhook_subscription){ .id = id };
    (void)snprintf(one->event, sizeof(one->event), "%s", event);
    (void)snprintf(one->url, sizeof(one->url), "%s", url);
    (void)snprintf(one->status, sizeof(one->status), "%s", status);
}

static int set_up(void **state)
{
    (void)state;
    count = 0;
    return 0;
}

static void make(const char *url, const char *prefix, const int64_t *own, int own_count)
{
    webhook_plan_make(listed, count, url, prefix, own, own_count, &plan);
}

static void makes_all_where_there_is_none(void **state)
{
    (void)state;
    make(URL, OURS, NULL, 0);
    assert_int_equal(plan.make_count, WEBHOOK_EVENTS_COUNT);
    assert_string_equal(plan.make[0], "voucher.create");
    assert_int_equal(plan.remove_count, 0);
}

static void keeps_what_serves_and_makes_the_rest(void **state)
{
    (void)state;
    for (int i = 0; WEBHOOK_EVENTS[i]; i++)
        if (i != 3)
            list(10 + i, WEBHOOK_EVENTS[i], URL, "ACTIVE");
    make(URL, OURS, NULL, 0);
    assert_int_equal(plan.remove_count, 0);
    assert_int_equal(plan.make_count, 1);
    assert_string_equal(plan.make[0], WEBHOOK_EVENTS[3]);
    assert_int_equal(plan.keep[0], 10);
    assert_int_equal(plan.keep[3], 0);
}

static void removes_what_is_ours_and_stale(void **state)
{
    (void)state;
    list(1, "voucher.create", OURS "/974760673/old-mark", "ACTIVE");
    list(2, "voucher.update", URL, "DISABLED_TOO_MANY_ERRORS");
    list(3, "voucher.delete", URL, "ACTIVE");
    list(4, "voucher.delete", URL, "ACTIVE");
    list(5, "customer.create", URL, "ACTIVE");
    make(URL, OURS, NULL, 0);
    assert_int_equal(plan.remove_count, 4);
    assert_int_equal(plan.remove[0], 1);
    assert_int_equal(plan.remove[1], 2);
    assert_int_equal(plan.remove[2], 4);
    assert_int_equal(plan.remove[3], 5);
    assert_int_equal(plan.make_count, WEBHOOK_EVENTS_COUNT - 1);
}

static void leaves_those_of_others_alone(void **state)
{
    (void)state;
    list(1, "voucher.create", "https://other.example.no/hook", "ACTIVE");
    list(2, "voucher.create", OURS "x/974760673/mark", "ACTIVE");
    list(3, "voucher.create", "https://saldod.example.no/other", "DISABLED");
    make(URL, OURS, NULL, 0);
    assert_int_equal(plan.remove_count, 0);
    assert_int_equal(plan.make_count, WEBHOOK_EVENTS_COUNT);
    make(NULL, NULL, NULL, 0);
    assert_int_equal(plan.remove_count, 0);
    assert_int_equal(plan.make_count, 0);
}

static void removes_its_own_when_switched_off(void **state)
{
    static const int64_t OWN[] = { 1, 9 };
    (void)state;
    list(1, "voucher.create", "https://old.example.no/974760673/mark", "ACTIVE");
    list(2, "voucher.update", "https://other.example.no/", "ACTIVE");
    make(NULL, NULL, OWN, 2);
    assert_int_equal(plan.remove_count, 1);
    assert_int_equal(plan.remove[0], 1);
    assert_int_equal(plan.make_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(makes_all_where_there_is_none, set_up),
        cmocka_unit_test_setup(keeps_what_serves_and_makes_the_rest, set_up),
        cmocka_unit_test_setup(removes_what_is_ours_and_stale, set_up),
        cmocka_unit_test_setup(leaves_those_of_others_alone, set_up),
        cmocka_unit_test_setup(removes_its_own_when_switched_off, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
