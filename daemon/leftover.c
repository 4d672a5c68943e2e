#include "daemon/leftover.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/app.h"
#include "daemon/pool.h"
#include "daemon/registry.h"
#include "daemon/token.h"
#include "gen/sql_queries.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

enum { SUBSCRIPTIONS_MAX = 256, COMPANY_BYTES = 32, ANSWER_BYTES_MAX = 64 * 1024 };

static const char PATH[] = "/event/subscription";

struct subscription {
    char company[COMPANY_BYTES];
    int64_t id;
};

struct leftover {
    struct app *app;
    struct token_entry *entry;
    leftover_done_fn *done;
    void *ctx;
    struct subscription subscriptions[SUBSCRIPTIONS_MAX];
    int count, at; /* the one in hand */
    int removed, failed;
    struct token_call *call;
    int is_in_database, is_over;
};

static void look(struct leftover *leftover);
static void remove_next(struct leftover *leftover);

/* --- the end --- */

static void end(struct leftover *leftover, int is_all)
{
    leftover_done_fn *done = leftover->done;
    void *ctx = leftover->ctx;
    const struct log_subject subject = { .bureau = leftover->entry->label };
    if (leftover->removed > 0)
        log_notice(leftover->app->log, &subject,
                   "%d subscriptions of clients that are gone were removed at Tripletex",
                   leftover->removed);
    free(leftover);
    done(ctx, is_all);
}

static void note_failure(struct leftover *leftover, const struct err *err)
{
    const struct log_subject subject = { .bureau = leftover->entry->label,
                                         .request_id = err->request_id };
    char why[ERR_FULL_BYTES];
    leftover->failed++;
    if (leftover->failed == 1)
        log_warning(leftover->app->log, &subject,
                    "Subscriptions of a client that is gone cannot be removed yet, and are "
                    "forgotten after seven days: %s",
                    err_full(err, why));
}

/* --- one after the other --- */

static void forgotten(void *ctx, const struct err *err)
{
    struct leftover *leftover = ctx;
    leftover->is_in_database = 0;
    if (leftover->is_over) {
        free(leftover);
        return;
    }
    if (err) {
        note_failure(leftover, err);
        end(leftover, 0);
        return;
    }
    leftover->removed++;
    leftover->at++;
    remove_next(leftover);
}

/* Each at once: whatever comes next, it need not be asked for again. */
static void forget(struct leftover *leftover)
{
    const struct subscription *subscription = &leftover->subscriptions[leftover->at];
    AUTO_FREE char *ids = mem_printf("{%" PRId64 "}", subscription->id);
    const char *values[] = { subscription->company, ids };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_leftover_done, 2, values, NULL);
    leftover->is_in_database = 1;
    pool_run(leftover->app->pool, batch, forgotten, leftover);
}

static void removed(void *ctx, const struct token_answer *answer)
{
    struct leftover *leftover = ctx;
    leftover->call = NULL;
    switch (answer->class) {
    case ANSWER_OK:
    case ANSWER_GONE:
        forget(leftover);
        return;
    case ANSWER_FORBIDDEN: /* of this company: others may have more luck */
    case ANSWER_REFUSED:
        note_failure(leftover, answer->err);
        leftover->at++;
        remove_next(leftover);
        return;
    default:
        note_failure(leftover, answer->err);
        end(leftover, 0);
    }
}

static void remove_next(struct leftover *leftover)
{
    int is_more = leftover->count == SUBSCRIPTIONS_MAX && leftover->failed == 0;
    if (leftover->at == leftover->count) {
        if (is_more)
            look(leftover);
        else
            end(leftover, leftover->failed == 0);
        return;
    }
    const struct subscription *subscription = &leftover->subscriptions[leftover->at];
    AUTO_FREE char *path = mem_printf("%s/%" PRId64, PATH, subscription->id);
    leftover->call = token_call_start(leftover->entry->token,
                                      &(struct token_request){
                                          .method = HTTP_DELETE,
                                          .company = subscription->company,
                                          .path = path,
                                          .resource = "subscription",
                                          .max_body_bytes = ANSWER_BYTES_MAX,
                                      },
                                      removed, leftover);
}

/* --- what there is --- */

static int take_due(void *ctx, const struct pg_result *result, struct err *err)
{
    struct leftover *leftover = ctx;
    (void)err;
    for (int i = 0; i < pg_result_rows(result) && i < SUBSCRIPTIONS_MAX; i++) {
        struct subscription *subscription = &leftover->subscriptions[leftover->count++];
        subscription->id = pg_result_int(result, i, "subscription_id", 0);
        (void)snprintf(subscription->company, COMPANY_BYTES, "%s",
                       pg_result_text(result, i, "company_id"));
    }
    return 0;
}

static void due_came(void *ctx, const struct err *err)
{
    struct leftover *leftover = ctx;
    leftover->is_in_database = 0;
    if (leftover->is_over)
        free(leftover);
    else if (err)
        end(leftover, 0);
    else
        remove_next(leftover);
}

static void look(struct leftover *leftover)
{
    AUTO_FREE char *bureau_id = mem_printf("%" PRId64, leftover->entry->bureau_id);
    AUTO_FREE char *client_id = mem_printf("%" PRId64, leftover->entry->client_id);
    const char *values[] = { bureau_id, client_id };
    leftover->count = leftover->at = 0;
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add_query(batch, SQL_leftover_due, 2, values, take_due);
    leftover->is_in_database = 1;
    pool_run(leftover->app->pool, batch, due_came, leftover);
}

struct leftover *leftover_start(struct app *app, struct token_entry *entry, leftover_done_fn *done,
                                void *ctx)
{
    struct leftover *leftover = mem_new(1, sizeof(*leftover));
    leftover->app = app;
    leftover->entry = entry;
    leftover->done = done;
    leftover->ctx = ctx;
    look(leftover);
    return leftover;
}

void leftover_cancel(struct leftover *leftover)
{
    if (!leftover)
        return;
    if (leftover->call)
        token_call_cancel(leftover->call);
    leftover->call = NULL;
    if (leftover->is_in_database)
        leftover->is_over = 1; /* its callback frees it */
    else
        free(leftover);
}
