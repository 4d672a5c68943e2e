-- Tries to own tokens ($1), at most $3 of them and, with $4, only those that no living daemon has had of late: the lock
-- lives as long as the listening connection. The epoch lets a transaction of an earlier owner be told from ours. Waits for
-- nobody: a row that such a transaction still holds is left for later.
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT t.token_id
      FROM pg_catalog.unnest($1::text[]) AS t (token_id)
     WHERE NOT $4::boolean
        OR NOT EXISTS (
           SELECT FROM sync.owner h
            WHERE h.token_id = t.token_id
              AND (h.released_at > pg_catalog.now() - interval '10 seconds'
                   OR (h.released_at IS NULL AND EXISTS (
                       SELECT FROM sync.instance i
                        WHERE i.instance = h.instance AND i.seen_at > pg_catalog.now() - interval '15 seconds'))))
), known AS MATERIALIZED (
    SELECT o.token_id FROM sync.owner o WHERE o.token_id IN (SELECT w.token_id FROM wanted w) FOR UPDATE SKIP LOCKED
), got AS MATERIALIZED (
    SELECT w.token_id
      FROM wanted w
     WHERE (w.token_id IN (SELECT k.token_id FROM known k)
            OR NOT EXISTS (SELECT FROM sync.owner o WHERE o.token_id = w.token_id))
       AND pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended('saldod token ' || w.token_id, 0))
     LIMIT $3::bigint
)
INSERT INTO sync.owner AS o (token_id, instance, epoch, backend_pid)
SELECT got.token_id, $2, 1, pg_catalog.pg_backend_pid() FROM got
ON CONFLICT (token_id) DO UPDATE
   SET instance = excluded.instance, epoch = o.epoch + 1, backend_pid = excluded.backend_pid,
       owned_at = pg_catalog.clock_timestamp(), released_at = NULL
RETURNING token_id, epoch
