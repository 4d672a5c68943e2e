#include "daemon/seal.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/locked.h"
#include "lib/base/mem.h"

/* Begins what every version sealed: a later one's text is no token either. */
#define SEAL_FAMILY "sealed:"
#define SEAL_PREFIX "sealed:1:"
#define SEAL_BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define SEAL_NAME_CONTEXT "saldod: names of secrets"

enum { SEAL_TEXT_BYTES_MAX = 65536, SEAL_NAME_BYTES = 16 };

/* Lives in memory that is locked where the limit allows it, left out of core dumps, and guarded. */
struct seal {
    uint8_t public_key[crypto_box_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_box_SECRETKEYBYTES];
    uint8_t name_key[crypto_generichash_KEYBYTES];
};

struct seal *seal_new(const uint8_t key[32], struct err *err)
{
    _Static_assert(crypto_box_SEEDBYTES == 32, "the seal key is the seed of the key pair");
    if (sodium_init() < 0) {
        (void)err_set(err, EIO, "libsodium could not start: the system gives no random bytes");
        return NULL;
    }
    /* sodium_malloc() itself goes on where RLIMIT_MEMLOCK forbids locking. */
    struct seal *seal = sodium_malloc(sizeof(*seal));
    if (!seal) {
        (void)err_set(err, ENOMEM, "no guarded memory for the seal key");
        err_set_remedy(err, "raise the memory limit of the service");
        return NULL;
    }
    (void)crypto_box_seed_keypair(seal->public_key, seal->secret_key, key);
    (void)crypto_generichash(seal->name_key, sizeof(seal->name_key),
                             (const uint8_t *)SEAL_NAME_CONTEXT, strlen(SEAL_NAME_CONTEXT), key,
                             32);
    (void)sodium_mprotect_readonly(seal);
    return seal;
}

int seal_is_sealed(const char *text)
{
    return strncmp(text, SEAL_FAMILY, strlen(SEAL_FAMILY)) == 0;
}

char *seal_close(const struct seal *seal, const char *purpose, const char *secret)
{
    size_t purpose_len = strlen(purpose) + 1;
    size_t plain_len = purpose_len + strlen(secret);
    size_t box_len = plain_len + crypto_box_SEALBYTES;
    size_t text_max = sodium_base64_encoded_len(box_len, SEAL_BASE64);
    size_t prefix_len = strlen(SEAL_PREFIX);
    char *plain = mem_new(plain_len + 1, 1);
    AUTO_FREE uint8_t *box = mem_new(box_len, 1);
    char *text = mem_new(prefix_len + text_max, 1);

    memcpy(plain, purpose, purpose_len);
    memcpy(plain + purpose_len, secret, plain_len - purpose_len);
    /* Fails for a public key of low order only, which no key pair from a seed has. */
    if (crypto_box_seal(box, (const uint8_t *)plain, plain_len, seal->public_key))
        abort();
    mem_wipe(plain, plain_len);
    free(plain);
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): what follows ends the text */
    memcpy(text, SEAL_PREFIX, prefix_len);
    (void)sodium_bin2base64(text + prefix_len, text_max, box, box_len, SEAL_BASE64);
    return text;
}

static int refuse(struct err *err, const char *why)
{
    (void)err_set(err, EBADMSG, "the sealed value cannot be opened: %s", why);
    err_set_remedy(err, "enter the token again");
    return -EBADMSG;
}

/* The box inside the text form; free() it. */
static int decode(const char *sealed, uint8_t **ret_box, size_t *ret_len, struct err *err)
{
    size_t prefix_len = strlen(SEAL_PREFIX);
    if (strncmp(sealed, SEAL_PREFIX, prefix_len) != 0)
        return refuse(err, seal_is_sealed(sealed) ? "another version of saldod made it"
                                                  : "it does not begin with " SEAL_PREFIX);
    size_t text_len = strlen(sealed + prefix_len);
    if (text_len > SEAL_TEXT_BYTES_MAX)
        return refuse(err, "it is too long");
    AUTO_FREE uint8_t *box = mem_new(text_len + 1, 1);
    size_t len = 0;
    if (sodium_base642bin(box, text_len + 1, sealed + prefix_len, text_len, NULL, &len, NULL,
                          SEAL_BASE64) ||
        len <= crypto_box_SEALBYTES)
        return refuse(err, "it is damaged");
    *ret_box = box;
    *ret_len = len;
    box = NULL;
    return 0;
}

int seal_open(const struct seal *seal, const char *purpose, const char *sealed, char **ret_secret,
              struct err *err)
{
    AUTO_FREE uint8_t *box = NULL;
    size_t box_len = 0;
    int rc = decode(sealed, &box, &box_len, err);
    if (rc)
        return rc;
    size_t len = box_len - crypto_box_SEALBYTES;
    size_t purpose_len = strlen(purpose) + 1;
    char *plain = mem_new(len + 1, 1);
    if (crypto_box_seal_open((uint8_t *)plain, box, box_len, seal->public_key, seal->secret_key)) {
        (void)refuse(err, "another seal key closed it, or it is damaged");
        rc = -EKEYREJECTED;
        err_set_remedy(err, "put the seal key that closed it back and restart saldod, or enter the "
                            "token again");
    } else if (len < purpose_len || memcmp(plain, purpose, purpose_len) != 0) {
        rc = refuse(err, "it was sealed for another purpose");
    } else {
        *ret_secret = locked_strdup(plain + purpose_len);
    }
    mem_wipe(plain, len);
    free(plain);
    return rc;
}

void seal_name(const struct seal *seal, const char *secret, char out[33])
{
    uint8_t hash[SEAL_NAME_BYTES];
    (void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)secret, strlen(secret),
                             seal->name_key, sizeof(seal->name_key));
    (void)sodium_bin2hex(out, 33, hash, sizeof(hash));
}

void seal_digest(const char *secret, char out[SEAL_DIGEST_BYTES])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(hash, (const uint8_t *)secret, strlen(secret));
    out[0] = '\\';
    out[1] = 'x';
    (void)sodium_bin2hex(out + 2, SEAL_DIGEST_BYTES - 2, hash, sizeof(hash));
}

void seal_free(struct seal *seal)
{
    sodium_free(seal); /* wipes */
}
