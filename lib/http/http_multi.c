/*
 * curl's multi interface on our loop: a watch for each of its sockets, one timer, and results taken
 * only after curl has been called.
 */
#include "lib/http/http_internal.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "lib/base/loop.h"
#include "lib/base/mem.h"

/* curl keeps copies of passwords, headers and bodies, and frees them as they are. With these, what
 * it gives back is overwritten first. */
static void free_wiped(void *memory)
{
    if (memory)
        mem_wipe(memory, malloc_usable_size(memory));
    free(memory);
}

static void *realloc_wiped(void *old, size_t size)
{
    size_t had = old ? malloc_usable_size(old) : 0;
    void *fresh = malloc(size);
    if (!fresh || !old)
        return fresh;
    memcpy(fresh, old, had < size ? had : size);
    free_wiped(old);
    return fresh;
}

/* A finished call is taken out at once, and told from the pump. */
static void results_take(struct http_client *client)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left));) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *call;
        CURLcode verdict = message->data.result; /* the message dies with remove_handle */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        http_call_ended((struct http_call *)(void *)call, verdict);
    }
}

static void multi_act(struct http_client *client, curl_socket_t fd, int events)
{
    int running;
    (void)curl_multi_socket_action(client->multi, fd, events, &running);
    results_take(client);
}

/* curl may end the socket in here, and our struct with it. */
static void socket_ready(void *ctx, int events)
{
    const struct http_socket *socket = ctx;
    int mask = (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
               (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
    multi_act(socket->client, socket->fd, mask);
}

static void timer_due(void *ctx)
{
    multi_act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

static void socket_end(struct http_socket *socket)
{
    LIST_REMOVE(socket, link);
    loop_watch_free(socket->watch);
    free(socket);
}

static struct http_socket *socket_begin(struct http_client *client, curl_socket_t fd)
{
    struct http_socket *socket = mem_new(1, sizeof(*socket));
    socket->client = client;
    socket->fd = fd;
    socket->watch = loop_watch_new(client->loop, fd, socket_ready, socket);
    LIST_INSERT_HEAD(&client->sockets, socket, link);
    (void)curl_multi_assign(client->multi, fd, socket);
    return socket;
}

static int socket_cb(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned)
{
    struct http_socket *socket = assigned;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket)
            socket_end(socket);
        return 0;
    }
    if (!socket)
        socket = socket_begin(ctx, fd);
    loop_watch_set(socket->watch,
                   (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0));
    return 0;
}

static int timer_cb(CURLM *multi, long delay_ms, void *ctx)
{
    struct http_client *client = ctx;
    (void)multi;
    if (delay_ms < 0)
        loop_timer_stop(client->curl_timer);
    else
        loop_timer_start(client->curl_timer, delay_ms);
    return 0;
}

static void multi_options(struct http_client *client)
{
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, timer_cb);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)client->connections);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)client->connections);
}

int http_multi_open(struct http_client *client, struct err *err)
{
    /* Counted by curl: only the first of a process does anything. */
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, free_wiped, realloc_wiped, strdup,
                             calloc) != CURLE_OK)
        return err_set(err, EIO, "the HTTP library (libcurl) could not be started");
    client->multi = curl_multi_init();
    if (!client->multi) {
        curl_global_cleanup();
        return err_set(err, ENOMEM, "the HTTP library (libcurl) could not be started");
    }
    client->curl_timer = loop_timer_new(client->loop, timer_due, client);
    multi_options(client);
    return 0;
}

void http_multi_close(struct http_client *client)
{
    if (!client->multi)
        return;
    curl_multi_cleanup(client->multi);
    client->multi = NULL;
    for (struct http_socket *socket; (socket = LIST_FIRST(&client->sockets));)
        socket_end(socket);
    loop_timer_free(client->curl_timer);
    client->curl_timer = NULL;
    curl_global_cleanup();
}
