#include "daemon/webhook_delivery.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "lib/json/doc.h"
#include "lib/ledger/org_nr.h"

enum { KEY_BYTES_MAX = 200 };

int webhook_delivery_is_genuine(const char *secret, const char *signature, const char *key,
                                const char *body, size_t len)
{
    unsigned char told[crypto_auth_hmacsha512_BYTES], ours[crypto_auth_hmacsha512_BYTES];
    crypto_auth_hmacsha512_state state;
    size_t told_len = 0;
    if (!signature || !key || strlen(key) > KEY_BYTES_MAX)
        return 0;
    if (sodium_base642bin(told, sizeof(told), signature, strlen(signature), NULL, &told_len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        told_len != sizeof(told))
        return 0;
    (void)crypto_auth_hmacsha512_init(&state, (const unsigned char *)secret, strlen(secret));
    (void)crypto_auth_hmacsha512_update(&state, (const unsigned char *)key, strlen(key));
    (void)crypto_auth_hmacsha512_update(&state, (const unsigned char *)"&", 1);
    (void)crypto_auth_hmacsha512_update(&state, (const unsigned char *)body, len);
    (void)crypto_auth_hmacsha512_final(&state, ours);
    int is_same = sodium_memcmp(told, ours, sizeof(ours)) == 0;
    sodium_memzero(&state, sizeof(state));
    sodium_memzero(ours, sizeof(ours));
    return is_same;
}

int webhook_delivery_parse(const char *body, size_t len, struct webhook_delivery *ret_delivery)
{
    const char *event = NULL;
    struct webhook_delivery delivery = { .subscription_id = 0 };
    AUTO_JSON_DOC struct json_doc *doc = json_doc_parse(body, len, NULL);
    if (!doc || json_doc_get_text(doc, "event", &event, NULL) < 0)
        return -EPROTO;
    if (strlen(event) >= sizeof(delivery.event))
        return -EPROTO;
    (void)snprintf(delivery.event, sizeof(delivery.event), "%s", event);
    /* Both only help to understand; what cannot be read counts as not told. */
    if (json_doc_get_int(doc, "subscriptionId", &delivery.subscription_id, NULL) < 0)
        delivery.subscription_id = 0;
    if (json_doc_get_int(doc, "id", &delivery.object_id, NULL) < 0)
        delivery.object_id = 0;
    *ret_delivery = delivery;
    return 0;
}

void webhook_delivery_mark(const char *secret, const char *org_nr, char out[WEBHOOK_MARK_BYTES])
{
    unsigned char hash[crypto_auth_hmacsha512_BYTES];
    crypto_auth_hmacsha512_state state;
    static const char PURPOSE[] = "saldod webhook address ";
    (void)crypto_auth_hmacsha512_init(&state, (const unsigned char *)secret, strlen(secret));
    (void)crypto_auth_hmacsha512_update(&state, (const unsigned char *)PURPOSE, strlen(PURPOSE));
    (void)crypto_auth_hmacsha512_update(&state, (const unsigned char *)org_nr, strlen(org_nr));
    (void)crypto_auth_hmacsha512_final(&state, hash);
    (void)sodium_bin2hex(out, WEBHOOK_MARK_BYTES, hash, (WEBHOOK_MARK_BYTES - 1) / 2);
    sodium_memzero(&state, sizeof(state));
    sodium_memzero(hash, sizeof(hash));
}

int webhook_delivery_client(const char *secret, const char *path,
                            char ret_org_nr[WEBHOOK_ORG_NR_BYTES])
{
    char org_nr[WEBHOOK_ORG_NR_BYTES], mark[WEBHOOK_MARK_BYTES];
    size_t tail = 1 + WEBHOOK_ORG_NR_BYTES - 1 + 1 + WEBHOOK_MARK_BYTES - 1, len = strlen(path);
    const char *end = len >= tail ? path + len - tail : NULL;
    if (!end || end[0] != '/' || end[WEBHOOK_ORG_NR_BYTES] != '/')
        return -ENOENT;
    memcpy(org_nr, end + 1, WEBHOOK_ORG_NR_BYTES - 1);
    org_nr[WEBHOOK_ORG_NR_BYTES - 1] = '\0';
    if (org_nr_check(org_nr, NULL) < 0)
        return -ENOENT;
    webhook_delivery_mark(secret, org_nr, mark);
    if (sodium_memcmp(mark, end + WEBHOOK_ORG_NR_BYTES + 1, WEBHOOK_MARK_BYTES - 1) != 0)
        return -ENOENT;
    memcpy(ret_org_nr, org_nr, sizeof(org_nr));
    return 0;
}
