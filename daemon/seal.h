/*
 * seal.h - secrets sealed for the database.
 *
 * libsodium sealed boxes under a key pair made from the 32-byte seal key. The text form is
 * "sealed:1:" and base64 (URL-safe, no padding); it binds what it is for (`purpose`, e.g. "token"),
 * so that one sealed value cannot stand in for another. The key lives in locked memory and is wiped
 * at the end.
 */
#ifndef SALDOD_DAEMON_SEAL_H
#define SALDOD_DAEMON_SEAL_H

#include <stdint.h>

#include "lib/base/cleanup.h"

struct err;
struct seal;

/* Takes a copy of the key; the caller wipes its own. NULL with `err`. */
struct seal *seal_new(const uint8_t key[32], struct err *err) MUST_USE;

int seal_is_sealed(const char *text) MUST_USE;

/* free() the text. */
char *seal_close(const struct seal *seal, const char *purpose, const char *secret) MUST_USE;

/* locked_free() the secret. -EKEYREJECTED: another key closed it, or what it holds is damaged; the
 * remedy of err is to put that key back or to enter the token again. -EBADMSG: it is no sealed
 * value, or one for another purpose; the remedy is to enter the token again. */
int seal_open(const struct seal *seal, const char *purpose, const char *sealed, char **ret_secret,
              struct err *err) MUST_USE;

/* A name for a secret, 32 hexadecimal digits, that reveals nothing without the key (BLAKE2b). */
void seal_name(const struct seal *seal, const char *secret, char out[33]);

/* "\x" and the hexadecimal SHA-256 of a secret: how PostgreSQL writes it, and can make it itself.
 */
enum { SEAL_DIGEST_BYTES = 2 + 64 + 1 };
void seal_digest(const char *secret, char out[SEAL_DIGEST_BYTES]);

void seal_free(struct seal *seal); /* NULL is fine */

#endif
