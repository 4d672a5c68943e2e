-- The token has no access to the company: $2 reason, $3 remedy, $4 request id, $5 next pull in ms.
-- $6 token, $7 epoch: an owner of earlier says nothing any more.
UPDATE sync.client_state
   SET no_access = true, proven_at = NULL, reason = $2, remedy = $3, last_error = $2,
       last_error_at = pg_catalog.clock_timestamp(), last_pull_at = pg_catalog.clock_timestamp(),
       last_request_id = coalesce(nullif($4, ''), last_request_id),
       next_pull_at = pg_catalog.clock_timestamp() + $5::bigint * interval '1 millisecond'
 WHERE client_id = $1
   AND EXISTS (SELECT FROM sync.owner o WHERE o.token_id = $6 AND o.epoch = $7::bigint)
