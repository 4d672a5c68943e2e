-- A pull ended: $1 client, $2 duration in ms, $3 outcome, $4 requests, $5 changes, $6 error, $7 request id. The oldest
-- beyond 50 go. A client that is gone leaves no row.
WITH gone AS (
    DELETE FROM sync.pull_history h
     WHERE h.client_id = $1::bigint
       AND h.ended_at <= (SELECT o.ended_at FROM sync.pull_history o
                           WHERE o.client_id = $1::bigint ORDER BY o.ended_at DESC OFFSET 49 LIMIT 1)
)
INSERT INTO sync.pull_history (client_id, duration_ms, outcome, requests, changes, error, request_id)
SELECT c.client_id, $2::bigint, $3, $4::integer, $5::bigint, nullif($6, ''), nullif($7, '')
  FROM bureau.client c
 WHERE c.client_id = $1::bigint
   FOR KEY SHARE
