#include "daemon/subscriber.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/fetch.h"
#include "daemon/leftover.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/schedule.h"
#include "daemon/token.h"
#include "daemon/webhook.h"
#include "daemon/webhook_plan.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"
#include "lib/json/doc.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"
#include "lib/tripletex/resource.h"

enum {
    TICK_MS = 500,
    AGAIN_MS = 60 * 60 * 1000, /* are they alive still? */
    RETRY_FIRST_MS = 30 * 1000,
    RETRY_LAST_MS = 60 * 60 * 1000,
    JSON_BYTES_MAX = 64 * 1024,
    ANSWER_BYTES_MAX = 64 * 1024,
};

static const char PATH[] = "/event/subscription";

/* The client in hand. */
struct job {
    struct client *client;
    char *url; /* NULL = it shall have no subscription */
    int64_t own[WEBHOOK_SUBSCRIPTIONS_MAX];
    int own_count;
    struct webhook_subscription listed[WEBHOOK_SUBSCRIPTIONS_MAX];
    int listed_count;
    struct webhook_plan plan;
    int removed, made;      /* how far the plan is carried out */
    int is_unknown;         /* the database has no such client any more */
    const char *kept_event; /* of the subscription that is being made */
};

struct subscriber {
    struct app *app;
    struct token_entry *entry;
    struct loop_timer *tick;
    struct job *job;           /* NULL = none in hand */
    struct leftover *leftover; /* ... unless this is being removed */
    int leftover_failures;
    int64_t leftover_due_ms; /* monotonic */
    struct fetch *fetch;
    struct token_call *call;
    int is_in_database, is_over;
};

static void carry_on(struct subscriber *subscriber);

/* --- the end of a job --- */

static void job_free(struct job *job)
{
    if (!job)
        return;
    client_unref(job->client);
    free(job->url);
    free(job);
}

static void finish(struct subscriber *subscriber)
{
    job_free(subscriber->job);
    subscriber->job = NULL;
    loop_timer_start(subscriber->tick, 0);
}

static int64_t retry_ms(int failures)
{
    int64_t wait_ms = RETRY_FIRST_MS;
    for (int i = 1; i < failures && wait_ms < RETRY_LAST_MS; i++)
        wait_ms *= 2;
    return wait_ms < RETRY_LAST_MS ? wait_ms : RETRY_LAST_MS;
}

static void set_heard(struct subscriber *subscriber, struct client *client, int is_heard)
{
    if (client->is_heard == is_heard)
        return;
    client->is_heard = is_heard;
    /* What changed between the last pull and now was not told; and without events the next pull is
     * due earlier. */
    schedule_hint(subscriber->app->schedule, client);
}

static void fail(struct subscriber *subscriber, const struct err *err)
{
    struct client *client = subscriber->job->client;
    const struct log_subject subject = { .client = client->org_nr,
                                         .bureau = client->bureau,
                                         .request_id = err->request_id };
    char why[ERR_FULL_BYTES];
    client->hear_failures++;
    client->hear_due_ms = loop_now_ms(subscriber->app->loop) + retry_ms(client->hear_failures);
    if (client->hear_failures == 1)
        log_warning(subscriber->app->log, &subject,
                    "Events cannot be subscribed to, the client is asked as often as before: %s",
                    err_full(err, why));
    set_heard(subscriber, client, 0);
    finish(subscriber);
}

static int is_heard_by(const struct webhook_plan *plan)
{
    for (int i = 0; WEBHOOK_EVENTS[i]; i++) {
        if (strncmp(WEBHOOK_EVENTS[i], "voucher.", 8) == 0 && plan->keep[i] == 0)
            return 0;
    }
    return 1;
}

static void conclude(struct subscriber *subscriber)
{
    const struct job *job = subscriber->job;
    struct client *client = job->client;
    client->hear_failures = 0;
    client->hear_due_ms = loop_now_ms(subscriber->app->loop) + AGAIN_MS;
    set_heard(subscriber, client, job->url != NULL && is_heard_by(&job->plan));
    finish(subscriber);
}

/* --- what is wanted, which may change under way --- */

/* The address for the events of a client; NULL where it shall have no subscription: webhooks are
 * off, or it is disabled or gone. free() it. */
static char *wanted_url(const struct subscriber *subscriber, const struct client *client)
{
    if (!client->is_enabled ||
        registry_find(subscriber->app->registry, client->client_id) != client)
        return NULL;
    return webhook_client_url(subscriber->app->webhook, client->org_nr);
}

static int is_overtaken(const struct subscriber *subscriber)
{
    const struct job *job = subscriber->job;
    AUTO_FREE char *url = wanted_url(subscriber, job->client);
    return job->url && (job->is_unknown || !url || strcmp(url, job->url) != 0);
}

