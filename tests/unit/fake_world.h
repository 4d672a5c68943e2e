/*
 * fake_world.h - a made-up time, network, database and Tripletex for what waits for hours.
 *
 * Takes the place of lib/base/loop's timers, of the clock, of lib/http and of the pool, by the
 * linker's --wrap (see the Makefile). Time passes only in fake_run(), which jumps from one event to
 * the next. One world at a time. Tripletex here keeps sessions, their end at midnight in Oslo, and
 * a budget, and counts what a client should not do.
 */
#ifndef SALDOD_TESTS_FAKE_WORLD_H
#define SALDOD_TESTS_FAKE_WORLD_H

#include <stdint.h>
#include <sys/queue.h>

#include "daemon/app.h"
#include "daemon/settings.h"

enum {
    FAKE_SESSIONS_MAX = 4096,
    FAKE_TEXT_BYTES = 256,
};

struct fake_session {
    int token;
    int64_t ends_us;
    int is_ended;   /* revoked, by Tripletex */
    int is_deleted; /* by its client */
};

/* A reply that a test gives in place of Tripletex. */
struct fake_reply {
    int status; /* 0 = none: `error` */
    int error;
    char body[1024];
    int64_t delay_ms;
    int limit, remaining, reset_s, retry_after_s; /* -1 = no such header */
};

struct fake_request {
    int method;
    char path[FAKE_TEXT_BYTES], query[FAKE_TEXT_BYTES], body[1024];
    char user[FAKE_TEXT_BYTES], password[FAKE_TEXT_BYTES];
};

/* 1 = answered by the test. */
typedef int fake_answer_fn(void *ctx, const struct fake_request *request, struct fake_reply *reply);

struct fake_world {
    struct app app;
    struct settings settings;

    int64_t now_ms;        /* monotonic */
    int64_t wall_ahead_us; /* wall time is that much ahead of monotonic */

    /* the network */
    int64_t delay_ms; /* of every answer */
    fake_answer_fn *answer;
    void *answer_ctx;

    /* the database */
    int is_database_away, is_owned_by_other;
    int saves, forgets, stored_lists; /* statements run */
    int64_t save_ms;                  /* how long one takes */
    char *stored;                     /* the last sealed session */

    /* Tripletex */
    struct fake_session sessions[FAKE_SESSIONS_MAX];
    int sessions_count;
    int creates, puts, deletes, requests; /* asked for; `requests`: data */
    int is_post_missing;                  /* 404 */
    int create_status;                    /* 0 = as it should be */
    int faults; /* sessions never given out, or used after their deletion */
    int limit;  /* 0 = no budget */
    int64_t window_ms, window_ends_ms;
    int used, refused; /* of the window; 429 in all */
    int is_reset_on_429, is_reset_rounded_up;
    int requests_of[16]; /* data requests by company "0" to "15" */
};

/* At `date` and time of day, Oslo's clock being UTC+`zone_hours` then. */
struct fake_world *fake_world_new(int year, int month, int day, int hour, int minute,
                                  int zone_hours);
void fake_world_free(struct fake_world *world); /* what still waits is forgotten */

/* Lets so much time pass. */
void fake_run_ms(struct fake_world *world, int64_t ms);
/* Nothing happens; the wall clock alone is set. */
void fake_set_wall(struct fake_world *world, int64_t by_ms);

/* Ends all sessions, as a user of Tripletex may. */
void fake_revoke_all(struct fake_world *world);
int fake_living_sessions(const struct fake_world *world);
/* Other programs use the budget. */
void fake_burn(struct fake_world *world, int requests);

#endif
