/* Tests of lib/http/http.h: requests, answers and faults, against a server that plays scripts. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "tests/unit/http_world.h"

/* `words` follow "127.0.0.1:PORT: ". */
static void check_fault(struct world *world, const char *path, int code, const char *words)
{
    struct outcome outcome;
    world_get(&outcome, world, path);
    AUTO_FREE char *text = mem_printf("127.0.0.1:%d: %s", world->server.port, words);
    assert_string_equal(outcome.err.text, text);
    assert_int_equal(outcome.err.code, code);
    assert_int_equal(outcome.status, 0);
    outcome_release(&outcome);
}

static void gets_answers_of_every_form(void **state)
{
    world_check_get(*state, "/ok", 200, "hello");
    world_check_get(*state, "/chunked", 200, "abcdefg");
    world_check_get(*state, "/gzip", 200, "gzip body");
    world_check_get(*state, "/not-modified", 304, "");
    world_check_get(*state, "/empty-error", 403, "");
    world_check_get(*state, "/absent", 404, "");
    world_check_get(*state, "/redirect", 302, "");
    world_check_get(*state, "/short", 200, "012");
}

static void finds_headers_in_any_case(void **state)
{
    struct outcome outcome;
    world_get(&outcome, *state, "/ok");
    assert_string_equal(outcome.header, "17");
    outcome_release(&outcome);
    world_get(&outcome, *state, "/chunked");
    assert_string_equal(outcome.header, "(absent)");
    outcome_release(&outcome);
}

static void tells_when_it_was_sent(void **state)
{
    struct outcome outcome;
    int64_t before_us = clock_now_us();
    world_get(&outcome, *state, "/ok");
    assert_in_range(outcome.sent_us, before_us, clock_now_us());
    outcome_release(&outcome);
}

static void check_line(const struct outcome *outcome, const char *line)
{
    AUTO_FREE char *whole = mem_printf("%s\r\n", line);
    if (!strstr(buf_text(&outcome->body), whole))
        fail_msg("no line \"%s\" in: %s", line, buf_text(&outcome->body));
}

static void sends_method_headers_access_and_body(void **state)
{
    struct world *world = *state;
    AUTO_FREE char *url = world_url(world, "/echo?a=%C3%A5&b=:create");
    static const char *const HEADERS[] = { "If-None-Match: abc", "X-Two: 2", NULL };
    struct http_request request = world_request(url);
    request.method = HTTP_POST;
    request.user = "0";
    request.password = "secret";
    request.headers = HEADERS;
    request.body = "{\"a\":\"\xc3\xa5\"}";
    struct outcome outcome;
    world_ask(&outcome, world, &request);
    assert_int_equal(outcome.status, 201);
    check_line(&outcome, "POST /echo?a=%C3%A5&b=:create HTTP/1.1");
    check_line(&outcome, "Authorization: Basic MDpzZWNyZXQ=");
    check_line(&outcome, "If-None-Match: abc");
    check_line(&outcome, "X-Two: 2");
    check_line(&outcome, "User-Agent: saldod-test");
    check_line(&outcome, "Content-Type: application/json; charset=utf-8");
    check_line(&outcome, "Content-Length: 10");
    assert_non_null(strstr(buf_text(&outcome.body), "\r\n\r\n{\"a\":\"\xc3\xa5\"}"));
    outcome_release(&outcome);
}

static void sends_every_method(void **state)
{
    static const struct method_case {
        enum http_method method;
        const char *body, *line, *length;
    } CASES[] = {
        { HTTP_GET, NULL, "GET /echo HTTP/1.1", NULL },
        { HTTP_POST, NULL, "POST /echo HTTP/1.1", "Content-Length: 0" },
        { HTTP_PUT, NULL, "PUT /echo HTTP/1.1", "Content-Length: 0" },
        { HTTP_PUT, "[1]", "PUT /echo HTTP/1.1", "Content-Length: 3" },
        { HTTP_DELETE, NULL, "DELETE /echo HTTP/1.1", NULL },
    };
    AUTO_FREE char *url = world_url(*state, "/echo");
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct http_request request = world_request(url);
        request.method = CASES[i].method;
        request.body = CASES[i].body;
        struct outcome outcome;
        world_ask(&outcome, *state, &request);
        check_line(&outcome, CASES[i].line);
        if (CASES[i].length)
            check_line(&outcome, CASES[i].length);
        assert_true(CASES[i].length || !strstr(buf_text(&outcome.body), "Content-Length"));
        assert_true(CASES[i].body || !strstr(buf_text(&outcome.body), "Content-Type"));
        assert_null(strstr(buf_text(&outcome.body), "Authorization"));
        outcome_release(&outcome);
    }
}

