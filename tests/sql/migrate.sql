-- Who may run the migrations, what they say to those who may not, and that all end up with the same owner. Each is
-- run by a psql of its own, as the daemon would: in a database and as a role that are made here and dropped again.
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SET search_path = tap;
SET client_min_messages = error;
CREATE ROLE m_owner LOGIN;
CREATE ROLE m_member LOGIN IN ROLE saldod_daemon;
CREATE ROLE m_noinherit LOGIN NOINHERIT IN ROLE saldod_daemon;
CREATE ROLE m_maker LOGIN CREATEROLE;
CREATE DATABASE m_owner OWNER m_owner;
CREATE DATABASE m_member OWNER m_owner;
CREATE DATABASE m_self OWNER m_owner;
CREATE DATABASE m_noinherit OWNER m_noinherit;
CREATE DATABASE m_maker OWNER m_maker;
CREATE DATABASE m_super;
ALTER ROLE saldod_daemon LOGIN;

-- apply USER DATABASE prints the first error, with its hint, or nothing.
\setenv APPLY :apply
\set apply_as 'psql -qX -v ON_ERROR_STOP=1 -f "$APPLY" 2>&1 | sed -nE "s/^(psql:[^ ]+ )?(ERROR|HINT):  //p" | tr "\\n" "|"; :'
\set as_stranger `PGUSER=m_owner PGDATABASE=m_owner sh -c :'apply_as'`
GRANT saldod_daemon TO m_owner;
\set as_owner `PGUSER=m_owner PGDATABASE=m_owner sh -c :'apply_as'`
\set not_allowed `PGUSER=m_member PGDATABASE=m_member sh -c :'apply_as'`
\set schema_of_other `psql -qXc 'CREATE SCHEMA sync' -c 'CREATE TABLE sync.migration (version int, name text, applied_at timestamptz)' m_member; PGUSER=m_owner PGDATABASE=m_member sh -c :'apply_as'; psql -qXc 'DROP SCHEMA sync CASCADE' m_member 2>&1 | grep ERROR`
\set allow `psql -qX -c 'GRANT CREATE ON DATABASE m_member, m_self TO saldod_daemon' m_super`
\set as_member `PGUSER=m_member PGDATABASE=m_member sh -c :'apply_as'`
\set as_self `PGUSER=saldod_daemon PGDATABASE=m_self sh -c :'apply_as'`
\set as_noinherit `PGUSER=m_noinherit PGDATABASE=m_noinherit sh -c :'apply_as'`
\set as_maker `PGUSER=m_maker PGDATABASE=m_maker sh -c :'apply_as'`
\set as_super `psql -qXc 'CREATE SCHEMA sync' m_super; PGDATABASE=m_super sh -c :'apply_as'`

-- The bootstrap alone, twice more: by whoever made it and by one who only inherits.
\setenv BOOTSTRAP :migrations/../bootstrap.sql
\set twice `PGUSER=m_owner PGDATABASE=m_owner psql -qX -v ON_ERROR_STOP=1 -f "$BOOTSTRAP" -f "$BOOTSTRAP" 2>&1`
\set by_other `PGUSER=m_noinherit PGDATABASE=m_owner psql -qX -v ON_ERROR_STOP=1 -f "$BOOTSTRAP" 2>&1`

-- What does not belong to saldod_daemon in each database, and how many migrations there are.
\set count 'SELECT count(*) FILTER (WHERE relowner <> ''saldod_daemon''::regrole), (SELECT max(version) = count(*) FROM sync.migration) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN (''bureau'', ''mirror'', ''sync'', ''finale'')'
\setenv COUNT :count
\set counted `for db in m_owner m_member m_self m_noinherit m_maker m_super; do psql -qXAtc "$COUNT" $db; done | sort -u`

-- Missing roles. They cannot be dropped while they own things, but they can be called something else.
ALTER ROLE saldod_admin RENAME TO m_admin_away;
ALTER ROLE saldod_reader RENAME TO m_reader_away;
\set missing `psql -qXc 'CREATE DATABASE m_missing OWNER m_owner' m_super; PGUSER=m_owner PGDATABASE=m_missing sh -c :'apply_as'`
\set made `psql -qXc 'DROP DATABASE m_missing' -c 'CREATE DATABASE m_missing OWNER m_maker' m_super; PGUSER=m_maker PGDATABASE=m_missing sh -c :'apply_as'; psql -qXAtc "SELECT string_agg(rolname || rolcanlogin, ' ' ORDER BY 1) FROM pg_roles WHERE rolname IN ('saldod_admin', 'saldod_reader')" m_super`
DROP DATABASE m_missing;
DROP ROLE saldod_admin, saldod_reader;
ALTER ROLE m_admin_away RENAME TO saldod_admin;
ALTER ROLE m_reader_away RENAME TO saldod_reader;

ALTER ROLE saldod_daemon NOLOGIN;
DROP DATABASE m_owner;
DROP DATABASE m_member;
DROP DATABASE m_self;
DROP DATABASE m_noinherit;
DROP DATABASE m_maker;
DROP DATABASE m_super;
DROP ROLE m_owner, m_member, m_noinherit, m_maker;

SELECT plan(14);
SELECT is(:'as_stranger'::text, 'role "m_owner" is not a member of saldod_daemon and cannot create what that role shall own|'
          'As a superuser, run once: GRANT saldod_daemon TO m_owner; then repeat "saldod migrate".|', 'an owner who is no member is told what is missing');
SELECT is(:'as_owner'::text, '', 'as a member the owner of the database applies all');
SELECT is(:'not_allowed'::text, 'role "m_member" may not create the schema sync in the database "m_member": permission denied for database m_member|'
          'As the owner of the database or a superuser, run once: GRANT CREATE ON DATABASE m_member TO saldod_daemon; then repeat "saldod migrate".|',
          'a member who may not create is told what is missing');
SELECT is(:'schema_of_other'::text, 'schema sync belongs to another role than "m_owner" and saldod_daemon|As a superuser, run once: '
          'ALTER TABLE sync.migration OWNER TO saldod_daemon; ALTER SCHEMA sync OWNER TO saldod_daemon; then repeat "saldod migrate".|', 'a schema sync of somebody else is not touched');
SELECT is(:'as_member'::text, '', 'allowed to create, a member applies all');
SELECT is(:'as_self'::text, '', 'saldod_daemon applies all as a login role');
SELECT is(:'as_noinherit'::text, '', 'a member that does not inherit applies all');
SELECT is(:'as_maker'::text, '', 'a role with CREATEROLE makes itself a member');
SELECT is(:'as_super'::text, '', 'a superuser takes over a schema sync that is there');
SELECT is(:'twice'::text, '', 'the bootstrap may be repeated');
SELECT is(:'by_other'::text, '', 'by any member');
SELECT is(:'counted'::text, '0|t', 'whoever applied them, saldod_daemon owns all, and the numbers have no gap');
SELECT is(:'missing'::text, 'missing roles: saldod_admin, saldod_reader; role "m_owner" may not create roles|As a superuser, run once: '
          'CREATE ROLE saldod_admin NOLOGIN; CREATE ROLE saldod_reader NOLOGIN; GRANT saldod_daemon TO m_owner; then repeat "saldod migrate".|', 'missing roles are named, with the statements that make them');
SELECT is(:'made'::text, 'saldod_adminfalse saldod_readerfalse', 'or made by who may, without login');
SELECT * FROM finish();
