/* Tests of lib/tripletex/answer.h: answers come from a server in a child, so that headers are real.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/http/http_internal.h"
#include "lib/tripletex/answer.h"

/* What the server says, by number; the test names them. */
struct reply {
    int status;
    const char *headers; /* with their line ends */
    const char *body;
};

static const char BODY_TOO_LARGE[] = "{\"status\":422,\"code\":23000,\"message\":\"Result set too "
                                     "large. 18000\",\"requestId\":\"r-1\"}";
static const char BODY_FAULTY[] =
    "{\"status\":422,\"code\":18000,\"message\":\"Validering feilet.\",\"validationMessages\":"
    "[{\"field\":\"dateTo\",\"message\":\"Kan ikke v\xc3\xa6re tom.\"}]}";

enum reply_name {
    OK,
    CREATED,
    SAME,
    UNAUTHORIZED,
    FORBIDDEN,
    GONE,
    GONE_FOR_GOOD,
    TOO_LARGE,
    TOO_LARGE_400,
    FAULTY,
    OTHER_422,
    OVER_BUDGET,
    REFUSED,
    REFUSED_METHOD,
    TIMED_OUT,
    CONFLICT,
    TOO_EARLY,
    MOVED,
    BROKEN,
    GATEWAY,
    STRANGE,
    BUDGET,
    ODD_BUDGET,
    HUGE_BUDGET,
    LONG_TEXT,
    REPLIES
};

#define HTML "<html><body><h1>502 Bad Gateway</h1></body></html>"
#define TEN "\xc3\xa5\xc3\xa5\xc3\xa5\xc3\xa5\xc3\xa5\xc3\xa5\xc3\xa5\xc3\xa5\xc3\xa5\xc3\xa5"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct reply SAID[REPLIES] = {
    [OK] = { 200, "", "{}" },
    [CREATED] = { 201, "", "{}" },
    [SAME] = { 304, "", "" },
    [UNAUTHORIZED] = { 401, "x-tlx-request-id: abc-401\r\n",
                       "{\"code\":3000,\"message\":\"Unauthorized\"}" },
    [FORBIDDEN] = { 403, "X-TLX-REQUEST-ID: abc-403\r\n",
                    "{\"code\":9000,\"message\":\"No access\"}" },
    [GONE] = { 404, "", "" },
    [GONE_FOR_GOOD] = { 410, "", "{\"message\":null}" },
    [TOO_LARGE] = { 422, "x-tlx-request-id: abc-422\r\n", BODY_TOO_LARGE },
    [TOO_LARGE_400] = { 400, "", "{\"code\":23000,\"message\":\"Too many\"}" },
    [FAULTY] = { 422, "", BODY_FAULTY },
    [OTHER_422] = { 422, "", "23000" },
    [OVER_BUDGET] = { 429, "X-Rate-Limit-Limit: 100\r\nX-Rate-Limit-Remaining: 0\r\n", "" },
    [REFUSED] = { 400, "", "{\"code\":\"23000\",\"message\":\"Bad\"}" },
    [REFUSED_METHOD] = { 405, "", HTML },
    [TIMED_OUT] = { 408, "", "" },
    [CONFLICT] = { 409, "", "{\"code\":8000,\"message\":\"Revision\"}" },
    [TOO_EARLY] = { 425, "", "" },
    [MOVED] = { 302, "Location: http://127.0.0.1:1/\r\n", "" },
    [BROKEN] = { 500, "x-tlx-request-id: abc-500\r\n", "{\"code\":1000,\"message\":\"Oops\"}" },
    [GATEWAY] = { 502, "", HTML },
    [STRANGE] = { 700, "", "?" },
    [BUDGET] = { 200,
                 "X-Rate-Limit-Limit: 100\r\nx-rate-limit-remaining: 42\r\nX-RATE-LIMIT-RESET: "
                 "7\r\n",
                 "{}" },
    [ODD_BUDGET] = { 200,
                     "X-Rate-Limit-Limit: many\r\nX-Rate-Limit-Remaining: -1\r\n"
                     "X-Rate-Limit-Reset: 7.5\r\n",
                     "{}" },
    [HUGE_BUDGET] = { 200,
                      "X-Rate-Limit-Limit: 99999999999999999999\r\n"
                      "X-Rate-Limit-Remaining: 1000000001\r\nX-Rate-Limit-Reset:\r\n",
                      "{}" },
    [LONG_TEXT] = { 400, "",
                    "{\"message\":\"x" HUNDRED HUNDRED "\",\"validationMessages\":"
                    "[{\"message\":\"x" HUNDRED HUNDRED "\"}]}" },
};

