-- What [alert] command is to be told, for this daemon to tell: up to $1 incidents. What is older than a day, or has
-- failed five times, is left.
UPDATE sync.alert a
   SET claimed_until = pg_catalog.clock_timestamp() + interval '2 minutes', tries = a.tries + 1
  FROM (SELECT o.client_id, o.kind, o.began_at
          FROM sync.alert o
         WHERE (o.began_told_at IS NULL AND o.began_at > pg_catalog.now() - interval '1 day'
                OR o.began_told_at IS NOT NULL AND o.ended_told_at IS NULL AND o.ended_at > pg_catalog.now() - interval '1 day')
           AND (o.claimed_until IS NULL OR o.claimed_until < pg_catalog.clock_timestamp())
           AND o.tries < 5
         ORDER BY o.began_at
         LIMIT $1::integer
           FOR UPDATE SKIP LOCKED) w
 WHERE a.client_id = w.client_id AND a.kind = w.kind AND a.began_at = w.began_at
RETURNING a.client_id, a.kind, a.began_at::text AS began_at, a.began_told_at IS NOT NULL AS is_over,
          sync.alert_document(a.client_id, a.kind, CASE WHEN a.began_told_at IS NULL THEN 'begun' ELSE 'over' END,
                              a.began_at, CASE WHEN a.began_told_at IS NOT NULL THEN a.ended_at END, a.reason, a.remedy) AS document
