/* Tests of daemon/status_page.h: the language, and that the policy fits the embedded page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "daemon/status_page.h"
#include "gen/status_page.h"
#include "lib/base/mem.h"

static void check(const char *asked, const char *accept, const char *wanted)
{
    const char *language = status_page_language(asked, accept);
    if (strcmp(language, wanted) != 0)
        fail_msg("%s instead of %s for ?lang=%s and %s", language, wanted, asked ? asked : "(none)",
                 accept ? accept : "(none)");
}

static void chooses_what_is_liked_best(void **state)
{
    (void)state;
    check(NULL, NULL, "en");
    check(NULL, "", "en");
    check(NULL, "nb-NO,nb;q=0.9,no;q=0.8,nn;q=0.7,en-US;q=0.6,en;q=0.5", "nb");
    check(NULL, "en-GB,en;q=0.9,nb;q=0.8", "en");
    check(NULL, "de, fr;q=0.9, no;q=0.1", "nb");
    check(NULL, "en;q=0.3, nn;q=0.301", "nb");
    check(NULL, "en;q=0.3,nb;q=0.3", "en");
    check(NULL, "de-DE, fr", "en");
    check(NULL, "NB", "nb");
    check(NULL, "nbx, en;q=0.1", "en");
    check(NULL, "*", "en");
}

static void refuses_what_has_no_quality(void **state)
{
    (void)state;
    check(NULL, "nb;q=0, en;q=0.1", "en");
    check(NULL, "nb;q=0.0", "en");
    check(NULL, "nb;q=x, en;q=0.1", "en");
    check(NULL, "nb;q=, en;q=0.1", "en");
    check(NULL, "nb;level=1, en;q=0.1", "en");
    check(NULL, "nb ; q=1.0, en", "nb");
    check(NULL, ";;;,,q=1,;q=0.5", "en");
}

static void is_asked_for_before_it_is_liked(void **state)
{
    (void)state;
    check("nb", "en", "nb");
    check("en", "nb", "en");
    check("no", "en", "nb");
    check("xx", "nb", "nb");
    check("", "nb", "nb");
    check("<script>", "en", "en");
}

/* The digest of what stands between the tags, as a browser takes it. */
static char *digest(const char *begin, const char *end)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[64];
    const char *from = strstr(STATUS_PAGE, begin);
    assert_non_null(from);
    from += strlen(begin);
    const char *to = strstr(from, end);
    assert_non_null(to);
    (void)crypto_hash_sha256(hash, (const unsigned char *)from, (size_t)(to - from));
    (void)sodium_bin2base64(text, sizeof(text), hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
    return mem_printf("-src 'sha256-%s';", text);
}

static void policy_names_its_own_script_and_style(void **state)
{
    struct status_page *page = status_page_new();
    const char *policy = status_page_policy(page);
    AUTO_FREE char *script = digest("<script>", "</script>");
    AUTO_FREE char *style = digest("<style>", "</style>");
    (void)state;
    assert_non_null(strstr(policy, script));
    assert_non_null(strstr(policy, style));
    assert_non_null(strstr(policy, "default-src 'none';"));
    assert_null(strstr(policy, "unsafe"));
    status_page_free(page);
}

static int count(const char *needle)
{
    int found = 0;
    for (const char *at = STATUS_PAGE; (at = strstr(at, needle)); at++)
        found++;
    return found;
}

/* What the policy would refuse, or what would bring in or run what others wrote. */
static void page_holds_nothing_that_is_foreign_or_inline(void **state)
{
    static const char *const NONE[] = { "innerHTML",      "outerHTML", "insertAdjacentHTML",
                                        "document.write", "eval(",     " style=\"",
                                        " onclick=",      "https://",  " src=" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NONE); i++) {
        if (count(NONE[i]) > 0)
            fail_msg("%s stands in the page", NONE[i]);
    }
    assert_int_equal(count("<script>"), 1);
    assert_int_equal(count("<style>"), 1);
    assert_int_equal(count("lang=\"en\""), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_what_is_liked_best),
        cmocka_unit_test(refuses_what_has_no_quality),
        cmocka_unit_test(is_asked_for_before_it_is_liked),
        cmocka_unit_test(policy_names_its_own_script_and_style),
        cmocka_unit_test(page_holds_nothing_that_is_foreign_or_inline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