/* --- the server --- */

struct world {
    int port;
    pid_t server;
    struct http_call call;
    struct buf body;
    struct http_answer answer;
};

static void serve_one(int fd)
{
    char request[4096], reply[4096];
    ssize_t len = recv(fd, request, sizeof(request) - 1, 0);
    if (len <= 0)
        return;
    request[len] = '\0';
    const struct reply *said = &SAID[strtol(request + strlen("GET /"), NULL, 10) % REPLIES];
    int bytes = snprintf(reply, sizeof(reply),
                         "HTTP/1.1 %d Said\r\n%sContent-Length: %zu\r\n"
                         "Connection: close\r\n\r\n%s",
                         said->status, said->headers, strlen(said->body), said->body);
    (void)send(fd, reply, (size_t)bytes, MSG_NOSIGNAL);
}

static void serve(int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        AUTO_CLOSE int fd = accept(listener, NULL, NULL);
        if (fd >= 0)
            serve_one(fd);
    }
}

static int setup(void **state)
{
    struct world *world = mem_new(1, sizeof(*world));
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(address);
    AUTO_CLOSE int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    world->port = ntohs(address.sin_port);
    world->server = fork();
    assert_int_not_equal(world->server, -1);
    if (world->server == 0)
        serve(listener);
    buf_init(&world->body, 65536);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    (void)kill(world->server, SIGKILL);
    (void)waitpid(world->server, NULL, 0);
    curl_easy_cleanup(world->call.easy);
    buf_release(&world->body);
    free(world);
    return 0;
}

static size_t take_cb(char *bytes, size_t size, size_t count, void *ctx)
{
    return buf_append(ctx, bytes, size * count) == 0 ? size * count : 0;
}

static const struct http_answer *ask(struct world *world, enum reply_name name)
{
    AUTO_FREE char *url = mem_printf("http://127.0.0.1:%d/%d", world->port, name);
    long status = 0;
    curl_easy_cleanup(world->call.easy);
    world->call.easy = curl_easy_init();
    buf_clear(&world->body);
    curl_easy_setopt(world->call.easy, CURLOPT_URL, url);
    curl_easy_setopt(world->call.easy, CURLOPT_PROXY, "");
    curl_easy_setopt(world->call.easy, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(world->call.easy, CURLOPT_WRITEFUNCTION, take_cb);
    curl_easy_setopt(world->call.easy, CURLOPT_WRITEDATA, &world->body);
    assert_int_equal(curl_easy_perform(world->call.easy), CURLE_OK);
    curl_easy_getinfo(world->call.easy, CURLINFO_RESPONSE_CODE, &status);
    world->answer = (struct http_answer){
        .status = (int)status,
        .body = buf_text(&world->body),
        .body_len = world->body.len_bytes,
        .call = &world->call,
    };
    return &world->answer;
}

/* --- classes --- */

static void check(struct world *world, enum reply_name name, enum answer_class class, int code,
                  const char *text, const char *request_id)
{
    struct err err = ERR_NONE;
    const struct http_answer *answer = ask(world, name);
    assert_int_equal(answer_classify(answer, NULL, "GET /x", &err), class);
    assert_string_equal(err.text, text);
    assert_int_equal(err.code, code);
    assert_string_equal(err.request_id, request_id);
}

static void takes_every_success_and_every_unchanged(void **state)
{
    check(*state, OK, ANSWER_OK, 0, "", "");
    check(*state, CREATED, ANSWER_OK, 0, "", "");
    check(*state, SAME, ANSWER_SAME, 0, "", "");
}

static void tells_refusals_apart(void **state)
{
    check(*state, UNAUTHORIZED, ANSWER_UNAUTHORIZED, EACCES,
          "GET /x: Tripletex answered 401: Unauthorized", "abc-401");
    check(*state, FORBIDDEN, ANSWER_FORBIDDEN, EPERM, "GET /x: Tripletex answered 403: No access",
          "abc-403");
    check(*state, GONE, ANSWER_GONE, ENOENT, "GET /x: Tripletex answered 404", "");
    check(*state, GONE_FOR_GOOD, ANSWER_GONE, ENOENT, "GET /x: Tripletex answered 410", "");
    check(*state, REFUSED, ANSWER_REFUSED, EPROTO, "GET /x: Tripletex answered 400: Bad", "");
    check(*state, REFUSED_METHOD, ANSWER_REFUSED, EPROTO, "GET /x: Tripletex answered 405", "");
}

static void knows_a_result_that_is_too_large_by_its_code(void **state)
{
    check(*state, TOO_LARGE_400, ANSWER_TOO_LARGE, EPROTO,
          "GET /x: Tripletex answered 400: Too many", "");
    check(*state, TOO_LARGE, ANSWER_TOO_LARGE, EPROTO,
          "GET /x: Tripletex answered 422: Result set too large. 18000", "abc-422");
    check(*state, FAULTY, ANSWER_REFUSED, EPROTO,
          "GET /x: Tripletex answered 422: Validering feilet. (Kan ikke v\xc3\xa6re tom.)", "");
    check(*state, OTHER_422, ANSWER_REFUSED, EPROTO, "GET /x: Tripletex answered 422", "");
}

static void tries_later_what_passes(void **state)
{
    check(*state, TIMED_OUT, ANSWER_PASSING, EAGAIN, "GET /x: Tripletex answered 408", "");
    check(*state, CONFLICT, ANSWER_PASSING, EAGAIN, "GET /x: Tripletex answered 409: Revision", "");
    check(*state, TOO_EARLY, ANSWER_PASSING, EAGAIN, "GET /x: Tripletex answered 425", "");
    check(*state, OVER_BUDGET, ANSWER_OVER_BUDGET, EAGAIN, "GET /x: Tripletex answered 429", "");
    check(*state, BROKEN, ANSWER_PASSING, EREMOTEIO, "GET /x: Tripletex answered 500: Oops",
          "abc-500");
    check(*state, MOVED, ANSWER_PASSING, EPROTO, "GET /x: Tripletex answered 302", "");
    check(*state, STRANGE, ANSWER_PASSING, EPROTO, "GET /x: status 700 is no answer", "");
}

static void shows_nothing_of_the_page_of_a_gateway(void **state)
{
    check(*state, GATEWAY, ANSWER_PASSING, EREMOTEIO, "GET /x: Tripletex answered 502", "");
}

static void says_what_to_do(void **state)
{
    static const enum reply_name NAMES[] = { UNAUTHORIZED, FORBIDDEN, OVER_BUDGET,
                                             REFUSED,      MOVED,     BROKEN };
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        struct err err = ERR_NONE;
        (void)!answer_classify(ask(*state, NAMES[i]), NULL, "GET /x", &err);
        assert_string_not_equal(err.remedy, "");
    }
}

