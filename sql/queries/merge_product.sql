-- The staged list becomes what is mirrored: changed rows only, and those gone removed. $2 is not used: it is one part.
WITH gone AS (
    DELETE FROM mirror.product m
     WHERE m.client_id = $1::bigint
       AND $2::text = ''
       AND NOT EXISTS (SELECT FROM stage_product s WHERE s.product_id = m.product_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.product AS m (client_id, product_id, version, number, name, is_inactive)
    SELECT $1::bigint, s.product_id, coalesce(s.version, 0), s.number, s.name, s.is_inactive
      FROM stage_product s
    ON CONFLICT (client_id, product_id) DO UPDATE
       SET (version, number, name, is_inactive)
         = (excluded.version, excluded.number, excluded.name, excluded.is_inactive)
     WHERE (m.version, m.number, m.name, m.is_inactive)
           IS DISTINCT FROM
           (excluded.version, excluded.number, excluded.name, excluded.is_inactive)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
