-- The staged list becomes what is mirrored: changed rows only, and those gone removed.
-- An empty list is not believed where there was one: what is mirrored is kept.
WITH gone AS (
    DELETE FROM mirror.project m
     WHERE m.client_id = $1::bigint
       AND EXISTS (SELECT FROM stage_project)
       AND NOT EXISTS (SELECT FROM stage_project s WHERE s.project_id = m.project_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.project AS m (client_id, project_id, version, number, name, is_closed)
    SELECT $1::bigint, s.project_id, coalesce(s.version, 0), s.number, s.name, s.is_closed
      FROM stage_project s
    ON CONFLICT (client_id, project_id) DO UPDATE
       SET (version, number, name, is_closed)
         = (excluded.version, excluded.number, excluded.name, excluded.is_closed)
     WHERE (m.version, m.number, m.name, m.is_closed)
           IS DISTINCT FROM
           (excluded.version, excluded.number, excluded.name, excluded.is_closed)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*) FROM mirror.project m
         WHERE m.client_id = $1::bigint AND NOT EXISTS (SELECT FROM stage_project)) AS kept
