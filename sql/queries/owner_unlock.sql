-- Gives tokens ($1) back.
WITH gone AS MATERIALIZED (
    UPDATE sync.owner o
       SET released_at = pg_catalog.clock_timestamp()
     WHERE o.token_id = ANY ($1::text[])
       AND o.backend_pid = pg_catalog.pg_backend_pid()
)
SELECT pg_catalog.count(pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended('saldod token ' || t.token_id, 0))) AS unlocked
  FROM (SELECT DISTINCT u.token_id FROM pg_catalog.unnest($1::text[]) AS u (token_id)) t
