#include "tests/integration/trouble.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#include "lib/base/mem.h"
#include "tests/integration/faked_time.h"
#include "tests/integration/stage.h"

/* --- Tripletex: three of ten answers, and now and then all of them --- */

static void begin_answers(struct trouble_scene *scene, const char *fault)
{
    int percent = random() % 4 == 0 ? 100 : 30;
    world_post(scene->stage->world, "/fault", "{\"percent\": %d, %s}", percent, fault);
}

static void end_answers(struct trouble_scene *scene)
{
    world_post(scene->stage->world, "/faults/clear", "{}");
}

static void begin_lost_sessions(struct trouble_scene *scene, const char *detail)
{
    (void)detail;
    world_post(scene->stage->world, "/session", "{}");
}

/* --- PostgreSQL --- */

static void begin_restart(struct trouble_scene *scene, const char *how)
{
    cluster_stop(scene->stage->cluster, *how == 'f' ? CLUSTER_FAST : CLUSTER_IMMEDIATE);
}

static void end_restart(struct trouble_scene *scene)
{
    cluster_start(scene->stage->cluster);
}

/* Ends some connection of the daemon, whatever it is in the middle of. */
static void begin_terminate(struct trouble_scene *scene, const char *detail)
{
    (void)detail;
    db_run(scene->stage->db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                             "WHERE application_name LIKE 'saldod%' ORDER BY random() LIMIT 1");
}

/* The server ends them all and recovers, as after a crash. */
static void begin_kill(struct trouble_scene *scene, const char *detail)
{
    AUTO_FREE char *pid = db_text(scene->stage->db,
                                  "SELECT max(pid) FROM pg_stat_activity "
                                  "WHERE application_name LIKE 'saldod%' AND datname = "
                                  "current_database()");
    int number = (int)strtol(pid, NULL, 10);
    (void)detail;
    if (number > 1)
        (void)kill(number, SIGKILL);
}

static void begin_read_only(struct trouble_scene *scene, const char *detail)
{
    (void)detail;
    db_run(scene->stage->db, "ALTER SYSTEM SET default_transaction_read_only = on");
    db_run(scene->stage->db, "SELECT pg_reload_conf()");
}

static void end_read_only(struct trouble_scene *scene)
{
    db_run(scene->stage->db, "SET default_transaction_read_only = off");
    db_run(scene->stage->db, "ALTER SYSTEM RESET default_transaction_read_only");
    db_run(scene->stage->db, "SELECT pg_reload_conf()");
}

/* Others take every connection that the server has, and the daemon's are cut. */
static void begin_crowd(struct trouble_scene *scene, const char *detail)
{
    begin_terminate(scene, detail);
    while (scene->held_count < TROUBLE_CONNECTIONS_MAX) {
        PGconn *db = PQconnectdb(scene->stage->conninfo);
        if (PQstatus(db) != CONNECTION_OK) {
            PQfinish(db);
            return;
        }
        scene->held[scene->held_count++] = db;
    }
}

static void end_held(struct trouble_scene *scene)
{
    while (scene->held_count > 0)
        PQfinish(scene->held[--scene->held_count]);
}

/* Somebody holds a lock, in a transaction that he forgot. */
static void begin_lock(struct trouble_scene *scene, const char *sql)
{
    PGconn *db = db_open(scene->stage->conninfo);
    scene->held[scene->held_count++] = db;
    db_run(db, "BEGIN");
    db_run(db, sql);
}

/* --- the daemon --- */

static void begin_signal(struct trouble_scene *scene, const char *name)
{
    program_signal(scene->daemon, *name == 'K' ? SIGKILL : *name == 'T' ? SIGTERM : SIGSTOP);
}

static void end_standing_still(struct trouble_scene *scene)
{
    program_signal(scene->daemon, SIGCONT);
}

void trouble_start_daemon(struct trouble_scene *scene)
{
    faked_time_wear(scene->clock);
    scene->daemon = stage_daemon(scene->stage);
    faked_time_wear(NULL);
}

static void end_death(struct trouble_scene *scene)
{
    (void)program_wait(scene->daemon, stage_ms(scene->stage, 35));
    trouble_start_daemon(scene);
}

static void begin_wrong_clock(struct trouble_scene *scene, const char *ahead_s)
{
    if (scene->clock)
        faked_time_set(scene->clock, strtoll(ahead_s, NULL, 10));
}

