/*
 * world.h - everything the sandbox knows: tokens, access, companies, sessions, clock, options.
 *
 * One world a process. It owns all it points to. Nothing in it knows about HTTP.
 */
#ifndef SANDBOX_WORLD_H
#define SANDBOX_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/mem.h"
#include "tests/sandbox/money.h"
#include "tests/sandbox/rng.h"

struct cache;
struct company;
struct company_plan;
struct employee;
struct reqlog;

enum checksum_mode {
    CHECKSUM_NORMAL,
    CHECKSUM_NULL,
    CHECKSUM_RANDOM,
    CHECKSUM_CONSTANT,
    CHECKSUM_NEVER_304,
    CHECKSUM_FROZEN, /* any checksum ever given is told unchanged */
};

/* What may be switched while running; control.c has the table of names. */
struct options {
    enum checksum_mode checksum;
    enum money_style numbers;
    int32_t post_create_status; /* 0: POST :create works; else it answers this */
    int32_t wrong_token_status; /* on :create: 401, 403, 404 or 422 */
    bool reset_on_429;          /* X-Rate-Limit-Reset also on the 429 itself */
    bool rate_limit_headers;
    bool inexact_size;  /* fullResultSize lies */
    bool end_inclusive; /* of annual accounts and periods */
    bool posting_account_to_excluded;
    bool closegroup_bumps; /* closing a group moves versions and checksums */
    bool bodies_quiet;
};

struct budget {
    int64_t limit, used, window_ms, window_ends_ms;
};

struct token {
    char *employee_token, *name, *org_nr;
    bool is_bureau, is_revoked;
    int32_t bureau_id;
    struct vec access; /* organisation numbers, as text */
    struct budget budget;
};

struct session {
    char *secret;
    struct token *token;
    int64_t id, ends_unix_s;
    bool is_ended, is_deleted;
};

struct mutate_every {
    int64_t requests, seen;
    uint32_t count;
    char *org_nr;
    char *path;
};

struct world {
    char *consumer_token;
    struct vec tokens, companies, sessions, faults, hooks;
    struct options options;
    struct budget budget; /* what new tokens get */
    struct mutate_every mutate_every;
    struct rng rng;
    struct reqlog *log;
    struct cache *cache; /* NULL: every page is written anew */
    int64_t clock_offset_ms, frozen_ms;
    int64_t next_serial;
};

/* Rows that exist only while they are written. */
struct client_row {
    int64_t id;
    int32_t version, customer_company_id, start;
    const char *name, *org_nr;
};

struct user_row {
    int64_t id;
    int32_t version, employee_id, company_id;
    int64_t actual_employee_id;
    const struct client_row *company;
    const struct employee *employee;
    bool is_proxy;
};

void world_init(struct world *world);
void world_release(struct world *world);

int64_t world_now_ms(const struct world *world); /* the settable clock, Unix */
int64_t world_now_s(const struct world *world);
int64_t world_steady_ms(void); /* never set back */
void world_set_now(struct world *world, int64_t unix_ms, bool frozen);

struct company *world_company(const struct world *world, const char *org_nr);
struct company *world_company_by_id(const struct world *world, int64_t id);
struct company *world_add_company(struct world *world, struct company_plan *plan);
void world_drop_company(struct world *world, struct company *company);

struct token *world_token(const struct world *world, const char *employee_token);
struct token *world_token_named(const struct world *world, const char *name);
struct token *world_add_token(struct world *world, const char *employee_token);
bool token_may(const struct token *token, const char *org_nr);
void token_grant(struct token *token, const char *org_nr);
void token_withdraw(struct token *token, const char *org_nr);

#endif
