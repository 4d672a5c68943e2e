/* Control that watches and disturbs: request log, violations, truth, faults. */
#include "tests/sandbox/control.h"

#include <stdint.h>
#include <string.h>

#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/fault.h"
#include "tests/sandbox/reqlog.h"
#include "tests/sandbox/extras.h"
#include "tests/sandbox/list.h"
#include "tests/sandbox/params.h"
#include "tests/sandbox/truth.h"
#include "tests/sandbox/hook.h"
#include "tests/sandbox/world.h"

static void call_requests(struct control *control)
{
    reqlog_write(control->world->log, control_int(control, "since", 0), &control->out);
    if (control_bool(control, "reset", false))
        reqlog_reset(control->world->log);
}

static void call_violations(struct control *control)
{
    reqlog_write_violations(control->world->log, &control->out);
    if (control_bool(control, "reset", false))
        reqlog_reset_violations(control->world->log);
}

/* The company and the range of a truth call; false when it was refused. */
static bool truth_ask(struct control *control, struct company **ret_company, int32_t *ret_from,
                      int32_t *ret_to)
{
    const char *from = control_text(control, "dateFrom"), *to = control_text(control, "dateTo");
    *ret_from = INT32_MIN;
    *ret_to = INT32_MAX;
    if ((from && !day_parse(from, ret_from)) || (to && !day_parse(to, ret_to))) {
        control_refuse(control, "dateFrom and dateTo: dates like 2026-01-31");
        return false;
    }
    *ret_company = control_company(control);
    return *ret_company;
}

static void call_truth_postings(struct control *control)
{
    struct company *company;
    int32_t from, to;
    if (truth_ask(control, &company, &from, &to))
        truth_postings(company, from, to, &control->out);
}

static void call_truth_vouchers(struct control *control)
{
    struct company *company;
    int32_t from, to;
    if (truth_ask(control, &company, &from, &to))
        truth_vouchers(company, from, to, &control->out);
}

static void call_truth_saldo(struct control *control)
{
    struct company *company;
    int32_t from, to;
    if (truth_ask(control, &company, &from, &to))
        truth_saldo(company, from, to, &control->out);
}

static void call_truth_accounts(struct control *control)
{
    struct company *company = control_company(control);
    if (company)
        truth_accounts(company, &control->out);
}

/* What a client with all rights would read of a register, whole. */
static void call_truth_rows(struct control *control)
{
    struct company *company = control_company(control);
    const char *path = control_text(control, "path");
    const struct endpoint *endpoint = path ? params_endpoint(path) : NULL;
    if (!company)
        return;
    if (!endpoint || endpoint->source != SOURCE_REGISTER) {
        control_refuse(control, "path: no register lies at '%s'", path ? path : "");
        return;
    }
    extras_refresh(company);
    if (!list_truth(endpoint, company, control_text(control, "fields"), &control->out,
                    &control->fail))
        control->out.len = 0;
}

static void call_truth_open_posts(struct control *control)
{
    struct company *company;
    int32_t from, to;
    if (truth_ask(control, &company, &from, &to))
        truth_open_posts(company, to, &control->out);
}

static void call_truth_years(struct control *control)
{
    struct company *company = control_company(control);
    if (company)
        truth_years(company, &control->out);
}

static void call_fault(struct control *control)
{
    enum fault_kind kind;
    const char *name = control_text(control, "kind");
    if (!fault_kind_named(name, &kind)) {
        control_refuse(control, "kind: '%s' is not known", name ? name : "");
        return;
    }
    bool has_both = control_text(control, "find") && control_text(control, "with");
    if (kind == FAULT_REPLACE && !has_both) {
        control_refuse(control, "find and with: a replacement needs both");
        return;
    }
    struct fault *fault = mem_zero(sizeof(*fault));
    *fault = (struct fault){ .kind = kind,
                             .path = mem_text(control_text(control, "path")),
                             .org_nr = mem_text(control_text(control, "orgNr")),
                             .url = mem_text(control_text(control, "url")),
                             .find = mem_text(control_text(control, "find")),
                             .with = mem_text(control_text(control, "with")),
                             .status = (int32_t)control_int(control, "status", 0),
                             .status_to = (int32_t)control_int(control, "statusTo", 0),
                             .code = (int32_t)control_int(control, "code", 1000),
                             .percent = (int32_t)control_int(control, "percent", 100),
                             .retry_after_s = (int32_t)control_int(control, "retryAfter", 0),
                             .skip = control_int(control, "skip", 0),
                             .left = control_int(control, "next", -1),
                             .delay_ms = control_int(control, "delayMs", 0) };
    vec_add(&control->world->faults, fault);
}

static void call_faults(struct control *control)
{
    struct out *out = &control->out;
    out_raw(out, "[");
    for (uint32_t i = 0; i < control->world->faults.n; i++) {
        const struct fault *fault = control->world->faults.at[i];
        out_comma(out);
        out_printf(out, "{\"kind\":\"%s\",\"hits\":%lld,\"left\":%lld,\"path\":",
                   fault_kind_name(fault->kind), (long long)fault->hits, (long long)fault->left);
        out_text(out, fault->path);
        out_raw(out, "}");
    }
    out_raw(out, "]");
}

static void call_clear_faults(struct control *control)
{
    fault_clear(control->world);
}

/* Every subscription of the world, whoever made it. */
static void call_subscriptions(struct control *control)
{
    out_raw(&control->out, "[");
    for (uint32_t i = 0; i < control->world->hooks.n; i++) {
        out_comma(&control->out);
        hook_write(control->world->hooks.at[i], &control->out);
    }
    out_raw(&control->out, "]");
}

/* As if Tripletex had switched it off. */
static void call_subscription(struct control *control)
{
    const char *status = control_text(control, "status");
    struct hook *subscription = hook_find(control->world, control_int(control, "id", 0));
    if (!subscription || !status)
        control_refuse(control, "id and status: there is no such subscription, or no status");
    else
        hook_set_status(subscription, status);
}

const struct control_call CONTROL_WATCH[] = {
    { "GET", "/requests", call_requests },
    { "GET", "/violations", call_violations },
    { "GET", "/truth/postings", call_truth_postings },
    { "GET", "/truth/vouchers", call_truth_vouchers },
    { "GET", "/truth/saldo", call_truth_saldo },
    { "GET", "/truth/accounts", call_truth_accounts },
    { "GET", "/truth/years", call_truth_years },
    { "GET", "/truth/rows", call_truth_rows },
    { "GET", "/truth/openposts", call_truth_open_posts },
    { "POST", "/fault", call_fault },
    { "GET", "/faults", call_faults },
    { "POST", "/faults/clear", call_clear_faults },
    { "GET", "/subscriptions", call_subscriptions },
    { "POST", "/subscription", call_subscription },
    { NULL, NULL, NULL },
};
