-- The staged list becomes what is mirrored: changed rows only, and those gone removed.
-- An empty list is not believed where there was one: what is mirrored is kept. So is a type that a posting or an account
-- names: it cannot have been deleted, and finale shows its code.
WITH gone AS (
    DELETE FROM mirror.vat_type m
     WHERE m.client_id = $1::bigint
       AND EXISTS (SELECT FROM stage_vat_type)
       AND NOT EXISTS (SELECT FROM stage_vat_type s WHERE s.vat_type_id = m.vat_type_id)
       AND NOT EXISTS (SELECT FROM mirror.account a WHERE a.client_id = m.client_id AND a.vat_type_id = m.vat_type_id)
       AND NOT EXISTS (SELECT FROM mirror.posting p WHERE p.client_id = m.client_id AND p.vat_type_id = m.vat_type_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.vat_type AS m (client_id, vat_type_id, version, number, name, percentage)
    SELECT $1::bigint, s.vat_type_id, coalesce(s.version, 0), s.number, s.name, s.percentage
      FROM stage_vat_type s
    ON CONFLICT (client_id, vat_type_id) DO UPDATE
       SET (version, number, name, percentage)
         = (excluded.version, excluded.number, excluded.name, excluded.percentage)
     WHERE (m.version, m.number, m.name, m.percentage)
           IS DISTINCT FROM
           (excluded.version, excluded.number, excluded.name, excluded.percentage)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*) FROM mirror.vat_type m
         WHERE m.client_id = $1::bigint AND NOT EXISTS (SELECT FROM stage_vat_type)) AS kept
