/*
 * token_queue.h - the requests of one token that wait, fair between companies.
 *
 * Each company has a lane, first in, first out. The lane that has been served least goes next, so
 * that the pages of a first load do not keep the others waiting; who was away for long gets no more
 * ahead than by a little. Urgent requests go before all others, in the order of asking. Items are
 * embedded in their owners.
 */
#ifndef SALDOD_DAEMON_TOKEN_QUEUE_H
#define SALDOD_DAEMON_TOKEN_QUEUE_H

#include <stdint.h>
#include <sys/queue.h>

#include "lib/base/cleanup.h"

enum { TOKEN_QUEUE_CREDIT = 32 }; /* requests that a lane may be ahead of the others */

struct token_lane;
struct token_queue;

struct token_item {
    struct token_lane *lane;
    int64_t queued_ms;
    int is_urgent;
    TAILQ_ENTRY(token_item) entry;
};

struct token_queue *token_queue_new(void) MUST_USE;

/* At the end of its lane. */
void token_queue_add(struct token_queue *queue, struct token_item *item, const char *company,
                     int is_urgent, int64_t now_ms);
/* It has waited already, and goes first in its lane; the time of asking stays. */
void token_queue_return(struct token_queue *queue, struct token_item *item);

/* Who goes next; NULL = nobody waits. */
struct token_item *token_queue_next(const struct token_queue *queue) MUST_USE;

/* Takes it out to be sent: its lane is served. */
void token_queue_serve(struct token_queue *queue, struct token_item *item);
/* Takes it out. */
void token_queue_remove(struct token_queue *queue, struct token_item *item);

/* One that has waited since `before_ms` or longer; NULL = none. */
struct token_item *token_queue_expired(const struct token_queue *queue, int64_t before_ms) MUST_USE;

int token_queue_count(const struct token_queue *queue) MUST_USE;

/* A mark that the owner puts on a company. */
int token_lane_is_doubted(const struct token_lane *lane) MUST_USE;
void token_lane_doubt(struct token_lane *lane, int is_doubted);

void token_queue_free(struct token_queue *queue); /* empty; NULL is fine */

#endif
