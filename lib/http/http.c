/* The client and the life of its calls: waiting, running, ended, told. */
#include "lib/http/http.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/http/http_internal.h"

static void client_wake(struct http_client *client)
{
    loop_timer_start(client->pump, 0);
}

/* --- groups --- */

static struct http_group *group_new(struct http_client *client, int is_bounded)
{
    struct http_group *group = mem_new(1, sizeof(*group));
    group->client = client;
    group->refs = 1;
    group->is_bounded = is_bounded;
    TAILQ_INIT(&group->waiting);
    return group;
}

static void group_unref(struct http_group *group)
{
    if (--group->refs == 0)
        free(group);
}

struct http_group *http_group_new(struct http_client *client)
{
    client->groups_count++;
    return group_new(client, 1);
}

void http_group_free(struct http_group *group)
{
    if (!group)
        return;
    group->client->groups_count--;
    group_unref(group);
}

static void group_wait(struct http_group *group, struct http_call *call)
{
    call->group = group;
    group->refs++;
    call->state = HTTP_WAITING;
    if (TAILQ_EMPTY(&group->waiting))
        TAILQ_INSERT_TAIL(&group->client->waiting, group, link);
    TAILQ_INSERT_TAIL(&group->waiting, call, link);
}

/* The call waits no more; its group goes behind the others, where it still has some that do. */
static void group_leave(struct http_call *call)
{
    struct http_group *group = call->group;
    TAILQ_REMOVE(&group->waiting, call, link);
    TAILQ_REMOVE(&group->client->waiting, group, link);
    if (!TAILQ_EMPTY(&group->waiting))
        TAILQ_INSERT_TAIL(&group->client->waiting, group, link);
}

static int group_may_begin(const struct http_group *group)
{
    const struct http_client *client = group->client;
    int free_count = client->connections - client->running_count;
    return !group->is_bounded || client->groups_count < 2 || group->running_count == 0 ||
           group->running_count < free_count;
}

/* NULL = none waits that may have a connection. Groups that may not have one at least. */
static struct http_call *call_next(const struct http_client *client)
{
    struct http_group *group;
    TAILQ_FOREACH(group, &client->waiting, link)
    {
        if (group_may_begin(group))
            return TAILQ_FIRST(&group->waiting);
    }
    return NULL;
}

/* --- the life of a call --- */

/* The one way out of curl, for calls that have ended and for those that are cancelled. */
static void call_leave(struct http_call *call)
{
    (void)curl_multi_remove_handle(call->client->multi, call->easy);
    TAILQ_REMOVE(&call->client->running, call, link);
    call->client->running_count--;
    call->group->running_count--;
}

void http_call_ended(struct http_call *call, CURLcode verdict)
{
    struct http_client *client = call->client;
    http_fault_note(call, verdict);
    call_leave(call);
    TAILQ_INSERT_TAIL(&client->ended, call, link);
    call->state = HTTP_ENDED;
    client_wake(client);
}

static void call_begin(struct http_call *call)
{
    struct http_client *client = call->client;
    group_leave(call);
    TAILQ_INSERT_TAIL(&client->running, call, link);
    call->state = HTTP_RUNNING;
    client->running_count++;
    call->group->running_count++;
    call->sent_us = clock_now_us();
    if (curl_multi_add_handle(client->multi, call->easy) != CURLM_OK)
        http_call_ended(call, CURLE_FAILED_INIT);
}

static void tell_times(const struct http_call *call, struct http_answer *answer)
{
    curl_off_t first_byte_us = 0, total_us = 0;
    curl_easy_getinfo(call->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us);
    curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    if (first_byte_us <= 0)
        return;
    answer->headers_ms = first_byte_us / 1000;
    answer->body_ms = total_us > first_byte_us ? (total_us - first_byte_us) / 1000 : 0;
}

static void call_tell(struct http_call *call)
{
    struct http_answer answer = { .sent_us = call->sent_us, .call = call };
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = call->why.code == 0 ? (int)status : 0;
    tell_times(call, &answer);
    answer.body = buf_text(&call->gathered);
    answer.body_len = call->gathered.len_bytes;
    call->done(call->ctx, &answer, &call->why);
}

static void call_free(struct http_call *call)
{
    struct http_group *group = call->group;
    http_call_free(call);
    group_unref(group);
}

static void pump_ended(struct http_client *client)
{
    for (struct http_call *call; (call = TAILQ_FIRST(&client->ended));) {
        TAILQ_REMOVE(&client->ended, call, link);
        call->state = HTTP_TELLING;
        call_tell(call);
        call_free(call);
    }
}

static void pump_waiting(struct http_client *client)
{
    struct http_call *call;
    while (client->running_count < client->connections && (call = call_next(client)) &&
           (!client->gate || client->gate(client->gate_ctx)))
        call_begin(call);
}

/* curl hands over what it held back before it returns, so this is done from the loop, never inside
 * http_resume. A refusal in there is told to us alone. */
static void pump_stalled(struct http_client *client)
{
    struct http_call *next;
    for (struct http_call *call = TAILQ_FIRST(&client->running); call; call = next) {
        next = TAILQ_NEXT(call, link);
        if (!call->is_stalled || call->is_paused)
            continue;
        call->is_stalled = 0;
        CURLcode verdict = curl_easy_pause(call->easy, CURLPAUSE_CONT);
        if (verdict != CURLE_OK)
            http_call_ended(call, verdict);
    }
}

