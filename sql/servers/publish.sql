-- What a database of readers gets from the one that saldod writes: run once there, as a superuser, with wal_level = logical.
--   psql -d saldod -f publish.sql
-- Figures and register, but no token, no session and nothing of the daemon's memory that readers do not see.
\set ON_ERROR_STOP on
BEGIN;
CREATE PUBLICATION saldod_figures FOR TABLES IN SCHEMA mirror WITH (publish_via_partition_root = true);
CREATE PUBLICATION saldod_register FOR TABLE
    bureau.bureau (bureau_id, name, org_nr, enabled, source, owner),
    bureau.client (client_id, org_nr, name, bureau_id, org_nr_setting, pull_interval, history_from, enabled, source, owner, created_at),
    bureau.client_group_member,
    bureau.sign_off,
    sync.client_state,
    sync.range;
COMMIT;
