#include "tests/sandbox/deliver.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "tests/sandbox/company.h"
#include "tests/sandbox/mem.h"
#include "tests/sandbox/out.h"
#include "tests/sandbox/rows.h"
#include "tests/sandbox/hook.h"
#include "tests/sandbox/world.h"

#define ERRORS_MAX 20 /* after so many in a row a subscription is switched off */
#define TIMEOUT_S 10

struct deliver {
    struct event_base *base;
    struct world *world;
    int64_t next_key;
};

/* One event on its way. */
struct parcel {
    struct deliver *deliver;
    struct evhttp_connection *connection;
    int64_t subscription_id;
};

static void parcel_arrived_cb(struct evhttp_request *request, void *ctx)
{
    struct parcel *parcel = ctx;
    int status = request ? evhttp_request_get_response_code(request) : 0;
    struct hook *subscription = hook_find(parcel->deliver->world, parcel->subscription_id);
    bool is_taken = status >= 200 && status < 300;
    if (subscription)
        subscription->errors = is_taken ? 0 : subscription->errors + 1;
    if (subscription && subscription->errors >= ERRORS_MAX)
        hook_set_status(subscription, "DISABLED_TOO_MANY_ERRORS");
    free(parcel); /* the connection frees itself when it is over */
}

static void sign(const struct hook *subscription, const char *key, const char *body, char out[128])
{
    unsigned char hash[crypto_auth_hmacsha512_BYTES];
    crypto_auth_hmacsha512_state state;
    crypto_auth_hmacsha512_init(&state, (const unsigned char *)subscription->secret,
                                strlen(subscription->secret));
    crypto_auth_hmacsha512_update(&state, (const unsigned char *)key, strlen(key));
    crypto_auth_hmacsha512_update(&state, (const unsigned char *)"&", 1);
    crypto_auth_hmacsha512_update(&state, (const unsigned char *)body, strlen(body));
    crypto_auth_hmacsha512_final(&state, hash);
    sodium_bin2base64(out, 128, hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
}

static void deliver_event(struct deliver *deliver, const struct hook *subscription,
                          int64_t object_id)
{
    char body[400], key[40], signature[128];
    struct evhttp_uri *uri = evhttp_uri_parse(subscription->url);
    if (!uri || strcmp(evhttp_uri_get_scheme(uri), "http") != 0) {
        if (uri)
            evhttp_uri_free(uri);
        return; /* nothing here speaks TLS */
    }
    bool is_deletion = strstr(subscription->event, ".delete") != NULL;
    snprintf(key, sizeof(key), "sandbox-%lld", (long long)deliver->next_key++);
    snprintf(body, sizeof(body),
             "{\"subscriptionId\":%lld,\"event\":\"%s\",\"id\":%lld,\"value\":%s}",
             (long long)subscription->id, subscription->event, (long long)object_id,
             is_deletion ? "null" : "{}");
    struct parcel *parcel = mem_zero(sizeof(*parcel));
    *parcel = (struct parcel){ .deliver = deliver, .subscription_id = subscription->id };
    parcel->connection = evhttp_connection_base_new(deliver->base, NULL, evhttp_uri_get_host(uri),
                                                    (uint16_t)evhttp_uri_get_port(uri));
    evhttp_connection_set_timeout(parcel->connection, TIMEOUT_S);
    evhttp_connection_free_on_completion(parcel->connection);
    struct evhttp_request *request = evhttp_request_new(parcel_arrived_cb, parcel);
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    evhttp_add_header(headers, "Host", evhttp_uri_get_host(uri));
    evhttp_add_header(headers, "Content-Type", "application/json");
    evhttp_add_header(headers, "Connection", "close");
    evhttp_add_header(headers, "idempotency-key", key);
    if (subscription->secret) {
        sign(subscription, key, body, signature);
        evhttp_add_header(headers, "x-request-signature", signature);
    }
    evbuffer_add(evhttp_request_get_output_buffer(request), body, strlen(body));
    if (evhttp_make_request(parcel->connection, request, EVHTTP_REQ_POST,
                            evhttp_uri_get_path(uri)) != 0)
        free(parcel);
    evhttp_uri_free(uri);
}

static int64_t newest_voucher(const struct company *company)
{
    const struct vec *all = &company->ledger.all;
    const struct voucher *voucher = all->n > 0 ? all->at[all->n - 1] : NULL;
    return voucher ? voucher->row.id : 0;
}

static void deliver_company(struct deliver *deliver, const struct company *company,
                            const char *event)
{
    for (uint32_t i = 0; i < deliver->world->hooks.n; i++) {
        const struct hook *subscription = deliver->world->hooks.at[i];
        if (subscription->company == company && strcmp(subscription->event, event) == 0 &&
            strcmp(subscription->status, "ACTIVE") == 0)
            deliver_event(deliver, subscription, newest_voucher(company));
    }
}

void deliver_changes(struct deliver *deliver)
{
    for (uint32_t i = 0; i < deliver->world->companies.n; i++) {
        struct company *company = deliver->world->companies.at[i];
        uint32_t vouchers = company->ledger.all.n;
        if (company->told_revision == company->ledger.revision)
            continue;
        deliver_company(deliver, company,
                        vouchers > company->told_vouchers   ? "voucher.create"
                        : vouchers < company->told_vouchers ? "voucher.delete"
                                                            : "voucher.update");
        company->told_revision = company->ledger.revision;
        company->told_vouchers = vouchers;
    }
}

struct deliver *deliver_new(struct event_base *base, struct world *world)
{
    struct deliver *deliver = mem_zero(sizeof(*deliver));
    *deliver = (struct deliver){ .base = base, .world = world, .next_key = 1 };
    return deliver;
}

void deliver_free(struct deliver *deliver)
{
    free(deliver);
}
