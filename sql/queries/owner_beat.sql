-- The heartbeat of the listening connection: how many daemons there are ($1 as in owner_join), and how many tokens are ours
-- by name. And what time it is here, in microseconds since 1970.
SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint AS now_us,
       (SELECT pg_catalog.count(DISTINCT l.pid)
          FROM pg_catalog.pg_locks l
          JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
         WHERE l.locktype = 'advisory' AND l.classid = $1::oid AND l.objsubid = 2 AND l.granted) AS daemons,
       (SELECT pg_catalog.count(*)
          FROM sync.owner o
         WHERE o.backend_pid = pg_catalog.pg_backend_pid() AND o.released_at IS NULL AND o.instance = $2) AS owned
