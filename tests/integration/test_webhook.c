/* Webhooks: subscribed to, heard, and harmless where they are forged, repeated or malformed. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "daemon/webhook_delivery.h"
#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/stage.h"
#include "tests/integration/web.h"

#define SECRET "a-secret-of-the-tests"

enum { CHANGES = 20, VISIBLE_MS = 1500 };

static const char WORLD[] =
    "{ \"consumerToken\": \"test-consumer\", \"companies\": ["
    "{ \"orgNr\": \"" BOOKS_CLIENT "\", \"name\": \"Fjord Fisk AS\", \"seed\": 1,"
    "  \"postingsPerYear\": 600 },"
    "{ \"orgNr\": \"" BOOKS_SINGLE "\", \"name\": \"Nordlys ANS\", \"seed\": 2,"
    "  \"postingsPerYear\": 200 } ],"
    "\"tokens\": ["
    "{ \"employeeToken\": \"test-bureau\", \"name\": \"bureau\", \"kind\": \"bureau\","
    "  \"access\": [\"" BOOKS_CLIENT "\"] },"
    "{ \"employeeToken\": \"test-single\", \"name\": \"single\", \"kind\": \"company\","
    "  \"orgNr\": \"" BOOKS_SINGLE "\" } ] }";

static char status_url[64], hook_url[64];

static void configure(struct stage *stage, const char *rest)
{
    const struct stage_config config = { .schedule = "pull_interval = 2s\n"
                                                     "webhook_poll_interval = 10min",
                                         .status = status_url + strlen("http://"),
                                         .rest = rest };
    stage_configure(stage, &config);
}

static void configure_hook(struct stage *stage)
{
    AUTO_FREE char *secret = folder_put(stage->folder, "hook-secret", 0600, SECRET "\n");
    AUTO_FREE char *rest = mem_printf("[webhook]\nlisten = %s\npublic_url = %s/hook\n"
                                      "secret_file = %s\n",
                                      hook_url + strlen("http://"), hook_url, secret);
    configure(stage, rest);
}

static char *subscriptions(struct stage *stage)
{
    return world_get(stage->world, "/subscriptions");
}

static int count(const char *text, const char *needle)
{
    int found = 0;
    for (const char *at = text; (at = strstr(at, needle)); at++)
        found++;
    return found;
}

static void wait_subscriptions(struct stage *stage, const char *needle, int wanted)
{
    int64_t until_ms = process_now_ms() + stage_ms(stage, 30);
    for (;;) {
        AUTO_FREE char *all = subscriptions(stage);
        if (count(all, needle) == wanted)
            return;
        if (process_now_ms() > until_ms)
            fail_msg("not %d times %s: %s", wanted, needle, all);
        process_pause();
    }
}

static struct program *set_scene(struct stage *stage)
{
    (void)snprintf(status_url, sizeof(status_url), "http://127.0.0.1:%d", web_free_port());
    (void)snprintf(hook_url, sizeof(hook_url), "http://127.0.0.1:%d", web_free_port());
    (void)stage_world(stage, WORLD);
    configure_hook(stage);
    db_run(stage->db, "SELECT bureau.add_bureau('Regnskap Nord AS', 'test-bureau')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_CLIENT "', 'Fjord Fisk AS', "
                      "bureau => 'Regnskap Nord AS')");
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 20);
    wait_subscriptions(stage, "\"status\":\"ACTIVE\"", 8);
    stage_wait(stage, 20,
               "SELECT bool_or(due_interval = interval '10 minutes') FROM sync.range WHERE is_top");
    return daemon;
}

/* --- deliveries of our own --- */