/* What is there already is removed again; what is wanted by now is another job. */
static void withdraw(struct job *job)
{
    struct webhook_plan *plan = &job->plan;
    free(job->url);
    job->url = NULL;
    for (int i = 0; WEBHOOK_EVENTS[i]; i++) {
        if (plan->keep[i] != 0 && plan->remove_count < WEBHOOK_SUBSCRIPTIONS_MAX)
            plan->remove[plan->remove_count++] = plan->keep[i];
        plan->keep[i] = 0;
    }
    plan->make_count = job->made;
}

static int is_carried_out(const struct subscriber *subscriber)
{
    const struct job *job = subscriber->job;
    return job->removed == job->plan.remove_count && job->made == job->plan.make_count &&
           !is_overtaken(subscriber);
}

/* --- storing --- */

static int kept_count(const struct webhook_plan *plan)
{
    int count = 0;
    for (int i = 0; WEBHOOK_EVENTS[i]; i++)
        count += plan->keep[i] != 0;
    return count;
}

static int note_saved(void *ctx, const struct pg_result *result, struct err *err)
{
    struct subscriber *subscriber = ctx;
    (void)err;
    subscriber->job->is_unknown = pg_result_rows(result) < kept_count(&subscriber->job->plan);
    return 0;
}

static void saved(void *ctx, const struct err *err)
{
    struct subscriber *subscriber = ctx;
    subscriber->is_in_database = 0;
    if (subscriber->is_over) {
        subscriber_free(subscriber);
        return;
    }
    if (err) {
        fail(subscriber, err);
        return;
    }
    subscriber->job->client->has_subscriptions = subscriber->job->url != NULL;
    if (is_carried_out(subscriber))
        conclude(subscriber);
    else
        carry_on(subscriber);
}

static int append_kept(const struct job *job, struct buf *out)
{
    int ret = buf_append_byte(out, '[');
    for (int i = 0; ret == 0 && WEBHOOK_EVENTS[i]; i++) {
        if (job->plan.keep[i] != 0)
            ret = buf_printf(out, "%s{\"id\":%" PRId64 ",\"event\":\"%s\"}",
                             out->len_bytes > 1 ? "," : "", job->plan.keep[i], WEBHOOK_EVENTS[i]);
    }
    return ret < 0 ? ret : buf_append_byte(out, ']');
}

static void save(struct subscriber *subscriber)
{
    const struct job *job = subscriber->job;
    AUTO_FREE char *id = mem_printf("%" PRId64, job->client->client_id);
    AUTO_BUF struct buf kept;
    buf_init(&kept, JSON_BYTES_MAX);
    if (append_kept(job, &kept) < 0)
        abort(); /* a bug: there are eight of them */
    const char *values[] = { id, buf_text(&kept) };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_webhook_save, 2, values, note_saved);
    subscriber->is_in_database = 1;
    pool_run(subscriber->app->pool, batch, saved, subscriber);
}

/* --- carrying out the plan --- */

static void note_refused(const struct subscriber *subscriber, const struct err *err)
{
    const struct client *client = subscriber->job->client;
    const struct log_subject subject = { .client = client->org_nr,
                                         .bureau = client->bureau,
                                         .request_id = err->request_id };
    char why[ERR_FULL_BYTES];
    log_info(subscriber->app->log, &subject, "%s is not subscribed to: %s",
             subscriber->job->kept_event, err_full(err, why));
}

static int event_index(const char *event)
{
    int i = 0;
    while (strcmp(WEBHOOK_EVENTS[i], event) != 0)
        i++;
    return i;
}

static void made(void *ctx, const struct token_answer *answer)
{
    struct subscriber *subscriber = ctx;
    struct job *job = subscriber->job;
    int64_t id = 0;
    subscriber->call = NULL;
    if (answer->class == ANSWER_OK) {
        AUTO_JSON_DOC struct json_doc *doc = json_doc_parse(answer->body, answer->body_len, NULL);
        if (doc && json_doc_get_int(doc, "value.id", &id, NULL) == 0)
            job->plan.keep[event_index(job->kept_event)] = id;
        save(subscriber); /* each at once: it must be known whatever comes next */
        return;
    }
    if (answer->class == ANSWER_REFUSED || answer->class == ANSWER_GONE) {
        note_refused(subscriber, answer->err); /* an event that Tripletex does not know */
        carry_on(subscriber);
    } else {
        fail(subscriber, answer->err);
    }
}

