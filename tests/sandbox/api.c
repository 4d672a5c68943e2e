#include "tests/sandbox/api.h"

#include <sys/queue.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/auth.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/extras.h"
#include "tests/sandbox/fault.h"
#include "tests/sandbox/fields.h"
#include "tests/sandbox/list.h"
#include "tests/sandbox/model.h"
#include "tests/sandbox/params.h"
#include "tests/sandbox/reqlog.h"
#include "tests/sandbox/rows.h"
#include "tests/sandbox/session.h"
#include "tests/sandbox/hook.h"
#include "tests/sandbox/world.h"

#define SESSION_PATH "/token/session/"
#define WHO_PATH "/token/session/>whoAmI"
#define CREATE_PATH "/token/session/:create"

const char *api_public_path(const struct call *call)
{
    bool is_secret = strncmp(call->path, SESSION_PATH, strlen(SESSION_PATH)) == 0 &&
                     strcmp(call->path, WHO_PATH) != 0 && strcmp(call->path, CREATE_PATH) != 0;
    return is_secret ? SESSION_PATH "{token}" : call->path;
}

static void api_violation(struct world *world, const struct call *call, const char *reason)
{
    reqlog_violation(world->log, world_now_ms(world), call->method, api_public_path(call), reason);
}

static void api_write_session(const struct session *session, const char *expiration,
                              struct out *out)
{
    out_printf(out,
               "{\"value\":{\"id\":%lld,\"version\":1,\"consumerToken\":{\"id\":1},"
               "\"employeeToken\":{\"id\":2},\"expirationDate\":",
               (long long)session->id);
    out_text(out, expiration);
    out_raw(out, ",\"token\":");
    out_text(out, session->secret);
    out_raw(out, ",\"encryptionKey\":null}}");
}

static void api_create(struct world *world, struct call *call, const char *consumer,
                       const char *employee, const char *expiration, int success)
{
    struct session *session = session_create(world, consumer, employee, expiration, &call->token,
                                             &call->fail);
    if (!auth_spend(world, call) || !session)
        return;
    call->status = success;
    api_write_session(session, expiration, &call->out);
}

static void api_create_post(struct world *world, struct call *call)
{
    if (world->options.post_create_status) {
        fail_set(&call->fail, world->options.post_create_status, 6000, NULL,
                 "This method is not available");
        return;
    }
    json_auto_t *body = json_loads(call->body ? call->body : "", 0, NULL);
    if (!json_is_object(body)) {
        fail_set(&call->fail, 422, 16000, NULL, "The body is not a JSON object");
        return;
    }
    api_create(world, call, json_string_value(json_object_get(body, "consumerToken")),
               json_string_value(json_object_get(body, "employeeToken")),
               json_string_value(json_object_get(body, "expirationDate")), 201);
}

static void api_create_put(struct world *world, struct call *call)
{
    if (!world->options.post_create_status)
        api_violation(world, call, "PUT :create although POST works");
    api_create(world, call, evhttp_find_header(call->query, "consumerToken"),
               evhttp_find_header(call->query, "employeeToken"),
               evhttp_find_header(call->query, "expirationDate"), 200);
}

static void api_delete_session(struct world *world, struct call *call)
{
    struct session *session = session_find(world, call->path + strlen(SESSION_PATH));
    if (!session || session->is_ended) {
        fail_set(&call->fail, 404, 6000, "token", "There is no such session");
        return;
    }
    call->token = session->token;
    if (!auth_spend(world, call))
        return;
    session->is_ended = session->is_deleted = true;
    call->status = 204;
}

static void api_who(struct world *world, struct call *call)
{
    struct fields fields;
    const char *wanted = evhttp_find_header(call->query, "fields");
    const struct evkeyval *pair = call->query->tqh_first;
    if (pair && (strcmp(pair->key, "fields") != 0 || pair->next.tqe_next)) {
        fail_set(&call->fail, 422, 15000, pair->key, "Unknown query parameter '%.60s'", pair->key);
        return;
    }
    if (!auth_check(world, call) || !fields_parse(wanted, &MODEL_USER, &fields, &call->fail))
        return;
    const struct company *company = call->company;
    struct client_row of_company = { .id = company ? company->id : call->token->bureau_id,
                                     .version = 1,
                                     .start = DAY_NONE,
                                     .name = company ? company->name : call->token->name,
                                     .org_nr = company ? company->org_nr : call->token->org_nr };
    struct user_row user = { .id = 1,
                             .employee_id = 600000 + call->token->bureau_id % 100000,
                             .company_id = (int32_t)of_company.id,
                             .company = &of_company,
                             .is_proxy = company && call->token->is_bureau };
    user.actual_employee_id = user.employee_id;
    out_raw(&call->out, "{\"value\":");
    fields_write(&fields, &MODEL_USER, &user, &call->out);
    out_raw(&call->out, "}");
    fields_release(&fields);
    call->status = 200;
}

