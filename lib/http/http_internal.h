/*
 * http_internal.h - what the files of lib/http share; nobody else includes it.
 *
 * A call stands in exactly one list: of its group, waiting for a connection; of its client, inside
 * curl, or ended and not told yet. The client owns the lists, the calls in them, and curl's multi
 * handle.
 */
#ifndef SALDOD_HTTP_HTTP_INTERNAL_H
#define SALDOD_HTTP_HTTP_INTERNAL_H

#include <curl/curl.h>
#include <sys/queue.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/http/http.h"

enum {
    HTTP_ERROR_BODY_BYTES_MAX = 65536,
    HTTP_HEADER_BYTES_MAX = 65536,
    HTTP_PLACE_BYTES = 280,     /* "host:port" */
    HTTP_SPEED_MIN_BYTES = 100, /* a second: below it for half of a longer time-out, it hangs */
    HTTP_PATIENCE_MS = 20000,   /* a shorter time-out is all there is */
};

struct loop_timer;
struct loop_watch;

enum http_call_state { HTTP_WAITING, HTTP_RUNNING, HTTP_ENDED, HTTP_TELLING };

struct http_call {
    TAILQ_ENTRY(http_call) link;
    struct http_client *client;
    struct http_group *group;
    enum http_call_state state;
    CURL *easy;
    struct curl_slist *headers;
    char place[HTTP_PLACE_BYTES]; /* for messages: no path, no query, no user */
    int is_loopback;
    char reason[CURL_ERROR_SIZE]; /* curl's words */
    int64_t timeout_ms;
    int64_t sent_us;
    size_t max_body_bytes;
    http_body_fn *on_body;
    void *on_body_ctx;
    http_done_fn *done;
    void *ctx;
    struct buf gathered;
    size_t body_bytes;
    size_t header_bytes;
    int is_paused;  /* the receiver wants nothing more for now */
    int is_stalled; /* curl holds bytes back because of that */
    int is_enough;  /* an error answer whose rest nobody needs */
    int stop_code;  /* positive errno: why we ended it ourselves; 0 = we did not */
    struct err why; /* code 0: `easy` knows the status */
};

TAILQ_HEAD(http_call_list, http_call);

struct http_group {
    struct http_client *client;
    TAILQ_ENTRY(http_group) link;  /* while something waits */
    struct http_call_list waiting; /* for a connection */
    int running_count;
    int refs; /* its maker's, and one of each call */
    int is_bounded;
};

TAILQ_HEAD(http_group_list, http_group);

/* A socket of curl's; ends with CURL_POLL_REMOVE. */
struct http_socket {
    LIST_ENTRY(http_socket) link;
    struct http_client *client;
    struct loop_watch *watch;
    curl_socket_t fd;
};

struct http_client {
    struct loop *loop;
    char *user_agent;
    char *ca_file; /* NULL = the system's alone */
    int connections;
    http_gate_fn *gate; /* NULL = none */
    void *gate_ctx;
    int64_t connect_timeout_ms;
    CURLM *multi;
    struct loop_timer *curl_timer; /* when curl wants to be called */
    struct loop_timer *pump;       /* due as soon as something is to be told, started or resumed */
    LIST_HEAD(, http_socket) sockets;
    struct http_group_list waiting; /* groups with calls that wait, in turn */
    struct http_group *common;      /* of the calls that are of no group */
    struct http_call_list running, ended;
    int running_count;
    int groups_count; /* beside the common one */
    int is_pumping;
    int is_receiving; /* inside on_body */
    int is_over;      /* freed by a `done`: released when the pump returns */
};

/* http_call.c: one request as curl sees it. */
/* How long next to nothing may come; 0 = as long as the time-out. */
int64_t http_call_stall_ms(const struct http_call *call) MUST_USE;
int http_call_prepare(struct http_call *call, const struct http_request *request,
                      struct err *err) MUST_USE;
void http_call_free(struct http_call *call);

/* http_fault.c: fills call->why from curl's verdict; leaves it empty where the server answered. */
void http_fault_note(struct http_call *call, CURLcode verdict);

/* http_multi.c: curl on the loop. */
int http_multi_open(struct http_client *client, struct err *err) MUST_USE;
void http_multi_close(struct http_client *client); /* twice is fine */

/* http.c: curl says that a call is over. */
void http_call_ended(struct http_call *call, CURLcode verdict);

#endif
