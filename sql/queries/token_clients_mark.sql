-- Credentials are refused, or are not any more, for all clients that use the token of a bureau ($1) or client ($2):
-- $3 refused, $4 reason, $5 remedy, $6 request id.
UPDATE sync.client_state s
   SET refused = $3::boolean,
       last_error = CASE WHEN $3::boolean THEN $4 ELSE s.last_error END,
       last_error_at = CASE WHEN $3::boolean THEN pg_catalog.clock_timestamp() ELSE s.last_error_at END,
       remedy = CASE WHEN $3::boolean THEN $5 ELSE s.remedy END,
       last_request_id = coalesce($6, s.last_request_id)
  FROM bureau.client c
 WHERE s.client_id = c.client_id
   AND s.refused <> $3::boolean
   AND CASE WHEN c.employee_token IS NULL THEN c.bureau_id = $1::bigint ELSE c.client_id = $2::bigint END