static enum list_twist twist_of(const struct fault *fault)
{
    switch (fault ? fault->kind : FAULT_KINDS) {
    case FAULT_REPEAT_PAGE:
        return LIST_REPEATS_PAGE;
    case FAULT_SHORT_PAGE:
        return LIST_SHORT_PAGE;
    case FAULT_LACKS_FIRST:
        return LIST_LACKS_FIRST;
    case FAULT_SHIFTED_PAGE:
        return LIST_SHIFTED;
    default:
        return LIST_PLAIN;
    }
}

static void api_list(struct world *world, struct call *call, const struct endpoint *endpoint)
{
    struct query query;
    bool unchanged = false, of_clients = endpoint->source == SOURCE_CLIENTS;
    if (!auth_check(world, call) || !params_read(endpoint, call->query, &query, &call->fail))
        return;
    if (!call->company && !of_clients) {
        fail_set(&call->fail, 403, 9000, NULL,
                 "An accountant's session needs the id of a client as the user name");
        return;
    }
    params_read_path(call->path, &query);
    if (call->company)
        extras_refresh(call->company);
    struct list_ask ask = { .company = of_clients ? NULL : call->company,
                            .token = call->token,
                            .query = &query,
                            .if_none_match = call->if_none_match,
                            .twist = twist_of(call->fault) };
    if (list_answer(world, &ask, &call->out, &unchanged, &call->fail))
        call->status = unchanged ? 304 : 200;
}

static const void *api_find_row(const struct company *company, bool of_vouchers, int64_t id)
{
    if (of_vouchers)
        return ledger_voucher(&company->ledger, id);
    const struct calendar *calendar = &company->ledger.postings;
    for (int32_t day = ledger_first_day(calendar); day < ledger_end_day(calendar); day++) {
        const void *row = company_row(ledger_day(calendar, day), id);
        if (row)
            return row;
    }
    return NULL;
}

/* /ledger/posting/{id} and /ledger/voucher/{id} */
static void api_one(struct world *world, struct call *call, bool of_vouchers)
{
    struct fields fields;
    const struct model *model = of_vouchers ? &MODEL_VOUCHER : &MODEL_POSTING;
    if (!auth_check(world, call) ||
        !fields_parse(evhttp_find_header(call->query, "fields"), model, &fields, &call->fail))
        return;
    int64_t id = strtoll(strrchr(call->path, '/') + 1, NULL, 10);
    const void *row = call->company ? api_find_row(call->company, of_vouchers, id) : NULL;
    if (row) {
        call->out.style = world->options.numbers;
        out_raw(&call->out, "{\"value\":");
        fields_write(&fields, model, row, &call->out);
        out_raw(&call->out, "}");
        call->status = 200;
    } else {
        fail_set(&call->fail, 404, 6000, "id", "Object not found");
    }
    fields_release(&fields);
}

static bool api_is_one(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(path, prefix, len) == 0 && path[len] != '\0' &&
           strspn(path + len, "0123456789") == strlen(path + len);
}

static void api_session_paths(struct world *world, struct call *call)
{
    if (strcmp(call->path, CREATE_PATH) == 0 && strcmp(call->method, "POST") == 0)
        api_create_post(world, call);
    else if (strcmp(call->path, CREATE_PATH) == 0 && strcmp(call->method, "PUT") == 0)
        api_create_put(world, call);
    else if (strcmp(call->path, WHO_PATH) == 0 && strcmp(call->method, "GET") == 0)
        api_who(world, call);
    else if (strcmp(call->method, "DELETE") == 0)
        api_delete_session(world, call);
    else
        fail_set(&call->fail, 405, 4000, NULL, "Method %s is not allowed here", call->method);
}

