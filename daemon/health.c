#include "daemon/health.h"

#include <stdio.h>

#include "daemon/app.h"
#include "daemon/schedule.h"

static const char *const WORDS[] = {
    [HEALTH_STARTING] = "starting: waiting for the database",
    [HEALTH_READY] = "",
    [HEALTH_AWAY] = "; the database is away",
    [HEALTH_ENDING] = "; ending",
};

void health_set(struct health *health, enum health_state state, const char *why)
{
    health->state = state;
    (void)snprintf(health->why, sizeof(health->why), "%s", why ? why : "");
}

int health_is_ready(const struct health *health)
{
    return health->state == HEALTH_READY;
}

void health_describe(const struct health *health, const struct app *app,
                     char out[HEALTH_LINE_BYTES])
{
    struct schedule_report report;
    const char *colon = health->why[0] ? ": " : "";
    if (health->state == HEALTH_STARTING) {
        (void)snprintf(out, HEALTH_LINE_BYTES, "%s%s%s", WORDS[HEALTH_STARTING], colon,
                       health->why);
        return;
    }
    schedule_describe(app->schedule, &report);
    (void)snprintf(out, HEALTH_LINE_BYTES,
                   "%d client%s, %d running, %d waiting, %d whose last pull failed, %d held, "
                   "%d without access%s%s%s",
                   report.clients, report.clients == 1 ? "" : "s", report.running, report.waiting,
                   report.failing, report.held, report.no_access, WORDS[health->state], colon,
                   health->why);
}
