/* Control of the world itself: companies, tokens, access, budgets, clock, sessions, options. */
#include "tests/sandbox/control.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/budget.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/session.h"
#include "tests/sandbox/setup.h"
#include "tests/sandbox/world.h"

static void call_company(struct control *control)
{
    if (!setup_company(control->world, control->body, &control->fail))
        return;
    const struct company *company = control_company(control);
    out_printf(&control->out, "{\"ok\":true,\"id\":%lld,\"postings\":%llu}", (long long)company->id,
               (unsigned long long)company->ledger.n_postings);
}

static void call_drop_company(struct control *control)
{
    struct company *company = control_company(control);
    if (company)
        world_drop_company(control->world, company);
}

static void call_companies(struct control *control)
{
    struct out *out = &control->out;
    out_raw(out, "[");
    for (uint32_t i = 0; i < control->world->companies.n; i++) {
        const struct company *company = control->world->companies.at[i];
        out_comma(out);
        out_printf(out, "{\"orgNr\":\"%s\",\"name\":", company->org_nr);
        out_text(out, company->name);
        out_printf(out, ",\"id\":%lld,\"postings\":%llu,\"vouchers\":%u,\"revision\":%llu}",
                   (long long)company->id, (unsigned long long)company->ledger.n_postings,
                   company->ledger.all.n, (unsigned long long)company->ledger.revision);
    }
    out_raw(out, "]");
}

static void call_token(struct control *control)
{
    if (!setup_token(control->world, control->body, &control->fail))
        return;
    const char *secret = control_text(control, "employeeToken");
    const struct token *token = secret ? world_token(control->world, secret)
                                       : world_token_named(control->world,
                                                           control_text(control, "name"));
    if (token && token->is_revoked)
        session_end_all(control->world, token);
}

static void call_access(struct control *control)
{
    struct token *token = world_token_named(control->world, control_text(control, "token"));
    const char *org_nr = control_text(control, "orgNr");
    if (!token || !org_nr) {
        control_refuse(control, "token and orgNr: a known token (name or value) and a number");
        return;
    }
    if (control_bool(control, "granted", true))
        token_grant(token, org_nr);
    else
        token_withdraw(token, org_nr);
}

static void budget_apply(struct control *control, struct budget *budget)
{
    const json_t *window = json_object_get(control->body, "windowSeconds");
    int64_t limit = control_int(control, "limit", -1);
    if (limit >= 0 || window)
        budget_set(budget, limit >= 0 ? limit : budget->limit,
                   window ? (int64_t)(json_number_value(window) * 1000) : budget->window_ms);
    int64_t burn = control_int(control, "burn", 0);
    if (burn > 0)
        budget_burn(budget, world_steady_ms(), burn);
}

static void call_budget(struct control *control)
{
    const char *name = control_text(control, "token");
    struct token *token = world_token_named(control->world, name);
    if (name && !token) {
        control_refuse(control, "token: '%s' is not known", name);
        return;
    }
    for (uint32_t i = 0; i < control->world->tokens.n; i++) {
        struct token *each = control->world->tokens.at[i];
        if (!token || token == each)
            budget_apply(control, &each->budget);
    }
    if (!token)
        budget_apply(control, &control->world->budget);
}

static void call_show_budget(struct control *control)
{
    struct out *out = &control->out;
    out_raw(out, "[");
    for (uint32_t i = 0; i < control->world->tokens.n; i++) {
        const struct token *token = control->world->tokens.at[i];
        out_comma(out);
        out_raw(out, "{\"token\":");
        out_text(out, token->name);
        out_printf(out, ",\"limit\":%lld,\"remaining\":%lld,\"resetSeconds\":%lld}",
                   (long long)token->budget.limit, (long long)budget_remaining(&token->budget),
                   (long long)budget_reset_s(&token->budget, world_steady_ms()));
    }
    out_raw(out, "]");
}

static void call_now(struct control *control)
{
    int64_t now_s;
    const char *now = control_text(control, "now");
    if (!now) {
        world_set_now(control->world, 0, false);
    } else if (day_parse_moment(now, &now_s)) {
        world_set_now(control->world, now_s * 1000, control_bool(control, "frozen", false));
    } else {
        control_refuse(control, "now: '%s' is no moment like 2026-03-01T12:00:00Z", now);
    }
}

