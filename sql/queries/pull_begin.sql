-- A pull begins: what is remembered of the client, and what time it is here, in microseconds since 1970.
UPDATE sync.client_state
   SET first_pull_at = coalesce(first_pull_at, pg_catalog.clock_timestamp()), last_pull_at = pg_catalog.clock_timestamp()
 WHERE client_id = $1
RETURNING postings, held_since IS NOT NULL AS is_held,
          (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint AS now_us
