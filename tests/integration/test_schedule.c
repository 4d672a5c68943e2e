/* Whose turn it is, with the real daemon: what one client or one bureau does never makes others
 * wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/fleet.h"
#include "tests/integration/stage.h"

#define RARELY "master_interval = 1d\ncold_interval = 1d\nhistory_years = 0\n"
#define LEDGER_ALONE "[mirror]\nresources = none\n"

enum { BIG_POSTINGS = 60000, SMALL_CLIENTS = 50 };

static void set_scene(struct stage *stage, const struct fleet *fleet, const char *schedule)
{
    const struct stage_config config = { .schedule = schedule, .rest = LEDGER_ALONE };
    AUTO_FREE char *json = fleet_world(fleet);
    (void)stage_world(stage, json);
    stage_configure(stage, &config);
    fleet_register(fleet, stage->db);
}

static void wait_all_fresh(struct stage *stage, const struct fleet *fleet, double seconds)
{
    stage_wait(stage, seconds, "SELECT count(*) = %d FROM finale.client WHERE state = 'fresh'",
               fleet->clients);
}

/* How long ago the oldest of these clients was confirmed. */
static int64_t oldest_ms(struct stage *stage, const char *where)
{
    AUTO_FREE char *age = db_textf(
        stage->db,
        "SELECT coalesce((extract(epoch FROM clock_timestamp() - min(fresh_as_of)) "
        "* 1000)::bigint, 0) FROM finale.client WHERE %s",
        where);
    return strtoll(age, NULL, 10);
}

/* The oldest that any of them was at any moment of these seconds. */
static int64_t watch_oldest_ms(struct stage *stage, double seconds, const char *where)
{
    int64_t until_ms = process_now_ms() + stage_ms(stage, seconds);
    int64_t worst_ms = 0;
    while (process_now_ms() < until_ms) {
        int64_t age_ms = oldest_ms(stage, where);
        worst_ms = age_ms > worst_ms ? age_ms : worst_ms;
        process_pause();
    }
    return worst_ms;
}

/* --- a bureau that hangs --- */

static void a_bureau_that_hangs_keeps_no_other_waiting(struct stage *stage)
{
    static const struct fleet FLEET = { .bureaus = 2, .clients = 24, .postings = 20, .years = 1 };
    set_scene(stage, &FLEET, "pull_interval = 1s\n" RARELY);
    (void)stage_daemon(stage);
    wait_all_fresh(stage, &FLEET, 30);
    for (int i = 0; i < FLEET.clients; i += FLEET.bureaus) {
        char org_nr[FLEET_ORG_NR_BYTES];
        fleet_org_nr(i, org_nr);
        world_post(stage->world, "/fault", "{\"kind\": \"hang\", \"orgNr\": \"%s\"}", org_nr);
    }
    int64_t worst_ms = watch_oldest_ms(stage, 8, "bureau = 'B1'");
    print_message("a bureau hangs: the other's clients were %lld ms old at most\n",
                  (long long)worst_ms);
    assert_true(oldest_ms(stage, "bureau = 'B0'") > 5000); /* it did hang */
    assert_in_range(worst_ms, 0, stage_ms(stage, 4));
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, a_bureau_that_hangs_keeps_no_other_waiting),
    };
    int failed = cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
    stage_close(&stage);
    return failed;
}
