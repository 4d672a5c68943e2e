#include "tests/sandbox/hook.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <event2/http.h>

#include "tests/sandbox/api.h"
#include "tests/sandbox/auth.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/world.h"

#define SUBSCRIPTION_PATH "/event/subscription"

static const char *const EVENTS[] = {
    "account.create",    "account.delete",  "account.update",  "closeGroup.create",
    "closeGroup.delete", "customer.create", "customer.delete", "customer.update",
    "supplier.create",   "supplier.delete", "supplier.update", "voucher.create",
    "voucher.delete",    "voucher.update",
};

bool hook_serves(const struct world *world, const struct call *call)
{
    const char *path = call->path;
    size_t len = strlen(SUBSCRIPTION_PATH);
    if (strncmp(path, SUBSCRIPTION_PATH, len) != 0 || (path[len] != '\0' && path[len] != '/'))
        return false;
    return world->hooks.n > 0 || path[len] == '/' || strcmp(call->method, "GET") != 0;
}

struct hook *hook_find(const struct world *world, int64_t id)
{
    for (uint32_t i = 0; i < world->hooks.n; i++) {
        struct hook *subscription = world->hooks.at[i];
        if (subscription->id == id)
            return subscription;
    }
    return NULL;
}

void hook_write(const struct hook *subscription, struct out *out)
{
    out_printf(out, "{\"id\":%lld,\"version\":1,\"event\":", (long long)subscription->id);
    out_text(out, subscription->event);
    out_raw(out, ",\"targetUrl\":");
    out_text(out, subscription->url);
    out_raw(out, ",\"fields\":");
    out_text(out, subscription->fields);
    out_raw(out, ",\"status\":");
    out_text(out, subscription->status);
    out_raw(out, "}");
}

void hook_set_status(struct hook *subscription, const char *status)
{
    free(subscription->status);
    subscription->status = mem_text(status);
}

static void hook_free(struct hook *subscription)
{
    free(subscription->event);
    free(subscription->url);
    free(subscription->fields);
    free(subscription->secret);
    free(subscription->status);
    free(subscription);
}

void hook_release_all(struct world *world)
{
    for (uint32_t i = 0; i < world->hooks.n; i++)
        hook_free(world->hooks.at[i]);
    vec_release(&world->hooks);
}

/* --- the API --- */

static bool is_seen_by(const struct hook *subscription, const struct call *call)
{
    return subscription->company == call->company && subscription->token == call->token;
}

static void api_list_subscriptions(const struct world *world, struct call *call)
{
    const char *from_text = evhttp_find_header(call->query, "from");
    const char *count_text = evhttp_find_header(call->query, "count");
    int64_t from = from_text ? strtoll(from_text, NULL, 10) : 0, seen = 0, written = 0;
    int64_t count = count_text ? strtoll(count_text, NULL, 10) : 1000;
    out_raw(&call->out, "{\"fullResultSize\":0,\"from\":0,\"count\":0,\"versionDigest\":null,"
                        "\"values\":[");
    for (uint32_t i = 0; i < world->hooks.n; i++) {
        const struct hook *subscription = world->hooks.at[i];
        if (!is_seen_by(subscription, call) || seen++ < from || written >= count)
            continue;
        if (written++ > 0)
            out_raw(&call->out, ",");
        hook_write(subscription, &call->out);
    }
    out_raw(&call->out, "]}");
    call->status = 200;
}

static bool is_event(const char *name)
{
    for (size_t i = 0; name && i < sizeof(EVENTS) / sizeof(*EVENTS); i++) {
        if (strcmp(EVENTS[i], name) == 0)
            return true;
    }
    return false;
}

/* The API takes https only; here loopback may be spoken to without. */
static bool is_target(const char *url)
{
    return url && (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://127.0.0.1:", 17) == 0);
}

static char *text_of(const json_t *body, const char *name)
{
    return mem_text(json_string_value(json_object_get(body, name)));
}

static void api_make_subscription(struct world *world, struct call *call)
{
    json_auto_t *body = json_loads(call->body ? call->body : "", 0, NULL);
    if (!is_event(json_string_value(json_object_get(body, "event")))) {
        fail_set(&call->fail, 422, 18000, "event", "There is no such event");
        return;
    }
    if (!is_target(json_string_value(json_object_get(body, "targetUrl")))) {
        fail_set(&call->fail, 422, 18000, "targetUrl", "The address must use https");
        return;
    }
    struct hook *subscription = mem_zero(sizeof(*subscription));
    *subscription = (struct hook){ .id = 900000 + world->next_serial++,
                                   .company = call->company,
                                   .token = call->token,
                                   .event = text_of(body, "event"),
                                   .url = text_of(body, "targetUrl"),
                                   .fields = text_of(body, "fields"),
                                   .secret = text_of(body, "hmacSharedSecret"),
                                   .status = mem_text("ACTIVE") };
    vec_add(&world->hooks, subscription);
    out_raw(&call->out, "{\"value\":");
    hook_write(subscription, &call->out);
    out_raw(&call->out, "}");
    call->status = 201;
}

static void api_delete_subscription(struct world *world, struct call *call)
{
    int64_t id = strtoll(strrchr(call->path, '/') + 1, NULL, 10);
    for (uint32_t i = 0; i < world->hooks.n; i++) {
        struct hook *subscription = world->hooks.at[i];
        if (subscription->id != id || !is_seen_by(subscription, call))
            continue;
        vec_remove(&world->hooks, i);
        hook_free(subscription);
        call->status = 204;
        return;
    }
    fail_set(&call->fail, 404, 6000, "id", "There is no such subscription");
}

void hook_api(struct world *world, struct call *call)
{
    bool is_list = strcmp(call->path, SUBSCRIPTION_PATH) == 0;
    if (!auth_check(world, call))
        return;
    if (!call->company)
        fail_set(&call->fail, 403, 9000, NULL,
                 "An accountant's session needs the id of a client as the user name");
    else if (is_list && strcmp(call->method, "GET") == 0)
        api_list_subscriptions(world, call);
    else if (is_list && strcmp(call->method, "POST") == 0)
        api_make_subscription(world, call);
    else if (!is_list && strcmp(call->method, "DELETE") == 0)
        api_delete_subscription(world, call);
    else
        fail_set(&call->fail, 405, 4000, NULL, "Method %s is not allowed here", call->method);
}
