/* Which company of Tripletex the client is, and the lists that change seldom. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/access.h"
#include "daemon/app.h"
#include "daemon/ask.h"
#include "daemon/master.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/json/doc.h"
#include "lib/pg/batch.h"
#include "lib/tripletex/resource.h"

enum { ORG_NR_BYTES = 40 };

static const char OWN_COMPANY[] = "0";

static void deny(struct pull *pull, const struct err *err)
{
    pull->end = PULL_NO_ACCESS;
    pull->err = *err;
    pull_step(pull, PULL_EVENT_ENDED);
}

/* --- proof by >whoAmI --- */

static void proven_saved(struct pull *pull)
{
    free(pull->client->company_id);
    pull->client->company_id = pull->company_id;
    pull->company_id = NULL;
    pull->client->is_proven = 1;
    pull->client->is_missing = 0;
    pull_step(pull, PULL_EVENT_RESOLVED);
}

static void save_proven(struct pull *pull, const char *name)
{
    char id[24];
    const char *values[] = { pull_client_id(pull, id), pull->company_id, name };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_client_company_save, 3, values, NULL);
    pull_run(pull, batch, proven_saved);
}

static void copy_digits(const char *text, char out[ORG_NR_BYTES])
{
    size_t len = 0;
    for (; text && *text && len + 1 < ORG_NR_BYTES; text++) {
        if (!isspace((unsigned char)*text))
            out[len++] = *text;
    }
    out[len] = '\0';
}

/* The organisation number that the company must have. */
static const char *meant_org_nr(const struct pull *pull)
{
    const char *wanted = client_wanted_org_nr(pull->client);
    return wanted ? wanted : pull->client->org_nr;
}

/* Id and number must be those meant; Tripletex may show no number. With the user name 0 the id is
 * not known before. */
static int is_company_meant(const struct pull *pull, const char *org_nr, int64_t company_id)
{
    AUTO_FREE char *id = mem_printf("%" PRId64, company_id);
    int is_own = strcmp(pull->company_id, OWN_COMPANY) == 0;
    if (!is_own && strcmp(pull->company_id, id) != 0)
        return 0;
    return *org_nr == '\0' || strcmp(org_nr, meant_org_nr(pull)) == 0;
}

static void deny_other_company(struct pull *pull, const char *name, const char *org_nr,
                               int64_t company_id)
{
    struct err err = ERR_NONE;
    err_set(&err, EPERM,
            "the token leads to another company in Tripletex: %.80s with organisation number "
            "%.20s (id %" PRId64 "), and not to organisation number %s (id %s)",
            name ? name : "(no name)", *org_nr ? org_nr : "(none)", company_id, meant_org_nr(pull),
            pull->company_id);
    err_set_remedy(&err,
                   "Enter the employee token of company %s, or correct the client's "
                   "organisation number or org_nr setting",
                   pull->client->org_nr);
    deny(pull, &err);
}

static int read_company_id(const struct json_doc *doc, int64_t *ret_id, struct err *err)
{
    int ret = json_doc_get_int(doc, "value.companyId", ret_id, err);
    return ret == 0 ? 0 : json_doc_get_int(doc, "value.company.id", ret_id, err);
}

static int check_identity(const char *body, size_t len, struct err *err)
{
    int64_t id = 0;
    AUTO_JSON_DOC struct json_doc *doc = json_doc_parse(body, len, err);
    return doc ? read_company_id(doc, &id, err) : -EPROTO;
}

static void take_identity(struct pull *pull, const struct token_answer *answer)
{
    struct err err = ERR_NONE;
    const char *name = NULL, *text = NULL;
    char org_nr[ORG_NR_BYTES];
    int64_t company_id = 0;
    AUTO_JSON_DOC struct json_doc *doc = json_doc_parse(answer->body, answer->body_len, &err);
    if (!doc || read_company_id(doc, &company_id, &err) < 0) {
        err_prefix(&err, "/token/session/>whoAmI");
        pull_fail(pull, ANSWER_PASSING, &err);
        return;
    }
    (void)!json_doc_get_text(doc, "value.company.name", &name, NULL);
    (void)!json_doc_get_text(doc, "value.company.organizationNumber", &text, NULL);
    copy_digits(text, org_nr);
    if (is_company_meant(pull, org_nr, company_id))
        save_proven(pull, name);
    else
        deny_other_company(pull, name, org_nr, company_id);
}

static void identity_answered(void *ctx, const struct token_answer *answer)
{
    struct pull *pull = ctx;
    pull->ask = NULL;
    if (answer->class == ANSWER_OK)
        take_identity(pull, answer);
    else if (answer->class == ANSWER_FORBIDDEN)
        deny(pull, answer->err);
    else
        pull_fail(pull, answer->class, answer->err ? answer->err : &ERR_NONE);
}

static void ask_identity(struct pull *pull, const char *company_id)
{
    free(pull->company_id);
    pull->company_id = mem_strdup(company_id);
    pull->requests++;
    pull->ask = ask_start(
        pull->app, pull->client->token->token,
        &(struct token_request){
            .company = pull->company_id,
            .path = "/token/session/%3EwhoAmI",
            .query = "fields=companyId%2Ccompany%28id%2Cname%2CorganizationNumber%29",
            .resource = "whoAmI",
            .is_urgent = pull->order.is_urgent,
            .max_body_bytes = JSON_DOC_BYTES_MAX,
        },
        check_identity, identity_answered, pull);
}

