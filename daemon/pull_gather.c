/* What is read beyond the ledger, when the ledger is complete and up to date. */
#include "daemon/app.h"
#include "daemon/gather.h"
#include "daemon/pull_internal.h"
#include "daemon/registry.h"
#include "lib/base/loop.h"

static void gathered(void *ctx, int64_t retry_in_ms, int from)
{
    struct pull *pull = ctx;
    int64_t wait_ms = retry_in_ms > 0 ? retry_in_ms : pull->settings->master_interval_ms;
    pull->gather = NULL;
    if (pull_was_stopped(pull))
        return;
    pull->client->gather_due_ms = loop_now_ms(pull->app->loop) + wait_ms;
    pull->client->gather_from = from;
    pull_step(pull, PULL_EVENT_GATHERED);
}

/* An idle client is not asked for it at every pull, nor is the database. */
void pull_gather(struct pull *pull)
{
    int is_all = pull->order.is_resync && !pull_order_is_partial(&pull->order);
    const struct gather_order order = {
        .is_all = is_all,
        .from = is_all ? 0 : pull->client->gather_from,
        .is_blind = pull->was_blind || pull->blind_reason || pull_is_recheck_due(pull),
    };
    int is_due = order.is_all || loop_now_ms(pull->app->loop) >= pull->client->gather_due_ms;
    if (pull->end == PULL_UP_TO_DATE && is_due)
        pull->gather = gather_start(pull->app, pull->client, pull->stage, pull->settings, &order,
                                    gathered, pull);
    if (!pull->gather)
        pull_step(pull, PULL_EVENT_GATHERED);
}
