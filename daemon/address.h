/*
 * address.h - addresses that the configuration may hold: base_url, public_url and listen.
 *
 * Checks their form and which hosts may be spoken to without TLS; resolves no names and opens
 * nothing. Errors never show what may hold a password.
 */
#ifndef SALDOD_DAEMON_ADDRESS_H
#define SALDOD_DAEMON_ADDRESS_H

#include "lib/base/cleanup.h"

struct err;

enum { ADDRESS_HOST_BYTES = 254 };

/* What an address is for: errors speak of that. */
enum address_use { ADDRESS_OF_API, ADDRESS_OF_WEBHOOK };

/* https://host[:port][/path], or http:// to 127.0.0.0/8, [::1] or localhost; no user, query or
 * fragment. The result is without slashes at the end; free() it. 0 or -EINVAL. */
int address_parse_url(const char *text, enum address_use use, char **ret_url,
                      struct err *err) MUST_USE;

/* host:port or [v6]:port. 0 or -EINVAL. */
int address_check_listen(const char *text, struct err *err) MUST_USE;

/* 1 where two that were found right cannot be listened on both. Names are not looked up: two
 * different ones count as apart. */
int address_is_same_listen(const char *one, const char *other) MUST_USE;

/* The host of a URL that address_parse_url made, in small letters and without brackets. */
int address_get_host(const char *url, char ret_host[ADDRESS_HOST_BYTES]) MUST_USE;

/* 1 for 127.0.0.0/8, ::1 and localhost. */
int address_is_loopback(const char *host) MUST_USE;

#endif
