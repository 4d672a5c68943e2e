/* Tests of daemon/secret.h. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "daemon/secret.h"
#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/mem.h"

struct place {
    char folder[64], file[96], pipe[96];
};

static int set_up(void **state)
{
    struct place *place = mem_new(1, sizeof(*place));
    (void)snprintf(place->folder, sizeof(place->folder), "/tmp/saldod-secret-XXXXXX");
    if (!mkdtemp(place->folder))
        return -1;
    (void)snprintf(place->file, sizeof(place->file), "%s/tok.en_1-A", place->folder);
    (void)snprintf(place->pipe, sizeof(place->pipe), "%s/pipe", place->folder);
    *state = place;
    return unsetenv("CREDENTIALS_DIRECTORY");
}

static int tear_down(void **state)
{
    struct place *place = *state;
    (void)unlink(place->file);
    (void)unlink(place->pipe);
    int rc = rmdir(place->folder);
    free(place);
    return rc;
}

static void put(const struct place *place, const void *bytes, size_t len, mode_t mode)
{
    (void)unlink(place->file);
    AUTO_CLOSE int fd = open(place->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
}

static void check_token(const struct place *place, const char *content, const char *token)
{
    struct err err = ERR_NONE;
    char *got = NULL;
    put(place, content, strlen(content), 0600);
    assert_int_equal(secret_read_token(place->file, "the token", &got, &err), 0);
    assert_string_equal(got, token);
    locked_free(got);
}

static void check_refused(const char *spec, int code, const char *text, const char *remedy)
{
    struct err err = ERR_NONE;
    char *got = NULL;
    assert_int_equal(secret_read_token(spec, "the token of X", &got, &err), -code);
    assert_null(got);
    assert_int_equal(err.code, code);
    assert_int_equal(strncmp(err.text, "the token of X: ", 16), 0);
    assert_non_null(strstr(err.text, text));
    assert_non_null(strstr(err.remedy, remedy));
    assert_null(strstr(err.text, "hush"));
    assert_null(strstr(err.remedy, "hush"));
}

static void check_content(const struct place *place, const char *content, size_t len, int code,
                          const char *text)
{
    put(place, content, len, 0600);
    check_refused(place->file, code, text, "the token alone");
}

static void reads_a_token(void **state)
{
    check_token(*state, "eyJ0b2tlbklkIjoxfQ==", "eyJ0b2tlbklkIjoxfQ==");
    check_token(*state, "test-abc\n", "test-abc");
    check_token(*state, "abc\r\n", "abc");
}

static void reads_the_longest_token(void **state)
{
    char content[SECRET_TOKEN_BYTES_MAX + 4], token[SECRET_TOKEN_BYTES_MAX + 1];
    memset(content, 'a', sizeof(content));
    memset(token, 'a', sizeof(token));
    token[SECRET_TOKEN_BYTES_MAX] = '\0';
    memcpy(content + SECRET_TOKEN_BYTES_MAX, "\r\n", sizeof("\r\n"));
    check_token(*state, content, token);
    memcpy(content + SECRET_TOKEN_BYTES_MAX, "b\n", sizeof("b\n"));
    check_content(*state, content, SECRET_TOKEN_BYTES_MAX + 2, EMSGSIZE, "too long");
    memset(content, 'a', sizeof(content));
    check_content(*state, content, sizeof(content), EMSGSIZE, "too long");
}

static void refuses_content_that_is_no_token(void **state)
{
    check_content(*state, "", 0, EINVAL, "is empty");
    check_content(*state, "\n", 1, EINVAL, "is empty");
    check_content(*state, "\r\n", 2, EINVAL, "is empty");
    check_content(*state, "hush\nhush\n", 10, EINVAL, "more than one line");
    check_content(*state, "hush\n\n", 6, EINVAL, "more than one line");
    check_content(*state, "hush\0hush", 9, EINVAL, "control character");
    check_content(*state, "hush\r", 5, EINVAL, "control character");
    check_content(*state, "hush\t", 5, EINVAL, "control character");
    check_content(*state, "hush ", 5, EINVAL, "blank");
    check_content(*state, "\x7fhush", 5, EINVAL, "control character");
    check_content(*state, "\xef\xbb\xbfhush", 7, EINVAL, "not ASCII");
}

static void check_shared(const struct place *place, const char *content, const char *text)
{
    struct err err = ERR_NONE;
    char *got = NULL;
    put(place, content, strlen(content), 0600);
    int rc = secret_read_shared(place->file, "it", &got, &err);
    assert_int_equal(rc, text ? -EINVAL : 0);
    if (text) {
        assert_non_null(strstr(err.text, text));
        assert_non_null(strstr(err.remedy, "the secret alone, on one line of 16 to 4096 bytes"));
        assert_non_null(strstr(err.remedy, "openssl rand -hex 32"));
        assert_null(strstr(err.text, "hush"));
    }
    locked_free(got);
}

static void wants_a_shared_secret_that_nobody_guesses(void **state)
{
    check_shared(*state, "0123456789abcdef\n", NULL);
    check_shared(*state, "0123456789hush\n", "is too short");
    check_shared(*state, "hu\n", "is too short");
    check_shared(*state, "\n", "is empty");
    check_shared(*state, "0123456789 abcdef hush\n", "holds a blank");
}

static void refuses_what_others_can_read(void **state)
{
    struct place *place = *state;
    char remedy[128];
    (void)snprintf(remedy, sizeof(remedy), "chmod 600 %s", place->file);
    static const mode_t MODES[] = { 0640, 0604, 0644, 0620, 0602, 0610, 0601 };
    for (size_t i = 0; i < ARRAY_LEN(MODES); i++) {
        put(place, "hush", 4, MODES[i]);
        check_refused(place->file, EACCES, place->file, remedy);
    }
    put(place, "abc", 3, 0400);
    char *got = NULL;
    assert_int_equal(secret_read_token(place->file, "the token", &got, NULL), 0);
    locked_free(got);
}

static void refuses_what_is_no_file(void **state)
{
    struct place *place = *state;
    check_refused(place->file, ENOENT, "No such file", "put the secret there");
    check_refused(place->folder, EISDIR, "is a folder", "name the file");
    check_refused("/dev/null", EINVAL, "is a device", "name the file");
    assert_int_equal(mkfifo(place->pipe, 0600), 0);
    check_refused(place->pipe, EINVAL, "is a device, pipe", "name the file");
}

/* Who enters the token itself where its path belongs must not find it in the journal. */
static void never_shows_a_token_in_place_of_a_path(void **state)
{
    (void)state;
    check_refused("eyJhush==", EINVAL, "neither a path nor credential:NAME", "/etc/saldod");
    check_refused("", EINVAL, "not said where", "credential:NAME");
    char longest[5000] = "/";
    memset(longest + 1, 'a', sizeof(longest) - 2);
    check_refused(longest, EINVAL, "longer than 4095", "path");
}