static void names_what_is_wrong_with_an_answer(void **state)
{
    static const char CUT[] = "the connection ended before the whole answer had come";
    check_fault(*state, "/truncated?token=secret", ECONNRESET, CUT);
    check_fault(*state, "/chunked-truncated", ECONNRESET, CUT);
    check_fault(*state, "/reset", ECONNRESET, "the connection was lost while the answer came");
    check_fault(*state, "/nothing", ECONNRESET, "the connection ended without an answer");
    check_fault(*state, "/gzip-broken", EPROTO, "the compressed body cannot be unpacked");
    check_fault(*state, "/garbage", EPROTO, "the answer is no HTTP");
    check_fault(*state, "/headers-big", EMSGSIZE,
                "the headers of the answer are longer than 65536 bytes");
}

static void cuts_an_error_body_at_64_kib(void **state)
{
    struct outcome outcome;
    world_get(&outcome, *state, "/error-big");
    assert_int_equal(outcome.status, 500);
    assert_int_equal(outcome.body.len_bytes, 65536);
    outcome_release(&outcome);
    world_get(&outcome, *state, "/error-endless");
    assert_int_equal(outcome.status, 503);
    assert_int_equal(outcome.body.len_bytes, 65536);
    outcome_release(&outcome);
}

static void streams_a_body(void **state)
{
    struct outcome outcome;
    outcome_init(&outcome, *state);
    world_ask_streamed(&outcome, "/big", FAKE_BIG_BYTES);
    assert_int_equal(outcome.status, 200);
    assert_int_equal(outcome.body.len_bytes, FAKE_BIG_BYTES);
    outcome_release(&outcome);
    /* An error body is gathered all the same. */
    outcome_init(&outcome, *state);
    outcome.body_code = -EIO;
    world_ask_streamed(&outcome, "/error-big", WORLD_MAX_BODY_BYTES);
    assert_int_equal(outcome.status, 500);
    assert_int_equal(outcome.body.len_bytes, 65536);
    outcome_release(&outcome);
}

static void refuses_a_body_over_the_maximum(void **state)
{
    struct outcome outcome;
    outcome_init(&outcome, *state);
    world_ask_streamed(&outcome, "/big", FAKE_BIG_BYTES - 1);
    assert_int_equal(outcome.err.code, EMSGSIZE);
    assert_non_null(strstr(outcome.err.text, "the answer is longer than 1048575 bytes"));
    assert_true(outcome.body.len_bytes < FAKE_BIG_BYTES);
    outcome_release(&outcome);
    AUTO_FREE char *url = world_url(*state, "/gzip");
    struct http_request request = world_request(url);
    request.max_body_bytes = 8; /* of 9 once unpacked */
    world_ask(&outcome, *state, &request);
    assert_int_equal(outcome.err.code, EMSGSIZE);
    outcome_release(&outcome);
}

static void ends_with_the_code_of_the_receiver(void **state)
{
    struct outcome outcome;
    outcome_init(&outcome, *state);
    outcome.body_code = -ENOSPC;
    world_ask_streamed(&outcome, "/big", WORLD_MAX_BODY_BYTES);
    assert_int_equal(outcome.err.code, ENOSPC);
    assert_int_equal(outcome.status, 0);
    outcome_release(&outcome);
}

