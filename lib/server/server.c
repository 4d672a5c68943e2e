#include "lib/server/server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/server/server_internal.h"

enum {
    REQUEST_MS = 10000,
    IDLE_MS = 30000,
    ANSWER_MS = 60000,
    REST_MS = 1000,
    BACKLOG = 128,
    ACCEPTS_A_TURN = 32,
};

/* --- accepting --- */

/* Who has been slowest to ask makes room: a request that is being answered is never cut. */
static struct connection *find_slowest(const struct server *server)
{
    struct connection *connection, *slowest = NULL;
    TAILQ_FOREACH(connection, &server->connections, entry)
    {
        if (connection->state != CONNECTION_READING && connection->state != CONNECTION_LINGERING)
            continue;
        if (!slowest || connection->asked_ms < slowest->asked_ms)
            slowest = connection;
    }
    return slowest;
}

static void set_listening(struct server *server, int events)
{
    for (int i = 0; i < server->listeners; i++)
        loop_watch_set(server->watches[i], events);
}

static void listen_again(void *ctx)
{
    set_listening(ctx, LOOP_READ);
}

static void take_connection(struct server *server, int fd)
{
    if (server->connections_count >= server->options.connections_max) {
        struct connection *slowest = find_slowest(server);
        if (!slowest) {
            (void)close(fd);
            return;
        }
        connection_free(slowest);
    }
    connection_new(server, fd);
}

static void accept_all(struct server *server, int listener)
{
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_connection(server, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            set_listening(server, 0);
            loop_timer_start(server->rest, REST_MS);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static void listener_event(void *ctx, int events)
{
    struct server *server = ctx;
    (void)events;
    for (int i = 0; i < server->listeners; i++)
        accept_all(server, server->fds[i]);
}

/* --- listening --- */

/* "[::1]:80" and "host:80" taken apart; 0 or -EINVAL. */
static int split_address(const char *address, char *host, size_t host_bytes, const char **ret_port)
{
    const char *colon = strrchr(address, ':');
    int is_v6 = address[0] == '[';
    if (!colon || (is_v6 && (colon == address + 1 || colon[-1] != ']')))
        return -EINVAL;
    const char *start = address + is_v6;
    size_t len = (size_t)(colon - start) - (size_t)is_v6;
    if (len == 0 || len >= host_bytes)
        return -EINVAL;
    memcpy(host, start, len);
    host[len] = '\0';
    *ret_port = colon + 1;
    return 0;
}

static int port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = { .v6 = { .sin6_family = AF_UNSPEC } };
    socklen_t len = sizeof(address);
    if (getsockname(fd, &address.any, &len) < 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static int listen_on(const struct addrinfo *info)
{
    int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        int failure = -errno;
        (void)close(fd);
        return failure;
    }
    return fd;
}

/* All addresses of the name; one that this machine does not have is left out if another serves. */
static int listen_on_all(struct server *server, const struct addrinfo *list)
{
    int failure = -EADDRNOTAVAIL;
    for (const struct addrinfo *info = list; info; info = info->ai_next) {
        if (server->listeners == SERVER_LISTENERS_MAX)
            break;
        int fd = listen_on(info);
        if (fd == -EADDRINUSE || fd == -EACCES)
            return fd;
        if (fd < 0) {
            failure = fd;
            continue;
        }
        server->fds[server->listeners] = fd;
        server->watches[server->listeners] = loop_watch_new(server->loop, fd, listener_event,
                                                            server);
        server->listeners++;
    }
    if (server->listeners == 0)
        return failure;
    server->port = port_of(server->fds[0]);
    return 0;
}

static int explain(int failure, const char *address, struct err *err)
{
    err_set(err, -failure, "cannot listen on %s: %s", address, strerror(-failure));
    if (failure == -EADDRINUSE)
        err_set_remedy(err, "End the program that has this port (ss -ltnp), or choose another");
    else if (failure == -EACCES)
        err_set_remedy(err, "Choose a port from 1024 on");
    else
        err_set_remedy(err, "Choose an address that this machine has");
    return failure;
}

static int start_listening(struct server *server, const char *address, struct err *err)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    char host[256];
    const char *port;
    if (split_address(address, host, sizeof(host), &port) < 0)
        return explain(-EINVAL, address, err);
    int failed = getaddrinfo(host, port, &hints, &list);
    if (failed != 0) {
        err_set(err, EADDRNOTAVAIL, "cannot listen on %s: %s", address, gai_strerror(failed));
        err_set_remedy(err, "Choose an address that this machine has");
        return -EADDRNOTAVAIL;
    }
    int ret = listen_on_all(server, list);
    freeaddrinfo(list);
    return ret < 0 ? explain(ret, address, err) : 0;
}

struct server *server_new(struct loop *loop, const struct server_options *options,
                          server_handle_fn *handle, void *ctx, struct err *err)
{
    struct server *server = mem_new(1, sizeof(*server));
    server->loop = loop;
    server->options = *options;
    server->options.address = NULL;
    server->handle = handle;
    server->ctx = ctx;
    server->rest = loop_timer_new(loop, listen_again, server);
    TAILQ_INIT(&server->connections);
    if (options->request_ms == 0)
        server->options.request_ms = REQUEST_MS;
    if (options->idle_ms == 0)
        server->options.idle_ms = IDLE_MS;
    if (options->answer_ms == 0)
        server->options.answer_ms = ANSWER_MS;
    if (start_listening(server, options->address, err) < 0) {
        server_free(server);
        return NULL;
    }
    set_listening(server, LOOP_READ);
    return server;
}

int server_port(const struct server *server)
{
    return server->port;
}

int server_connections(const struct server *server)
{
    return server->connections_count;
}

void server_free(struct server *server)
{
    if (!server)
        return;
    while (!TAILQ_EMPTY(&server->connections))
        connection_free(TAILQ_FIRST(&server->connections));
    for (int i = 0; i < server->listeners; i++) {
        loop_watch_free(server->watches[i]);
        (void)close(server->fds[i]);
    }
    loop_timer_free(server->rest);
    free(server);
}
