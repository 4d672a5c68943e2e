-- The staged list becomes what is mirrored: changed rows only, and those gone removed. $2 is not used: it is one part.
WITH gone AS (
    DELETE FROM mirror.subscription m
     WHERE m.client_id = $1::bigint
       AND $2::text = ''
       AND NOT EXISTS (SELECT FROM stage_subscription s WHERE s.subscription_id = m.subscription_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.subscription AS m (client_id, subscription_id, version, event, status)
    SELECT $1::bigint, s.subscription_id, coalesce(s.version, 0), s.event, s.status
      FROM stage_subscription s
    ON CONFLICT (client_id, subscription_id) DO UPDATE
       SET (version, event, status)
         = (excluded.version, excluded.event, excluded.status)
     WHERE (m.version, m.event, m.status)
           IS DISTINCT FROM
           (excluded.version, excluded.event, excluded.status)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
