-- Who may do what: administrators write the register without reading a token, readers read finale and nothing else.
\ir fixture/begin.sql
\ir fixture/books.sql
SELECT * FROM no_plan();

CREATE ROLE g_admin LOGIN IN ROLE saldod_admin;
CREATE ROLE g_reader LOGIN IN ROLE saldod_reader;
CREATE ROLE g_nobody LOGIN;

-- Administrators.
SELECT alike(pg_temp.as_role('g_admin', 'SELECT ' || col || ' FROM bureau.' || tab), 'permission denied for table ' || tab, tab || ': no ' || col)
  FROM (VALUES ('bureau', 'employee_token'), ('client', 'employee_token'), ('bureau', '*'), ('client', '*')) AS t (tab, col);
SELECT alike(pg_temp.as_role('g_admin', query), 'permission denied for table %', query)
  FROM unnest(ARRAY[
    'UPDATE bureau.client SET name = employee_token',
    'UPDATE bureau.client SET employee_token = employee_token',
    'DELETE FROM bureau.client WHERE employee_token LIKE ''t%''',
    'INSERT INTO bureau.client (org_nr, name, employee_token) VALUES (''100000008'', ''x'', ''y'') RETURNING employee_token',
    'UPDATE bureau.bureau SET source = ''config''',
    'INSERT INTO bureau.client (org_nr, name, employee_token, source, owner) VALUES (''100000008'', ''x'', ''y'', ''config'', ''z'')']) AS query;
SELECT is(pg_temp.as_role('g_admin', query), '974760673', query)
  FROM unnest(ARRAY[
    'SELECT org_nr FROM bureau.client WHERE org_nr LIKE ''9%''',
    'SELECT org_nr FROM bureau.client_list WHERE org_nr LIKE ''9%''',
    'SELECT org_nr FROM bureau.status WHERE org_nr LIKE ''9%''',
    'SELECT org_nr FROM finale.client WHERE org_nr LIKE ''9%''',
    'UPDATE bureau.client SET employee_token = ''new token'', enabled = true WHERE org_nr LIKE ''9%'' RETURNING org_nr']) AS query;
SELECT is(pg_temp.as_role('g_admin', 'SELECT name FROM bureau.bureau_list'), 'Nord', 'the bureaus');
SELECT is(pg_temp.as_role('g_admin', format('SELECT count(t.*) >= 0 FROM bureau.%I t', relname)), 'true', 'administrators read every column of bureau.' || relname)
  FROM pg_class WHERE relnamespace = 'bureau'::regnamespace AND relkind = 'v';
SELECT is(pg_temp.as_role('g_admin', 'SELECT count(*) FROM bureau.available_client'), '0', 'the available clients');
SELECT is(pg_temp.as_role('g_admin', 'INSERT INTO bureau.client (org_nr, name, bureau_id) SELECT ''100000008'', ''x'', bureau_id FROM bureau.bureau RETURNING org_nr'), '100000008', 'a plain INSERT');
SELECT is(pg_temp.as_role('g_admin', 'DELETE FROM bureau.client WHERE org_nr = ''100000008'' RETURNING org_nr'), '100000008', 'a plain DELETE');
SELECT alike(pg_temp.as_role('g_admin', 'INSERT INTO bureau.client (org_nr, name) VALUES (''974760674'', ''x'')'), '%wrong control digit%', 'is checked as well');
SELECT isnt(pg_temp.as_role('g_admin', query), NULL, query)
  FROM unnest(ARRAY[
    'SELECT bureau.add_bureau(''Vest'', ''token'')::text',
    'SELECT bureau.add_client(''100000008'', ''x'', ''Vest'')::text',
    'SELECT bureau.pull_now(''974760673'')::text',
    'SELECT bureau.resync(''974760673'')::text']) AS query;
SELECT alike(pg_temp.as_role('g_admin', 'SELECT bureau.confirm_vanish(''974760673'')'), 'nothing is held%', 'confirm_vanish is theirs');
SELECT is(pg_temp.as_role('g_admin', 'SELECT bureau.purge_client(''100000008'')'), '', 'purge_client is theirs');
SET LOCAL client_min_messages = error;
SELECT is(pg_temp.as_role('g_admin', 'SELECT bureau.grant_reader(''g_nobody'', ''974760673'')'), '', 'grant_reader is theirs');
SELECT is(pg_temp.as_role('g_admin', 'SELECT bureau.revoke_reader(''g_nobody'')'), '', 'revoke_reader is theirs');
SELECT is(pg_temp.as_role('g_admin', 'SELECT count(*) FROM finale.posting'), '8', 'administrators see the figures');
SELECT alike(pg_temp.as_role('g_admin', query), 'permission denied for %', query)
  FROM unnest(ARRAY['SELECT 1 FROM sync.session', 'SELECT 1 FROM mirror.posting', 'INSERT INTO bureau.reader_grant VALUES (1, ''g_admin'')',
                    'DELETE FROM bureau.confined_reader', 'SELECT 1 FROM sync.client_state', 'TRUNCATE bureau.client']) AS query;

-- Readers.
SELECT is(pg_temp.as_role('g_reader', format('SELECT count(*) >= 0 FROM finale.%I', relname)), 'true', 'readers read finale.' || relname)
  FROM pg_class WHERE relnamespace = 'finale'::regnamespace AND relkind = 'v';
SELECT is(pg_temp.as_role('g_reader', 'SELECT count(*) FROM finale.saldo_at(''974760673'', ''2023-06-30'')'), '3', 'readers call finale.saldo_at');
SELECT alike(pg_temp.as_role('g_reader', format('SELECT count(*) FROM %s', r.oid::regclass)), 'permission denied for schema %', 'readers cannot reach ' || r.oid::regclass)
  FROM pg_class r WHERE relnamespace IN ('bureau'::regnamespace, 'mirror'::regnamespace, 'sync'::regnamespace) AND relkind IN ('r', 'v');
SELECT alike(pg_temp.as_role('g_reader', query), 'permission denied for %', query)
  FROM unnest(ARRAY['SELECT bureau.pull_now(''974760673'')', 'SELECT bureau.seen_clients(current_user, session_user)', 'SELECT bureau.org_nr_fault(''1'')',
                    'CREATE TABLE finale.mine (x int)', 'CREATE VIEW bureau.mine AS SELECT 1']) AS query;
SELECT ok(NOT has_table_privilege('saldod_reader', r.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'), 'readers write nothing in ' || r.oid::regclass)
  FROM pg_class r WHERE relnamespace = 'finale'::regnamespace AND relkind = 'v';

-- Nobody.
SELECT alike(pg_temp.as_role('g_nobody', query), 'permission denied for %', query)
  FROM unnest(ARRAY['SELECT 1 FROM finale.client', 'SELECT 1 FROM bureau.client_list', 'SELECT finale.saldo_at(''974760673'', ''2023-06-30'')']) AS query;

-- The table below a view may be read by those who read the view, but never a token or a session.
SELECT ok(NOT has_column_privilege(role, tab, col, 'SELECT'), format('%s may not read %s.%s', role, tab, col))
  FROM (VALUES ('bureau.bureau', 'employee_token'), ('bureau.client', 'employee_token'), ('sync.session', 'sealed_token')) AS t (tab, col)
 CROSS JOIN unnest(ARRAY['saldod_reader', 'saldod_admin', 'public']) AS role WHERE role <> 'public';

SELECT * FROM finish();
ROLLBACK;
