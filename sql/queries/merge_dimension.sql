-- The staged list becomes what is mirrored: changed rows only, and those gone removed. $2 is not used: it is one part.
WITH gone AS (
    DELETE FROM mirror.dimension m
     WHERE m.client_id = $1::bigint
       AND $2::text = ''
       AND NOT EXISTS (SELECT FROM stage_dimension s WHERE s.dimension_id = m.dimension_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.dimension AS m (client_id, dimension_id, version, dimension_index, name, description, is_active)
    SELECT $1::bigint, s.dimension_id, coalesce(s.version, 0), s.dimension_index, s.name, s.description, s.is_active
      FROM stage_dimension s
    ON CONFLICT (client_id, dimension_id) DO UPDATE
       SET (version, dimension_index, name, description, is_active)
         = (excluded.version, excluded.dimension_index, excluded.name, excluded.description, excluded.is_active)
     WHERE (m.version, m.dimension_index, m.name, m.description, m.is_active)
           IS DISTINCT FROM
           (excluded.version, excluded.dimension_index, excluded.name, excluded.description, excluded.is_active)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
