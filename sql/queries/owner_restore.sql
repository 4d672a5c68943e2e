-- Puts back what says that tokens ($1, with epochs $2) are ours: it goes with a bureau or client that is deleted, also
-- where another one has the same token. The locks are held.
INSERT INTO sync.owner (token_id, instance, epoch, backend_pid)
SELECT t.token_id, $3, t.epoch, pg_catalog.pg_backend_pid()
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::bigint[])) AS t (token_id, epoch)
ON CONFLICT (token_id) DO NOTHING
