-- A pull failed: $2 error, $3 remedy, $4 request id, $5 credentials refused, $6 next pull in ms.
-- $7 token, $8 epoch: an owner of earlier says nothing any more.
UPDATE sync.client_state
   SET failures = failures + 1, refused = $5::boolean, last_error = $2, last_error_at = pg_catalog.clock_timestamp(),
       remedy = nullif($3, ''), last_request_id = coalesce(nullif($4, ''), last_request_id),
       next_pull_at = pg_catalog.clock_timestamp() + $6::bigint * interval '1 millisecond'
 WHERE client_id = $1
   AND EXISTS (SELECT FROM sync.owner o WHERE o.token_id = $7 AND o.epoch = $8::bigint)