static void reads_credentials(void **state)
{
    struct place *place = *state;
    char *got = NULL;
    assert_true(secret_is_credential("credential:tok.en_1-A"));
    assert_false(secret_is_credential("/etc/credential:x"));
    check_refused("credential:tok.en_1-A", ENOENT, "CREDENTIALS_DIRECTORY is not set",
                  "LoadCredential=tok.en_1-A:FILE (the service manager sets the variable), or give "
                  "the path");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", place->folder, 1), 0);
    check_refused("credential:tok.en_1-A", ENOENT, place->file, "LoadCredential=tok.en_1-A:");
    put(place, "abc\n", 4, 0444); /* the service manager sees to who can read it */
    assert_int_equal(secret_read_token("credential:tok.en_1-A", "it", &got, NULL), 0);
    assert_string_equal(got, "abc");
    locked_free(got);
}

static void refuses_bad_names_of_credentials(void **state)
{
    struct place *place = *state;
    char longest[300] = "credential:";
    memset(longest + strlen(longest), 'a', sizeof(longest) - 1 - strlen(longest));
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", place->folder, 1), 0);
    static const char *const NAMES[] = {
        "credential:",    "credential:..",  "credential:.",
        "credential:a/b", "credential:a b", "credential:../../etc"
    };
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        check_refused(NAMES[i], EINVAL, "no name of a credential", "letters, digits");
    check_refused(longest, EINVAL, "no name of a credential", "1 to 255");
}

/* --- keys --- */

static void check_key(const struct place *place, const char *content, size_t len,
                      const uint8_t expected[SECRET_KEY_BYTES])
{
    uint8_t key[SECRET_KEY_BYTES] = { 0 };
    struct err err = ERR_NONE;
    put(place, content, len, 0600);
    assert_int_equal(secret_read_key(place->file, "the seal key", key, &err), 0);
    assert_memory_equal(key, expected, SECRET_KEY_BYTES);
}

