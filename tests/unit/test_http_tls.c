/* Tests of lib/http/http.h over TLS, against openssl's own server with a certificate made here. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/http/http.h"
#include "tests/unit/fake_http.h"

enum { TIMEOUT_MS = 20000 };

static const char *const FILES[] = { "cert.pem", "key.pem", "answer", "other.pem" };

struct world {
    char dir[32];
    char ca_file[64];
    struct loop *loop;
};

struct outcome {
    struct world *world;
    int status;
    char body[32];
    struct err err;
};

static void run(const char *command)
{
    int status = system(command);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void file_write(const struct world *world, const char *name, const char *text)
{
    AUTO_FREE char *path = mem_printf("%s/%s", world->dir, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void certificate_make(const struct world *world)
{
    AUTO_FREE char *command = mem_printf(
        "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
        "-keyout key.pem -out cert.pem -days 2 -subj /CN=fake "
        "-addext subjectAltName=IP:127.0.0.1 2>/dev/null",
        world->dir);
    run(command);
}

static int world_setup(void **state)
{
    struct world *world = mem_new(1, sizeof(*world));
    (void)snprintf(world->dir, sizeof(world->dir), "/tmp/saldod-tls-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    snprintf(world->ca_file, sizeof(world->ca_file), "%s/cert.pem", world->dir);
    certificate_make(world);
    file_write(world, "answer", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecure");
    world->loop = loop_new();
    assert_non_null(world->loop);
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        AUTO_FREE char *path = mem_printf("%s/%s", world->dir, FILES[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(world->dir), 0);
    loop_free(world->loop);
    free(world);
    return 0;
}

static void note_done(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct outcome *outcome = ctx;
    outcome->status = answer->status;
    outcome->err = *err;
    snprintf(outcome->body, sizeof(outcome->body), "%s", answer->body);
    loop_stop(outcome->world->loop);
}

/* Asks a server with one more option of openssl, trusting `ca_file`. */
static void ask(struct outcome *outcome, struct world *world, const char *host, const char *ca_file,
                const char *option)
{
    struct fake_http server;
    struct err err = ERR_NONE;
    fake_tls_start(&server, world->dir, option);
    struct http_client *client = http_client_new(
        world->loop,
        &(struct http_options){ .user_agent = "saldod-test",
                                .ca_file = ca_file,
                                .connections = 2,
                                .connect_timeout_ms = TIMEOUT_MS },
        &err);
    assert_string_equal(err.text, "");
    AUTO_FREE char *url = mem_printf("https://%s:%d/answer", host, server.port);
    struct http_request request = { .url = url, .timeout_ms = TIMEOUT_MS, .max_body_bytes = 1000 };
    *outcome = (struct outcome){ .world = world };
    assert_int_equal(http_start(client, &request, note_done, outcome, NULL, &err), 0);
    assert_int_equal(loop_run(world->loop), 0);
    http_client_free(client);
    fake_http_stop(&server);
}

static void refuses_an_unknown_authority(void **state)
{
    struct outcome outcome;
    ask(&outcome, *state, "127.0.0.1", "", NULL);
    assert_int_equal(outcome.status, 0);
    assert_int_equal(outcome.err.code, EPROTO);
    assert_memory_equal(outcome.err.text, "no secure connection to 127.0.0.1:", 34);
    assert_non_null(strstr(outcome.err.text, "self-signed certificate"));
    assert_non_null(strstr(outcome.err.remedy, "ca_file"));
}

static void accepts_the_authority_named(void **state)
{
    struct world *world = *state;
    struct outcome outcome;
    ask(&outcome, world, "127.0.0.1", world->ca_file, NULL);
    assert_string_equal(outcome.err.text, "");
    assert_int_equal(outcome.status, 200);
    assert_string_equal(outcome.body, "secure");
}

static void refuses_a_certificate_of_another_host(void **state)
{
    struct world *world = *state;
    struct outcome outcome;
    ask(&outcome, world, "localhost", world->ca_file, NULL);
    assert_int_equal(outcome.err.code, EPROTO);
    assert_memory_equal(outcome.err.text, "no secure connection to localhost:", 34);
}

static void refuses_old_tls(void **state)
{
    struct world *world = *state;
    struct outcome outcome;
    ask(&outcome, world, "127.0.0.1", world->ca_file, "-tls1_1");
    assert_int_equal(outcome.status, 0);
    assert_int_equal(outcome.err.code, EPROTO);
    assert_non_null(strstr(outcome.err.remedy, "TLS 1.2"));
}

static void check_ca_file(struct world *world, const char *ca_file, int code, const char *words)
{
    struct err err = ERR_NONE;
    assert_null(http_client_new(
        world->loop,
        &(struct http_options){ .user_agent = "x", .ca_file = ca_file, .connections = 1 }, &err));
    AUTO_FREE char *text = mem_printf("ca_file %s %s", ca_file, words);
    assert_int_equal(err.code, code);
    assert_string_equal(err.text, text);
}

static void refuses_a_ca_file_that_is_none(void **state)
{
    struct world *world = *state;
    AUTO_FREE char *absent = mem_printf("%s/absent.pem", world->dir);
    AUTO_FREE char *other = mem_printf("%s/other.pem", world->dir);
    file_write(world, "other.pem", "hello\n");
    check_ca_file(world, absent, ENOENT, "cannot be read: No such file or directory");
    check_ca_file(world, other, EINVAL, "holds no certificate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_an_unknown_authority),
        cmocka_unit_test(accepts_the_authority_named),
        cmocka_unit_test(refuses_a_certificate_of_another_host),
        cmocka_unit_test(refuses_old_tls),
        cmocka_unit_test(refuses_a_ca_file_that_is_none),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
