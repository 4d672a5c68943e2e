-- The newest migration applied; null where there is none. Readable without any rights but to connect.
SELECT pg_catalog.to_regclass('sync.migration') IS NOT NULL AS is_there,
       pg_catalog.pg_has_role(current_user, 'pg_database_owner', 'MEMBER') AS is_owner,
       pg_catalog.current_setting('is_superuser') = 'on' AS is_superuser,
       pg_catalog.current_setting('server_version_num')::integer AS server_version
