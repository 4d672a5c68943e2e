/* Tests of daemon/seal.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "daemon/seal.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/mem.h"

static const uint8_t KEY[32] = { 1, 2, 3 };
static const uint8_t OTHER_KEY[32] = { 1, 2, 4 };

static struct seal *make(const uint8_t key[32])
{
    struct err err = ERR_NONE;
    struct seal *seal = seal_new(key, &err);
    assert_non_null(seal);
    assert_int_equal(err.code, 0);
    return seal;
}

static void check_round_trip(const struct seal *seal, const char *secret)
{
    struct err err = ERR_NONE;
    char *opened = NULL;
    AUTO_FREE char *sealed = seal_close(seal, "token", secret);
    assert_true(seal_is_sealed(sealed));
    assert_int_equal(strncmp(sealed, "sealed:1:", 9), 0);
    assert_int_equal(strspn(sealed + 9, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789-_"),
                     strlen(sealed + 9));
    assert_null(secret[0] ? strstr(sealed, secret) : NULL);
    assert_int_equal(seal_open(seal, "token", sealed, &opened, &err), 0);
    assert_string_equal(opened, secret);
    locked_free(opened);
}

static void opens_what_it_closed(void **state)
{
    (void)state;
    struct seal *seal = make(KEY);
    char longest[8193];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    check_round_trip(seal, "eyJ0b2tlbklkIjoxfQ==");
    check_round_trip(seal, "");
    check_round_trip(seal, "bl\xc3\xa5\n");
    check_round_trip(seal, longest);
    seal_free(seal);
}

/* The same secret looks different each time, and the same key opens it after a restart. */
static void closes_differently_each_time(void **state)
{
    (void)state;
    struct seal *before = make(KEY);
    AUTO_FREE char *one = seal_close(before, "token", "secret");
    AUTO_FREE char *two = seal_close(before, "token", "secret");
    assert_string_not_equal(one, two);
    seal_free(before);
    struct seal *after = make(KEY);
    char *opened = NULL;
    assert_int_equal(seal_open(after, "token", one, &opened, NULL), 0);
    assert_string_equal(opened, "secret");
    locked_free(opened);
    seal_free(after);
}

/* As PostgreSQL says: SELECT sha256('secret'). */
static void digest_is_that_of_postgresql(void **state)
{
    (void)state;
    char digest[SEAL_DIGEST_BYTES];
    seal_digest("secret", digest);
    assert_string_equal(digest,
                        "\\x2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b");
}

static void check_refused(const struct seal *seal, const char *purpose, const char *sealed,
                          const char *part)
{
    struct err err = ERR_NONE;
    char *opened = NULL;
    int ret = seal_open(seal, purpose, sealed, &opened, &err);
    assert_int_equal(ret, strstr(err.text, "another seal key") ? -EKEYREJECTED : -EBADMSG);
    assert_null(opened);
    assert_non_null(strstr(err.text, part));
    assert_non_null(strstr(err.remedy, "enter the token again"));
    assert_int_equal(strstr(err.remedy, "put the seal key that closed it back") != NULL,
                     strstr(err.text, "another seal key") != NULL);
}

static void refuses_another_key_or_purpose(void **state)
{
    (void)state;
    struct seal *seal = make(KEY);
    struct seal *other = make(OTHER_KEY);
    AUTO_FREE char *sealed = seal_close(seal, "token", "secret");
    AUTO_FREE char *boundary = seal_close(seal, "to", "ken");
    check_refused(other, "token", sealed, "another seal key");
    check_refused(seal, "session", sealed, "another purpose");
    check_refused(seal, "toke", sealed, "another purpose");
    check_refused(seal, "token", boundary, "another purpose");
    check_refused(seal, "a purpose longer than all that was sealed", sealed, "another purpose");
    seal_free(seal);
    seal_free(other);
}

/* No byte can be changed, and none left out at the end. */
static void refuses_what_is_damaged(void **state)
{
    (void)state;
    struct seal *seal = make(KEY);
    AUTO_FREE char *sealed = seal_close(seal, "token", "secret");
    AUTO_FREE char *text = mem_strdup(sealed);
    for (size_t i = 9; sealed[i]; i++) {
        text[i] = sealed[i] == 'A' ? 'B' : 'A';
        check_refused(seal, "token", text, "damaged");
        text[i] = sealed[i];
    }
    for (size_t len = strlen(sealed); len-- > 9;) {
        text[len] = '\0';
        check_refused(seal, "token", text, "damaged");
    }
    check_refused(seal, "token", "sealed:1:***", "damaged");
    check_refused(seal, "token", "sealed:2:AAAA", "another version");
    check_refused(seal, "token", "eyJ0b2tlbiI6MX0", "does not begin with sealed:1:");
    check_refused(seal, "token", "", "does not begin with sealed:1:");
    AUTO_FREE char *huge = mem_new(100000, 1);
    memset(huge, 'A', 99999);
    memcpy(huge, "sealed:1:", 9);
    check_refused(seal, "token", huge, "too long");
    seal_free(seal);
}

static void tells_sealed_from_plain(void **state)
{
    (void)state;
    assert_true(seal_is_sealed("sealed:1:AAAA"));
    assert_true(seal_is_sealed("sealed:2:AAAA"));
    assert_false(seal_is_sealed("credential:sealed"));
    assert_false(seal_is_sealed("eyJ0b2tlbiI6MX0"));
    assert_false(seal_is_sealed(""));
}

static void names_depend_on_secret_and_key(void **state)
{
    (void)state;
    struct seal *seal = make(KEY);
    struct seal *other = make(OTHER_KEY);
    char name[33], again[33], different[33];
    seal_name(seal, "secret", name);
    seal_name(seal, "secret", again);
    assert_string_equal(name, again);
    assert_int_equal(strspn(name, "0123456789abcdef"), 32);
    seal_name(seal, "secret2", different);
    assert_string_not_equal(name, different);
    seal_name(other, "secret", different);
    assert_string_not_equal(name, different);
    seal_free(seal);
    seal_free(other);
}

/* A service without any right to lock memory still works. */
static void works_where_memory_cannot_be_locked(void **state)
{
    (void)state;
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &old), 0);
    struct rlimit none = { .rlim_cur = 0, .rlim_max = old.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    struct seal *seal = make(KEY);
    check_round_trip(seal, "secret");
    seal_free(seal);
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &old), 0);
    seal_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_is_that_of_postgresql),
        cmocka_unit_test(opens_what_it_closed),
        cmocka_unit_test(closes_differently_each_time),
        cmocka_unit_test(refuses_another_key_or_purpose),
        cmocka_unit_test(refuses_what_is_damaged),
        cmocka_unit_test(tells_sealed_from_plain),
        cmocka_unit_test(names_depend_on_secret_and_key),
        cmocka_unit_test(works_where_memory_cannot_be_locked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
