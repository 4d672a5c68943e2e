/* What curl's verdict means, in our codes and words. */
#include "lib/http/http_internal.h"

#include <errno.h>
#include <string.h>

#include "lib/base/clock.h"

/* Families of verdicts: each has its words and its remedy. */
enum fault_kind {
    FAULT_OTHER,
    FAULT_NAME,
    FAULT_CONNECT,
    FAULT_TIME,
    FAULT_TLS,
    FAULT_CA,
    FAULT_CUT,
    FAULT_GARBLED,
};

static const struct fault_rule {
    CURLcode verdict;
    enum fault_kind kind;
    const char *words; /* where curl's own are not used */
} RULES[] = {
    { CURLE_COULDNT_RESOLVE_HOST, FAULT_NAME, "the host name is not known" },
    { CURLE_COULDNT_RESOLVE_PROXY, FAULT_NAME, "the host name of the proxy is not known" },
    { CURLE_COULDNT_CONNECT, FAULT_CONNECT, NULL },
    { CURLE_OPERATION_TIMEDOUT, FAULT_TIME, NULL },
    { CURLE_SSL_CONNECT_ERROR, FAULT_TLS, NULL },
    { CURLE_PEER_FAILED_VERIFICATION, FAULT_CA, NULL },
    { CURLE_SSL_CACERT_BADFILE, FAULT_CA, NULL },
    { CURLE_PARTIAL_FILE, FAULT_CUT, "the connection ended before the whole answer had come" },
    { CURLE_GOT_NOTHING, FAULT_CUT, "the connection ended without an answer" },
    { CURLE_RECV_ERROR, FAULT_CUT, "the connection was lost while the answer came" },
    { CURLE_SEND_ERROR, FAULT_CUT, "the connection was lost while the request was sent" },
    { CURLE_HTTP2_STREAM, FAULT_CUT, "the server took the request back (HTTP/2 stream error)" },
    { CURLE_HTTP2, FAULT_GARBLED, "the answer breaks the rules of HTTP/2" },
    { CURLE_BAD_CONTENT_ENCODING, FAULT_GARBLED, "the compressed body cannot be unpacked" },
    { CURLE_WEIRD_SERVER_REPLY, FAULT_GARBLED, "the answer is no valid HTTP" },
    { CURLE_UNSUPPORTED_PROTOCOL, FAULT_GARBLED, "the answer is no HTTP" },
    { CURLE_WRITE_ERROR, FAULT_GARBLED, "the body cannot be unpacked" },
    /* What curl 7 says of a line of the headers beyond its own limit. */
    { CURLE_OUT_OF_MEMORY, FAULT_GARBLED, "a header is longer than 100 KiB, or memory is short" },
};

static const struct fault_rule *rule_find(CURLcode verdict)
{
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
        if (RULES[i].verdict == verdict)
            return &RULES[i];
    }
    return NULL;
}

/* The time of connecting stays 0 where a connection is used again; this one does not. */
static int has_connected(const struct http_call *call)
{
    curl_off_t ready_us = 0;
    curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
    return ready_us > 0;
}

static void note_connect(struct http_call *call)
{
    long reason = 0;
    curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &reason);
    int code = reason == ECONNREFUSED || reason == ETIMEDOUT ? (int)reason : EHOSTUNREACH;
    err_set(&call->why, code, "no connection to %s: %s", call->place,
            reason > 0 ? strerror((int)reason) : "the host cannot be reached");
    err_set_remedy(&call->why, "Check the address, that a server listens there, and firewalls on "
                               "the way");
}

/* Given up before the time-out, since next to nothing came. */
static int has_stalled(const struct http_call *call)
{
    curl_off_t total_us = 0;
    curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    return http_call_stall_ms(call) > 0 && total_us / 1000 < call->timeout_ms;
}

static void note_time(struct http_call *call)
{
    char span[CLOCK_MOMENT_BYTES];
    int64_t connect_ms = call->client->connect_timeout_ms;
    if (has_connected(call) && has_stalled(call))
        err_set(&call->why, ETIMEDOUT, "%s hangs: next to nothing came for %s", call->place,
                clock_format_duration(http_call_stall_ms(call), span));
    else if (has_connected(call))
        err_set(&call->why, ETIMEDOUT, "%s had not answered in full after %s", call->place,
                clock_format_duration(call->timeout_ms, span));
    else
        err_set(&call->why, ETIMEDOUT, "no connection to %s: timed out after %s", call->place,
                clock_format_duration(
                    connect_ms > 0 && connect_ms < call->timeout_ms ? connect_ms : call->timeout_ms,
                    span));
    err_set_remedy(&call->why,
                   "Check the network and firewalls on the way; where the server is only "
                   "slow, raise `timeout`");
}

static void note_tls(struct http_call *call, CURLcode verdict, enum fault_kind kind)
{
    err_set(&call->why, EPROTO, "no secure connection to %s: %s", call->place,
            call->reason[0] ? call->reason : curl_easy_strerror(verdict));
    if (kind == FAULT_CA)
        err_set_remedy(&call->why, "Check that the address is the right one; where its certificate "
                                   "comes from an authority of your own, name that in `ca_file`");
    else
        err_set_remedy(&call->why, "Check that the server speaks TLS 1.2 or later on that port");
}

static void note_kind(struct http_call *call, CURLcode verdict, const struct fault_rule *rule)
{
    const char *words = rule && rule->words ? rule->words : curl_easy_strerror(verdict);
    switch (rule ? rule->kind : FAULT_OTHER) {
    case FAULT_NAME:
        err_set(&call->why, EHOSTUNREACH, "no connection to %s: %s", call->place, words);
        err_set_remedy(&call->why, "Check the spelling of the host, and the name servers of this "
                                   "machine");
        return;
    case FAULT_CONNECT:
        note_connect(call);
        return;
    case FAULT_TIME:
        note_time(call);
        return;
    case FAULT_TLS:
    case FAULT_CA:
        note_tls(call, verdict, rule->kind);
        return;
    case FAULT_CUT:
        err_set(&call->why, ECONNRESET, "%s: %s", call->place, words);
        return;
    case FAULT_GARBLED:
    case FAULT_OTHER:
        err_set(&call->why, EPROTO, "%s: %s", call->place, words);
        return;
    }
}

void http_fault_note(struct http_call *call, CURLcode verdict)
{
    if (verdict == CURLE_OK || call->is_enough)
        return;
    if (call->stop_code == 0)
        note_kind(call, verdict, rule_find(verdict));
    else if (call->header_bytes > HTTP_HEADER_BYTES_MAX)
        err_set(&call->why, EMSGSIZE, "%s: the headers of the answer are longer than %d bytes",
                call->place, HTTP_HEADER_BYTES_MAX);
    else if (call->body_bytes > call->max_body_bytes)
        err_set(&call->why, EMSGSIZE, "%s: the answer is longer than %zu bytes", call->place,
                call->max_body_bytes);
    else
        err_set(&call->why, call->stop_code, "%s: the receiver refused the answer", call->place);
}
