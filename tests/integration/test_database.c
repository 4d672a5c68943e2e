/* Faults of the database that last: what its administrator sees, that readers keep what they had,
 * and that all goes on by itself. Restarts and crashes are in test_recovery.c. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/books.h"
#include "tests/integration/stage.h"

#define EVERY_SECOND "pull_interval = 1s\nmaster_interval = 2s\ncold_interval = 2s"

static struct program *set_scene(struct stage *stage)
{
    (void)stage_world(stage, BOOKS_WORLD);
    AUTO_FREE char *single = books_single(stage);
    const struct stage_config config = { .rest = single, .schedule = EVERY_SECOND };
    stage_configure(stage, &config);
    books_register(stage);
    struct program *daemon = stage_daemon(stage);
    books_wait_fresh(stage, 30);
    return daemon;
}

static void change_books(struct stage *stage)
{
    world_post(stage->world, "/mutate", "{\"orgNr\": \"all\", \"count\": 10}");
}

static char *count_postings(struct stage *stage)
{
    return db_text(stage->db, "SELECT count(*) || ' ' || sum(amount) FROM finale.posting "
                              "WHERE amount > 0");
}

static void check_goes_on(struct stage *stage, struct program *daemon)
{
    books_wait_equal(stage, 60);
    books_wait_fresh(stage, 60);
    assert_true(program_is_alive(daemon));
}

/* --- read-only --- */

static void a_read_only_database_is_told_and_read_on(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    AUTO_FREE char *before = count_postings(stage);
    db_run(stage->db, "ALTER SYSTEM SET default_transaction_read_only = on");
    db_run(stage->db, "SELECT pg_reload_conf()");
    change_books(stage);
    stage_wait_told(stage, daemon, 20, "read-only transaction");
    AUTO_FREE char *meanwhile = count_postings(stage);
    assert_string_equal(meanwhile, before);
    db_run(stage->db, "SET default_transaction_read_only = off");
    db_run(stage->db, "ALTER SYSTEM RESET default_transaction_read_only");
    db_run(stage->db, "SELECT pg_reload_conf()");
    check_goes_on(stage, daemon);
}

/* --- locks --- */

static void a_lock_that_stays_is_told_of_its_client_and_waited_for(struct stage *stage)
{
    struct program *daemon = set_scene(stage);
    PGconn *forgotten = db_open(stage->conninfo);
    db_run(forgotten, "BEGIN");
    db_run(forgotten, "LOCK TABLE mirror.posting IN SHARE MODE"); /* readers go on */
    change_books(stage);
    stage_wait_told(stage, daemon, 40, "lock timeout");
    stage_wait(stage, 20, "SELECT bool_or(last_error LIKE '%%lock timeout%%') FROM bureau.status");
    PQfinish(forgotten);
    check_goes_on(stage, daemon);
}

/* --- a full disk --- */

struct small_disk {
    char *path, *filler;
    int is_mounted;
};

static int mount_small_disk(struct stage *stage, struct small_disk *disk)
{
    const struct passwd *user = getpwnam("postgres");
    disk->path = folder_file(stage->folder, "disk");
    disk->filler = mem_printf("%s/filler", disk->path);
    AUTO_FREE char *tables = mem_printf("%s/tables", disk->path);
    if (geteuid() != 0 || !user || mkdir(disk->path, 0711) < 0 ||
        mount("tmpfs", disk->path, "tmpfs", 0, "size=64m,mode=0711") < 0)
        return -1;
    disk->is_mounted = 1;
    return mkdir(tables, 0700) < 0 ? -1 : chown(tables, user->pw_uid, user->pw_gid);
}

static void unmount_small_disk(struct small_disk *disk)
{
    if (disk->is_mounted)
        assert_int_equal(umount(disk->path), 0);
    (void)rmdir(disk->path);
    free(disk->path);
    free(disk->filler);
}