static void cuts_long_texts_between_letters(void **state)
{
    struct err err = ERR_NONE;
    assert_int_equal(answer_classify(ask(*state, LONG_TEXT), NULL, "GET /x", &err), ANSWER_REFUSED);
    assert_in_range(strlen(err.text), 400, ERR_TEXT_BYTES - 1);
    /* No letter is cut in two: after each lead byte comes its second. */
    for (const char *at = err.text; *at; at++)
        assert_true(*at != '\xc3' || at[1] == '\xa5');
}

static void passes_on_what_the_transport_says(void **state)
{
    (void)state;
    struct err said = ERR_NONE, err = ERR_NONE;
    const struct http_answer answer = { .status = 0, .body = "" };
    err_set(&said, ETIMEDOUT, "no answer within 60 s");
    err_set_remedy(&said, "Wait");
    assert_int_equal(answer_classify(&answer, &said, "GET /x", &err), ANSWER_PASSING);
    assert_int_equal(err.code, ETIMEDOUT);
    assert_string_equal(err.text, "GET /x: no answer within 60 s");
    assert_string_equal(err.remedy, "Wait");
}

/* --- budgets --- */

static void check_budget(struct world *world, enum reply_name name, int limit, int remaining,
                         int reset_s)
{
    struct answer_budget budget = answer_read_budget(ask(world, name));
    assert_int_equal(budget.limit, limit);
    assert_int_equal(budget.remaining, remaining);
    assert_int_equal(budget.reset_s, reset_s);
}

static void reads_the_budget(void **state)
{
    check_budget(*state, BUDGET, 100, 42, 7);
    check_budget(*state, OVER_BUDGET, 100, 0, -1);
    check_budget(*state, OK, -1, -1, -1);
}

static void takes_no_budget_that_is_no_number(void **state)
{
    check_budget(*state, ODD_BUDGET, -1, -1, -1);
    check_budget(*state, HUGE_BUDGET, -1, -1, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_every_success_and_every_unchanged),
        TEST(tells_refusals_apart),
        TEST(knows_a_result_that_is_too_large_by_its_code),
        TEST(tries_later_what_passes),
        TEST(shows_nothing_of_the_page_of_a_gateway),
        TEST(says_what_to_do),
        TEST(cuts_long_texts_between_letters),
        cmocka_unit_test(passes_on_what_the_transport_says),
        TEST(reads_the_budget),
        TEST(takes_no_budget_that_is_no_number),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
