-- The staged list becomes what is mirrored: changed rows only, and those gone removed.
WITH gone AS (
    DELETE FROM mirror.department m
     WHERE m.client_id = $1::bigint
       AND NOT EXISTS (SELECT FROM stage_department s WHERE s.department_id = m.department_id)
)
INSERT INTO mirror.department AS m (client_id, department_id, version, number, name, is_inactive)
SELECT $1::bigint, s.department_id, coalesce(s.version, 0), s.number, s.name, s.is_inactive
  FROM stage_department s
ON CONFLICT (client_id, department_id) DO UPDATE
   SET (version, number, name, is_inactive)
     = (excluded.version, excluded.number, excluded.name, excluded.is_inactive)
 WHERE (m.version, m.number, m.name, m.is_inactive)
       IS DISTINCT FROM
       (excluded.version, excluded.number, excluded.name, excluded.is_inactive)
