/*
 * fake_http.h - a small HTTP server in a child process on loopback, which plays one script a path.
 *
 * Owns its processes: all of them end with fake_http_stop, or with the test. Serves one connection
 * a process, several requests a connection. It never sees the code under test.
 */
#ifndef SALDOD_TESTS_FAKE_HTTP_H
#define SALDOD_TESTS_FAKE_HTTP_H

#include <sys/types.h>

/* Counted in memory that the test shares with the server. */
struct fake_http_counts {
    int connections;
    int requests;
    int busy;      /* requests being answered now */
    int busy_most; /* at one moment */
};

struct fake_http {
    pid_t pid;
    int port;
    struct fake_http_counts *counts;
};

enum { FAKE_BIG_BYTES = 1024 * 1024, FAKE_ERROR_BYTES = 70 * 1024 };

/*
 * Paths: /ok /echo /not-modified /chunked /gzip /gzip-broken /truncated /chunked-truncated /short
 * /reset /nothing /hang /hang-after-headers /drip /redirect /error-big /error-endless /big
 * /headers-big /garbage /empty-error
 */
void fake_http_start(struct fake_http *server);
void fake_http_stop(struct fake_http *server);

/* A free port where nobody listens. */
int fake_http_free_port(void);

/* openssl's s_server in a child, serving the file `answer` of folder `dir`, which holds cert.pem
 * and key.pem; `option` is one more of its options, or NULL. */
void fake_tls_start(struct fake_http *server, const char *dir, const char *option);

#endif
