#include "tests/sandbox/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sandbox/day.h"
#include "tests/sandbox/fail.h"
#include "tests/sandbox/world.h"

static bool session_wrong_token(const struct world *world, const char *which, struct fail *fail)
{
    int status = world->options.wrong_token_status;
    int code = status == 401 ? 3000 : status == 403 ? 9000 : status == 404 ? 6000 : 15000;
    return fail_set(fail, status, code, which, "The %s is not valid", which);
}

static bool session_check_date(const struct world *world, const char *expiration, int32_t *ret_day,
                               struct fail *fail)
{
    if (!expiration || !day_parse(expiration, ret_day))
        return fail_set(fail, 422, 15000, "expirationDate", "Must be a date: yyyy-MM-dd");
    if (*ret_day <= day_in_oslo(world_now_s(world)))
        return fail_set(fail, 422, 18000, "expirationDate", "Must be later than today");
    return true;
}

static struct session *session_new(struct world *world, struct token *token, int32_t day)
{
    struct session *session = mem_zero(sizeof(*session));
    char secret[64];
    int64_t id = world->next_serial++;
    /* Of two sandboxes with the same world neither takes the sessions of the other. */
    snprintf(secret, sizeof(secret), "session%lld%016llx", (long long)id,
             (unsigned long long)(rng_next(&world->rng) ^ rng_mix((uint64_t)getpid())));
    *session = (struct session){
        .secret = mem_text(secret), .token = token, .id = id, .ends_unix_s = day_begins_in_oslo(day)
    };
    vec_add(&world->sessions, session);
    return session;
}

struct session *session_create(struct world *world, const char *consumer, const char *employee,
                               const char *expiration, struct token **ret_token, struct fail *fail)
{
    int32_t day = 0;
    struct token *token = world_token(world, employee);
    *ret_token = token;
    if (!consumer || !employee) {
        fail_set(fail, 422, 15000, consumer ? "employeeToken" : "consumerToken",
                 "May not be null.");
        return NULL;
    }
    if (!world->consumer_token || strcmp(consumer, world->consumer_token) != 0) {
        session_wrong_token(world, "consumerToken", fail);
        return NULL;
    }
    if (!token || token->is_revoked) {
        session_wrong_token(world, "employeeToken", fail);
        return NULL;
    }
    return session_check_date(world, expiration, &day, fail) ? session_new(world, token, day)
                                                             : NULL;
}

struct session *session_find(const struct world *world, const char *secret)
{
    for (uint32_t i = world->sessions.n; i > 0; i--) {
        struct session *session = world->sessions.at[i - 1];
        if (strcmp(session->secret, secret) == 0)
            return session;
    }
    return NULL;
}

bool session_is_alive(const struct world *world, const struct session *session)
{
    return !session->is_ended && !session->token->is_revoked &&
           world_now_s(world) < session->ends_unix_s;
}

void session_end_all(struct world *world, const struct token *token)
{
    for (uint32_t i = 0; i < world->sessions.n; i++) {
        struct session *session = world->sessions.at[i];
        if (!token || session->token == token)
            session->is_ended = true;
    }
}

void session_release_all(struct world *world)
{
    for (uint32_t i = 0; i < world->sessions.n; i++) {
        struct session *session = world->sessions.at[i];
        free(session->secret);
        free(session);
    }
    vec_release(&world->sessions);
}
