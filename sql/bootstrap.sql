-- The schema `sync` and the list of applied migrations. The daemon runs this before the migrations,
-- in its own transaction and under the advisory lock; where both exist already it does nothing.
DO $bootstrap$
DECLARE
    grantee text;
BEGIN
    -- Asked of the catalogue, since to_regclass() fails for a role that may not look into the schema.
    IF EXISTS (SELECT FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
                WHERE n.nspname = 'sync' AND r.relname = 'migration') THEN
        RETURN;
    END IF;

    CREATE SCHEMA IF NOT EXISTS sync;
    COMMENT ON SCHEMA sync IS
        'The daemon''s memory: what it has asked, when, and what came of it. No other role reads or writes here.';

    CREATE TABLE sync.migration (
        version    integer PRIMARY KEY,
        name       text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT pg_catalog.now()
    );
    COMMENT ON TABLE sync.migration IS 'The migrations applied to this database, one row each; never deleted.';
    COMMENT ON COLUMN sync.migration.version IS 'Number of the migration, as its file name begins.';
    COMMENT ON COLUMN sync.migration.name IS 'Name of the migration, as its file name goes on, without number and ending.';
    COMMENT ON COLUMN sync.migration.applied_at IS 'Moment of the transaction that applied it.';
EXCEPTION WHEN insufficient_privilege THEN
    SELECT r.rolname INTO grantee FROM pg_catalog.pg_roles r
     WHERE r.rolname = 'saldod_daemon' AND pg_catalog.pg_has_role(r.oid, 'USAGE');
    RAISE EXCEPTION USING
        ERRCODE = 'insufficient_privilege',
        MESSAGE = pg_catalog.format('role "%s" may not create the schema sync in the database "%s": %s',
                                    current_user, pg_catalog.current_database(), SQLERRM),
        HINT = pg_catalog.format('As the owner of the database or a superuser, run once: '
                                 'GRANT CREATE ON DATABASE %I TO %I; then repeat "saldod migrate".',
                                 pg_catalog.current_database(), coalesce(grantee, current_user));
END
$bootstrap$;
