#include "tests/integration/world.h"

#include <curl/curl.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "tests/integration/folder.h"
#include "tests/integration/process.h"

enum {
    START_MS = 30000,
    CALL_S = 60,
    ANSWER_BYTES_MAX = 256 * 1024 * 1024,
};

struct world {
    struct process *process;
    CURL *curl;
    char *url, *control;
};

static size_t take_body_cb(char *bytes, size_t size, size_t count, void *ctx)
{
    return buf_append(ctx, bytes, size * count) == 0 ? size * count : 0;
}

/* One call; `method` NULL = GET or, with a body, POST. The answer, free() it. */
static char *call(struct world *world, const char *method, const char *path, const char *body)
{
    struct buf answer;
    long status = 0;
    AUTO_FREE char *url = mem_printf("%s%s", world->control, path);
    buf_init(&answer, ANSWER_BYTES_MAX);
    curl_easy_reset(world->curl);
    curl_easy_setopt(world->curl, CURLOPT_URL, url);
    curl_easy_setopt(world->curl, CURLOPT_TIMEOUT, (long)CALL_S);
    curl_easy_setopt(world->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(world->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(world->curl, CURLOPT_WRITEFUNCTION, take_body_cb);
    curl_easy_setopt(world->curl, CURLOPT_WRITEDATA, &answer);
    if (body)
        curl_easy_setopt(world->curl, CURLOPT_POSTFIELDS, body);
    if (method)
        curl_easy_setopt(world->curl, CURLOPT_CUSTOMREQUEST, method);
    CURLcode code = curl_easy_perform(world->curl);
    curl_easy_getinfo(world->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status >= 300)
        fail_msg("sandbox %s %s: %s, status %ld: %.500s", path, body ? body : "",
                 curl_easy_strerror(code), status, buf_text(&answer));
    return buf_steal(&answer);
}

/* The port, as soon as the sandbox has written it. */
static int wait_port(struct world *world, const char *port_file)
{
    int64_t until_ms = process_now_ms() + START_MS;
    while (process_is_alive(world->process) && process_now_ms() < until_ms) {
        AUTO_FREE char *text = folder_read(port_file);
        if (*text)
            return (int)strtol(text, NULL, 10);
        process_pause();
    }
    return -1;
}

struct world *world_new(const struct folder *folder, const char *program, const char *name,
                        const char *json)
{
    struct world *world = mem_new(1, sizeof(*world));
    AUTO_FREE char *file_name = mem_printf("%s.json", name);
    AUTO_FREE char *port_name = mem_printf("%s.port", name);
    AUTO_FREE char *err_name = mem_printf("%s.err", name);
    AUTO_FREE char *file = folder_put(folder, file_name, 0600, json);
    AUTO_FREE char *port_file = folder_put(folder, port_name, 0600, "");
    AUTO_FREE char *err_file = folder_put(folder, err_name, 0600, "");
    AUTO_FREE char *parent = mem_printf("%d", (int)getpid());
    const char *argv[] = { program, "--port-file", port_file, "--world",
                           file,    "--parent",    parent,    NULL };
    const struct process_options options = { .argv = argv, .out = err_file, .err = err_file };
    world->process = process_start(&options);
    int port = wait_port(world, port_file);
    if (port < 0) {
        AUTO_FREE char *text = folder_read(err_file);
        fail_msg("%s does not start: %s", program, text);
    }
    world->url = mem_printf("http://127.0.0.1:%d/v2", port);
    world->control = mem_printf("http://127.0.0.1:%d/control", port);
    world->curl = curl_easy_init();
    assert_non_null(world->curl);
    return world;
}

const char *world_url(const struct world *world)
{
    return world->url;
}

char *world_get(struct world *world, const char *path)
{
    return call(world, NULL, path, NULL);
}

void world_post(struct world *world, const char *path, const char *fmt, ...)
{
    char *body = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&body, fmt, args) < 0)
        abort();
    va_end(args);
    free(call(world, NULL, path, body));
    free(body);
}

void world_call(struct world *world, const char *method, const char *path, const char *fmt, ...)
{
    char *body = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&body, fmt, args) < 0)
        abort();
    va_end(args);
    free(call(world, method, path, body));
    free(body);
}

static json_t *requests(struct world *world)
{
    AUTO_FREE char *text = world_get(world, "/requests");
    json_t *log = json_loads(text, 0, NULL);
    if (!log)
        fail_msg("/control/requests is no JSON: %.200s", text);
    return log;
}

int64_t world_requests(struct world *world, const char *path)
{
    json_t *log = requests(world);
    json_int_t count = 0;
    if (path)
        count = json_integer_value(
            json_object_get(json_object_get(json_object_get(log, "byPath"), path), "requests"));
    else
        count = json_integer_value(json_object_get(log, "total"));
    json_decref(log);
    return count;
}

static int is_of(const json_t *request, const char *member, const char *wanted)
{
    const char *value = json_string_value(json_object_get(request, member));
    return !wanted || (value && strcmp(value, wanted) == 0);
}

int64_t world_requests_of(struct world *world, const char *org_nr, const char *token)
{
    json_t *log = requests(world);
    const json_t *rows = json_object_get(log, "requests");
    int64_t count = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *request = json_array_get(rows, i);
        count += is_of(request, "orgNr", org_nr) && is_of(request, "token", token);
    }
    json_decref(log);
    return count;
}

void world_forget(struct world *world)
{
    free(world_get(world, "/requests?reset=1"));
}

void world_free(struct world *world)
{
    if (!world)
        return;
    curl_easy_cleanup(world->curl);
    process_stop(world->process, SIGTERM);
    free(world->url);
    free(world->control);
    free(world);
}