static int append_subscription(const struct subscriber *subscriber, const char *event,
                               struct buf *out)
{
    int ret = buf_printf(out, "{\"event\":\"%s\",\"fields\":\"id\",\"targetUrl\":", event);
    if (ret == 0)
        ret = json_append_string(out, subscriber->job->url);
    if (ret == 0)
        ret = buf_append_text(out, ",\"hmacSharedSecret\":");
    if (ret == 0)
        ret = json_append_string(out, webhook_secret(subscriber->app->webhook));
    return ret < 0 ? ret : buf_append_byte(out, '}');
}

static void make(struct subscriber *subscriber, const char *event)
{
    AUTO_BUF struct buf body;
    struct err err = ERR_NONE;
    buf_init(&body, JSON_BYTES_MAX);
    subscriber->job->kept_event = event;
    if (append_subscription(subscriber, event, &body) < 0) {
        err_set(&err, EILSEQ, "the secret of the webhook is no text");
        err_set_remedy(&err, "Write another one into [webhook] secret_file");
        fail(subscriber, &err);
        return;
    }
    subscriber->call = token_call_start(subscriber->entry->token,
                                        &(struct token_request){
                                            .method = HTTP_POST,
                                            .company = subscriber->job->client->company_id,
                                            .path = PATH,
                                            .body = buf_text(&body),
                                            .resource = "subscription",
                                            .max_body_bytes = ANSWER_BYTES_MAX,
                                        },
                                        made, subscriber);
    buf_wipe(&body);
}

static void removed(void *ctx, const struct token_answer *answer)
{
    struct subscriber *subscriber = ctx;
    subscriber->call = NULL;
    if (answer->class == ANSWER_OK || answer->class == ANSWER_GONE)
        carry_on(subscriber);
    else
        fail(subscriber, answer->err);
}

static void remove_one(struct subscriber *subscriber, int64_t id)
{
    AUTO_FREE char *path = mem_printf("%s/%" PRId64, PATH, id);
    subscriber->call = token_call_start(subscriber->entry->token,
                                        &(struct token_request){
                                            .method = HTTP_DELETE,
                                            .company = subscriber->job->client->company_id,
                                            .path = path,
                                            .resource = "subscription",
                                            .max_body_bytes = ANSWER_BYTES_MAX,
                                        },
                                        removed, subscriber);
}

/* The next thing to do, one at a time. */
static void carry_on(struct subscriber *subscriber)
{
    struct job *job = subscriber->job;
    if (is_overtaken(subscriber))
        withdraw(job);
    if (job->removed < job->plan.remove_count)
        remove_one(subscriber, job->plan.remove[job->removed++]);
    else if (job->made < job->plan.make_count)
        make(subscriber, job->plan.make[job->made++]);
    else
        save(subscriber);
}

/* --- what is there --- */

static void copy_text(char *out, size_t out_bytes, const struct json_value *value)
{
    size_t len = value->text && value->len < out_bytes ? value->len : 0;
    if (len > 0)
        memcpy(out, value->text, len);
    out[len] = '\0';
}

static int take_listed(void *ctx, const struct json_value *values, struct err *err)
{
    struct subscriber *subscriber = ctx;
    struct job *job = subscriber->job;
    char id[24];
    (void)err;
    if (job->listed_count == WEBHOOK_SUBSCRIPTIONS_MAX)
        return 0; /* further ones are looked at next time, when ours among these are gone */
    struct webhook_subscription *listed = &job->listed[job->listed_count++];
    copy_text(id, sizeof(id), &values[0]);
    listed->id = strtoll(id, NULL, 10);
    copy_text(listed->event, sizeof(listed->event), &values[1]);
    copy_text(listed->url, sizeof(listed->url), &values[2]);
    copy_text(listed->status, sizeof(listed->status), &values[3]);
    return 0;
}

static void listed(void *ctx, const struct fetch_result *result)
{
    struct subscriber *subscriber = ctx;
    struct job *job = subscriber->job;
    struct err err = ERR_NONE;
    subscriber->fetch = NULL;
    if (result->end != FETCH_READ) {
        err_set(&err, EPROTO, "the list of subscriptions could not be read");
        fail(subscriber, result->err ? result->err : &err);
        return;
    }
    webhook_plan_make(job->listed, job->listed_count, job->url,
                      webhook_public_url(subscriber->app->webhook), job->own, job->own_count,
                      &job->plan);
    carry_on(subscriber);
}

static int take_own(void *ctx, const struct pg_result *result, struct err *err)
{
    struct subscriber *subscriber = ctx;
    struct job *job = subscriber->job;
    (void)err;
    for (int i = 0; i < pg_result_rows(result) && i < WEBHOOK_SUBSCRIPTIONS_MAX; i++)
        job->own[job->own_count++] = pg_result_int(result, i, "subscription_id", 0);
    return 0;
}

