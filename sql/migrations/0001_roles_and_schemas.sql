-- Roles and schemas. Runs as a superuser, as the owner of the database, as saldod_daemon itself, or as any member
-- of saldod_daemon; whoever runs it, everything ends up owned by saldod_daemon.
--
-- The three are group roles without login. Where they exist they are taken as they are; where they are missing and
-- may not be created, the message holds the statements that a superuser has to run once.
DO $roles$
DECLARE
    wanted  constant text[] := ARRAY['saldod_daemon', 'saldod_admin', 'saldod_reader'];
    missing text[] := '{}';
    wish    text;
BEGIN
    FOREACH wish IN ARRAY wanted LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = wish);
        BEGIN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', wish);
        EXCEPTION
            -- Another database of this cluster is migrated at the same moment: roles belong to the cluster.
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN missing := missing || wish;
        END;
    END LOOP;

    IF missing <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = pg_catalog.format('missing roles: %s; role "%s" may not create roles',
                                        pg_catalog.array_to_string(missing, ', '), current_user),
            HINT = pg_catalog.format('As a superuser, run once: %s GRANT saldod_daemon TO %I; then repeat "saldod migrate".',
                                     (SELECT pg_catalog.string_agg(pg_catalog.format('CREATE ROLE %I NOLOGIN;', m), ' ')
                                        FROM pg_catalog.unnest(missing) AS m), current_user);
    END IF;
END
$roles$;

-- Whoever creates must be able to become saldod_daemon; a role that has just created it may grant it to itself.
DO $membership$
DECLARE
    us constant text := current_user;
BEGIN
    BEGIN
        SET LOCAL ROLE saldod_daemon;
    EXCEPTION WHEN insufficient_privilege THEN
        EXECUTE pg_catalog.format('GRANT saldod_daemon TO %I', us);
    END;
    EXECUTE pg_catalog.format('SET LOCAL ROLE %I', us);
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION USING
        ERRCODE = 'insufficient_privilege',
        MESSAGE = pg_catalog.format('role "%s" is not a member of saldod_daemon and cannot create what that role shall own', us),
        HINT = pg_catalog.format('As a superuser, run once: GRANT saldod_daemon TO %I; then repeat "saldod migrate".', us);
END
$membership$;

DO $database$
DECLARE
    dbname constant text := pg_catalog.current_database();
BEGIN
    IF pg_catalog.has_database_privilege('saldod_daemon', dbname, 'CREATE') THEN
        RETURN;
    END IF;
    EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO saldod_daemon', dbname);
    IF NOT pg_catalog.has_database_privilege('saldod_daemon', dbname, 'CREATE') THEN
        RAISE insufficient_privilege;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION USING
        ERRCODE = 'insufficient_privilege',
        MESSAGE = pg_catalog.format('saldod_daemon may not create schemas in the database "%s", and role "%s" may not allow it',
                                    dbname, current_user),
        HINT = pg_catalog.format('As the owner of the database or a superuser, run once: '
                                 'GRANT CREATE ON DATABASE %I TO saldod_daemon; then repeat "saldod migrate".', dbname);
END
$database$;

-- What sql/bootstrap.sql made belongs to whoever ran it: hand it over. The grant lets the table change hands first,
-- while the schema can still be looked into by its former owner.
DO $handover$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_namespace n
                WHERE n.nspname = 'sync' AND n.nspowner <> 'saldod_daemon'::pg_catalog.regrole) THEN
        GRANT ALL ON SCHEMA sync TO saldod_daemon;
        ALTER TABLE sync.migration OWNER TO saldod_daemon;
        ALTER SCHEMA sync OWNER TO saldod_daemon;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION USING
        ERRCODE = 'insufficient_privilege',
        MESSAGE = pg_catalog.format('schema sync belongs to another role than "%s" and saldod_daemon', current_user),
        HINT = 'As a superuser, run once: ALTER TABLE sync.migration OWNER TO saldod_daemon; '
               'ALTER SCHEMA sync OWNER TO saldod_daemon; then repeat "saldod migrate".';
END
$handover$;

SET LOCAL ROLE saldod_daemon;

-- Nothing that saldod_daemon makes may be called by everybody; each function is granted by name.
ALTER DEFAULT PRIVILEGES FOR ROLE saldod_daemon REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE SCHEMA bureau;
COMMENT ON SCHEMA bureau IS
    'The register: bureaus, their clients, and the orders of administrators. saldod_admin writes here.';
CREATE SCHEMA mirror;
COMMENT ON SCHEMA mirror IS
    'Tripletex as last read, one row for each object that is current there. Only the daemon writes here.';
CREATE SCHEMA finale;
COMMENT ON SCHEMA finale IS
    'What reporting tools read: complete years only, with saldo and postings that changed together. saldod_reader reads here.';

GRANT USAGE ON SCHEMA bureau TO saldod_admin;
GRANT USAGE ON SCHEMA finale TO saldod_admin, saldod_reader;