static void client_release(struct http_client *client)
{
    http_multi_close(client);
    loop_timer_free(client->pump);
    free(client->common);
    free(client->user_agent);
    free(client->ca_file);
    free(client);
}

static void client_pump(void *ctx)
{
    struct http_client *client = ctx;
    client->is_pumping = 1;
    pump_stalled(client);
    pump_ended(client);
    pump_waiting(client);
    client->is_pumping = 0;
    if (client->is_over)
        client_release(client);
}

/* curl would say it once per call, and less clearly. */
static int ca_file_check(const char *ca_file, struct err *err)
{
    FILE *file = fopen(ca_file, "re");
    char line[256];
    int is_found = 0;
    if (!file)
        return err_set(err, errno, "ca_file %s cannot be read: %s", ca_file, strerror(errno));
    while (!is_found && fgets(line, sizeof(line), file))
        is_found = strncmp(line, "-----BEGIN ", 11) == 0 && strstr(line, "CERTIFICATE") != NULL;
    (void)fclose(file);
    if (is_found)
        return 0;
    err_set(err, EINVAL, "ca_file %s holds no certificate", ca_file);
    err_set_remedy(err, "Name a file with certificates in PEM form, or leave ca_file empty");
    return -EINVAL;
}

struct http_client *http_client_new(struct loop *loop, const struct http_options *options,
                                    struct err *err)
{
    int has_ca_file = options->ca_file && options->ca_file[0] != '\0';
    if (has_ca_file && ca_file_check(options->ca_file, err) < 0)
        return NULL;
    struct http_client *client = mem_new(1, sizeof(*client));
    client->loop = loop;
    client->user_agent = mem_strdup(options->user_agent);
    client->ca_file = has_ca_file ? mem_strdup(options->ca_file) : NULL;
    client->connections = options->connections > 0 ? options->connections : 1;
    client->connect_timeout_ms = options->connect_timeout_ms;
    LIST_INIT(&client->sockets);
    TAILQ_INIT(&client->waiting);
    client->common = group_new(client, 0);
    TAILQ_INIT(&client->running);
    TAILQ_INIT(&client->ended);
    client->pump = loop_timer_new(loop, client_pump, client);
    if (http_multi_open(client, err) < 0) {
        client_release(client);
        return NULL;
    }
    return client;
}

void http_set_connections(struct http_client *client, int connections)
{
    client->connections = connections > 0 ? connections : 1;
    client_wake(client);
}

void http_set_gate(struct http_client *client, http_gate_fn *gate, void *ctx)
{
    client->gate = gate;
    client->gate_ctx = ctx;
}

void http_wake(struct http_client *client)
{
    client_wake(client);
}

int http_start(struct http_client *client, const struct http_request *request, http_done_fn *done,
               void *ctx, struct http_call **ret_call, struct err *err)
{
    assert(!client->is_over);
    struct http_call *call = mem_new(1, sizeof(*call));
    call->client = client;
    call->done = done;
    call->ctx = ctx;
    int rc = http_call_prepare(call, request, err);
    if (rc < 0) {
        http_call_free(call);
        return rc;
    }
    group_wait(request->group ? request->group : client->common, call);
    client_wake(client);
    if (ret_call)
        *ret_call = call;
    return 0;
}

void http_pause(struct http_call *call)
{
    call->is_paused = 1;
}

void http_resume(struct http_call *call)
{
    call->is_paused = 0;
    if (call->is_stalled)
        client_wake(call->client);
}

int http_is_sent(const struct http_call *call)
{
    return call->state != HTTP_WAITING;
}

void http_cancel(struct http_call *call)
{
    struct http_client *client = call->client;
    assert(!client->is_receiving);
    switch (call->state) {
    case HTTP_WAITING:
        group_leave(call);
        break;
    case HTTP_RUNNING:
        call_leave(call);
        client_wake(client); /* the next in line */
        break;
    case HTTP_ENDED:
        TAILQ_REMOVE(&client->ended, call, link);
        break;
    case HTTP_TELLING:
        return; /* its `done` is running */
    }
    call_free(call);
}

const char *http_answer_header(const struct http_answer *answer, const char *name)
{
    struct curl_header *header;
    if (curl_easy_header(answer->call->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    /* An empty value comes with the carriage return that ends its line. */
    return header->value[0] == '\r' ? "" : header->value;
}

static int is_unreserved(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("-._~", byte) != NULL);
}

int http_encode(struct buf *out, const char *text)
{
    size_t before = out->len_bytes;
    int rc = 0;
    for (; *text != '\0' && rc == 0; text++)
        rc = is_unreserved(*text) ? buf_append_byte(out, (uint8_t)*text)
                                  : buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
    if (rc < 0 && out->data) {
        out->len_bytes = before;
        out->data[before] = '\0';
    }
    return rc;
}

static void calls_cancel(struct http_call_list *calls)
{
    for (struct http_call *call; (call = TAILQ_FIRST(calls));)
        http_cancel(call);
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    for (struct http_group *group; (group = TAILQ_FIRST(&client->waiting));)
        http_cancel(TAILQ_FIRST(&group->waiting));
    calls_cancel(&client->running);
    calls_cancel(&client->ended);
    loop_timer_stop(client->pump);
    client->is_over = 1;
    if (!client->is_pumping)
        client_release(client);
}
