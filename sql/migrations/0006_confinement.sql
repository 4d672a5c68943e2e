-- Confinement of readers to clients.
--
-- The views of finale are security_invoker views: the tables below them are read with the rights of the reader, and
-- row security applies to him. Readers may SELECT from those tables but have no USAGE on their schemas, so the views
-- are the only way in. The tables have row security without FORCE: their owner, saldod_daemon, is never confined,
-- and neither are the SECURITY DEFINER functions of administrators. Since everything is created as owned by
-- saldod_daemon, it makes no difference that a superuser ran the migration.
SET LOCAL ROLE saldod_daemon;

CREATE TABLE bureau.confined_reader (
    role_name pg_catalog.regrole PRIMARY KEY,
    since     timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE bureau.confined_reader IS
    'Roles that see granted clients only. A role stays here when its last client is purged: it then sees nothing, rather than all.';
COMMENT ON COLUMN bureau.confined_reader.role_name IS 'The role; kept by identity, so that renaming it changes nothing.';
COMMENT ON COLUMN bureau.confined_reader.since IS 'Moment of its first grant.';

CREATE TABLE bureau.reader_grant (
    client_id  bigint NOT NULL REFERENCES bureau.client ON DELETE CASCADE,
    role_name  pg_catalog.regrole NOT NULL REFERENCES bureau.confined_reader ON DELETE CASCADE,
    granted_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (client_id, role_name)
);
CREATE INDEX reader_grant_role_idx ON bureau.reader_grant (role_name);
COMMENT ON TABLE bureau.reader_grant IS 'Which clients a confined role, and those who inherit it, may see.';
COMMENT ON COLUMN bureau.reader_grant.client_id IS 'The client, bureau.client.client_id.';
COMMENT ON COLUMN bureau.reader_grant.role_name IS 'The role.';
COMMENT ON COLUMN bureau.reader_grant.granted_at IS 'Moment of the grant.';
GRANT SELECT ON bureau.confined_reader, bureau.reader_grant TO saldod_admin;

-- Superusers count as members of every role, administrators could lift their own confinement: neither is confined.
-- These are PL/pgSQL for speed: each table of a query asks, and a plan made once for the session answers in
-- microseconds, where a function in SQL would be planned again each time.
CREATE FUNCTION bureau.is_confined(role_name name) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    RETURN EXISTS (
            SELECT FROM bureau.confined_reader c
              JOIN pg_catalog.pg_roles r ON r.oid = c.role_name
             WHERE pg_catalog.pg_has_role(is_confined.role_name, r.oid, 'USAGE'))
       AND NOT pg_catalog.pg_has_role(is_confined.role_name, 'saldod_admin', 'USAGE')
       AND NOT pg_catalog.pg_has_role(is_confined.role_name, 'saldod_daemon', 'USAGE');
END
$$;
COMMENT ON FUNCTION bureau.is_confined(name) IS
    'True where the role, or one that it inherits, sees granted clients only.';

-- Both who acts and who logged in count: a confined login that does SET ROLE saldod_reader stays confined.
CREATE FUNCTION bureau.sees_all(acting name, login name) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = ''
AS $$
BEGIN
    RETURN NOT bureau.is_confined(acting) AND (login = acting OR NOT bureau.is_confined(login));
END
$$;
COMMENT ON FUNCTION bureau.sees_all(name, name) IS
    'True where neither the acting nor the login role is confined to granted clients.';

CREATE FUNCTION bureau.seen_clients(acting name, login name) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 20 SET search_path = ''
AS $$
BEGIN
    RETURN QUERY
    SELECT c.client_id
      FROM bureau.client c
     WHERE NOT EXISTS (
           SELECT FROM (VALUES (acting), (login)) AS u (role_name)
            WHERE bureau.is_confined(u.role_name)
              AND NOT EXISTS (
                  SELECT FROM bureau.reader_grant g
                    JOIN pg_catalog.pg_roles r ON r.oid = g.role_name
                   WHERE g.client_id = c.client_id
                     AND pg_catalog.pg_has_role(u.role_name, r.oid, 'USAGE')));
END
$$;
COMMENT ON FUNCTION bureau.seen_clients(name, name) IS
    'The clients that both the acting and the login role may see, by client_id.';

CREATE FUNCTION bureau.seen_bureaus(acting name, login name) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE ROWS 5 SET search_path = ''
AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT c.bureau_id
      FROM bureau.seen_clients(acting, login) AS s (client_id)
      JOIN bureau.client c ON c.client_id = s.client_id
     WHERE c.bureau_id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION bureau.seen_bureaus(name, name) IS
    'The bureaus of the clients that both the acting and the login role may see, by bureau_id.';

-- Row security calls them with the rights of whoever reads.
GRANT EXECUTE ON FUNCTION bureau.sees_all(name, name), bureau.seen_clients(name, name), bureau.seen_bureaus(name, name)
    TO PUBLIC;

-- Each policy asks once per query whether the reader is confined at all, and only then which clients he sees.
-- A migration that adds a table of a client does the same for it; a test walks the catalogue.
DO $policies$
DECLARE
    tab text;
BEGIN
    FOR tab IN
        SELECT pg_catalog.format('%I.%I', n.nspname, r.relname)
          FROM pg_catalog.pg_class r
          JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
          JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attname = 'client_id' AND NOT a.attisdropped
         WHERE r.relkind IN ('r', 'p')
           AND (n.nspname = 'mirror' OR r.oid IN ('bureau.client'::regclass, 'sync.client_state'::regclass, 'sync.range'::regclass))
         ORDER BY 1
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tab);
        EXECUTE pg_catalog.format(
            'CREATE POLICY reader ON %s FOR SELECT USING ((SELECT bureau.sees_all(current_user, session_user)) '
            'OR client_id IN (SELECT bureau.seen_clients(current_user, session_user)))', tab);
    END LOOP;