static void tells_refusal_and_unknown_hosts(void **state)
{
    int port = fake_http_free_port();
    AUTO_FREE char *url = mem_printf("http://127.0.0.1:%d/v2?token=secret", port);
    AUTO_FREE char *text = mem_printf("no connection to 127.0.0.1:%d: Connection refused", port);
    struct http_request request = world_request(url);
    struct outcome outcome;
    world_ask(&outcome, *state, &request);
    assert_int_equal(outcome.err.code, ECONNREFUSED);
    assert_string_equal(outcome.err.text, text);
    assert_true(outcome.err.remedy[0] != '\0');
    outcome_release(&outcome);
    request = world_request("https://nowhere.invalid/v2?token=secret");
    world_ask(&outcome, *state, &request);
    assert_int_equal(outcome.err.code, EHOSTUNREACH);
    assert_string_equal(outcome.err.text,
                        "no connection to nowhere.invalid:443: the host name is not known");
    assert_non_null(strstr(outcome.err.remedy, "name servers"));
    outcome_release(&outcome);
}

static void check_start_refused(struct world *world, const struct http_request *request)
{
    struct err err = ERR_NONE;
    struct http_call *call = NULL;
    assert_int_equal(http_start(world->client, request, outcome_note_done, NULL, &call, &err),
                     -EINVAL);
    assert_int_equal(err.code, EINVAL);
    assert_null(strstr(err.text, "secret"));
    assert_null(call);
}

static void refuses_requests_that_make_no_sense(void **state)
{
    static const char *const URLS[] = { "", "no url", "http://user:secret@127.0.0.1/",
                                        "http://127.0.0.1/\r\nX: secret" };
    for (size_t i = 0; i < ARRAY_LEN(URLS); i++) {
        struct http_request request = world_request(URLS[i]);
        check_start_refused(*state, &request);
    }
    static const char *const HEADERS[] = { "secret", "A: b\r\nsecret: c", "A: secret\x01" };
    for (size_t i = 0; i < ARRAY_LEN(HEADERS); i++) {
        const char *const headers[] = { HEADERS[i], NULL };
        struct http_request request = world_request("http://127.0.0.1/");
        request.headers = headers;
        check_start_refused(*state, &request);
    }
    struct http_request endless = world_request("http://127.0.0.1/");
    endless.timeout_ms = 0;
    check_start_refused(*state, &endless);
    struct outcome outcome;
    struct http_request file = world_request("file:///etc/hostname");
    struct err err = ERR_NONE;
    outcome_init(&outcome, *state);
    if (http_start(outcome.world->client, &file, outcome_note_done, &outcome, NULL, &err) == 0) {
        world_wait(outcome.world, 1);
        assert_int_equal(outcome.err.code, EPROTO);
    }
    outcome_release(&outcome);
}

static void encodes_query_values(void **state)
{
    (void)state;
    AUTO_BUF struct buf out;
    buf_init(&out, 39);
    assert_int_equal(http_encode(&out, "aZ09-._~ &=+%\xc3\xa5/"), 0);
    assert_string_equal(buf_text(&out), "aZ09-._~%20%26%3D%2B%25%C3%A5%2F");
    assert_int_equal(http_encode(&out, "aaaaa "), -EMSGSIZE);
    assert_int_equal(http_encode(&out, "aaaaaaaaaaa"), -EMSGSIZE);
    assert_string_equal(buf_text(&out), "aZ09-._~%20%26%3D%2B%25%C3%A5%2F");
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(gets_answers_of_every_form),
        WITH_WORLD(finds_headers_in_any_case),
        WITH_WORLD(tells_when_it_was_sent),
        WITH_WORLD(sends_method_headers_access_and_body),
        WITH_WORLD(sends_every_method),
        WITH_WORLD(names_what_is_wrong_with_an_answer),
        WITH_WORLD(cuts_an_error_body_at_64_kib),
        WITH_WORLD(streams_a_body),
        WITH_WORLD(refuses_a_body_over_the_maximum),
        WITH_WORLD(ends_with_the_code_of_the_receiver),
        WITH_WORLD(tells_refusal_and_unknown_hosts),
        WITH_WORLD(refuses_requests_that_make_no_sense),
        cmocka_unit_test(encodes_query_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
