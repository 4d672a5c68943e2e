-- Tries to own tokens ($1): the lock lives as long as the listening connection. The epoch lets a transaction of an
-- earlier owner be told from ours.
WITH got AS MATERIALIZED (
    SELECT t.token_id
      FROM pg_catalog.unnest($1::text[]) AS t (token_id)
     WHERE pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended('saldod token ' || t.token_id, 0))
)
INSERT INTO sync.owner AS o (token_id, instance, epoch, backend_pid)
SELECT got.token_id, $2, 1, pg_catalog.pg_backend_pid() FROM got
ON CONFLICT (token_id) DO UPDATE
   SET instance = excluded.instance, epoch = o.epoch + 1, backend_pid = excluded.backend_pid,
       owned_at = pg_catalog.clock_timestamp()
RETURNING token_id, epoch
