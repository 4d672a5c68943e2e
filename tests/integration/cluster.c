#include "tests/integration/cluster.h"

#include <glob.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/folder.h"
#include "tests/integration/process.h"

enum { INITDB_MS = 60000, START_MS = 60000, STOP_MS = 30000 };

#define SERVER_USER "postgres"

struct cluster {
    char *path, *data, *log, *bin;
    struct process *server;
};

/* Where the newest initdb lies; free() it. */
static char *find_bin(void)
{
    const char *told = getenv("PGBIN");
    if (told)
        return mem_strdup(told);
    glob_t found;
    char *bin = NULL;
    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0)
        bin = mem_strdup(found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    return bin;
}

static int make_folder(const struct cluster *cluster)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam(SERVER_USER) : NULL;
    if (mkdir(cluster->path, 0711) < 0)
        return -1;
    return user ? chown(cluster->path, user->pw_uid, user->pw_gid) : 0;
}

/* A program of PostgreSQL; its exit status. */
static int run(const struct cluster *cluster, const char *const *argv)
{
    const struct process_options options = { .argv = argv,
                                             .out = cluster->log,
                                             .err = cluster->log,
                                             .user = SERVER_USER,
                                             .folder = cluster->path };
    struct process *process = process_start(&options);
    int status = process_wait(process, INITDB_MS);
    process_stop(process, SIGKILL);
    return status;
}

static int init_data(const struct cluster *cluster)
{
    AUTO_FREE char *initdb = mem_printf("%s/initdb", cluster->bin);
    const char *argv[] = { initdb,  "-D",        cluster->data, "-U",   "postgres",         "-A",
                           "trust", "--no-sync", "-E",          "UTF8", "--locale=C.UTF-8", NULL };
    return run(cluster, argv);
}

/* -R: what it needs to follow. */
static int copy_data(const struct cluster *cluster, const struct cluster *primary)
{
    AUTO_FREE char *program = mem_printf("%s/pg_basebackup", cluster->bin);
    const char *argv[] = { program,    "-D", cluster->data, "-h",   primary->path, "-U",
                           "postgres", "-R", "-c",          "fast", "--no-sync",   NULL };
    return run(cluster, argv);
}

static void start_server(struct cluster *cluster)
{
    AUTO_FREE char *postgres = mem_printf("%s/postgres", cluster->bin);
    const char *argv[] = { postgres,
                           "-D",
                           cluster->data,
                           "-k",
                           cluster->path,
                           "-c",
                           "listen_addresses=",
                           "-c",
                           "fsync=off",
                           "-c",
                           "max_connections=60",
                           "-c",
                           "log_statement=none",
                           NULL };
    const struct process_options options = { .argv = argv,
                                             .out = cluster->log,
                                             .err = cluster->log,
                                             .user = SERVER_USER,
                                             .folder = cluster->path,
                                             .death_signal = SIGQUIT };
    cluster->server = process_start(&options);
}

static int wait_ready(struct cluster *cluster)
{
    AUTO_FREE char *conninfo = cluster_conninfo(cluster, "postgres");
    int64_t until_ms = process_now_ms() + START_MS;
    while (process_is_alive(cluster->server) && process_now_ms() < until_ms) {
        if (PQping(conninfo) == PQPING_OK)
            return 0;
        process_pause();
    }
    return -1;
}

static struct cluster *name_files(const struct folder *folder, const char *name)
{
    struct cluster *cluster = mem_new(1, sizeof(*cluster));
    AUTO_FREE char *data = mem_printf("%s/data", name);
    AUTO_FREE char *log = mem_printf("%s.log", name);
    cluster->path = folder_file(folder, name);
    cluster->data = folder_file(folder, data);
    cluster->log = folder_file(folder, log);
    cluster->bin = find_bin();
    return cluster;
}

static struct cluster *make(const struct folder *folder, const char *name)
{
    struct cluster *cluster = name_files(folder, name);
    if (cluster->bin && make_folder(cluster) == 0 && init_data(cluster) == 0) {
        start_server(cluster);
        if (wait_ready(cluster) == 0)
            return cluster;
    }
    AUTO_FREE char *log = cluster_log(cluster);
    (void)fprintf(stderr, "PostgreSQL does not start:\n%s\n",
                  cluster->bin ? log : "no /usr/lib/postgresql/*/bin; see: make deps");
    cluster_free(cluster);
    return NULL;
}

struct cluster *cluster_new(const struct folder *folder)
{
    return make(folder, "pg");
}

struct cluster *cluster_named(const struct folder *folder, const char *name)
{
    struct cluster *cluster = make(folder, name);
    assert_non_null(cluster);
    return cluster;
}

struct cluster *cluster_follow(const struct cluster *primary, const struct folder *folder)
{
    struct cluster *cluster = name_files(folder, "standby");
    if (make_folder(cluster) == 0 && copy_data(cluster, primary) == 0) {
        start_server(cluster);
        if (wait_ready(cluster) == 0)
            return cluster;
    }
    AUTO_FREE char *log = cluster_log(cluster);
    cluster_free(cluster);
    fail_msg("the standby does not start:\n%s", log);
    return NULL;
}

const char *cluster_host(const struct cluster *cluster)
{
    return cluster->path;
}

void cluster_stop(struct cluster *cluster, enum cluster_stop how)
{
    process_signal(cluster->server, how == CLUSTER_FAST ? SIGINT : SIGQUIT);
    if (process_wait(cluster->server, STOP_MS) < 0)
        fail_msg("PostgreSQL does not stop");
    process_stop(cluster->server, SIGQUIT);
    cluster->server = NULL;
}

void cluster_start(struct cluster *cluster)
{
    if (cluster->server)
        return;
    start_server(cluster);
    if (wait_ready(cluster) < 0)
        fail_msg("PostgreSQL does not start again, see its log");
}

const char *cluster_data(const struct cluster *cluster)
{
    return cluster->data;
}

char *cluster_conninfo(const struct cluster *cluster, const char *database)
{
    return mem_printf("host=%s user=postgres dbname=%s", cluster->path, database);
}

char *cluster_log(const struct cluster *cluster)
{
    return folder_read(cluster->log);
}

void cluster_free(struct cluster *cluster)
{
    if (!cluster)
        return;
    process_stop(cluster->server, SIGQUIT);
    free(cluster->path);
    free(cluster->data);
    free(cluster->log);
    free(cluster->bin);
    free(cluster);
}
