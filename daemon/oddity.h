/*
 * oddity.h - what an answer of Tripletex held that is no error: fields that are not mirrored,
 * values that an enumeration did not have, characters that PostgreSQL cannot store.
 *
 * Each is told in the log once for each client and list, as long as the daemon lives; more than a
 * fixed number of them are not told. What was told belongs to the client.
 */
#ifndef SALDOD_DAEMON_ODDITY_H
#define SALDOD_DAEMON_ODDITY_H

struct app;
struct client;
struct fetch_result;
struct oddities;
struct resource;

void oddity_tell(struct app *app, struct client *client, const struct resource *resource,
                 const struct fetch_result *result);

void oddities_free(struct oddities *oddities); /* NULL is fine */

#endif