static void check_key_refused(const struct place *place, const char *content, size_t len,
                              const char *text)
{
    uint8_t key[SECRET_KEY_BYTES] = { 7 };
    struct err err = ERR_NONE;
    put(place, content, len, 0600);
    assert_int_equal(secret_read_key(place->file, "the seal key", key, &err), -EINVAL);
    assert_int_equal(key[0], 7);
    assert_non_null(strstr(err.text, text));
    assert_non_null(strstr(err.remedy, "/dev/urandom"));
}

static void reads_keys_in_both_forms(void **state)
{
    static const char HEX[] =
        "000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e1f\r\n";
    uint8_t expected[SECRET_KEY_BYTES];
    for (uint8_t i = 0; i < SECRET_KEY_BYTES; i++)
        expected[i] = i;
    check_key(*state, (const char *)expected, SECRET_KEY_BYTES, expected);
    check_key(*state, HEX, 64, expected);
    check_key(*state, HEX, 66, expected);
    expected[31] = '\n'; /* raw bytes are never a line */
    check_key(*state, (const char *)expected, SECRET_KEY_BYTES, expected);
}

static void refuses_what_is_no_key(void **state)
{
    char content[80];
    memset(content, 'a', sizeof(content));
    check_key_refused(*state, content, 0, "is empty");
    static const size_t LENGTHS[] = { 1, 31, 33, 34, 63, 65, 66, 67, 80 };
    for (size_t i = 0; i < ARRAY_LEN(LENGTHS); i++)
        check_key_refused(*state, content, LENGTHS[i], "neither 32 raw bytes nor 64");
    content[63] = 'g';
    check_key_refused(*state, content, 64, "is no key");
    uint8_t key[SECRET_KEY_BYTES];
    struct err err = ERR_NONE;
    put(*state, content, 32, 0604);
    assert_int_equal(secret_read_key(((struct place *)*state)->file, "k", key, &err), -EACCES);
    assert_non_null(strstr(err.remedy, "chmod 600"));
}

/* --- hosts --- */

static void check_host(const char *token, const char *url, const char *remedy)
{
    struct err err = ERR_NONE;
    int rc = secret_check_host(token, url, "the consumer token", &err);
    assert_int_equal(rc, remedy ? -EINVAL : 0);
    assert_null(strstr(err.text, token));
    if (remedy)
        assert_non_null(strstr(err.remedy, remedy));
}

static void keeps_test_tokens_on_the_test_host(void **state)
{
    (void)state;
    check_host("test-abc", "https://api-test.tripletex.tech/v2", NULL);
    check_host("eyJabc", "https://tripletex.no/v2", NULL);
    check_host("eyJabc", "https://proxy.example.org/v2", NULL);
    check_host("test-abc", "http://127.0.0.1:80/v2", NULL);
    check_host("eyJabc", "http://[::1]:80/v2", NULL);
    check_host("test-abc", "https://tripletex.no/v2", "https://api-test.tripletex.tech/v2");
    check_host("test-abc", "https://proxy.example.org/v2", "https://api-test.tripletex.tech/v2");
    check_host("eyJabc", "https://API-test.tripletex.tech/v2", "https://tripletex.no/v2");
    assert_int_equal(secret_check_host("eyJ", "nothing", "it", NULL), -EINVAL);
}

#define TEST_IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(reads_a_token),
        TEST_IN_FOLDER(reads_the_longest_token),
        TEST_IN_FOLDER(refuses_content_that_is_no_token),
        TEST_IN_FOLDER(wants_a_shared_secret_that_nobody_guesses),
        TEST_IN_FOLDER(refuses_what_others_can_read),
        TEST_IN_FOLDER(refuses_what_is_no_file),
        TEST_IN_FOLDER(never_shows_a_token_in_place_of_a_path),
        TEST_IN_FOLDER(reads_credentials),
        TEST_IN_FOLDER(refuses_bad_names_of_credentials),
        TEST_IN_FOLDER(reads_keys_in_both_forms),
        TEST_IN_FOLDER(refuses_what_is_no_key),
        cmocka_unit_test(keeps_test_tokens_on_the_test_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