/* --- the list of companies --- */

/* Whose books are mirrored; NULL = nobody knows yet. */
static const char *known_company(const struct client *client)
{
    int is_known = client->company_id && strcmp(client->company_id, OWN_COMPANY) != 0;
    return is_known ? client->company_id : NULL;
}

/* The same number, but other books: they are not to be mixed. */
static void deny_changed_company(struct pull *pull, const char *company_id)
{
    struct err err = ERR_NONE;
    err_set(&err, EPERM,
            "organisation number %s is another company in Tripletex by now (id %s, and %s before): "
            "what is mirrored stands",
            meant_org_nr(pull), company_id, pull->client->company_id);
    err_set_remedy(
        &err,
        "If the other one is meant: SELECT bureau.purge_client('%s'), and add the client "
        "again",
        pull->client->org_nr);
    pull->client->is_missing = 1;
    deny(pull, &err);
}

static void access_answered(void *ctx, const char *company_id, const struct err *failure)
{
    struct pull *pull = ctx;
    struct client *client = pull->client;
    struct err err = ERR_NONE;
    pull->question = NULL;
    if (failure && failure->code == ENOTUNIQ) {
        client->is_missing = 1;
        deny(pull, failure);
        return;
    }
    if (failure) {
        enum answer_class class = failure->code == EACCES ? ANSWER_UNAUTHORIZED : ANSWER_PASSING;
        pull_fail(pull, class, failure);
        return;
    }
    if (!company_id) {
        client->is_missing = 1;
        err_set(&err, EPERM, "the token of %s has no access to organisation number %s in Tripletex",
                token_label(client->token->token), client_wanted_org_nr(client));
        err_set_remedy(&err,
                       "Add the key to the client in Tripletex: Klienttilgang, Legg til ansatte, "
                       "template \"Standardrettigheter for regnskapsførere\"");
        deny(pull, &err);
        return;
    }
    if (client->company_id && strcmp(client->company_id, company_id) == 0 && client->is_proven) {
        pull_step(pull, PULL_EVENT_RESOLVED);
        return;
    }
    const char *known_id = known_company(client);
    if (known_id && strcmp(known_id, company_id) != 0)
        deny_changed_company(pull, company_id);
    else
        ask_identity(pull, company_id);
}

static enum access_need access_need(const struct pull *pull)
{
    if (pull->order.is_urgent && pull->client->is_missing)
        return ACCESS_NOW;
    return pull->client->failures > 0 || pull->client->is_missing ? ACCESS_RECENT : ACCESS_KNOWN;
}

void pull_resolve(struct pull *pull)
{
    struct client *client = pull->client;
    const char *wanted = client_wanted_org_nr(client);
    if (client->is_proven && client->company_id) {
        pull_step(pull, PULL_EVENT_RESOLVED);
        return;
    }
    if (wanted) {
        pull->requests++;
        pull->question = access_ask(client->token->access, wanted, known_company(client),
                                    access_need(pull), access_answered, pull);
        return;
    }
    ask_identity(pull, OWN_COMPANY);
}

/* --- lists --- */

static void listed(void *ctx, const struct master_result *result)
{
    struct pull *pull = ctx;
    pull->master = NULL;
    if (pull_was_stopped(pull))
        return;
    if (result->err) {
        pull_fail(pull, result->class, result->err);
        return;
    }
    if (pull->names_asked > 0)
        pull_step(pull, PULL_EVENT_COMPARED);
    else
        pull_step(pull, result->is_changed ? PULL_EVENT_RELISTED : PULL_EVENT_LISTED);
}

void pull_list(struct pull *pull)
{
    int is_all = pull->order.is_resync || pull_is_recheck_due(pull);
    if (!pull->is_relisted)
        pull->master = master_start(pull->app, pull->client, pull->stage, &pull->lists,
                                    is_all ? 0 : pull->settings->master_interval_ms, MASTER_ALL,
                                    listed, pull);
    pull->is_relisted = 1;
    if (!pull->master)
        pull_step(pull, PULL_EVENT_LISTED);
}

/* A posting names what no list has told of: the lists that should are asked at once. */
void pull_list_unknown(struct pull *pull)
{
    pull->names_asked++;
    pull->master = master_start(pull->app, pull->client, pull->stage, &pull->lists, 0,
                                pull->unknown_lists, listed, pull);
    if (!pull->master)
        pull_step(pull, PULL_EVENT_COMPARED);
}

static void accounts_forgotten(void *ctx, const struct err *err)
{
    struct pull *pull = ctx;
    (void)err; /* then the list is asked for by its digest, when it is due */
    if (!pull_was_stopped(pull))
        pull_fail(pull, ANSWER_PASSING, &pull->err);
}

/* Without its account no figure can be understood: what is published stands. */
void pull_fail_unknown_account(struct pull *pull, const struct err *err)
{
    char id[24];
    const char *values[] = { pull_client_id(pull, id), "account" };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    pull->err = *err;
    err_set_remedy(&pull->err, "Nothing to do where the account was made just now: it is asked for "
                               "again. If it lasts, see in Tripletex whether the token may see all "
                               "accounts");
    batch_add_query(batch, SQL_list_forget, 2, values, NULL);
    pull_run_batch(pull, batch, accounts_forgotten);
}
