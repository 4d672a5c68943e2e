/*
 * registry.h - the bureaus and clients that are registered, and the tokens they hang on.
 *
 * Read from the database at start and whenever it says that something changed; tokens in the clear
 * are sealed at once. Owns clients and tokens. A client that disappears or is disabled ends its
 * pull first.
 */
#ifndef SALDOD_DAEMON_REGISTRY_H
#define SALDOD_DAEMON_REGISTRY_H

#include <stdint.h>
#include <sys/queue.h>

#include "lib/base/cleanup.h"

struct access;
struct app;
struct client_task; /* schedule.h */
struct err;
struct oddities;
struct registry;
struct settings;
struct subscriber;
struct token;
struct turn_queue; /* turns.h */

/* A token that may be used by several bureaus and clients (rarely more than one holder). */
struct token_entry {
    struct registry *registry;
    char id[33];
    int64_t bureau_id, client_id; /* its holder; 0 = none */
    char *label;
    struct token *token; /* NULL where it cannot be read: `fault` says why */
    struct access *access;
    struct subscriber *subscriber; /* of the events of its clients */
    int is_owned;                  /* the advisory lock is ours */
    int is_used;                   /* ... and requests may be made with it */
    int is_leaving;                /* it is to be given back once its pulls have ended */
    int is_wanted;                 /* a command that takes only what it needs needs it */
    int64_t epoch;
    int is_extra;             /* owned beyond our share: nobody else took it */
    struct turn_queue *queue; /* the schedule's */
    int was_refused;          /* the schedule's: clients wait for hours because of it */
    int has_leftover;         /* of clients that are gone (leftover.h) */
    int is_seen;              /* while reading the registry */
    int is_tried_again;       /* its row was written anew: so are its clients that failed */
    int64_t tried_again_ms;   /* when that was last so, by the loop's clock; 0 = never */
    char *secret_text;        /* as it stands in the database: tells whether it changed */
    char *row_version;        /* of the holder's row: tells that it was written */
    char *fault, *remedy;
    int is_other_key;  /* what stands in the database was sealed under a key that is not ours */
    char reported[16]; /* what the database was told last, and when */
    int reported_remaining;
    int64_t reported_ms;
    struct token_entry *twin; /* another holder of the same token */
    TAILQ_ENTRY(token_entry) entry;
};

struct client {
    int refs; /* the registry's, and one of each pull */
    int64_t client_id;
    char *org_nr, *name, *bureau; /* bureau NULL = single company */
    struct token_entry *token;    /* NULL: its token cannot be read */
    char *setting;                /* "", an organisation number, or "%ORGNR%" */
    int is_enabled;
    int64_t pull_interval_ms; /* 0 = the general one */
    int32_t history_from;     /* day, 0 = none */
    char *company_id;         /* user name in Tripletex; NULL = not found out yet */
    int is_loaded;            /* all its years are complete */
    int is_proven;            /* >whoAmI has told that it is the right one */
    int is_missing;           /* the token has no access to it: it is not in the list */
    int failures;
    int64_t due_in_ms;         /* remembered from an earlier life */
    int64_t gather_due_ms;     /* what lies beyond the ledger; by the loop's clock, 0 = now */
    int gather_from;           /* the list of it that comes next */
    struct oddities *oddities; /* what was told of its answers already; NULL = nothing */
    char *told;   /* why it is held back or out of reach, as the log has it; NULL = neither */
    int is_heard; /* its events can be relied on (subscriber.h) */
    int has_subscriptions, hear_failures;
    int64_t hear_due_ms; /* monotonic; 0 = at once */
    int is_seen;
    struct client_task *task; /* the schedule's */
    TAILQ_ENTRY(client) entry;
};

TAILQ_HEAD(client_list, client);
TAILQ_HEAD(token_list, token_entry);

typedef void registry_done_fn(void *ctx, const struct err *err);

struct registry *registry_new(struct app *app) MUST_USE;

/* Reads it all again; `done` once, from the loop. Asked again while one runs: one more run follows.
 */
void registry_read(struct registry *registry, registry_done_fn *done, void *ctx);

struct client_list *registry_clients(struct registry *registry) MUST_USE;
struct token_list *registry_tokens(struct registry *registry) MUST_USE;
struct client *registry_find(struct registry *registry, int64_t client_id) MUST_USE;
struct client *registry_find_org_nr(struct registry *registry, const char *org_nr) MUST_USE;

/* The organisation number to look for in Tripletex; NULL = the token's own company. */
const char *client_wanted_org_nr(const struct client *client) MUST_USE;

/* How often its living year is asked for changes. */
int64_t client_interval_ms(const struct client *client, const struct settings *settings) MUST_USE;

/* Of a bureau, or of a client with a token of its own; the other id is 0. NULL = none. */
struct token_entry *registry_find_holder(struct registry *registry, int64_t bureau_id,
                                         int64_t client_id) MUST_USE;

/* The first entry with this id; the others follow as twins. NULL = none. */
struct token_entry *registry_find_token(struct registry *registry, const char *token_id) MUST_USE;

/* Tokens whose advisory lock is ours are used from now on; their sessions of an earlier life have
 * been taken up before. */
void registry_use_owned(struct registry *registry);

/* Nothing is begun with it any more; what is on its way ends by itself. */
void registry_disuse(struct token_entry *entry);

struct client *client_ref(struct client *client);
void client_unref(struct client *client);

void registry_free(struct registry *registry); /* NULL is fine; pulls have ended before */

#endif
