#include "tests/sandbox/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sandbox/cache.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/fault.h"
#include "tests/sandbox/reqlog.h"
#include "tests/sandbox/session.h"
#include "tests/sandbox/hook.h"

#define DEFAULT_LIMIT 1000000
#define DEFAULT_WINDOW_MS 60000

void world_init(struct world *world)
{
    *world = (struct world){ .options = { .wrong_token_status = 401,
                                          .rate_limit_headers = true,
                                          .closegroup_bumps = true,
                                          .inexact_size = true },
                             .budget = { .limit = DEFAULT_LIMIT, .window_ms = DEFAULT_WINDOW_MS },
                             .rng = { .state = 20260101 },
                             .next_serial = 1,
                             .log = reqlog_new() };
}

static void token_free(struct token *token)
{
    for (uint32_t i = 0; i < token->access.n; i++)
        free(token->access.at[i]);
    vec_release(&token->access);
    free(token->employee_token);
    free(token->name);
    free(token->org_nr);
    free(token);
}

void world_release(struct world *world)
{
    session_release_all(world);
    hook_release_all(world);
    fault_clear(world);
    vec_release(&world->faults);
    for (uint32_t i = 0; i < world->tokens.n; i++)
        token_free(world->tokens.at[i]);
    vec_release(&world->tokens);
    for (uint32_t i = 0; i < world->companies.n; i++)
        company_free(world->companies.at[i]);
    vec_release(&world->companies);
    free(world->consumer_token);
    free(world->mutate_every.org_nr);
    free(world->mutate_every.path);
    reqlog_free(world->log);
    cache_free(world->cache);
}

static int64_t clock_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t world_steady_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

int64_t world_now_ms(const struct world *world)
{
    if (world->frozen_ms)
        return world->frozen_ms;
    return clock_ms(CLOCK_REALTIME) + world->clock_offset_ms;
}

int64_t world_now_s(const struct world *world)
{
    return world_now_ms(world) / 1000;
}

void world_set_now(struct world *world, int64_t unix_ms, bool frozen)
{
    world->frozen_ms = frozen ? unix_ms : 0;
    world->clock_offset_ms = unix_ms ? unix_ms - clock_ms(CLOCK_REALTIME) : 0;
}

struct company *world_company(const struct world *world, const char *org_nr)
{
    for (uint32_t i = 0; org_nr && i < world->companies.n; i++) {
        struct company *company = world->companies.at[i];
        if (strcmp(company->org_nr, org_nr) == 0)
            return company;
    }
    return NULL;
}

struct company *world_company_by_id(const struct world *world, int64_t id)
{
    for (uint32_t i = 0; i < world->companies.n; i++) {
        struct company *company = world->companies.at[i];
        if (company->id == id)
            return company;
    }
    return NULL;
}

struct company *world_add_company(struct world *world, struct company_plan *plan)
{
    plan->ordinal = (int)world->next_serial++;
    plan->now_unix_s = world_now_s(world);
    plan->end_inclusive = world->options.end_inclusive;
    struct company *company = company_new(plan);
    vec_add(&world->companies, company);
    return company;
}

void world_drop_company(struct world *world, struct company *company)
{
    for (uint32_t i = 0; i < world->companies.n; i++) {
        if (world->companies.at[i] == company) {
            vec_remove(&world->companies, i);
            company_free(company);
            return;
        }
    }
}

struct token *world_token(const struct world *world, const char *employee_token)
{
    for (uint32_t i = 0; employee_token && i < world->tokens.n; i++) {
        struct token *token = world->tokens.at[i];
        if (strcmp(token->employee_token, employee_token) == 0)
            return token;
    }
    return NULL;
}

struct token *world_token_named(const struct world *world, const char *name)
{
    for (uint32_t i = 0; name && i < world->tokens.n; i++) {
        struct token *token = world->tokens.at[i];
        if (strcmp(token->name, name) == 0)
            return token;
    }
    return world_token(world, name);
}

struct token *world_add_token(struct world *world, const char *employee_token)
{
    struct token *token = mem_zero(sizeof(*token));
    char name[32];
    snprintf(name, sizeof(name), "token-%u", world->tokens.n + 1);
    token->employee_token = mem_text(employee_token);
    token->name = mem_text(name);
    token->budget = world->budget;
    token->bureau_id = 4000000 + (int32_t)world->tokens.n;
    vec_add(&world->tokens, token);
    return token;
}

static uint32_t token_place(const struct token *token, const char *org_nr)
{
    uint32_t i = 0;
    while (i < token->access.n && strcmp(token->access.at[i], org_nr) != 0)
        i++;
    return i;
}

bool token_may(const struct token *token, const char *org_nr)
{
    if (!token->is_bureau)
        return token->org_nr && strcmp(token->org_nr, org_nr) == 0;
    return token_place(token, org_nr) < token->access.n;
}

void token_grant(struct token *token, const char *org_nr)
{
    if (token_place(token, org_nr) == token->access.n)
        vec_add(&token->access, mem_text(org_nr));
}

void token_withdraw(struct token *token, const char *org_nr)
{
    uint32_t at = token_place(token, org_nr);
    if (at < token->access.n) {
        free(token->access.at[at]);
        vec_remove(&token->access, at);
    }
}
