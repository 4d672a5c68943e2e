-- [alert] command was run: $1 client, $2 kind, $3 began_at, $4 whether it was told that the incident is over, $5 whether
-- it succeeded. Otherwise it is tried again in half a minute.
UPDATE sync.alert a
   SET began_told_at = CASE WHEN $5::boolean AND NOT $4::boolean THEN pg_catalog.clock_timestamp() ELSE a.began_told_at END,
       ended_told_at = CASE WHEN $5::boolean AND $4::boolean THEN pg_catalog.clock_timestamp() ELSE a.ended_told_at END,
       tries = CASE WHEN $5::boolean THEN 0 ELSE a.tries END,
       claimed_until = CASE WHEN $5::boolean THEN NULL ELSE pg_catalog.clock_timestamp() + interval '30 seconds' END
 WHERE a.client_id = $1::bigint AND a.kind = $2 AND a.began_at = $3::timestamptz
