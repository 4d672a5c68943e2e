UPDATE sync.client_state
   SET no_access = true, company_id = NULL, proven_at = NULL, reason = $2, remedy = $3, last_error = $2,
       last_error_at = pg_catalog.clock_timestamp(), last_pull_at = pg_catalog.clock_timestamp(),
       last_request_id = coalesce(nullif($4, ''), last_request_id),
       next_pull_at = pg_catalog.clock_timestamp() + $5::bigint * interval '1 millisecond'
 WHERE client_id = $1
