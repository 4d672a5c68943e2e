-- The staged list becomes what is mirrored: changed rows only, and those gone removed.
-- An empty list is not believed where there was one: what is mirrored is kept.
WITH gone AS (
    DELETE FROM mirror.department m
     WHERE m.client_id = $1::bigint
       AND EXISTS (SELECT FROM stage_department)
       AND NOT EXISTS (SELECT FROM stage_department s WHERE s.department_id = m.department_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.department AS m (client_id, department_id, version, number, name, is_inactive)
    SELECT $1::bigint, s.department_id, coalesce(s.version, 0), s.number, s.name, s.is_inactive
      FROM stage_department s
    ON CONFLICT (client_id, department_id) DO UPDATE
       SET (version, number, name, is_inactive)
         = (excluded.version, excluded.number, excluded.name, excluded.is_inactive)
     WHERE (m.version, m.number, m.name, m.is_inactive)
           IS DISTINCT FROM
           (excluded.version, excluded.number, excluded.name, excluded.is_inactive)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*) FROM mirror.department m
         WHERE m.client_id = $1::bigint AND NOT EXISTS (SELECT FROM stage_department)) AS kept
