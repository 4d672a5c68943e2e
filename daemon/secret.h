/*
 * secret.h - reads a secret from a file or from the service's credentials.
 *
 * Spec: a path, or "credential:NAME" = $CREDENTIALS_DIRECTORY/NAME. Refuses what others can read
 * (mode & 077 on a path), what is no regular file, empty, too long, or holds more than one line.
 * Errors name the file, never the content.
 */
#ifndef SALDOD_DAEMON_SECRET_H
#define SALDOD_DAEMON_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"

struct err;

enum { SECRET_TOKEN_BYTES_MAX = 4096, SECRET_SHARED_BYTES_MIN = 16, SECRET_KEY_BYTES = 32 };

/* One line of text without its line end; free with locked_free. `what` names it in errors. */
int secret_read_token(const char *spec, const char *what, char **ret_token,
                      struct err *err) MUST_USE;

/* The same for a secret that we choose ourselves and sign with: a shorter one than
 * SECRET_SHARED_BYTES_MIN could be guessed. */
int secret_read_shared(const char *spec, const char *what, char **ret_secret,
                       struct err *err) MUST_USE;

/* 32 raw bytes, or 64 hexadecimal digits and an optional line end. */
int secret_read_key(const char *spec, const char *what, uint8_t ret_key[SECRET_KEY_BYTES],
                    struct err *err) MUST_USE;

/* The form alone: credential:NAME with NAME of [A-Za-z0-9._-]+, or a path with a slash in it (a
 * token entered in place of its path has none). 0 or -EINVAL; the error never shows the spec. */
int secret_check_spec(const char *spec, struct err *err) MUST_USE;

/* Whether the spec is credential:NAME, which changes only by a restart. */
int secret_is_credential(const char *spec) MUST_USE;

/* Tripletex's test tokens begin with "test-" and work on its test host only. -EINVAL with a remedy
 * where token and base_url do not belong together; loopback hosts accept both. */
int secret_check_host(const char *token, const char *base_url, const char *what,
                      struct err *err) MUST_USE;

#endif
