-- Sessions that may still live, by the name of their token.
SELECT token_id, sealed_token, (extract(epoch FROM expires_at) * 1000000)::bigint AS expires_us
  FROM sync.session
 WHERE expires_at > pg_catalog.clock_timestamp()
