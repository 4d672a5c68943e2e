/* Tests of lib/server/server_head.h: what is understood, and what is refused with which status. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/server/server_head.h"

static char text[SERVER_HEAD_BYTES_MAX + 16];
static struct server_head head;

static int parse(const char *request)
{
    (void)snprintf(text, sizeof(text), "%s", request);
    return server_head_parse(text, strlen(request), &head);
}

#define HOST "Host: localhost\r\n"

static void takes_a_request_apart(void **state)
{
    (void)state;
    assert_int_equal(parse("GET /a%20b/%C3%A5?lang=nb&x=1%2B1+2 HTTP/1.1\r\n" HOST
                           "Accept-Language:  nb, en;q=0.5 \r\n\r\n"),
                     0);
    assert_string_equal(head.method, "GET");
    assert_string_equal(head.path, "/a b/\xC3\xA5");
    assert_string_equal(head.query, "lang=nb&x=1%2B1+2");
    assert_string_equal(server_head_find(&head, "accept-language"), "nb, en;q=0.5");
    assert_null(server_head_find(&head, "Accept"));
    assert_int_equal(head.is_closing, 0);
    assert_int_equal(head.body_bytes, 0);
}

static void finds_parameters(void **state)
{
    char value[64];
    (void)state;
    assert_int_equal(parse("GET /?lang=nb&x=1%2B1+2&bad=%zz&cut=%4 HTTP/1.1\r\n" HOST "\r\n"), 0);
    assert_int_equal(server_head_param(&head, "x", value, sizeof(value)), 0);
    assert_string_equal(value, "1+1 2");
    assert_int_equal(server_head_param(&head, "lang", value, sizeof(value)), 0);
    assert_string_equal(value, "nb");
    assert_int_equal(server_head_param(&head, "lan", value, sizeof(value)), -ENOENT);
    assert_int_equal(server_head_param(&head, "bad", value, sizeof(value)), -EINVAL);
    assert_int_equal(server_head_param(&head, "cut", value, sizeof(value)), -EINVAL);
    assert_int_equal(server_head_param(&head, "x", value, 3), -EINVAL);
}

static void tells_where_a_head_ends(void **state)
{
    const char *whole = "GET / HTTP/1.1\r\n" HOST "\r\nbody";
    (void)state;
    assert_int_equal(server_head_length(whole, strlen(whole)), strlen(whole) - 4);
    for (size_t len = 0; len < strlen(whole) - 4; len++)
        assert_int_equal(server_head_length(whole, len), 0);
}

static void tells_how_the_connection_goes_on(void **state)
{
    (void)state;
    assert_int_equal(parse("GET / HTTP/1.1\r\n" HOST "Connection: Close\r\n\r\n"), 0);
    assert_int_equal(head.is_closing, 1);
    assert_int_equal(parse("GET / HTTP/1.0\r\n\r\n"), 0);
    assert_int_equal(head.is_closing, 1);
    assert_int_equal(parse("POST / HTTP/1.1\r\n" HOST "Content-Length: 12\r\n\r\n"), 0);
    assert_int_equal(head.body_bytes, 12);
}

static void refuses_what_is_wrong_or_ambiguous(void **state)
{
    static const struct {
        int status;
        const char *request;
    } CASES[] = {
        { 400, "\r\n\r\n" },
        { 400, "GET\r\n\r\n" },
        { 400, "GET /\r\n\r\n" },
        { 400, "G(T / HTTP/1.1\r\n" HOST "\r\n" },
        { 400, "GET  / HTTP/1.1\r\n" HOST "\r\n" },
        { 400, "GET http://a/ HTTP/1.1\r\n" HOST "\r\n" },
        { 400, "GET /a b HTTP/1.1\r\n" HOST "\r\n" },
        { 400, "GET /%00 HTTP/1.1\r\n" HOST "\r\n" },
        { 400, "GET /%4 HTTP/1.1\r\n" HOST "\r\n" },
        { 400, "GET /#x HTTP/1.1\r\n" HOST "\r\n" },
        { 400, "GET /\xC3\xA5 HTTP/1.1\r\n" HOST "\r\n" },
        { 400, "GET / HTTP/1.1\r\n\r\n" },
        { 400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n" },
        { 400, "GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n" },
        { 400, "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n" },
        { 400, "GET / HTTP/1.1\r\n" HOST "A: b\nB: c\r\n\r\n" },
        { 400, "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n" },
        { 400, "GET / HTTP/1.1\r\n" HOST "A: \x01\r\n\r\n" },
        { 400, "GET / HTTP/1.1\r\n" HOST "none\r\n\r\n" },
        { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n" },
        { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n" },
        { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n" },
        { 400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 9999999999999999\r\n\r\n" },
        { 501, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" },
        { 501, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\ntransfer-encoding: x\r\n\r\n" },
        { 505, "GET / HTTP/2.0\r\n" HOST "\r\n" },
        { 400, "GET / http/1.1\r\n" HOST "\r\n" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        int status = parse(CASES[i].request);
        if (status != CASES[i].status)
            fail_msg("%d instead of %d for: %s", status, CASES[i].status, CASES[i].request);
    }
}

static void bounds_target_and_headers(void **state)
{
    char request[SERVER_HEAD_BYTES_MAX];
    (void)state;
    AUTO_FREE char *path = mem_new(SERVER_TARGET_BYTES_MAX + 2, 1);
    memset(path, 'a', SERVER_TARGET_BYTES_MAX + 1);
    path[0] = '/';
    (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
    assert_int_equal(parse(request), 414);
    int len = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < SERVER_HEADERS_MAX; i++)
        len += snprintf(request + len, sizeof(request) - (size_t)len, "A: b\r\n");
    (void)snprintf(request + len, sizeof(request) - (size_t)len, "\r\n");
    assert_int_equal(parse(request), 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_request_apart),
        cmocka_unit_test(finds_parameters),
        cmocka_unit_test(tells_where_a_head_ends),
        cmocka_unit_test(tells_how_the_connection_goes_on),
        cmocka_unit_test(refuses_what_is_wrong_or_ambiguous),
        cmocka_unit_test(bounds_target_and_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