static void own_came(void *ctx, const struct err *err)
{
    struct subscriber *subscriber = ctx;
    subscriber->is_in_database = 0;
    if (subscriber->is_over) {
        subscriber_free(subscriber);
        return;
    }
    if (err) {
        fail(subscriber, err);
        return;
    }
    subscriber->fetch = fetch_start(subscriber->app,
                                    &(struct fetch_options){
                                        .token = subscriber->entry->token,
                                        .company = subscriber->job->client->company_id,
                                        .resource = &RESOURCE_SUBSCRIPTION,
                                        .row = take_listed,
                                        .row_ctx = subscriber,
                                    },
                                    listed, subscriber);
}

/* --- whose turn it is --- */

/* A client whose company is known and proven; one that is switched off only to clean up after it,
 * and that at once, as is a beginning. */
static int is_due(const struct subscriber *subscriber, const struct client *client, int64_t now_ms)
{
    int is_wanted = client->is_enabled && webhook_public_url(subscriber->app->webhook);
    int is_change = is_wanted != client->has_subscriptions;
    if (client->token != subscriber->entry || !client->company_id || !client->is_proven)
        return 0;
    if (!is_wanted && !client->has_subscriptions)
        return 0;
    return now_ms >= client->hear_due_ms || (is_change && client->hear_failures == 0);
}

static struct client *find_due(struct subscriber *subscriber)
{
    int64_t now_ms = loop_now_ms(subscriber->app->loop);
    struct client *client;
    TAILQ_FOREACH(client, registry_clients(subscriber->app->registry), entry)
    {
        if (is_due(subscriber, client, now_ms))
            return client;
    }
    return NULL;
}

static void start(struct subscriber *subscriber, struct client *client)
{
    AUTO_FREE char *id = mem_printf("%" PRId64, client->client_id);
    const char *values[] = { id };
    struct job *job = mem_new(1, sizeof(*job));
    job->client = client_ref(client);
    job->url = wanted_url(subscriber, client);
    subscriber->job = job;
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_webhook_known, 1, values, take_own);
    subscriber->is_in_database = 1;
    pool_run(subscriber->app->pool, batch, own_came, subscriber);
}

/* --- what clients that are gone have left --- */

static void leftover_done(void *ctx, int is_all)
{
    struct subscriber *subscriber = ctx;
    int64_t wait_ms = AGAIN_MS;
    subscriber->leftover = NULL;
    if (is_all) {
        subscriber->entry->has_leftover = subscriber->leftover_failures = 0;
    } else {
        subscriber->leftover_failures++;
        wait_ms = retry_ms(subscriber->leftover_failures);
    }
    subscriber->leftover_due_ms = loop_now_ms(subscriber->app->loop) + wait_ms;
    loop_timer_start(subscriber->tick, 0);
}

/* At once where the registry says that there is some, unless that failed of late; now and then
 * anyhow, so that what cannot be removed is forgotten. */
static int is_leftover_due(const struct subscriber *subscriber)
{
    return (subscriber->entry->has_leftover && subscriber->leftover_failures == 0) ||
           loop_now_ms(subscriber->app->loop) >= subscriber->leftover_due_ms;
}

static void tick(void *ctx)
{
    struct subscriber *subscriber = ctx;
    if (subscriber->job || subscriber->leftover)
        return;
    int may_begin = subscriber->entry->is_used && webhook_is_configured(subscriber->app->webhook);
    struct client *client = may_begin ? find_due(subscriber) : NULL;
    if (may_begin && is_leftover_due(subscriber))
        subscriber->leftover = leftover_start(subscriber->app, subscriber->entry, leftover_done,
                                              subscriber);
    else if (client)
        start(subscriber, client);
    else
        loop_timer_start(subscriber->tick, TICK_MS);
}

struct subscriber *subscriber_new(struct app *app, struct token_entry *entry)
{
    struct subscriber *subscriber = mem_new(1, sizeof(*subscriber));
    subscriber->app = app;
    subscriber->entry = entry;
    subscriber->tick = loop_timer_new(app->loop, tick, subscriber);
    subscriber->leftover_due_ms = loop_now_ms(app->loop) + AGAIN_MS;
    loop_timer_start(subscriber->tick, TICK_MS);
    return subscriber;
}

void subscriber_free(struct subscriber *subscriber)
{
    if (!subscriber)
        return;
    leftover_cancel(subscriber->leftover);
    subscriber->leftover = NULL;
    if (subscriber->fetch)
        fetch_cancel(subscriber->fetch);
    if (subscriber->call)
        token_call_cancel(subscriber->call);
    subscriber->fetch = NULL;
    subscriber->call = NULL;
    loop_timer_free(subscriber->tick);
    subscriber->tick = NULL;
    if (subscriber->is_in_database) {
        subscriber->is_over = 1; /* its callback frees the rest */
        return;
    }
    job_free(subscriber->job);
    free(subscriber);
}
