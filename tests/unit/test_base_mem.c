/* Tests of lib/base/mem.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/mem.h"

static void gives_zeroed_memory(void **state)
{
    (void)state;
    AUTO_FREE uint8_t *bytes = mem_new(100, 3);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(bytes[i], 0);
}

static void gives_something_for_nothing(void **state)
{
    (void)state;
    AUTO_FREE char *none = mem_new(0, 8);
    AUTO_FREE char *grown = mem_grow(NULL, 0, 0);
    assert_non_null(none);
    assert_non_null(grown);
}

static void grows_and_keeps(void **state)
{
    (void)state;
    int *numbers = mem_grow(NULL, 2, sizeof(*numbers));
    numbers[0] = 11;
    numbers[1] = 12;
    AUTO_FREE int *more = mem_grow(numbers, 1000, sizeof(*more));
    assert_int_equal(more[0], 11);
    assert_int_equal(more[1], 12);
}

static void copies_texts(void **state)
{
    (void)state;
    AUTO_FREE char *copy = mem_strdup("Åse");
    AUTO_FREE char *part = mem_strndup("abcdef", 3);
    AUTO_FREE char *whole = mem_strndup("ab", 3);
    AUTO_FREE char *printed = mem_printf("%s-%d", "a", 7);
    assert_string_equal(copy, "Åse");
    assert_string_equal(part, "abc");
    assert_string_equal(whole, "ab");
    assert_string_equal(printed, "a-7");
    assert_null(mem_strdup(NULL));
    assert_null(mem_strndup(NULL, 3));
}

static void wipes(void **state)
{
    (void)state;
    char secret[] = "secret";
    mem_wipe(secret, 3);
    assert_memory_equal(secret, "\0\0\0ret", 7);
    mem_wipe(NULL, 0);
    mem_free_secret(NULL);
    mem_free_secret(mem_strdup("secret"));
}

/* A size that cannot be had ends the process by SIGABRT, after saying so on stderr. */
static void ends_the_process_when_memory_is_out(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = { 0, 0 };
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        volatile size_t many = SIZE_MAX / 2;
        void *pointer = mem_new(many, 8);
        _exit(pointer ? 1 : 2);
    }
    (void)close(ends[1]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    char said[4096] = "";
    ssize_t len = read(ends[0], said, sizeof(said) - 1);
    (void)close(ends[0]);
    assert_true(len > 0);
#if !defined(__SANITIZE_ADDRESS__) /* which ends the process in its own way */
    assert_non_null(strstr(said, "saldod: out of memory\n"));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
#endif
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) <= 2 && WEXITSTATUS(status) != 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_memory),
        cmocka_unit_test(gives_something_for_nothing),
        cmocka_unit_test(grows_and_keeps),
        cmocka_unit_test(copies_texts),
        cmocka_unit_test(wipes),
        cmocka_unit_test(ends_the_process_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
