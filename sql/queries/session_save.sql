-- Stores a session before it is used, where the token is ours: $1 token, $2 sealed session, $3 its end, $4 our epoch.
INSERT INTO sync.session AS s (token_id, sealed_token, expires_at)
SELECT o.token_id, $2, $3::timestamptz
  FROM sync.owner o
 WHERE o.token_id = $1 AND o.epoch = $4::bigint
   FOR SHARE
ON CONFLICT (token_id) DO UPDATE
   SET sealed_token = excluded.sealed_token, expires_at = excluded.expires_at, made_at = pg_catalog.clock_timestamp()
RETURNING s.token_id
