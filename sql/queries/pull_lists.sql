-- Digests of lists, and how long ago each was asked.
SELECT resource, variant, digest, fault,
       coalesce((extract(epoch FROM pg_catalog.clock_timestamp() - confirmed_at) * 1000)::bigint, -1) AS age_ms
  FROM sync.list
 WHERE client_id = $1
