/* Tests of lib/server/server.h over real sockets of loopback, in one thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/server/server.h"

enum { GUARD_MS = 20000, BIG_BYTES = 3 * 1024 * 1024, CONNECTIONS = 4 };

struct world {
    struct loop *loop;
    struct loop_timer *guard;
    struct server *server;
    struct server_call *kept;
    struct server_stream *stream;
    int calls, gone;
    char body[64];
};

struct peer {
    struct world *world;
    int fd, is_ended;
    struct loop_watch *watch;
    struct buf got;
    const char *wanted; /* stops the loop when it has come; NULL = the end of the connection */
};

static void late(void *ctx)
{
    (void)ctx;
    fail_msg("what was waited for did not come");
}

static void stream_gone(void *ctx)
{
    struct world *world = ctx;
    world->gone++;
    world->stream = NULL;
    loop_stop(world->loop);
}

static void answer_big(struct server_call *call)
{
    struct buf buf;
    buf_init(&buf, BIG_BYTES);
    AUTO_FREE char *bytes = mem_new(BIG_BYTES, 1);
    memset(bytes, 'x', BIG_BYTES);
    assert_int_equal(buf_append(&buf, bytes, BIG_BYTES), 0);
    struct server_body *body = server_body_new(&buf);
    server_answer(call, &(struct server_answer){ .status = 200, .body = body });
    server_body_unref(body);
}

static void handle(void *ctx, struct server_call *call)
{
    struct world *world = ctx;
    size_t len;
    const char *body = server_call_body(call, &len);
    const char *path = server_call_path(call);
    world->calls++;
    (void)snprintf(world->body, sizeof(world->body), "%.*s", (int)len, body);
    if (strcmp(path, "/keep") == 0) {
        world->kept = call;
        loop_stop(world->loop);
    } else if (strcmp(path, "/stream") == 0) {
        world->stream = server_stream_start(call, "text/event-stream", NULL, stream_gone, world);
        server_stream_send(world->stream, "data: 1\n\n", 9);
    } else if (strcmp(path, "/big") == 0) {
        answer_big(call);
    } else {
        server_answer(call, &(struct server_answer){ .status = 200,
                                                     .type = "text/plain",
                                                     .headers = "X-Test: yes\r\n",
                                                     .text = path });
    }
}

static void serve(struct world *world, const struct server_options *options)
{
    struct err err = ERR_NONE;
    world->server = server_new(world->loop, options, handle, world, &err);
    if (!world->server)
        fail_msg("%s", err.text);
}

static const struct server_options OPTIONS = {
    .address = "127.0.0.1:0",
    .methods = SERVER_GET | SERVER_HEAD | SERVER_POST,
    .connections_max = CONNECTIONS,
    .body_max_bytes = 32,
    .request_ms = 300,
    .idle_ms = 600,
};

static int set_up(void **state)
{
    struct world *world = mem_new(1, sizeof(*world));
    world->loop = loop_new();
    world->guard = loop_timer_new(world->loop, late, world);
    loop_timer_start(world->guard, GUARD_MS);
    serve(world, &OPTIONS);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    server_free(world->server);
    loop_timer_free(world->guard);
    loop_free(world->loop);
    free(world);
    return 0;
}

/* --- the other end --- */

static void take(void *ctx, int events)
{
    struct peer *peer = ctx;
    char bytes[65536];
    (void)events;
    ssize_t len = recv(peer->fd, bytes, sizeof(bytes), 0);
    if (len < 0 && errno == EAGAIN)
        return;
    if (len > 0)
        assert_int_equal(buf_append(&peer->got, bytes, (size_t)len), 0);
    peer->is_ended = len <= 0;
    int has_come = peer->wanted && strstr(buf_text(&peer->got), peer->wanted);
    if (peer->is_ended || has_come) {
        loop_watch_set(peer->watch, 0);
        loop_stop(peer->world->loop);
    }
}