static void sign(const char *key, const char *body, char out[128])
{
    unsigned char hash[crypto_auth_hmacsha512_BYTES];
    crypto_auth_hmacsha512_state state;
    (void)crypto_auth_hmacsha512_init(&state, (const unsigned char *)SECRET, strlen(SECRET));
    (void)crypto_auth_hmacsha512_update(&state, (const unsigned char *)key, strlen(key));
    (void)crypto_auth_hmacsha512_update(&state, (const unsigned char *)"&", 1);
    (void)crypto_auth_hmacsha512_update(&state, (const unsigned char *)body, strlen(body));
    (void)crypto_auth_hmacsha512_final(&state, hash);
    (void)sodium_bin2base64(out, 128, hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
}

static int deliver(const char *key, const char *signed_body, const char *body)
{
    char mark[WEBHOOK_MARK_BYTES], signature[128];
    webhook_delivery_mark(SECRET, BOOKS_CLIENT, mark);
    sign(key, signed_body, signature);
    AUTO_FREE char *url = mem_printf("%s/hook/%s/%s", hook_url, BOOKS_CLIENT, mark);
    AUTO_FREE char *key_line = mem_printf("idempotency-key: %s", key);
    AUTO_FREE char *signature_line = mem_printf("x-request-signature: %s", signature);
    const char *headers[] = { key_line, signature_line, NULL };
    struct web_answer answer;
    web_ask(&(struct web_request){ .url = url, .headers = headers, .body = body }, &answer);
    int status = answer.status;
    web_release(&answer);
    return status;
}

static void check_counted(const char *verdict, int times)
{
    AUTO_FREE char *url = mem_printf("%s/metrics", status_url);
    AUTO_FREE char *metrics = web_get(url, 200);
    AUTO_FREE char *line = mem_printf("\nsaldod_webhook_events_total{verdict=\"%s\"} %d\n", verdict,
                                      times);
    stage_check_has(metrics, line);
}

/* --- tests --- */

static int compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

static int64_t change_and_wait(struct stage *stage, int number)
{
    AUTO_FREE char *mark = mem_printf("Webhook %d", number);
    int64_t begun_ms = process_now_ms();
    AUTO_FREE char *day = db_text(stage->db, "SELECT date_trunc('month', now())::date");
    world_post(stage->world, "/voucher",
               "{\"orgNr\": \"" BOOKS_CLIENT "\", \"date\": \"%s\", \"description\": \"%s\","
               " \"rows\": [{\"account\": 1920, \"amount\": \"%d\", \"description\": \"%s\"},"
               " {\"account\": 3000, \"amount\": \"-%d\", \"description\": \"%s\"}]}",
               day, mark, number + 1, mark, number + 1, mark);
    stage_wait(stage, 30, "SELECT count(*) = 2 FROM finale.posting WHERE description = '%s'", mark);
    return process_now_ms() - begun_ms;
}

static void a_change_is_visible_within_a_second_and_a_half(struct stage *stage)
{
    int64_t took_ms[CHANGES];
    (void)set_scene(stage);
    for (int i = 0; i < CHANGES; i++)
        took_ms[i] = change_and_wait(stage, i);
    qsort(took_ms, CHANGES, sizeof(took_ms[0]), compare);
    int64_t most_ms = took_ms[CHANGES * 95 / 100 - 1];
    print_message("%d changes are visible after %lld ms (median), %lld ms (95 of 100), at a poll "
                  "interval of 10 min\n",
                  CHANGES, (long long)took_ms[CHANGES / 2], (long long)most_ms);
    assert_in_range(most_ms, 1, stage_ms(stage, VISIBLE_MS / 1000.0));
    books_check_equal(stage);
}

static void a_burst_is_one_pull(struct stage *stage)
{
    (void)set_scene(stage);
    char key[32];
    (void)change_and_wait(stage, 900);
    world_forget(stage->world);
    for (int i = 0; i < 30; i++) {
        (void)snprintf(key, sizeof(key), "burst-%d", i);
        assert_int_equal(
            deliver(key, "{\"event\":\"voucher.update\"}", "{\"event\":\"voucher.update\"}"), 204);
    }
    (void)change_and_wait(stage, 901);
    int64_t requests = world_requests(stage->world, "/ledger/posting");
    print_message("30 events and a change cost %lld requests for postings\n", (long long)requests);
    assert_in_range(requests, 1, 30);
}

static void what_is_not_genuine_does_nothing(struct stage *stage)
{
    static const char EVENT[] = "{\"event\":\"voucher.update\"}";
    struct program *daemon = set_scene(stage);
    (void)change_and_wait(stage, 910);
    assert_int_equal(deliver("k1", "another body", EVENT), 401);
    assert_int_equal(deliver("k2", "no event", "no event"), 400);
    AUTO_FREE char *large = mem_new(300 * 1024, 1);
    memset(large, 'x', 300 * 1024 - 1);
    assert_int_equal(deliver("k3", large, large), 413);
    AUTO_FREE char *elsewhere = mem_printf("%s/hook/%s/0123456789abcdef0123456789abcdef", hook_url,
                                           BOOKS_CLIENT);
    struct web_answer answer;
    web_ask(&(struct web_request){ .url = elsewhere, .body = EVENT }, &answer);
    assert_int_equal(answer.status, 404);
    web_release(&answer);
    web_ask(&(struct web_request){ .url = elsewhere }, &answer);
    assert_int_equal(answer.status, 405);
    web_release(&answer);
    check_counted("forged", 1);
    check_counted("malformed", 1);
    check_counted("unknown", 1);
    check_counted("taken", 1); /* of the change */
    assert_int_equal(deliver("k4", EVENT, EVENT), 204);
    assert_int_equal(deliver("k4", EVENT, EVENT), 204);
    check_counted("repeated", 1);
    check_counted("taken", 2);
    AUTO_FREE char *told = program_err(daemon);
    stage_check_has(told, "was not signed with the secret");
    stage_check_lacks(told, SECRET);
}

static void subscriptions_are_kept_and_removed(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    AUTO_FREE char *id = db_text(stage->db, "SELECT min(subscription_id) FROM sync.webhook");
    world_post(stage->world, "/subscription",
               "{\"id\": %s, \"status\": \"DISABLED_TOO_MANY_ERRORS\"}", id);
    program_signal(daemon, SIGHUP); /* looks again at once; otherwise every hour */
    wait_subscriptions(stage, "DISABLED_TOO_MANY_ERRORS", 0);
    wait_subscriptions(stage, "\"status\":\"ACTIVE\"", 8);
    configure(stage, NULL);
    program_signal(daemon, SIGHUP);
    wait_subscriptions(stage, "\"id\"", 0);
    stage_wait(stage, 20, "SELECT count(*) = 0 FROM sync.webhook");
    stage_wait(stage, 20,
               "SELECT bool_and(due_interval < interval '1 minute') FROM sync.range "
               "WHERE is_top AND date_to > now()");
    AUTO_FREE char *violations = world_get(stage->world, "/violations");
    stage_check_has(violations, "\"count\":0,");
}

/* Once events are subscribed to for an hour, and no signal says to look again. */
static void a_disabled_client_is_unsubscribed_at_once(struct stage *stage)
{
    (void)set_scene(stage);
    db_run(stage->db, "UPDATE bureau.client SET enabled = false");
    wait_subscriptions(stage, "\"id\"", 0);
    stage_wait(stage, 20, "SELECT count(*) = 0 FROM sync.webhook");
    db_run(stage->db, "UPDATE bureau.client SET enabled = true");
    wait_subscriptions(stage, "\"status\":\"ACTIVE\"", 8);
    stage_wait(stage, 20, "SELECT count(*) = 8 FROM sync.webhook");
    (void)change_and_wait(stage, 920);
}

/* Who pulls once, while no daemon runs, knows nothing of webhooks. */
static void a_single_pull_leaves_subscriptions_alone(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 20)), 0);
    world_post(
        stage->world, "/fault",
        "{\"kind\": \"delay\", \"path\": \"/ledger/posting\", \"delayMs\": 3000, \"next\": 1}");
    assert_int_equal(SALDOD(stage, "pull"), 0);
    AUTO_FREE char *all = subscriptions(stage);
    assert_int_equal(count(all, "\"status\":\"ACTIVE\""), 8);
}