END
$policies$;

ALTER TABLE bureau.bureau ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON bureau.bureau FOR SELECT
    USING ((SELECT bureau.sees_all(current_user, session_user))
           OR bureau_id IN (SELECT bureau.seen_bureaus(current_user, session_user)));

-- Row security would keep administrators from writing the register; their column grants are the rule there.
CREATE POLICY admin ON bureau.bureau TO saldod_admin USING (true) WITH CHECK (true);
CREATE POLICY admin ON bureau.client TO saldod_admin USING (true) WITH CHECK (true);

GRANT SELECT ON ALL TABLES IN SCHEMA mirror TO saldod_reader, saldod_admin;
GRANT SELECT (client_id, org_nr, name, bureau_id, enabled) ON bureau.client TO saldod_reader;
GRANT SELECT (bureau_id, name, enabled) ON bureau.bureau TO saldod_reader;
GRANT SELECT (client_id, no_access, refused, held_since, first_pull_at, failures) ON sync.client_state
    TO saldod_reader, saldod_admin;
GRANT SELECT (client_id, date_from, date_to, is_top, due_interval, confirmed_at) ON sync.range
    TO saldod_reader, saldod_admin;

CREATE FUNCTION bureau.client_of(org_nr text) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    found_id bigint;
    fault    text := bureau.org_nr_fault(client_of.org_nr);
BEGIN
    SELECT c.client_id INTO found_id FROM bureau.client c WHERE c.org_nr = client_of.org_nr;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found', SCHEMA = 'bureau', TABLE = 'client', COLUMN = 'org_nr',
            MESSAGE = pg_catalog.format('bureau.client.org_nr: %L %s', client_of.org_nr,
                                        coalesce(fault, 'is not registered as a client')),
            HINT = 'Registered are: SELECT * FROM bureau.client_list; a new one is added with bureau.add_client(org_nr, name, ...).';
    END IF;
    RETURN found_id;
END
$$;
COMMENT ON FUNCTION bureau.client_of(text) IS 'The client_id of an organisation number; an error with a hint where it is not registered.';

CREATE FUNCTION bureau.reader_of(role text) RETURNS oid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    its pg_catalog.pg_roles;
BEGIN
    SELECT * INTO its FROM pg_catalog.pg_roles r WHERE r.rolname = reader_of.role;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = pg_catalog.format('bureau.reader_grant.role_name: there is no role %L', reader_of.role),
            HINT = pg_catalog.format('Create it first: CREATE ROLE %I LOGIN IN ROLE saldod_reader;', reader_of.role);
    END IF;
    RETURN its.oid;
END
$$;
COMMENT ON FUNCTION bureau.reader_of(text) IS 'The identity of a role by its name; an error with a hint where there is none.';

CREATE FUNCTION bureau.grant_reader(role text, org_nr text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    reader oid    := bureau.reader_of(grant_reader.role);
    client bigint := bureau.client_of(grant_reader.org_nr);
    above  text   := (SELECT CASE WHEN r.rolsuper THEN 'is a superuser'
                                  WHEN r.rolbypassrls THEN 'has BYPASSRLS'
                                  WHEN pg_catalog.pg_has_role(r.oid, 'saldod_daemon', 'USAGE') THEN 'is or inherits saldod_daemon'
                                  WHEN pg_catalog.pg_has_role(r.oid, 'saldod_admin', 'USAGE') THEN 'is or inherits saldod_admin'
                             END
                        FROM pg_catalog.pg_roles r WHERE r.oid = reader);
BEGIN
    IF above IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_grant_operation',
            MESSAGE = pg_catalog.format('bureau.reader_grant.role_name: %L %s and cannot be confined to clients', grant_reader.role, above),
            HINT = 'Confine a role of its own, made with CREATE ROLE ... LOGIN IN ROLE saldod_reader.';
    END IF;
    IF NOT pg_catalog.pg_has_role(reader, 'saldod_reader', 'MEMBER') THEN
        RAISE WARNING USING
            MESSAGE = pg_catalog.format('role %L cannot read finale yet', grant_reader.role),
            HINT = pg_catalog.format('GRANT saldod_reader TO %I;', grant_reader.role);
    END IF;
    INSERT INTO bureau.confined_reader (role_name) VALUES (reader::pg_catalog.regrole) ON CONFLICT DO NOTHING;
    INSERT INTO bureau.reader_grant (client_id, role_name) VALUES (client, reader::pg_catalog.regrole) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION bureau.grant_reader(text, text) IS
    'Lets a role, and those who inherit it, see this client; from the first grant on it sees granted clients only.';

CREATE FUNCTION bureau.revoke_reader(role text, org_nr text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE
    reader pg_catalog.regrole := bureau.reader_of(revoke_reader.role)::pg_catalog.regrole;
BEGIN
    IF revoke_reader.org_nr IS NULL THEN
        DELETE FROM bureau.confined_reader c WHERE c.role_name = reader;
    ELSE
        DELETE FROM bureau.reader_grant g
         WHERE g.role_name = reader AND g.client_id = bureau.client_of(revoke_reader.org_nr);
    END IF;
END
$$;
COMMENT ON FUNCTION bureau.revoke_reader(text, text) IS
    'Takes one client from a confined role, which sees nothing after the last; without org_nr it ends the confinement: the role sees all again.';

GRANT EXECUTE ON FUNCTION bureau.grant_reader(text, text), bureau.revoke_reader(text, text) TO saldod_admin;