static void call_show_now(struct control *control)
{
    int64_t now_ms = world_now_ms(control->world);
    out_printf(&control->out, "{\"unixMs\":%lld,\"osloDate\":", (long long)now_ms);
    out_day(&control->out, day_in_oslo(now_ms / 1000));
    out_raw(&control->out, "}");
}

static void call_sessions(struct control *control)
{
    struct out *out = &control->out;
    out_raw(out, "[");
    for (uint32_t i = 0; i < control->world->sessions.n; i++) {
        const struct session *session = control->world->sessions.at[i];
        out_comma(out);
        out_printf(out, "{\"id\":%lld,\"alive\":%s,\"deleted\":%s,\"endsUnix\":%lld,\"token\":",
                   (long long)session->id,
                   session_is_alive(control->world, session) ? "true" : "false",
                   session->is_deleted ? "true" : "false", (long long)session->ends_unix_s);
        out_text(out, session->token->name);
        out_raw(out, "}");
    }
    out_raw(out, "]");
}

static void call_revoke_sessions(struct control *control)
{
    const char *name = control_text(control, "token");
    struct token *token = world_token_named(control->world, name);
    if (name && !token)
        control_refuse(control, "token: '%s' is not known", name);
    else
        session_end_all(control->world, token);
}

/* The place of a word in a list, or -1. */
static int word_place(const char *word, const char *const *words)
{
    for (int i = 0; word && words[i]; i++) {
        if (strcmp(words[i], word) == 0)
            return i;
    }
    return -1;
}

static void call_checksum(struct control *control)
{
    static const char *const MODES[] = { "normal",   "null",   "random", "constant",
                                         "never304", "frozen", NULL };
    int mode = word_place(control_text(control, "mode"), MODES);
    if (mode < 0)
        control_refuse(control, "mode: must be normal, null, random, constant, never304 or frozen");
    else
        control->world->options.checksum = (enum checksum_mode)mode;
}

static void call_numbers(struct control *control)
{
    static const char *const STYLES[] = { "short", "two_decimals", "exponent", NULL };
    int style = word_place(control_text(control, "style"), STYLES);
    if (style < 0)
        control_refuse(control, "style: must be short, two_decimals or exponent");
    else
        control->world->options.numbers = (enum money_style)style;
}

static void call_options(struct control *control)
{
    struct options *options = &control->world->options;
    options->post_create_status = (int32_t)control_int(control, "postCreateStatus",
                                                       options->post_create_status);
    options->wrong_token_status = (int32_t)control_int(control, "wrongTokenStatus",
                                                       options->wrong_token_status);
    options->reset_on_429 = control_bool(control, "resetOn429", options->reset_on_429);
    options->rate_limit_headers = control_bool(control, "rateLimitHeaders",
                                               options->rate_limit_headers);
    options->inexact_size = control_bool(control, "inexactSize", options->inexact_size);
    options->closegroup_bumps = control_bool(control, "closeGroupBumps", options->closegroup_bumps);
    options->posting_account_to_excluded = control_bool(control, "postingAccountNumberToExcluded",
                                                        options->posting_account_to_excluded);
    options->end_inclusive = control_bool(control, "endInclusive", options->end_inclusive);
    for (uint32_t i = 0; i < control->world->companies.n; i++)
        company_show_ends(control->world->companies.at[i], options->end_inclusive);
}

static void call_shutdown(struct control *control)
{
    control->wants_shutdown = true;
}

const struct control_call CONTROL_WORLD[] = {
    { "POST", "/company", call_company },
    { "DELETE", "/company", call_drop_company },
    { "GET", "/company", call_companies },
    { "GET", "/revision", call_companies },
    { "POST", "/token", call_token },
    { "POST", "/access", call_access },
    { "POST", "/budget", call_budget },
    { "GET", "/budget", call_show_budget },
    { "POST", "/now", call_now },
    { "GET", "/now", call_show_now },
    { "POST", "/session", call_revoke_sessions },
    { "GET", "/session", call_sessions },
    { "POST", "/checksum", call_checksum },
    { "POST", "/numbers", call_numbers },
    { "POST", "/options", call_options },
    { "POST", "/shutdown", call_shutdown },
    { NULL, NULL, NULL },
};
