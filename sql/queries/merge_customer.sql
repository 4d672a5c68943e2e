-- The staged list becomes what is mirrored: changed rows only, and those gone removed.
-- An empty list is not believed where there was one: what is mirrored is kept.
WITH gone AS (
    DELETE FROM mirror.customer m
     WHERE m.client_id = $1::bigint
       AND EXISTS (SELECT FROM stage_customer)
       AND NOT EXISTS (SELECT FROM stage_customer s WHERE s.customer_id = m.customer_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.customer AS m (client_id, customer_id, version, number, name, organization_number, is_inactive)
    SELECT $1::bigint, s.customer_id, coalesce(s.version, 0), s.number, s.name, s.organization_number, s.is_inactive
      FROM stage_customer s
    ON CONFLICT (client_id, customer_id) DO UPDATE
       SET (version, number, name, organization_number, is_inactive)
         = (excluded.version, excluded.number, excluded.name, excluded.organization_number, excluded.is_inactive)
     WHERE (m.version, m.number, m.name, m.organization_number, m.is_inactive)
           IS DISTINCT FROM
           (excluded.version, excluded.number, excluded.name, excluded.organization_number, excluded.is_inactive)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*) FROM mirror.customer m
         WHERE m.client_id = $1::bigint AND NOT EXISTS (SELECT FROM stage_customer)) AS kept
