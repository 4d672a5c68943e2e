/* Tests of daemon/address.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/address.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

static void check_url(const char *text, const char *url)
{
    AUTO_FREE char *made = NULL;
    struct err err = ERR_NONE;
    assert_int_equal(address_parse_url(text, ADDRESS_OF_API, &made, &err), 0);
    assert_string_equal(made, url);
}

static void accepts_addresses(void **state)
{
    (void)state;
    check_url("https://tripletex.no/v2", "https://tripletex.no/v2");
    check_url("https://tripletex.no/v2/", "https://tripletex.no/v2");
    check_url("https://tripletex.no//", "https://tripletex.no");
    check_url("HTTPS://api-test.tripletex.tech:8443/v2", "HTTPS://api-test.tripletex.tech:8443/v2");
    check_url("https://[2001:db8::1]:443/v2", "https://[2001:db8::1]:443/v2");
    check_url("http://127.0.0.1:8080/v2", "http://127.0.0.1:8080/v2");
    check_url("http://127.255.3.4", "http://127.255.3.4");
    check_url("http://[::1]:1/v2", "http://[::1]:1/v2");
    check_url("http://localhost:65535/v2", "http://localhost:65535/v2");
    check_url("http://LocalHost/v2", "http://LocalHost/v2");
}

static void check_refused(const char *text, const char *part)
{
    char *made = NULL;
    struct err err = ERR_NONE;
    assert_int_equal(address_parse_url(text, ADDRESS_OF_API, &made, &err), -EINVAL);
    assert_null(made);
    assert_non_null(strstr(err.text, part));
    assert_non_null(strstr(err.remedy, "https://"));
    assert_null(strstr(err.text, "hush"));
}

static void refuses_bad_addresses(void **state)
{
    (void)state;
    check_refused("", "does not begin with https://");
    check_refused("tripletex.no/v2", "does not begin with https://");
    check_refused("ftp://tripletex.no", "does not begin with https://");
    check_refused("https://", "host is missing");
    check_refused("https:///v2", "host is missing");
    check_refused("https://:443/v2", "host is missing");
    check_refused("https://a:hush@tripletex.no/v2", "holds a user");
    check_refused("ftp://a:hush@tripletex.no/v2", "holds a user");
    check_refused("https://tripletex.no/v2?token=hush", "query");
    check_refused("https://tripletex.no/v2#hush", "fragment");
    check_refused("https://tripletex.no:/v2", "port");
    check_refused("https://tripletex.no:0/v2", "port 0");
    check_refused("https://tripletex.no:65536/v2", "port 65536");
    check_refused("https://tripletex.no:123456/v2", "port");
    check_refused("https://tripletex.no:44a/v2", "port");
    check_refused("https://trip letex.no/v2", "other characters");
    check_refused("https://bl\xc3\xa5.no/v2", "other characters");
    check_refused("https://tripletex.no/v 2", "the path");
    check_refused("https://tripletex.no/v2\\", "the path");
    check_refused("https://[::1/v2", "']' is missing");
    check_refused("https://[12345]/v2", "no IPv6");
    check_refused("https://[::1]x/v2", "after the host");
}

/* What looks like a loopback address to a person, but not to a resolver. */
static void refuses_http_elsewhere(void **state)
{
    (void)state;
    check_refused("http://tripletex.no/v2", "in the clear");
    check_refused("http://127.0.0.1.example.org/v2", "in the clear");
    check_refused("http://localhost.example.org/v2", "in the clear");
    check_refused("http://128.0.0.1/v2", "in the clear");
    check_refused("http://0.0.0.0/v2", "in the clear");
    check_refused("http://[::2]/v2", "in the clear");
    check_refused("http://127.1/v2", "in the clear");
}

static void refuses_what_is_too_long(void **state)
{
    (void)state;
    char text[1200] = "https://";
    memset(text + 8, 'a', 300);
    check_refused(text, "longer than 253");
    memset(text + 8, 'a', sizeof(text) - 9);
    check_refused(text, "longer than 1000");
}

