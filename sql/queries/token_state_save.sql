-- What bureau.status says of a token: $1 token, $2 bureau, $3 client, $4 state, $5 reason, $6 remedy, $7 request id,
-- $8 limit, $9 remaining, $10 window's end in ms, $11 session's end. Nothing of a holder that is gone.
INSERT INTO sync.token_state AS t (token_id, bureau_id, client_id, state, reason, remedy, last_error, last_request_id,
                                   budget_limit, budget_remaining, budget_reset_at, session_expires_at, updated_at)
SELECT $1, b.bureau_id, c.client_id, $4, $5, $6, $5, $7, $8::integer, $9::integer,
       pg_catalog.clock_timestamp() + $10::bigint * interval '1 millisecond', $11::timestamptz, pg_catalog.clock_timestamp()
  FROM (SELECT 1) one
  LEFT JOIN bureau.bureau b ON b.bureau_id = $2::bigint
  LEFT JOIN bureau.client c ON c.client_id = $3::bigint
 WHERE b.bureau_id IS NOT NULL OR c.client_id IS NOT NULL
ON CONFLICT (token_id) DO UPDATE
   SET bureau_id = excluded.bureau_id, client_id = excluded.client_id, state = excluded.state, reason = excluded.reason,
       remedy = excluded.remedy, last_error = coalesce(excluded.last_error, t.last_error),
       last_request_id = coalesce(excluded.last_request_id, t.last_request_id), budget_limit = excluded.budget_limit,
       budget_remaining = excluded.budget_remaining, budget_reset_at = excluded.budget_reset_at,
       session_expires_at = excluded.session_expires_at, updated_at = excluded.updated_at
