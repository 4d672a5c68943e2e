#include "tests/sandbox/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/api.h"
#include "tests/sandbox/budget.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/reqlog.h"
#include "tests/sandbox/session.h"
#include "tests/sandbox/world.h"

#define CREDENTIALS_MAX 256

static int base64_value(char c)
{
    static const char ALPHABET[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(ALPHABET, c) : NULL;
    return at ? (int)(at - ALPHABET) : -1;
}

static void base64_decode(const char *text, char out[CREDENTIALS_MAX])
{
    size_t len = 0;
    uint32_t bits = 0;
    int n = 0;
    for (; base64_value(*text) >= 0 && len + 1 < CREDENTIALS_MAX; text++) {
        bits = bits << 6 | (uint32_t)base64_value(*text);
        n += 6;
        if (n >= 8) {
            n -= 8;
            out[len++] = (char)(bits >> n & 0xff);
        }
    }
    out[len] = '\0';
}

/* The company meant by the user name; NULL where there is none or no access. */
static struct company *auth_company(const struct world *world, const struct token *token,
                                    const char *user)
{
    if (*user == '\0' || strcmp(user, "0") == 0)
        return token->is_bureau ? NULL : world_company(world, token->org_nr);
    struct company *company = world_company_by_id(world, strtoll(user, NULL, 10));
    return company && token_may(token, company->org_nr) ? company : NULL;
}

static struct session *auth_session(struct world *world, struct call *call)
{
    char credentials[CREDENTIALS_MAX];
    if (!call->authorization || strncmp(call->authorization, "Basic ", 6) != 0)
        return NULL;
    base64_decode(call->authorization + 6, credentials);
    char *colon = strchr(credentials, ':');
    if (!colon)
        return NULL;
    *colon = '\0';
    snprintf(call->user, sizeof(call->user), "%.79s", credentials);
    return session_find(world, colon + 1);
}

void auth_read(struct world *world, struct call *call)
{
    struct session *session = auth_session(world, call);
    if (!session)
        return;
    call->token = session->token;
    call->company = auth_company(world, session->token, call->user);
}

bool auth_spend(struct world *world, struct call *call)
{
    (void)world;
    if (!call->token || budget_take(&call->token->budget, world_steady_ms()))
        return true;
    call->is_over_budget = true;
    call->status = 0;
    return fail_set(&call->fail, 429, 429, NULL, "Too many requests");
}

bool auth_check(struct world *world, struct call *call)
{
    const struct session *session = auth_session(world, call);
    if (!auth_spend(world, call))
        return false;
    if (!session || session->is_deleted)
        reqlog_violation(world->log, world_now_ms(world), call->method, call->path,
                         session ? "A session is used after it was deleted"
                                 : "No session, or one that was never given out");
    if (!session || !session_is_alive(world, session))
        return fail_set(&call->fail, 401, 3000, NULL, "Invalid or expired session token");
    bool is_own = *call->user == '\0' || strcmp(call->user, "0") == 0 ||
                  strtoll(call->user, NULL, 10) == call->token->bureau_id;
    if (!call->company && !(is_own && call->token->is_bureau))
        return fail_set(&call->fail, 403, 9000, NULL, "The token has no access to company %.40s",
                        call->user);
    return true;
}