static void finds_the_host(void **state)
{
    (void)state;
    char host[ADDRESS_HOST_BYTES] = "untouched";
    assert_int_equal(address_get_host("nothing", host), -EINVAL);
    assert_string_equal(host, "untouched");
    assert_int_equal(address_get_host("https://TripleTex.no:443/v2", host), 0);
    assert_string_equal(host, "tripletex.no");
    assert_int_equal(address_get_host("http://[::1]:99", host), 0);
    assert_string_equal(host, "::1");
    assert_true(address_is_loopback(host));
    assert_true(address_is_loopback("localhost"));
    assert_false(address_is_loopback("tripletex.no"));
}

static void checks_where_to_listen(void **state)
{
    (void)state;
    static const char *const GOOD[] = { "127.0.0.1:9460", "[::1]:9460", "localhost:1",
                                        "0.0.0.0:80" };
    static const char *const BAD[] = { "",      "127.0.0.1", ":9460",    "127.0.0.1:0", "::1:9460",
                                       "[::1]", "a:b",       "host:80/", "9460",        "a:80 " };
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++)
        assert_int_equal(address_check_listen(GOOD[i], NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct err err = ERR_NONE;
        assert_int_equal(address_check_listen(BAD[i], &err), -EINVAL);
        assert_non_null(strstr(err.remedy, "HOST:PORT"));
    }
}

/* Each speaks of its own matter. */
static void tells_what_the_address_is_for(void **state)
{
    (void)state;
    char *made = NULL;
    struct err api = ERR_NONE, hook = ERR_NONE;
    assert_int_equal(address_parse_url("http://a.no", ADDRESS_OF_API, &made, &api), -EINVAL);
    assert_non_null(strstr(api.text, "would send tokens in the clear"));
    assert_non_null(strstr(api.remedy, "https://tripletex.no/v2"));
    assert_int_equal(address_parse_url("http://a.no", ADDRESS_OF_WEBHOOK, &made, &hook), -EINVAL);
    assert_non_null(strstr(hook.text, "would have events sent in the clear"));
    assert_non_null(strstr(hook.remedy, "https://saldod.example.no/hook"));
}

static void knows_who_would_take_the_same_port(void **state)
{
    (void)state;
    static const char *const SAME[][2] = {
        { "127.0.0.1:9460", "127.0.0.1:9460" }, { "127.0.0.1:9460", "0.0.0.0:9460" },
        { "localhost:9460", "127.0.0.1:9460" }, { "[::1]:9460", "localhost:9460" },
        { "[::1]:9460", "[::]:9460" },          { "Example.no:1", "example.NO:1" },
    };
    static const char *const APART[][2] = {
        { "127.0.0.1:9460", "127.0.0.1:9461" },
        { "127.0.0.1:9460", "127.0.0.2:9460" },
        { "0.0.0.0:9460", "[::1]:9460" },
        { "[::]:9460", "127.0.0.1:9460" },
        { "", "127.0.0.1:9460" },
        { "", "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(SAME); i++) {
        assert_true(address_is_same_listen(SAME[i][0], SAME[i][1]));
        assert_true(address_is_same_listen(SAME[i][1], SAME[i][0]));
    }
    for (size_t i = 0; i < ARRAY_LEN(APART); i++) {
        assert_false(address_is_same_listen(APART[i][0], APART[i][1]));
        assert_false(address_is_same_listen(APART[i][1], APART[i][0]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_addresses),
        cmocka_unit_test(refuses_bad_addresses),
        cmocka_unit_test(refuses_http_elsewhere),
        cmocka_unit_test(refuses_what_is_too_long),
        cmocka_unit_test(finds_the_host),
        cmocka_unit_test(checks_where_to_listen),
        cmocka_unit_test(tells_what_the_address_is_for),
        cmocka_unit_test(knows_who_would_take_the_same_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
