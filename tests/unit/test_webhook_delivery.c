/* Tests of daemon/webhook_delivery.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/webhook_delivery.h"
#include "lib/base/mem.h"

#define SECRET "S5Yd3Dz6FWmj7q2uA4Uy9KcQMGBVpJHeCbTgEnaw"
#define KEY "key-1"
#define BODY "{\"subscriptionId\":7,\"event\":\"voucher.update\",\"id\":12,\"value\":null}"
/* openssl dgst -sha512 -hmac SECRET -binary over KEY&BODY, in base64 */
#define SIGNATURE                                                                                  \
    "hRca34TspH0+pBzsKWvpEIIRgWKEHy5OSQ06FzTm5btpNjAFrvDLC2yMGT9Qf3GQ/KcgS6n83W3MlQHf+8NtWQ=="

static int is_genuine(const char *secret, const char *signature, const char *key, const char *body)
{
    return webhook_delivery_is_genuine(secret, signature, key, body, strlen(body));
}

static void knows_its_own(void **state)
{
    (void)state;
    assert_int_equal(is_genuine(SECRET, SIGNATURE, KEY, BODY), 1);
}

static void refuses_whatever_differs(void **state)
{
    AUTO_FREE char *cut = mem_strdup(SIGNATURE), *other = mem_strdup(SIGNATURE);
    (void)state;
    cut[strlen(cut) - 4] = '\0';
    other[0] = other[0] == 'A' ? 'B' : 'A';
    assert_int_equal(is_genuine("another", SIGNATURE, KEY, BODY), 0);
    assert_int_equal(is_genuine("", SIGNATURE, KEY, BODY), 0);
    assert_int_equal(is_genuine(SECRET, SIGNATURE, "key-2", BODY), 0);
    assert_int_equal(is_genuine(SECRET, SIGNATURE, "", BODY), 0);
    assert_int_equal(is_genuine(SECRET, SIGNATURE, KEY, BODY " "), 0);
    assert_int_equal(is_genuine(SECRET, SIGNATURE, KEY, ""), 0);
    assert_int_equal(is_genuine(SECRET, cut, KEY, BODY), 0);
    assert_int_equal(is_genuine(SECRET, other, KEY, BODY), 0);
    assert_int_equal(is_genuine(SECRET, "", KEY, BODY), 0);
    assert_int_equal(is_genuine(SECRET, "not base64 !", KEY, BODY), 0);
    assert_int_equal(is_genuine(SECRET, NULL, KEY, BODY), 0);
    assert_int_equal(is_genuine(SECRET, SIGNATURE, NULL, BODY), 0);
}

static int parse(const char *body, struct webhook_delivery *ret)
{
    return webhook_delivery_parse(body, strlen(body), ret);
}

static void reads_an_event(void **state)
{
    struct webhook_delivery delivery;
    (void)state;
    assert_int_equal(parse(BODY, &delivery), 0);
    assert_int_equal(delivery.subscription_id, 7);
    assert_string_equal(delivery.event, "voucher.update");
    assert_int_equal(delivery.object_id, 12);
    assert_int_equal(parse("{\"event\":\"x\",\"id\":\"text\"}", &delivery), 0);
    assert_int_equal(delivery.object_id, 0);
}

static void refuses_what_is_no_event(void **state)
{
    static const char *const BODIES[] = {
        "", "null", "[]", "{}", "{\"event\":null}", "{\"event\":1}", "{\"event\":\"x\"", "\xFF"
    };
    struct webhook_delivery delivery;
    char body[200];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++)
        assert_int_equal(parse(BODIES[i], &delivery), -EPROTO);
    (void)snprintf(body, sizeof(body), "{\"event\":\"%064d\"}", 1);
    assert_int_equal(parse(body, &delivery), -EPROTO);
}

static void an_address_is_of_one_client_and_secret(void **state)
{
    char mark[WEBHOOK_MARK_BYTES], other[WEBHOOK_MARK_BYTES], org_nr[WEBHOOK_ORG_NR_BYTES];
    (void)state;
    webhook_delivery_mark(SECRET, "974760673", mark);
    webhook_delivery_mark(SECRET, "811126489", other);
    assert_int_equal(strlen(mark), WEBHOOK_MARK_BYTES - 1);
    assert_string_not_equal(mark, other);
    AUTO_FREE char *path = mem_printf("/974760673/%s", mark);
    AUTO_FREE char *below = mem_printf("/tripletex/974760673/%s", mark);
    AUTO_FREE char *wrong = mem_printf("/974760673/%s", other);
    AUTO_FREE char *longer = mem_printf("/974760673/%s/", mark);
    AUTO_FREE char *no_number = mem_printf("/974760674/%s", mark);
    assert_int_equal(webhook_delivery_client(SECRET, path, org_nr), 0);
    assert_string_equal(org_nr, "974760673");
    assert_int_equal(webhook_delivery_client(SECRET, below, org_nr), 0);
    assert_int_equal(webhook_delivery_client("another", path, org_nr), -ENOENT);
    assert_int_equal(webhook_delivery_client(SECRET, wrong, org_nr), -ENOENT);
    assert_int_equal(webhook_delivery_client(SECRET, longer, org_nr), -ENOENT);
    assert_int_equal(webhook_delivery_client(SECRET, no_number, org_nr), -ENOENT);
    assert_int_equal(webhook_delivery_client(SECRET, path + 1, org_nr), -ENOENT);
    assert_int_equal(webhook_delivery_client(SECRET, "/", org_nr), -ENOENT);
    assert_int_equal(webhook_delivery_client(SECRET, "", org_nr), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_own),
        cmocka_unit_test(refuses_whatever_differs),
        cmocka_unit_test(reads_an_event),
        cmocka_unit_test(refuses_what_is_no_event),
        cmocka_unit_test(an_address_is_of_one_client_and_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
