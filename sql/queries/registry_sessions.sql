-- Sessions of tokens ($1) that may still live.
SELECT token_id, sealed_token, (extract(epoch FROM expires_at) * 1000000)::bigint AS expires_us
  FROM sync.session
 WHERE token_id = ANY ($1::text[])
   AND expires_at > pg_catalog.clock_timestamp()
