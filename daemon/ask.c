#include "daemon/ask.h"

#include <stdlib.h>

#include "daemon/app.h"
#include "daemon/retry.h"
#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"

struct ask {
    struct token *token;
    char *company, *path, *query, *resource;
    struct token_request request; /* its texts are those above */
    ask_check_fn *check;
    token_done_fn *done;
    void *ctx;
    struct retry retry;
    struct loop_timer *again;
    struct token_call *call; /* NULL while it waits */
};

static void ask_free(struct ask *ask)
{
    loop_timer_free(ask->again);
    token_unref(ask->token);
    free(ask->company);
    free(ask->path);
    free(ask->query);
    free(ask->resource);
    free(ask);
}

/* The answer as it is after a look at the body. */
static struct token_answer judge(const struct ask *ask, const struct token_answer *answer,
                                 struct err *err)
{
    struct token_answer judged = *answer;
    if (answer->class != ANSWER_OK || ask->check(answer->body, answer->body_len, err) == 0)
        return judged;
    err_prefix(err, "%s", ask->path);
    err_set_request_id(err, answer->request_id);
    judged.class = ANSWER_PASSING;
    judged.err = err;
    return judged;
}

static void answered(void *ctx, const struct token_answer *answer)
{
    struct ask *ask = ctx;
    struct err err = ERR_NONE;
    struct token_answer judged = judge(ask, answer, &err);
    ask->call = NULL;
    int64_t wait_ms = judged.class == ANSWER_OK
                          ? -1
                          : retry_wait_ms(&ask->retry, judged.class,
                                          judged.err ? judged.err : &ERR_NONE, answer->sent_us);
    if (wait_ms >= 0) {
        loop_timer_start(ask->again, wait_ms);
        return;
    }
    ask->done(ask->ctx, &judged);
    ask_free(ask);
}

static void send(void *ctx)
{
    struct ask *ask = ctx;
    ask->call = token_call_start(ask->token, &ask->request, answered, ask);
}

struct ask *ask_start(struct app *app, struct token *token, const struct token_request *request,
                      ask_check_fn *check, token_done_fn *done, void *ctx)
{
    struct ask *ask = mem_new(1, sizeof(*ask));
    ask->token = token_ref(token);
    ask->request = *request;
    ask->request.company = ask->company = mem_strdup(request->company);
    ask->request.path = ask->path = mem_strdup(request->path);
    ask->request.query = ask->query = mem_strdup(request->query);
    ask->request.resource = ask->resource = mem_strdup(request->resource);
    ask->check = check;
    ask->done = done;
    ask->ctx = ctx;
    ask->again = loop_timer_new(app->loop, send, ask);
    send(ask);
    return ask;
}

int ask_is_sent(const struct ask *ask)
{
    return ask->call && token_call_is_sent(ask->call);
}

void ask_cancel(struct ask *ask)
{
    if (ask->call)
        token_call_cancel(ask->call);
    ask_free(ask);
}
