-- The subscriptions of client $1 that are ours from now on: $2, JSON [{"id", "event"}]. No row comes where the client is gone.
WITH now_ours AS (
    SELECT x.id, x.event FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS x (id bigint, event text)
), taken_over AS (
    DELETE FROM sync.leftover l
     USING now_ours n, sync.client_state s
     WHERE s.client_id = $1::bigint AND l.company_id = s.company_id AND l.subscription_id = n.id
), gone AS (
    DELETE FROM sync.webhook w
     WHERE w.client_id = $1::bigint AND NOT EXISTS (SELECT FROM now_ours n WHERE n.id = w.subscription_id)
)
INSERT INTO sync.webhook (client_id, subscription_id, event)
SELECT c.client_id, n.id, n.event
  FROM now_ours n
  JOIN bureau.client c ON c.client_id = $1::bigint
ON CONFLICT (client_id, subscription_id) DO UPDATE SET seen_at = pg_catalog.clock_timestamp()
RETURNING subscription_id
