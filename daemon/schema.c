#include "daemon/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "gen/sql_queries.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"
#include "lib/pg/pg.h"

/* "saldod" in ASCII: the one lock under which a schema is changed. */
static const char LOCK_SQL[] = "SELECT pg_catalog.pg_advisory_lock(126909411062628)";
static const char UNLOCK_SQL[] = "SELECT pg_catalog.pg_advisory_unlock(126909411062628)";

enum { SERVER_VERSION_MIN = 150000 };

static int newest_version(void)
{
    return SQL_MIGRATIONS[SQL_MIGRATIONS_COUNT - 1].version;
}

/* --- check --- */

struct schema_check {
    schema_checked_fn *done;
    void *ctx;
    struct pg *pg;
};

static void check_end(struct schema_check *check, enum schema_state state, const struct err *err)
{
    schema_checked_fn *done = check->done;
    void *ctx = check->ctx;
    free(check);
    done(ctx, state, err);
}

static void version_came(void *ctx, const struct pg_result *result, const struct err *failure)
{
    struct schema_check *check = ctx;
    struct err err = ERR_NONE;
    if (!result) {
        check_end(check, SCHEMA_UNKNOWN, failure);
        return;
    }
    int version = (int)pg_result_int(result, 0, "version", 0);
    if (version < newest_version()) {
        err_set(&err, EINVAL,
                "the schema of the database is too old: version %d, this program needs %d", version,
                newest_version());
        err_set_remedy(&err, "Run: saldod migrate");
        check_end(check, SCHEMA_TOO_OLD, &err);
    } else if (version > newest_version()) {
        err_set(&err, EINVAL,
                "the schema of the database is too new: version %d, this program knows %d", version,
                newest_version());
        err_set_remedy(&err, "Install the saldod that made it, or a newer one");
        check_end(check, SCHEMA_TOO_NEW, &err);
    } else {
        check_end(check, SCHEMA_FITS, NULL);
    }
}

static void presence_came(void *ctx, const struct pg_result *result, const struct err *failure)
{
    static const struct pg_statement VERSION = { .sql = NULL };
    struct schema_check *check = ctx;
    struct err err = ERR_NONE;
    if (!result) {
        check_end(check, SCHEMA_UNKNOWN, failure);
        return;
    }
    int server = (int)pg_result_int(result, 0, "server_version", 0);
    if (server < SERVER_VERSION_MIN) {
        err_set(&err, EINVAL, "PostgreSQL %d is too old", server / 10000);
        err_set_remedy(&err, "Use PostgreSQL 15 or later");
        check_end(check, SCHEMA_UNKNOWN, &err);
        return;
    }
    if (!pg_result_bool(result, 0, "is_there")) {
        err_set(&err, EINVAL, "the database has no schema of saldod");
        err_set_remedy(&err, "Run: saldod migrate");
        check_end(check, SCHEMA_TOO_OLD, &err);
        return;
    }
    struct pg_statement statement = VERSION;
    statement.sql = SQL_schema_applied.text;
    if (pg_query(check->pg, &statement, version_came, check, &err) < 0)
        check_end(check, SCHEMA_UNKNOWN, &err);
}

int schema_check(struct pg *pg, schema_checked_fn *done, void *ctx, struct err *err)
{
    struct schema_check *check = mem_new(1, sizeof(*check));
    struct pg_statement statement = { .sql = SQL_schema_version.text };
    *check = (struct schema_check){ .done = done, .ctx = ctx, .pg = pg };
    int ret = pg_query(pg, &statement, presence_came, check, err);
    if (ret < 0)
        free(check);
    return ret;
}

/* --- migrate --- */

struct schema_migration {
    struct pg *pg;
    schema_applied_fn *applied;
    schema_migrated_fn *done;
    void *ctx;
    int version; /* of the database */
    int next;    /* index in SQL_MIGRATIONS */
    int count;
    struct err err;
};