/* --- clients that are gone --- */

static void check_nothing_left(struct stage *stage)
{
    wait_subscriptions(stage, "\"id\"", 0);
    stage_wait(stage, 20, "SELECT count(*) = 0 FROM sync.leftover");
    AUTO_FREE char *violations = world_get(stage->world, "/violations");
    stage_check_has(violations, "\"count\":0,");
}

static void a_purged_client_leaves_no_subscription(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    db_run(stage->db, "SELECT bureau.purge_client('" BOOKS_CLIENT "')");
    check_nothing_left(stage);
    AUTO_FREE char *told = program_err(daemon);
    stage_check_has(told, "8 subscriptions of clients that are gone were removed");
}

/* The only token that can remove them goes with the client. */
static void one_with_a_token_of_its_own_leaves_none_either(struct stage *stage)
{
    (void)set_scene(stage);
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_SINGLE "', 'Nordlys ANS', "
                      "employee_token => 'test-single')");
    db_run(stage->db, "UPDATE bureau.client SET org_nr_setting = '' "
                      "WHERE org_nr = '" BOOKS_SINGLE "'");
    wait_subscriptions(stage, "\"status\":\"ACTIVE\"", 16);
    stage_wait(stage, 20, "SELECT count(*) = 16 FROM sync.webhook");
    db_run(stage->db, "DELETE FROM bureau.client WHERE org_nr = '" BOOKS_SINGLE "'");
    wait_subscriptions(stage, "\"status\":\"ACTIVE\"", 8);
    stage_wait(stage, 20, "SELECT count(*) = 0 FROM sync.leftover");
    stage_wait(stage, 20, "SELECT count(*) = 1 FROM sync.token_state");
    stage_wait(stage, 20, "SELECT count(*) = 1 FROM sync.session");
}

