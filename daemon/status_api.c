/* /api/v1: the same that the page shows, as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/health.h"
#include "daemon/settings.h"
#include "daemon/status_internal.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/json/doc.h"
#include "lib/ledger/org_nr.h"
#include "lib/server/server.h"

/* Who waits for an answer of the database. */
struct question {
    struct status *status;
    struct server_call *call;
};

static struct question *question_new(struct status *status, struct server_call *call)
{
    struct question *question = mem_new(1, sizeof(*question));
    *question = (struct question){ .status = status, .call = call };
    return question;
}

static void answer_json(struct server_call *call, struct buf *out, int ret)
{
    if (ret < 0) {
        status_answer_error(call, 500, "the answer has no room");
        return;
    }
    struct server_body *body = server_body_new(out);
    server_answer(call, &(struct server_answer){ .status = 200,
                                                 .type = STATUS_TYPE_JSON,
                                                 .headers = STATUS_HEADERS,
                                                 .body = body });
    server_body_unref(body);
}

/* The database is away, or has too much to do. */
static void answer_away(struct server_call *call, const struct err *err)
{
    char why[ERR_FULL_BYTES];
    status_answer_error(call, 503, err_full(err, why));
}

/* --- /api/v1/status --- */

static int append_counts(const struct status_overview *overview, struct buf *out)
{
    char moment[CLOCK_MOMENT_BYTES];
    int ret = buf_printf(out, ",\"at\":\"%s\",\"clients\":%d,\"states\":{",
                         clock_format_moment(overview->taken_us, moment), overview->count);
    for (int i = 0; ret == 0 && i < STATUS_STATES; i++)
        ret = buf_printf(out, "%s\"%s\":%d", i > 0 ? "," : "",
                         status_state_name((enum status_client_state)i), overview->by_state[i]);
    if (ret == 0)
        ret = buf_printf(out,
                         "},\"failing_loads\":%d,\"verified\":%d,\"differing\":%d"
                         ",\"differences\":%" PRId64 ",\"oldest_seconds\":%" PRId64,
                         overview->failing_loads, overview->verified, overview->differing,
                         overview->differences, overview->oldest_s);
    return ret;
}

int status_append_summary(const struct status *status, const struct status_overview *overview,
                          struct buf *out)
{
    char line[HEALTH_LINE_BYTES];
    health_describe(status->health, status->app, line);
    int ret = buf_printf(out, "{\"version\":\"%s\",\"ready\":%s,\"instance\":", SALDOD_VERSION,
                         health_is_ready(status->health) ? "true" : "false");
    if (ret == 0)
        ret = json_append_string(out, status->app->settings->instance);
    if (ret == 0)
        ret = buf_append_text(out, ",\"line\":");
    if (ret == 0)
        ret = json_append_string(out, line);
    if (ret == 0 && overview)
        ret = append_counts(overview, out);
    return ret < 0 ? ret : buf_append_byte(out, '}');
}

/* Answered also while the database is away: that is what it has to tell then. */
static void answer_summary(void *ctx, struct status_overview *overview, const struct err *err)
{
    struct question *question = ctx;
    AUTO_BUF struct buf out;
    (void)err;
    buf_init(&out, STATUS_BODY_BYTES_MAX);
    answer_json(question->call, &out, status_append_summary(question->status, overview, &out));
    free(question);
}

/* --- /api/v1/clients, /api/v1/bureaus --- */

static int append_clients(const struct status_overview *overview, struct buf *out)
{
    char moment[CLOCK_MOMENT_BYTES];
    int ret = buf_printf(out, "{\"at\":\"%s\",\"serial\":%" PRId64 ",\"clients\":[",
                         clock_format_moment(overview->taken_us, moment), overview->serial);
    for (int i = 0; ret == 0 && i < overview->count; i++) {
        ret = buf_append_text(out, i > 0 ? ",\n" : "\n");
        if (ret == 0)
            ret = buf_append_text(out, overview->clients[i].document);
    }
    return ret < 0 ? ret : buf_append_text(out, "]}\n");
}

/* Written once for each picture, however many readers there are. */
static struct server_body *clients_body(struct status_overview *overview)
{
    if (overview->body)
        return overview->body;
    AUTO_BUF struct buf out;
    buf_init(&out, STATUS_BODY_BYTES_MAX);
    if (append_clients(overview, &out) == 0)
        overview->body = server_body_new(&out);
    return overview->body;
}

static void answer_clients(void *ctx, struct status_overview *overview, const struct err *err)
{
    struct question *question = ctx;
    struct server_body *body = overview ? clients_body(overview) : NULL;
    if (body)
        server_answer(question->call, &(struct server_answer){ .status = 200,
                                                               .type = STATUS_TYPE_JSON,
                                                               .headers = STATUS_HEADERS,
                                                               .body = body });
    else if (overview)
        status_answer_error(question->call, 500, "the clients are too many for one answer");
    else
        answer_away(question->call, err);
    free(question);
}

static void answer_bureaus(void *ctx, struct status_overview *overview, const struct err *err)
{
    struct question *question = ctx;
    AUTO_BUF struct buf out;
    buf_init(&out, STATUS_BODY_BYTES_MAX);
    if (overview)
        answer_json(question->call, &out, buf_printf(&out, "{\"bureaus\":%s}\n", overview->tokens));
    else
        answer_away(question->call, err);
    free(question);
}

/* --- /api/v1/clients/ORGNR --- */

static void answer_client(void *ctx, const char *document, const struct err *err)
{
    struct question *question = ctx;
    if (document)
        server_answer(question->call, &(struct server_answer){ .status = 200,
                                                               .type = STATUS_TYPE_JSON,
                                                               .headers = STATUS_HEADERS,
                                                               .text = document });
    else if (err)
        answer_away(question->call, err);
    else
        status_answer_error(question->call, 404, "that organisation number is not registered");
    free(question);
}

static void ask_client(struct status *status, struct server_call *call, const char *org_nr)
{
    if (org_nr_check(org_nr, NULL) < 0) {
        status_answer_error(call, 404, "that is no organisation number");
        return;
    }
    struct question *question = question_new(status, call);
    if (status_store_client(status->store, org_nr, answer_client, question) < 0) {
        status_answer_error(call, 503, "too many ask at once; ask again in a moment");
        free(question);
    }
}

/* --- routing --- */

static const struct {
    const char *path;
    status_overview_fn *answer;
} ROUTES[] = {
    { "status", answer_summary },
    { "clients", answer_clients },
    { "bureaus", answer_bureaus },
};

void status_api(struct status *status, struct server_call *call, const char *path)
{
    static const char CLIENT[] = "clients/";
    if (strcmp(path, "events") == 0) {
        status_events_add(status->events, call);
        return;
    }
    if (strncmp(path, CLIENT, sizeof(CLIENT) - 1) == 0) {
        ask_client(status, call, path + sizeof(CLIENT) - 1);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(ROUTES); i++) {
        if (strcmp(path, ROUTES[i].path) != 0)
            continue;
        status_store_overview(status->store, STATUS_FRESH_MS, ROUTES[i].answer,
                              question_new(status, call));
        return;
    }
    status_answer_error(call, 404, "there is nothing here; see /api/v1/status");
}