static void api_route(struct world *world, struct call *call)
{
    const struct endpoint *endpoint = params_endpoint(call->path);
    bool is_get = strcmp(call->method, "GET") == 0;
    if (strncmp(call->path, SESSION_PATH, strlen(SESSION_PATH)) == 0)
        api_session_paths(world, call);
    else if (hook_serves(world, call))
        hook_api(world, call);
    else if (endpoint && is_get)
        api_list(world, call, endpoint);
    else if (is_get && api_is_one(call->path, "/ledger/posting/"))
        api_one(world, call, false);
    else if (is_get && api_is_one(call->path, "/ledger/voucher/"))
        api_one(world, call, true);
    else if (endpoint)
        fail_set(&call->fail, 405, 4000, NULL, "Method %s is not allowed here", call->method);
    else
        fail_set(&call->fail, 404, 6000, NULL, "There is no resource at %.100s", call->path);
}

static void api_write_error(const struct call *call, struct out *out)
{
    const struct fail *fail = &call->fail;
    out->len = 0;
    out_printf(out, "{\"status\":%d,\"code\":%d,\"message\":", fail->status, fail->code);
    out_text(out, fail->message);
    out_raw(out, ",\"link\":\"https://tripletex.no/v2-docs/\",\"developerMessage\":");
    out_text(out, fail->message);
    out_raw(out, ",\"validationMessages\":[");
    if (fail->field[0]) {
        out_raw(out, "{\"field\":");
        out_text(out, fail->field);
        out_raw(out, ",\"message\":");
        out_text(out, fail->message);
        out_raw(out, ",\"path\":null,\"rootId\":null}");
    }
    out_raw(out, "],\"requestId\":");
    out_text(out, call->request_id);
    out_raw(out, "}");
}

/* Refusals that a correct client cannot run into. */
static void api_note_refusal(struct world *world, const struct call *call)
{
    const struct fail *fail = &call->fail;
    bool is_create = strcmp(call->path, CREATE_PATH) == 0;
    bool is_ours = fail->status == 400 || fail->status == 405 ||
                   (fail->status == 422 && fail->code != 23000) ||
                   (fail->status == 404 && !params_endpoint(call->path));
    bool is_passing = (call->company && call->company->salary_hidden && fail->code == 18000) ||
                      (is_create && fail->code != 16000 && strcmp(fail->field, "expirationDate")) ||
                      strcmp(call->method, "DELETE") == 0;
    if (is_ours && !is_passing)
        api_violation(world, call, fail->message);
}

static int32_t api_any_status(struct world *world, const struct fault *fault)
{
    int32_t from = fault->status ? fault->status : 500;
    return fault->status_to > from
               ? from + (int32_t)rng_below(&world->rng, (uint32_t)(fault->status_to - from + 1))
               : from;
}

static void api_fault_status(struct world *world, struct call *call)
{
    const struct fault *fault = call->fault;
    bool keeps = fault->kind != FAULT_STATUS && fault->kind != FAULT_HTML &&
                 fault->kind != FAULT_EMPTY && fault->kind != FAULT_EMPTY_LIST &&
                 fault->kind != FAULT_REDIRECT && fault->kind != FAULT_ENDLESS &&
                 fault->kind != FAULT_DEEP && fault->kind != FAULT_LONG_TEXT;
    if (keeps && !fault->status)
        return;
    if (fault->kind == FAULT_STATUS) {
        fail_set(&call->fail, api_any_status(world, fault), fault->code, NULL,
                 "A fault made on demand");
        api_write_error(call, &call->out);
        call->status = call->fail.status;
    } else {
        call->status = fault->status ? fault->status : fault->kind == FAULT_REDIRECT ? 302 : 200;
    }
}

void api_handle(struct world *world, struct call *call)
{
    snprintf(call->request_id, sizeof(call->request_id), "%08llx-sandbox-%lld",
             (unsigned long long)(rng_next(&world->rng) >> 32), (long long)world->next_serial++);
    if (!call->user_agent || strncmp(call->user_agent, "saldod/", 7) != 0)
        api_violation(world, call, "The User-Agent does not begin with saldod/");
    auth_read(world, call);
    call->fault = fault_pick(world, api_public_path(call),
                             call->company ? call->company->org_nr : NULL);
    api_route(world, call);
    if (call->status == 0) {
        api_write_error(call, &call->out);
        call->status = call->fail.status;
        api_note_refusal(world, call);
    }
    if (call->fault) {
        api_fault_status(world, call);
        fault_spoil(call->fault, &call->out);
    }
}