/* What is kept of it opens with the new key only. */
static void seal_under_another_key(struct stage *stage)
{
    AUTO_FREE char *key = folder_put(
        stage->folder, "new-key", 0600,
        "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n");
    assert_int_equal(SALDOD(stage, "seal", "--new-key", key), 0);
    stage_check_has(stage->out, "1 tokens and ");
    char *old = stage->key;
    stage->key = key;
    configure(stage, NULL);
    stage->key = old;
}

/* Nobody heard of it, the bureau is gone too, the seal key is another and webhooks are off by the
 * next start. */
static void what_went_while_nothing_ran_is_removed_later(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 20)), 0);
    db_run(stage->db, "SELECT bureau.purge_client('" BOOKS_CLIENT "')");
    db_run(stage->db, "DELETE FROM bureau.bureau");
    stage_wait(stage, 1,
               "SELECT count(*) = 8 FROM sync.leftover "
               "WHERE employee_token LIKE 'sealed:%%'");
    seal_under_another_key(stage);
    (void)stage_daemon(stage);
    check_nothing_left(stage);
}

/* One that Tripletex does not let go of is told, and given up in the end. */
static void what_cannot_be_removed_is_told_and_forgotten(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    world_post(stage->world, "/fault",
               "{\"kind\": \"status\", \"status\": 403, \"path\": \"/event/subscription/*\"}");
    db_run(stage->db, "SELECT bureau.purge_client('" BOOKS_CLIENT "')");
    stage_wait_told(stage, daemon, 20, "forgotten after seven days: ");
    stage_wait(stage, 5, "SELECT count(*) = 8 FROM sync.leftover");
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 20)), 0);
    db_run(stage->db, "UPDATE sync.leftover SET forget_at = now()");
    (void)stage_daemon(stage);
    stage_wait(stage, 20, "SELECT count(*) = 0 FROM sync.leftover");
}

/* Registered again before they are removed, it takes them over. */
static void a_client_that_comes_back_keeps_its_subscriptions(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 20)), 0);
    db_run(stage->db, "SELECT bureau.purge_client('" BOOKS_CLIENT "')");
    db_run(stage->db, "SELECT bureau.add_client('" BOOKS_CLIENT "', 'Fjord Fisk AS', "
                      "bureau => 'Regnskap Nord AS')");
    (void)stage_daemon(stage);
    stage_wait(stage, 30, "SELECT count(*) = 8 FROM sync.webhook");
    stage_wait(stage, 30, "SELECT count(*) = 0 FROM sync.leftover");
    wait_subscriptions(stage, "\"status\":\"ACTIVE\"", 8);
    books_wait_fresh(stage, 20);
    (void)change_and_wait(stage, 930);
}

int main(void)
{
    static struct stage stage;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, a_change_is_visible_within_a_second_and_a_half),
        STAGE_TEST(&stage, a_burst_is_one_pull),
        STAGE_TEST(&stage, what_is_not_genuine_does_nothing),
        STAGE_TEST(&stage, subscriptions_are_kept_and_removed),
        STAGE_TEST(&stage, a_disabled_client_is_unsubscribed_at_once),
        STAGE_TEST(&stage, a_single_pull_leaves_subscriptions_alone),
        STAGE_TEST(&stage, a_purged_client_leaves_no_subscription),
        STAGE_TEST(&stage, one_with_a_token_of_its_own_leaves_none_either),
        STAGE_TEST(&stage, what_went_while_nothing_ran_is_removed_later),
        STAGE_TEST(&stage, what_cannot_be_removed_is_told_and_forgotten),
        STAGE_TEST(&stage, a_client_that_comes_back_keeps_its_subscriptions),
    };
    if (stage_open(&stage) < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