static void apply_next(struct schema_migration *migration);

static void migration_end(void *ctx, const struct err *err)
{
    struct schema_migration *migration = ctx;
    schema_migrated_fn *done = migration->done;
    void *done_ctx = migration->ctx;
    int count = migration->count;
    struct err failure = migration->err.code != 0 ? migration->err : err ? *err : ERR_NONE;
    free(migration);
    done(done_ctx, count, failure.code != 0 ? &failure : NULL);
}

/* The lock would end with the connection; handing it back lets a waiting run go on at once. */
static void unlock(struct schema_migration *migration, const struct err *err)
{
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    struct err failure = ERR_NONE;
    if (err)
        migration->err = *err;
    batch_add(batch, NULL, "ROLLBACK", 0, NULL, NULL);
    batch_add(batch, NULL, UNLOCK_SQL, 0, NULL, NULL);
    if (batch_start(batch, migration->pg, migration_end, migration, &failure) < 0)
        migration_end(migration, &failure);
}

static void applied(void *ctx, const struct pg_result *result, const struct err *err)
{
    struct schema_migration *migration = ctx;
    const struct sql_migration *done = &SQL_MIGRATIONS[migration->next];
    if (!result) {
        struct err failure = *err;
        err_prefix(&failure, "migration %s", done->name);
        unlock(migration, &failure);
        return;
    }
    migration->count++;
    migration->next++;
    struct schema_progress progress = { done->version, done->name };
    if (migration->applied)
        migration->applied(migration->ctx, &progress);
    apply_next(migration);
}

static void apply_next(struct schema_migration *migration)
{
    while (migration->next < SQL_MIGRATIONS_COUNT &&
           SQL_MIGRATIONS[migration->next].version <= migration->version)
        migration->next++;
    if (migration->next == SQL_MIGRATIONS_COUNT) {
        unlock(migration, NULL);
        return;
    }
    const struct sql_migration *next = &SQL_MIGRATIONS[migration->next];
    struct err err = ERR_NONE;
    /* One message is one transaction; the record of it is part of it. */
    AUTO_FREE char *sql = mem_printf("BEGIN;\n%s\n;INSERT INTO sync.migration (version, name) "
                                     "VALUES (%d, '%s');\nCOMMIT;",
                                     next->text, next->version, next->name + 5);
    if (pg_script(migration->pg, sql, applied, migration, &err) < 0)
        unlock(migration, &err);
}

static int take_version(void *ctx, const struct pg_result *result, struct err *err)
{
    struct schema_migration *migration = ctx;
    migration->version = (int)pg_result_int(result, 0, "version", 0);
    if (migration->version <= newest_version())
        return 0;
    err_set(err, EINVAL, "the schema of the database is too new: version %d, this program knows %d",
            migration->version, newest_version());
    err_set_remedy(err, "Install the saldod that made it, or a newer one");
    return -EINVAL;
}

static void bootstrapped(void *ctx, const struct err *err)
{
    struct schema_migration *migration = ctx;
    if (err)
        unlock(migration, err);
    else
        apply_next(migration);
}

int schema_migrate(struct pg *pg, schema_applied_fn *applied_fn, schema_migrated_fn *done,
                   void *ctx, struct err *err)
{
    struct schema_migration *migration = mem_new(1, sizeof(*migration));
    *migration = (struct schema_migration){
        .pg = pg, .applied = applied_fn, .done = done, .ctx = ctx
    };
    struct pg_batch *batch = batch_new(BATCH_PLAIN);
    batch_add(batch, NULL, LOCK_SQL, 0, NULL, NULL);
    batch_add(batch, NULL, SQL_bootstrap.text, 0, NULL, NULL);
    batch_add(batch, NULL, SQL_schema_applied.text, 0, NULL, take_version);
    int ret = batch_start(batch, pg, bootstrapped, migration, err);
    if (ret < 0)
        free(migration);
    return ret;
}
