#include "tests/integration/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/process.h"

enum { START_MS = 20000, POLL_MS = 50 };

/* What a browser asks for, one after the other on one connection; the last answer never ends. */
#define ASK(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"
static const char ASKED[] = ASK("/") ASK("/api/v1/clients") ASK("/api/v1/bureaus")
    ASK("/api/v1/events");

struct crowd {
    struct pollfd *ends;
    int readers;
    pthread_t thread;
    atomic_int is_over, heard, cut;
    atomic_llong bytes;
};

static void drain(struct crowd *crowd, struct pollfd *end, char *has_heard)
{
    char bytes[65536];
    ssize_t len = recv(end->fd, bytes, sizeof(bytes), 0);
    if (len <= 0) {
        crowd->cut++;
        end->events = 0;
        return;
    }
    crowd->bytes += len;
    crowd->heard += !*has_heard;
    *has_heard = 1;
}

static void *run(void *ctx)
{
    struct crowd *crowd = ctx;
    AUTO_FREE char *has_heard = mem_new((size_t)crowd->readers, 1);
    while (!crowd->is_over) {
        if (poll(crowd->ends, (nfds_t)crowd->readers, POLL_MS) <= 0)
            continue;
        for (int i = 0; i < crowd->readers; i++) {
            if (crowd->ends[i].revents && crowd->ends[i].events)
                drain(crowd, &crowd->ends[i], &has_heard[i]);
        }
    }
    return NULL;
}

static int open_reader(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        send(fd, ASKED, sizeof(ASKED) - 1, MSG_NOSIGNAL) < 0)
        fail_msg("a reader is not let in");
    return fd;
}

struct crowd *crowd_new(int port, int readers)
{
    struct crowd *crowd = mem_new(1, sizeof(*crowd));
    int64_t until_ms = process_now_ms() + START_MS;
    crowd->readers = readers;
    crowd->ends = mem_new((size_t)readers, sizeof(*crowd->ends));
    for (int i = 0; i < readers; i++)
        crowd->ends[i] = (struct pollfd){ .fd = open_reader(port), .events = POLLIN };
    if (pthread_create(&crowd->thread, NULL, run, crowd) != 0)
        fail_msg("no thread");
    while (crowd->heard < readers && process_now_ms() < until_ms)
        process_pause();
    assert_int_equal(crowd->heard, readers);
    return crowd;
}

void crowd_free(struct crowd *crowd, int64_t *ret_bytes, int *ret_cut)
{
    crowd->is_over = 1;
    (void)pthread_join(crowd->thread, NULL);
    for (int i = 0; i < crowd->readers; i++)
        (void)close(crowd->ends[i].fd);
    *ret_bytes = crowd->bytes;
    *ret_cut = crowd->cut;
    free(crowd->ends);
    free(crowd);
}
