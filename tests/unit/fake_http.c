/* Scripts played over plain sockets; see fake_http.h. */
#include "tests/unit/fake_http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REQUEST_BYTES_MAX = 256 * 1024, DRIP_MS = 20, PIECE_BYTES = 4096 };

/* "gzip body" as gzip */
static const unsigned char GZIP[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0xaf, 0xca, 0x2c, 0x50,
    0x48, 0xca, 0x4f, 0xa9, 0x04, 0x00, 0xc6, 0x8a, 0xba, 0xcd, 0x09, 0x00, 0x00, 0x00,
};

/* A test that goes wrong in here shows as a lost connection. */
static void check(int is_true)
{
    if (!is_true)
        _exit(1);
}

static void say_bytes(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        check(sent > 0);
        at += sent;
        len -= (size_t)sent;
    }
}

static void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

static void say_many(int fd, size_t len)
{
    static char piece[PIECE_BYTES];
    memset(piece, 'x', sizeof(piece));
    for (; len > 0; len -= len < sizeof(piece) ? len : sizeof(piece))
        say_bytes(fd, piece, len < sizeof(piece) ? len : sizeof(piece));
}

static void say_head(int fd, const char *status, size_t len)
{
    char head[256];
    snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status, len);
    say(fd, head);
}

/* Waits until the other side is gone. */
static void wait_for_end(int fd)
{
    char byte;
    while (recv(fd, &byte, 1, 0) > 0)
        continue;
}

static void play_ok(int fd, const char *request)
{
    (void)request;
    say(fd, "HTTP/1.1 200 OK\r\nX-Rate-Limit-Remaining: 17\r\nX-Empty:\r\nContent-Length: 5\r\n\r\n"
            "hello");
}

static void play_echo(int fd, const char *request)
{
    say_head(fd, "201 Created", strlen(request));
    say(fd, request);
}

static void play_not_modified(int fd, const char *request)
{
    (void)request;
    say(fd, "HTTP/1.1 304 Not Modified\r\nETag: \"d\"\r\n\r\n");
}

static void play_chunked(int fd, const char *request)
{
    (void)request;
    say(fd,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n"
        "\r\n");
}

static void say_gzip(int fd, const unsigned char *bytes, size_t len)
{
    char head[256];
    snprintf(head, sizeof(head),
             "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", len);
    say(fd, head);
    say_bytes(fd, bytes, len);
}

static void play_gzip(int fd, const char *request)
{
    int is_offered = strstr(request, "\r\nAccept-Encoding:") && strstr(request, "gzip");
    check(is_offered);
    say_gzip(fd, GZIP, sizeof(GZIP));
}

static void play_gzip_broken(int fd, const char *request)
{
    (void)request;
    unsigned char broken[sizeof(GZIP)];
    memcpy(broken, GZIP, sizeof(GZIP));
    memset(broken + 10, 0xff, 6);
    say_gzip(fd, broken, sizeof(broken));
}

static void play_truncated(int fd, const char *request)
{
    (void)request;
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
    _exit(0);
}

static void play_chunked_truncated(int fd, const char *request)
{
    (void)request;
    say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n0123456789");
    _exit(0);
}

static void play_short(int fd, const char *request)
{
    (void)request;
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n0123456789");
    _exit(0);
}

static void play_reset(int fd, const char *request)
{
    (void)request;
    struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
    check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
    _exit(0);
}

static void play_nothing(int fd, const char *request)
{
    (void)fd, (void)request;
    _exit(0);
}

static void play_hang(int fd, const char *request)
{
    (void)request;
    wait_for_end(fd);
    _exit(0);
}

static void play_hang_after_headers(int fd, const char *request)
{
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nstart");
    play_hang(fd, request);
}

static void play_drip(int fd, const char *request)
{
    (void)request;
    struct pollfd other = { .fd = fd, .events = POLLIN };
    say_head(fd, "200 OK", 1000000);
    while (poll(&other, 1, DRIP_MS) == 0)
        say(fd, "x");
    _exit(0);
}

static void play_redirect(int fd, const char *request)
{
    (void)request;
    say(fd, "HTTP/1.1 302 Found\r\nLocation: http://other.invalid/\r\nContent-Length: 0\r\n\r\n");
}

static void play_error_big(int fd, const char *request)
{
    (void)request;
    say_head(fd, "500 Internal Server Error", FAKE_ERROR_BYTES);
    say_many(fd, FAKE_ERROR_BYTES);
}

static void play_error_endless(int fd, const char *request)
{
    (void)request;
    say(fd, "HTTP/1.1 503 Service Unavailable\r\n\r\n");
    for (;;)
        say_many(fd, PIECE_BYTES);
}

static void play_empty_error(int fd, const char *request)
{
    (void)request;
    say_head(fd, "403 Forbidden", 0);
}

static void play_big(int fd, const char *request)
{
    (void)request;
    say_head(fd, "200 OK", FAKE_BIG_BYTES);
    say_many(fd, FAKE_BIG_BYTES);
}

static void play_headers_big(int fd, const char *request)
{
    (void)request;
    say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 100; i++) {
        say(fd, "X-Long: ");
        say_many(fd, 1000);
        say(fd, "\r\n");
    }
    say(fd, "Content-Length: 0\r\n\r\n");
}

static void play_garbage(int fd, const char *request)
{
    (void)request;
    say(fd, "SSH-2.0-OpenSSH_9.2\r\n");
    _exit(0);
}

