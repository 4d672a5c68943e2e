/* Clocks: nights of another length, and clocks that are wrong. PostgreSQL and Tripletex live by one
 * clock, and saldod by the same or by another.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/faked_time.h"
#include "tests/integration/stage.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, YEAR_S = 365 * DAY_S, BEFORE_MIDNIGHT_S = 4 };

/* The clock of PostgreSQL and the sandbox. STAGE_TEST gives a body the stage alone, so it stands
 * beside it. */
struct scene {
    struct stage stage; /* first */
    struct faked_time *clock;
};

static struct faked_time *clock_of(struct stage *stage)
{
    return ((struct scene *)stage)->clock;
}

static struct program *set_scene(struct stage *stage)
{
    static const struct stage_config CONFIG = {
        .tripletex = "timeout = 2s",
        .schedule = "pull_interval = 1s\n"
                    "cold_interval = 2s\nmaster_interval = 2s"
    };
    (void)stage_world(stage, BOOKS_WORLD);
    stage_configure(stage, &CONFIG);
    books_register(stage);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 60);
    return daemon;
}

static void wait_pulled(struct stage *stage)
{
    AUTO_FREE char *then = db_text(stage->db, "SELECT clock_timestamp()");
    stage_wait(stage, 30,
               "SELECT bool_and(state = 'fresh' AND fresh_as_of > '%s') FROM finale.client", then);
}

/* --- nights --- */

/* The coming last Sunday of March (3) or October (10), which is an hour shorter or longer. Time is
 * faked forward only: while PostgreSQL sleeps, its timers go by the real time. */
static int32_t coming_change(int month)
{
    int year, month_now, day_now;
    clock_split_day(clock_oslo_day(clock_now_us()), &year, &month_now, &day_now);
    int32_t last = clock_day_of(year + (month_now >= month), month, 31);
    return last - (last + 4) % 7; /* 1970-01-01 was a Thursday */
}

/* From the real present to so many seconds before 00:00 in Oslo, where that day begins. */
static int64_t ahead_s(int32_t day, int64_t before_s)
{
    return clock_oslo_midnight_us(day) / 1000000 - before_s - clock_now_us() / 1000000;
}

/* How many requests were answered so. */
static int64_t answers(struct stage *stage, int status)
{
    AUTO_FREE char *told = world_get(stage->world, "/requests");
    AUTO_FREE char *wanted = mem_printf("\"status\":%d,", status);
    int64_t count = 0;
    for (const char *at = told; (at = strstr(at, wanted)); at++)
        count++;
    return count;
}

/* It begins at noon two days before with a session that ends at this midnight. */
static void pass_night(struct stage *stage, int32_t day)
{
    struct faked_time *clock = clock_of(stage);
    char midnight[CLOCK_DATE_BYTES];
    faked_time_set(clock, ahead_s(day, DAY_S + 12 * HOUR_S));
    struct program *daemon = set_scene(stage);
    int64_t made = world_requests(stage->world, "/token/session/:create");
    assert_int_equal(made, 1);
    faked_time_set(clock, ahead_s(day, BEFORE_MIDNIGHT_S));
    wait_pulled(stage);
    world_forget(stage->world);
    stage_wait(stage, 20, "SELECT clock_timestamp() > '%s 00:00:02 Europe/Oslo'",
               clock_format_date(day, midnight));
    wait_pulled(stage);
    assert_true(answers(stage, 200) + answers(stage, 304) > 0);
    assert_int_equal(answers(stage, 401), 0);
    books_check_equal(stage);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 10)), 0);
    faked_time_set(clock, 0);
}

static void no_session_lapses_before_the_night_of_summer_time(struct stage *stage)
{
    pass_night(stage, coming_change(3));
}

static void no_session_lapses_after_the_night_of_summer_time(struct stage *stage)
{
    pass_night(stage, coming_change(3) + 1);
}

static void no_session_lapses_before_the_night_of_winter_time(struct stage *stage)
{
    pass_night(stage, coming_change(10));
}

static void no_session_lapses_after_the_night_of_winter_time(struct stage *stage)
{
    pass_night(stage, coming_change(10) + 1);
}

/* --- a clock that is wrong --- */

static void figures_are_right_and_fresh_by_a_wrong_clock(struct stage *stage)
{
    static const struct wrong_clock {
        int64_t ahead_s;
        const char *told;
    } CLOCKS[] = {
        { 2 * (int64_t)HOUR_S, "is 2h ahead of that of the database" },
        { 80 * (int64_t)YEAR_S, "is 29200d ahead of that of the database" },
        { -56 * (int64_t)YEAR_S, "is 20440d behind that of the database" },
        { -20 * (int64_t)HOUR_S, "is 20h behind that of the database" },
    };
    AUTO_FREE char *path = folder_file(stage->folder, "wrong-clock");
    struct faked_time *clock = faked_time_new(path);
    faked_time_wear(clock);
    struct program *daemon = set_scene(stage);
    faked_time_wear(clock_of(stage));
    stage_read(stage);
    AUTO_FREE char *years = db_text(stage->db, "SELECT count(*) FROM finale.year");
    for (size_t i = 0; i < ARRAY_LEN(CLOCKS); i++) {
        faked_time_set(clock, CLOCKS[i].ahead_s);
        stage_wait_told(stage, daemon, 10, CLOCKS[i].told);
        world_post(stage->world, "/mutate", "{\"count\": 5}");
        books_wait_equal(stage, 30);
        wait_pulled(stage);
        AUTO_FREE char *kept = db_text(stage->db, "SELECT count(*) FROM finale.year");
        assert_string_equal(kept, years);
    }
    faked_time_set(clock, 0);
    stage_wait_told(stage, daemon, 10, "agree again");
    wait_pulled(stage);
    (void)stage_read_end(stage);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 10)), 0);
    faked_time_free(clock);
}

static void needs_a_clock_that_can_be_set(void **state)
{
    (void)state;
    print_message("%s\n", faked_time_missing());
    skip();
}

static int skip_all(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(needs_a_clock_that_can_be_set) };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}

int main(void)
{
    struct scene scene;
    const char *folder = getenv("SALDOD_TEST_FOLDER");
    AUTO_FREE char *path = mem_printf("%s/clock.%d", folder ? folder : "/tmp", (int)getpid());
    if (faked_time_missing())
        return skip_all();
    scene.clock = faked_time_new(path);
    faked_time_wear(scene.clock);
    if (stage_open(&scene.stage) < 0) {
        faked_time_free(scene.clock);
        return 1;
    }
    struct stage *stage = &scene.stage;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(stage, no_session_lapses_before_the_night_of_summer_time),
        STAGE_TEST(stage, no_session_lapses_after_the_night_of_summer_time),
        STAGE_TEST(stage, no_session_lapses_before_the_night_of_winter_time),
        STAGE_TEST(stage, no_session_lapses_after_the_night_of_winter_time),
        STAGE_TEST(stage, figures_are_right_and_fresh_by_a_wrong_clock),
    };
    int failed = cmocka_run_group_tests_name("clock", tests, NULL, NULL);
    stage_close(&scene.stage);
    faked_time_free(scene.clock);
    return failed;
}