static void end_wrong_clock(struct trouble_scene *scene)
{
    if (scene->clock)
        faked_time_set(scene->clock, 0);
}

static void begin_reload(struct trouble_scene *scene, const char *detail)
{
    (void)detail;
    stage_wait_told(scene->stage, scene->daemon, 20, "Z "); /* a first line: it runs */
    program_signal(scene->daemon, SIGHUP);
}

#define ANSWERS(name, fault)                                                                       \
    {                                                                                              \
        name, fault, begin_answers, end_answers, 0                                                 \
    }

const struct trouble TROUBLES[] = {
    ANSWERS("answers 400 to 599", "\"kind\": \"status\", \"status\": 400, \"statusTo\": 599"),
    ANSWERS("a gateway's page", "\"kind\": \"html\", \"status\": 502"),
    ANSWERS("HTML as 200", "\"kind\": \"html\""),
    ANSWERS("empty bodies", "\"kind\": \"empty\""),
    ANSWERS("truncated bodies", "\"kind\": \"truncate\""),
    ANSWERS("wrong lengths", "\"kind\": \"wrong_length\""),
    ANSWERS("broken gzip", "\"kind\": \"broken_gzip\""),
    ANSWERS("garbage", "\"kind\": \"garbage\""),
    ANSWERS("another shape", "\"kind\": \"shape\""),
    ANSWERS("no values", "\"kind\": \"missing_values\""),
    ANSWERS("wrong types", "\"kind\": \"wrong_type\""),
    ANSWERS("empty lists", "\"kind\": \"empty_list\""),
    ANSWERS("repeated pages", "\"kind\": \"repeat_page\""),
    ANSWERS("shortened pages", "\"kind\": \"short_page\""),
    ANSWERS("shifted pages", "\"kind\": \"shifted_page\""),
    ANSWERS("redirects", "\"kind\": \"redirect\", \"url\": \"http://127.0.0.1:1/v2\""),
    ANSWERS("late and stale answers", "\"kind\": \"delay\", \"delayMs\": 700"),
    ANSWERS("slow drips", "\"kind\": \"drip\""),
    ANSWERS("hanging", "\"kind\": \"hang\""),
    ANSWERS("resets", "\"kind\": \"reset\""),
    ANSWERS("a body of 2 GiB", "\"kind\": \"endless\""),
    ANSWERS("deep nesting", "\"kind\": \"deep\""),
    ANSWERS("long texts", "\"kind\": \"long_text\""),
    ANSWERS("large headers", "\"kind\": \"big_header\""),
    { "sessions are lost", NULL, begin_lost_sessions, NULL, 0 },
    { "PostgreSQL restarts", "fast", begin_restart, end_restart, 1 },
    { "PostgreSQL crashes", "immediate", begin_restart, end_restart, 1 },
    { "a backend is killed", NULL, begin_kill, NULL, 1 },
    { "a connection is ended", NULL, begin_terminate, NULL, 0 },
    { "the database is read-only", NULL, begin_read_only, end_read_only, 0 },
    { "no connection is left", NULL, begin_crowd, end_held, 0 },
    { "the postings are locked", "LOCK TABLE mirror.posting IN ACCESS EXCLUSIVE MODE", begin_lock,
      end_held, 0 },
    { "the clients are locked", "SELECT FROM bureau.client FOR UPDATE", begin_lock, end_held, 0 },
    { "the daemon is killed", "KILL", begin_signal, end_death, 1 },
    { "the daemon ends", "TERM", begin_signal, end_death, 1 },
    { "the daemon stands still", "STOP", begin_signal, end_standing_still, 1 },
    { "the daemon reloads", NULL, begin_reload, NULL, 0 },
    { "the clock is a year ahead", "31536000", begin_wrong_clock, end_wrong_clock, 1 },
    { "the clock is an hour behind", "-3500", begin_wrong_clock, end_wrong_clock, 1 },
    { "the clock stands in 1970", "-1780000000", begin_wrong_clock, end_wrong_clock, 1 },
    { NULL, NULL, NULL, NULL, 0 },
};

int trouble_count(void)
{
    int count = 0;
    while (TROUBLES[count].name)
        count++;
    return count;
}
