-- Adds a database of saldod to one that reads several: run there once for each, as a superuser. Every view of finale becomes a table
-- with a partition for each database, so that a tool asks one place, and a question about a client goes to its database alone.
--   psql -d reading -v name=db1 -v source_host=db1 -v source_dbname=saldod -v reader=finale_tool -v from=1 -v to=1000000 -f join.sql
-- from, to: the client_id of that database, from including, to excluding. They must not meet: before its first client say in each
--   ALTER TABLE bureau.client ALTER COLUMN client_id RESTART WITH 1000000;
-- reader: a role here, and a member of saldod_reader of the same name there.
\set ON_ERROR_STOP on
\set schema finale_ :name
BEGIN;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA IF NOT EXISTS finale;
CREATE SCHEMA :"schema";
CREATE SERVER :"name" FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host :'source_host', dbname :'source_dbname', fetch_size '10000', async_capable 'true');
CREATE USER MAPPING FOR :"reader" SERVER :"name" OPTIONS (user :'reader', password_required 'false');
CREATE USER MAPPING FOR CURRENT_USER SERVER :"name" OPTIONS (user :'reader'); -- to read what views there are
IMPORT FOREIGN SCHEMA finale FROM SERVER :"name" INTO :"schema";
DROP USER MAPPING FOR CURRENT_USER SERVER :"name";

-- Views without a client_id are of the register alone, and stay in the schema of their database.
CREATE TEMPORARY TABLE joined ON COMMIT DROP AS
SELECT c.relname AS name
  FROM pg_catalog.pg_class c
 WHERE c.relnamespace = pg_catalog.to_regnamespace(:'schema') AND c.relkind = 'f'
   AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'client_id');
SELECT pg_catalog.format('CREATE TABLE finale.%I (LIKE %I.%I) PARTITION BY RANGE (client_id)', j.name, :'schema', j.name)
  FROM joined j
 WHERE pg_catalog.to_regclass(pg_catalog.format('finale.%I', j.name)) IS NULL
\gexec
SELECT pg_catalog.format('ALTER TABLE finale.%I ATTACH PARTITION %I.%I FOR VALUES FROM (%s) TO (%s)', j.name, :'schema', j.name, :from, :to)
  FROM joined j
\gexec
GRANT USAGE ON SCHEMA finale TO :"reader";
GRANT SELECT ON ALL TABLES IN SCHEMA finale TO :"reader";
COMMIT;
