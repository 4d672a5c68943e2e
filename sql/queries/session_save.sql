INSERT INTO sync.session AS s (token_id, sealed_token, expires_at)
VALUES ($1, $2, $3::timestamptz)
ON CONFLICT (token_id) DO UPDATE
   SET sealed_token = excluded.sealed_token, expires_at = excluded.expires_at, made_at = pg_catalog.clock_timestamp()
