-- Makes a database of readers follow the one that saldod writes: run once there, as a superuser, after `saldod migrate` has made the
-- schema in it, and publish.sql was run at the other.
--   psql -d saldod -v name=reading1 -v source='host=db1 dbname=saldod user=replicator' -f subscribe.sql
-- name: of this subscription, another one for each database that follows. source: how this server reaches the other, as a role with REPLICATION
-- that may read those tables. A publication of saldod is one transaction here too: readers never see half of it.
\set ON_ERROR_STOP on
BEGIN;
ALTER TABLE bureau.bureau ALTER COLUMN employee_token DROP NOT NULL; -- tokens stay where they are
COMMIT;
CREATE SUBSCRIPTION :"name" CONNECTION :'source' PUBLICATION saldod_figures, saldod_register;
