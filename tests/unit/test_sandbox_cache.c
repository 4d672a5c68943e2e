/* Tests of tests/sandbox/cache.h: what is found again, what is not, and that it is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sandbox/cache.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/list.h"
#include "tests/sandbox/out.h"
#include "tests/sandbox/params.h"

static struct company FJORD = { .org_nr = (char[]){ "974760673" } };
static struct company NORDLYS = { .org_nr = (char[]){ "811126489" } };

static struct query query_of(const char *count)
{
    struct query query = { .endpoint = params_endpoint("/ledger/posting") };
    for (int i = 0; query.endpoint->params[i].name; i++) {
        if (strcmp(query.endpoint->params[i].name, "count") == 0)
            query.text[i] = count;
    }
    return query;
}

static void add(struct cache *cache, const struct list_ask *ask, const char *digest,
                const char *text)
{
    struct out page = { .len = 0 };
    out_raw(&page, text);
    cache_add(cache, ask, digest, &page);
    out_release(&page);
}

static void check(const struct cache *cache, const struct list_ask *ask, const char *digest,
                  const char *text)
{
    struct out page = { .len = 0 };
    const char *found = "none";
    assert_int_equal(cache_find(cache, ask, &page, &found), text != NULL);
    if (text) {
        assert_int_equal(page.len, strlen(text));
        assert_memory_equal(page.text, text, page.len);
        if (digest)
            assert_string_equal(found, digest);
        else
            assert_null(found);
    }
    out_release(&page);
}

static void a_page_is_found_by_all_that_decides_it(void **state)
{
    struct cache *cache = cache_new(1 << 20);
    struct query one = query_of("1"), two = query_of("2");
    struct list_ask ask = { .company = &FJORD, .query = &one, .if_none_match = "0" };
    struct list_ask other_page = ask, other_company = ask, no_digest = ask, later = ask;
    (void)state;
    other_page.query = &two;
    other_company.company = &NORDLYS;
    no_digest.if_none_match = NULL;
    later.if_none_match = "0123456789abcdef";
    add(cache, &ask, "abc", "{\"values\":[1]}");
    check(cache, &ask, "abc", "{\"values\":[1]}");
    check(cache, &later, "abc", "{\"values\":[1]}");
    check(cache, &other_page, NULL, NULL);
    check(cache, &other_company, NULL, NULL);
    check(cache, &no_digest, NULL, NULL);
    add(cache, &no_digest, NULL, "{}");
    check(cache, &no_digest, NULL, "{}");
    cache_free(cache);
}

static void cleared_it_knows_nothing(void **state)
{
    struct cache *cache = cache_new(1 << 20);
    struct query one = query_of("1");
    struct list_ask ask = { .company = &FJORD, .query = &one };
    (void)state;
    add(cache, &ask, NULL, "{}");
    cache_clear(cache);
    check(cache, &ask, NULL, NULL);
    add(cache, &ask, NULL, "[]");
    check(cache, &ask, NULL, "[]");
    cache_free(cache);
    cache_clear(NULL);
    cache_free(NULL);
}

static void full_it_takes_no_more(void **state)
{
    struct cache *cache = cache_new(600);
    struct query one = query_of("1"), two = query_of("2");
    struct list_ask ask = { .company = &FJORD, .query = &one };
    struct list_ask other = { .company = &FJORD, .query = &two };
    char large[400] = "";
    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    add(cache, &ask, NULL, "{}");
    add(cache, &other, NULL, large);
    check(cache, &ask, NULL, "{}");
    check(cache, &other, NULL, NULL);
    cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_found_by_all_that_decides_it),
        cmocka_unit_test(cleared_it_knows_nothing),
        cmocka_unit_test(full_it_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
