-- The role of the daemon where the login may take it; otherwise whoever logged in, confined as he is.
SELECT pg_catalog.set_config('role', 'saldod_daemon', true)
  FROM pg_catalog.pg_roles r
 WHERE r.rolname = 'saldod_daemon' AND pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