/* The last byte of it. */
static void fill(const struct small_disk *disk)
{
    static const char BLOCK[65536];
    int fd = open(disk->filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t size = sizeof(BLOCK); size > 0;) {
        if (write(fd, BLOCK, size) < 0)
            size = errno == ENOSPC ? size / 2 : 0;
    }
    (void)close(fd);
}

static void a_full_disk_is_told_of_its_clients_and_nothing_is_lost(struct stage *stage)
{
    struct small_disk disk = { 0 };
    if (mount_small_disk(stage, &disk) < 0) {
        print_message("no small file system can be mounted here\n");
        unmount_small_disk(&disk);
        skip();
    }
    db_runf(stage->db, "CREATE TABLESPACE small LOCATION '%s/tables'", disk.path);
    db_run(stage->db, "ALTER TABLE mirror.posting SET TABLESPACE small");
    struct program *daemon = set_scene(stage);
    AUTO_FREE char *before = count_postings(stage);
    fill(&disk);
    world_post(stage->world, "/mutate",
               "{\"orgNr\": \"all\", \"count\": 400, \"kinds\": [\"new\"]}");
    stage_wait(stage, 40, "SELECT bool_or(last_error LIKE '%%No space left%%') FROM bureau.status");
    stage_wait_told(stage, daemon, 5, "No space left");
    stage_read(stage);
    unlink(disk.filler);
    check_goes_on(stage, daemon);
    (void)stage_read_end(stage);
    AUTO_FREE char *after = count_postings(stage);
    assert_string_not_equal(before, after);
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 10)), 0);
    db_run(stage->db, "ALTER TABLE mirror.posting SET TABLESPACE pg_default");
    db_run(stage->db, "CHECKPOINT");
    db_run(stage->db, "DROP TABLESPACE small");
    unmount_small_disk(&disk);
}

/* --- another server --- */

static void a_standby_that_is_promoted_is_found_and_caught_up(struct stage *stage)
{
    struct cluster *standby = cluster_follow(stage->cluster, stage->folder);
    AUTO_FREE char *alone = stage->conninfo;
    AUTO_FREE char *database = db_text(stage->db, "SELECT current_database()");
    AUTO_FREE char *there = cluster_conninfo(standby, database);
    stage->conninfo = mem_printf("host=%s,%s user=postgres dbname=%s "
                                 "target_session_attrs=read-write",
                                 cluster_host(stage->cluster), cluster_host(standby), database);
    struct program *daemon = set_scene(stage);
    PQfinish(stage->db);
    cluster_stop(stage->cluster, CLUSTER_IMMEDIATE);
    change_books(stage);
    stage->db = db_open(there);
    db_run(stage->db, "SELECT pg_promote()");
    check_goes_on(stage, daemon);
    AUTO_FREE char *log = program_err(daemon);
    stage_check_has(log, "The database is lost");
    stage_check_has(log, "The database is back");
    program_signal(daemon, SIGTERM);
    assert_int_equal(program_wait(daemon, stage_ms(stage, 10)), 0);
    PQfinish(stage->db);
    cluster_free(standby);
    cluster_start(stage->cluster);
    stage->db = db_open(alone);
}

int main(void)
{
    struct stage stage;
    if (stage_open(&stage) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        STAGE_TEST(&stage, a_read_only_database_is_told_and_read_on),
        STAGE_TEST(&stage, a_lock_that_stays_is_told_of_its_client_and_waited_for),
        STAGE_TEST(&stage, a_full_disk_is_told_of_its_clients_and_nothing_is_lost),
        STAGE_TEST(&stage, a_standby_that_is_promoted_is_found_and_caught_up),
    };
    int failed = cmocka_run_group_tests_name("database", tests, NULL, NULL);
    AUTO_FREE char *disk = folder_file(stage.folder, "disk");
    (void)umount2(disk, MNT_DETACH); /* where a test ended before its time */
    stage_close(&stage);
    return failed;
}