static const struct script {
    const char *path;
    void (*play)(int fd, const char *request);
} SCRIPTS[] = {
    { "/ok", play_ok },
    { "/echo", play_echo },
    { "/not-modified", play_not_modified },
    { "/chunked", play_chunked },
    { "/gzip", play_gzip },
    { "/gzip-broken", play_gzip_broken },
    { "/truncated", play_truncated },
    { "/chunked-truncated", play_chunked_truncated },
    { "/short", play_short },
    { "/reset", play_reset },
    { "/nothing", play_nothing },
    { "/hang", play_hang },
    { "/hang-after-headers", play_hang_after_headers },
    { "/drip", play_drip },
    { "/redirect", play_redirect },
    { "/error-big", play_error_big },
    { "/error-endless", play_error_endless },
    { "/empty-error", play_empty_error },
    { "/big", play_big },
    { "/headers-big", play_headers_big },
    { "/garbage", play_garbage },
};

static void play(int fd, const char *request)
{
    const char *path = strchr(request, ' ');
    check(path != NULL);
    size_t len = strcspn(++path, " ?");
    for (size_t i = 0; i < sizeof(SCRIPTS) / sizeof(SCRIPTS[0]); i++) {
        if (strlen(SCRIPTS[i].path) == len && memcmp(SCRIPTS[i].path, path, len) == 0) {
            SCRIPTS[i].play(fd, request);
            return;
        }
    }
    say_head(fd, "404 Not Found", 0);
}

/* One request with its body into `request`; 0 = the other side has closed. */
static int request_read(int fd, char *request)
{
    size_t used = 0;
    for (;;) {
        request[used] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        const char *length = strcasestr(request, "\r\ncontent-length:");
        size_t body = end && length && length < end ? strtoul(length + 17, NULL, 10) : 0;
        if (end && used >= (size_t)(end - request) + 4 + body)
            return 1;
        ssize_t got = recv(fd, request + used, REQUEST_BYTES_MAX - used - 1, 0);
        if (got <= 0)
            return 0;
        used += (size_t)got;
    }
}

static void serve(int fd, struct fake_http_counts *counts)
{
    static char request[REQUEST_BYTES_MAX];
    while (request_read(fd, request)) {
        __atomic_add_fetch(&counts->requests, 1, __ATOMIC_SEQ_CST);
        int busy = __atomic_add_fetch(&counts->busy, 1, __ATOMIC_SEQ_CST);
        if (busy > counts->busy_most)
            counts->busy_most = busy;
        play(fd, request);
        __atomic_sub_fetch(&counts->busy, 1, __ATOMIC_SEQ_CST);
    }
    _exit(0);
}

static int listen_on_loopback(int *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 256) == 0 &&
          getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

/* In the child: every process of its group ends with the test, however that ends. */
static void child_begin(void)
{
    check(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
    signal(SIGCHLD, SIG_IGN);
}

static void accept_all(int listener, struct fake_http_counts *counts)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        check(fd >= 0);
        __atomic_add_fetch(&counts->connections, 1, __ATOMIC_SEQ_CST);
        pid_t pid = fork();
        check(pid >= 0);
        if (pid == 0) {
            child_begin();
            close(listener);
            serve(fd, counts);
        }
        close(fd);
    }
}

void fake_http_start(struct fake_http *server)
{
    int listener = listen_on_loopback(&server->port);
    server->counts = mmap(NULL, sizeof(*server->counts), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(server->counts != MAP_FAILED);
    server->pid = fork();
    check(server->pid >= 0);
    if (server->pid == 0) {
        child_begin();
        setpgid(0, 0);
        accept_all(listener, server->counts);
    }
    setpgid(server->pid, server->pid); /* whoever comes first */
    close(listener);
}

void fake_http_stop(struct fake_http *server)
{
    kill(-server->pid, SIGKILL);
    while (waitpid(server->pid, NULL, 0) < 0)
        continue;
    if (server->counts)
        munmap(server->counts, sizeof(*server->counts));
    *server = (struct fake_http){ .pid = 0 };
}

int fake_http_free_port(void)
{
    int port;
    close(listen_on_loopback(&port));
    return port;
}

static void exec_openssl(const char *dir, const char *option, int out)
{
    const char *const args[] = { "openssl", "s_server", "-accept", "127.0.0.1:0",
                                 "-cert",   "cert.pem", "-key",    "key.pem",
                                 "-HTTP",   option,     NULL };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    child_begin();
    setpgid(0, 0);
    if (chdir(dir) == 0 && dup2(null, 0) >= 0 && dup2(out, 1) >= 0 && dup2(null, 2) >= 0)
        execvp(args[0], (char *const *)(uintptr_t)args);
    _exit(127);
}

void fake_tls_start(struct fake_http *server, const char *dir, const char *option)
{
    int ends[2];
    char line[256];
    check(pipe2(ends, O_CLOEXEC) == 0);
    *server = (struct fake_http){ .pid = fork() };
    check(server->pid >= 0);
    if (server->pid == 0)
        exec_openssl(dir, option, ends[1]);
    setpgid(server->pid, server->pid);
    close(ends[1]);
    FILE *said = fdopen(ends[0], "r");
    check(said != NULL);
    while (server->port == 0 && fgets(line, sizeof(line), said))
        (void)sscanf(line, "ACCEPT 127.0.0.1:%d", &server->port);
    /* Not closed: openssl goes on writing. The end of the test closes it. */
    check(server->port > 0);
}