static void peer_open(struct peer *peer, struct world *world)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)server_port(world->server)),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    *peer = (struct peer){ .world = world };
    buf_init(&peer->got, BIG_BYTES + 65536);
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(peer->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    (void)fcntl(peer->fd, F_SETFL, O_NONBLOCK);
    peer->watch = loop_watch_new(world->loop, peer->fd, take, peer);
}

static void peer_close(struct peer *peer)
{
    loop_watch_free(peer->watch);
    (void)close(peer->fd);
    buf_release(&peer->got);
}

static void peer_say(struct peer *peer, const char *text)
{
    assert_int_equal(send(peer->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static const char *peer_wait(struct peer *peer, const char *wanted)
{
    peer->wanted = wanted;
    loop_watch_set(peer->watch, LOOP_READ);
    assert_int_equal(loop_run(peer->world->loop), 0);
    return buf_text(&peer->got);
}

/* One request on a connection of its own, to the end. */
static void check(struct world *world, const char *request, const char *wanted)
{
    struct peer peer;
    peer_open(&peer, world);
    peer_say(&peer, request);
    const char *got = peer_wait(&peer, NULL);
    if (!strstr(got, wanted))
        fail_msg("%s is not in: %s", wanted, got);
    peer_close(&peer);
}

#define REST "Host: localhost\r\nConnection: close\r\n\r\n"

/* --- tests --- */

static void answers_a_request(void **state)
{
    struct world *world = *state;
    check(world, "GET /hei HTTP/1.1\r\n" REST, "HTTP/1.1 200 OK\r\n");
    check(world, "GET /hei HTTP/1.1\r\n" REST, "\r\nContent-Length: 4\r\n");
    check(world, "GET /hei HTTP/1.1\r\n" REST, "\r\nX-Test: yes\r\n\r\n/hei");
}

static void leaves_the_body_out_for_head(void **state)
{
    struct peer peer;
    peer_open(&peer, *state);
    peer_say(&peer, "HEAD /hei HTTP/1.1\r\n" REST);
    const char *got = peer_wait(&peer, NULL);
    assert_non_null(strstr(got, "Content-Length: 4\r\n"));
    assert_null(strstr(got, "/hei"));
    peer_close(&peer);
}

static void takes_a_body(void **state)
{
    struct world *world = *state;
    check(world, "POST / HTTP/1.1\r\nContent-Length: 5\r\n" REST "hallo", "200 OK");
    assert_string_equal(world->body, "hallo");
}

static void answers_several_requests_on_a_connection(void **state)
{
    struct peer peer;
    peer_open(&peer, *state);
    peer_say(&peer, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)peer_wait(&peer, "\r\n\r\n/2");
    peer_say(&peer, "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
    const char *got = peer_wait(&peer, "\r\n\r\n/3");
    assert_true(strstr(got, "/1") < strstr(got, "/2"));
    assert_null(strstr(got, "Connection: close"));
    peer_close(&peer);
}

static void sends_what_is_larger_than_a_socket_takes(void **state)
{
    struct peer peer;
    peer_open(&peer, *state);
    peer_say(&peer, "GET /big HTTP/1.1\r\n" REST);
    (void)peer_wait(&peer, NULL);
    assert_true(peer.got.len_bytes > BIG_BYTES);
    peer_close(&peer);
}

static void refuses_by_status(void **state)
{
    struct world *world = *state;
    check(world, "PUT / HTTP/1.1\r\n" REST, "HTTP/1.1 405 ");
    check(world, "POST / HTTP/1.1\r\n" REST, "HTTP/1.1 411 ");
    check(world, "POST / HTTP/1.1\r\nContent-Length: 33\r\n" REST, "HTTP/1.1 413 ");
    check(world, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" REST, "HTTP/1.1 501 ");
    check(world, "what is this\r\n\r\n", "HTTP/1.1 400 ");
    assert_int_equal(world->calls, 0);
}

/* Also where no handler sees the request. */
static void says_why_it_refuses_and_what_it_takes(void **state)
{
    struct world *world = *state;
    check(world, "PUT / HTTP/1.1\r\n" REST, "\r\nAllow: GET, HEAD, POST\r\n");
    check(world, "PUT / HTTP/1.1\r\n" REST, "\r\nX-Content-Type-Options: nosniff\r\n");
    check(world, "PUT / HTTP/1.1\r\n" REST, "\r\nCache-Control: no-store\r\n");
    check(world, "PUT / HTTP/1.1\r\n" REST, "\r\n\r\n405 Method Not Allowed\n");
    check(world, "what is this\r\n\r\n", "\r\n\r\n400 Bad Request\n");
}

static void a_refused_head_has_no_body(void **state)
{
    struct world *world = *state;
    struct server_options options = OPTIONS;
    struct peer peer;
    options.methods = SERVER_POST;
    server_free(world->server);
    serve(world, &options);
    peer_open(&peer, world);
    peer_say(&peer, "HEAD / HTTP/1.1\r\n" REST);
    const char *got = peer_wait(&peer, NULL);
    assert_non_null(strstr(got, "HTTP/1.1 405 "));
    assert_non_null(strstr(got, "\r\nAllow: POST\r\n"));
    assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n");
    peer_close(&peer);
}

/* --- 100 Continue --- */

#define EXPECTING(version, bytes, what)                                                            \
    "POST / HTTP/" version "\r\nContent-Length: " bytes "\r\nExpect: " what "\r\n" REST

static void tells_a_peer_that_waits_to_go_on(void **state)
{
    struct world *world = *state;
    struct peer peer;
    peer_open(&peer, world);
    peer_say(&peer, EXPECTING("1.1", "5", "100-Continue"));
    const char *got = peer_wait(&peer, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_string_equal(got, "HTTP/1.1 100 Continue\r\n\r\n");
    peer_say(&peer, "ha");
    peer_say(&peer, "llo");
    got = peer_wait(&peer, NULL);
    assert_non_null(strstr(got, "HTTP/1.1 200 OK\r\n"));
    assert_null(strstr(got + strlen("HTTP/1.1 100"), "100 Continue"));
    assert_string_equal(world->body, "hallo");
    peer_close(&peer);
}

static void tells_nobody_to_go_on_in_vain(void **state)
{
    struct world *world = *state;
    struct peer peer;
    check(world, EXPECTING("1.1", "33", "100-continue"), "HTTP/1.1 413 ");
    check(world, EXPECTING("1.1", "5", "a pony"), "HTTP/1.1 417 Expectation Failed\r\n");
    peer_open(&peer, world);
    peer_say(&peer, EXPECTING("1.1", "5", "100-continue") "hallo");
    assert_null(strstr(peer_wait(&peer, NULL), "100 Continue"));
    peer_close(&peer);
    check(world, EXPECTING("1.0", "5", "100-continue") "hallo", "HTTP/1.1 200 OK\r\n");
}

static void refuses_a_head_that_never_ends(void **state)
{
    struct peer peer;
    peer_open(&peer, *state);
    AUTO_FREE char *much = mem_new(17 * 1024 + 1, 1);
    memset(much, 'a', 17 * 1024);
    peer_say(&peer, much);
    assert_non_null(strstr(peer_wait(&peer, NULL), "HTTP/1.1 431 "));
    peer_close(&peer);
}

static void ends_who_is_too_slow_to_ask(void **state)
{
    struct world *world = *state;
    check(world, "GET / HT", "HTTP/1.1 408 ");
    struct peer peer;
    peer_open(&peer, world);
    assert_string_equal(peer_wait(&peer, NULL), "");
    assert_true(peer.is_ended);
    peer_close(&peer);
}

static void makes_room_by_ending_the_slowest(void **state)
{
    struct world *world = *state;
    struct peer slow[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        peer_open(&slow[i], world);
        peer_say(&slow[i], "GET /slow");
    }
    check(world, "GET /quick HTTP/1.1\r\n" REST, "200 OK");
    assert_true(server_connections(world->server) <= CONNECTIONS);
    for (int i = 0; i < CONNECTIONS; i++)
        peer_close(&slow[i]);
}

static void takes_an_answer_later(void **state)
{
    struct world *world = *state;
    struct peer peer;
    peer_open(&peer, world);
    peer_say(&peer, "GET /keep HTTP/1.1\r\n" REST);
    assert_int_equal(loop_run(world->loop), 0);
    server_answer(world->kept, &(struct server_answer){ .status = 503, .text = "later" });
    assert_non_null(strstr(peer_wait(&peer, NULL), "\r\n\r\nlater"));
    peer_close(&peer);
}

static void an_answer_after_the_server_goes_nowhere(void **state)
{
    struct world *world = *state;
    struct peer peer;
    peer_open(&peer, world);
    peer_say(&peer, "GET /keep HTTP/1.1\r\n" REST);
    assert_int_equal(loop_run(world->loop), 0);
    server_free(world->server);
    world->server = NULL;
    server_answer(world->kept, &(struct server_answer){ .status = 200, .text = "late" });
    assert_string_equal(peer_wait(&peer, NULL), "");
    peer_close(&peer);
}

static void streams_until_the_peer_leaves(void **state)
{
    struct world *world = *state;
    struct peer peer;
    peer_open(&peer, world);
    peer_say(&peer, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_null(strstr(peer_wait(&peer, "data: 1\n\n"), "Content-Length"));
    server_stream_send(world->stream, "data: 2\n\n", 9);
    (void)peer_wait(&peer, "data: 2\n\n");
    peer_close(&peer);
    assert_int_equal(loop_run(world->loop), 0);
    assert_int_equal(world->gone, 1);
}

static void cuts_off_a_stream_that_nobody_reads(void **state)
{
    struct world *world = *state;
    struct peer peer;
    peer_open(&peer, world);
    peer_say(&peer, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)peer_wait(&peer, "data: 1\n\n");
    AUTO_FREE char *much = mem_new(1024 * 1024, 1);
    for (int i = 0; i < 16 && server_connections(world->server) > 0; i++)
        server_stream_send(world->stream, much, 1024 * 1024);
    assert_int_equal(server_connections(world->server), 0);
    assert_int_equal(loop_run(world->loop), 0);
    assert_int_equal(world->gone, 1);
    peer_close(&peer);
}

static void says_that_the_port_is_taken(void **state)
{
    struct world *world = *state;
    struct err err = ERR_NONE;
    AUTO_FREE char *address = mem_printf("127.0.0.1:%d", server_port(world->server));
    struct server_options options = OPTIONS;
    options.address = address;
    assert_null(server_new(world->loop, &options, handle, world, &err));
    assert_int_equal(err.code, EADDRINUSE);
    assert_non_null(strstr(err.text, address));
    assert_non_null(strstr(err.remedy, "port"));
}

static void listens_on_version_6_too(void **state)
{
    struct world *world = *state;
    struct err err = ERR_NONE;
    struct server_options options = OPTIONS;
    options.address = "[::1]:0";
    struct server *server = server_new(world->loop, &options, handle, world, &err);
    if (!server && err.code == EADDRNOTAVAIL)
        skip(); /* a machine without it */
    assert_non_null(server);
    assert_true(server_port(server) > 0);
    server_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_a_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_the_body_out_for_head, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_a_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(answers_several_requests_on_a_connection, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(sends_what_is_larger_than_a_socket_takes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_by_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_why_it_refuses_and_what_it_takes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_head_has_no_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_a_peer_that_waits_to_go_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_nobody_to_go_on_in_vain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_head_that_never_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ends_who_is_too_slow_to_ask, set_up, tear_down),
        cmocka_unit_test_setup_teardown(makes_room_by_ending_the_slowest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_an_answer_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_after_the_server_goes_nowhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(streams_until_the_peer_leaves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cuts_off_a_stream_that_nobody_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_that_the_port_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(listens_on_version_6_too, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
