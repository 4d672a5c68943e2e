-- The staged list becomes what is mirrored: changed rows only, and those gone removed.
-- An empty list is not believed where there was one: what is mirrored is kept.
WITH gone AS (
    DELETE FROM mirror.employee m
     WHERE m.client_id = $1::bigint
       AND EXISTS (SELECT FROM stage_employee)
       AND NOT EXISTS (SELECT FROM stage_employee s WHERE s.employee_id = m.employee_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.employee AS m (client_id, employee_id, version, number, first_name, last_name)
    SELECT $1::bigint, s.employee_id, coalesce(s.version, 0), s.number, s.first_name, s.last_name
      FROM stage_employee s
    ON CONFLICT (client_id, employee_id) DO UPDATE
       SET (version, number, first_name, last_name)
         = (excluded.version, excluded.number, excluded.first_name, excluded.last_name)
     WHERE (m.version, m.number, m.first_name, m.last_name)
           IS DISTINCT FROM
           (excluded.version, excluded.number, excluded.first_name, excluded.last_name)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*) FROM mirror.employee m
         WHERE m.client_id = $1::bigint AND NOT EXISTS (SELECT FROM stage_employee)) AS kept
