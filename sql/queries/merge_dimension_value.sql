-- The staged list becomes what is mirrored: changed rows only, and those gone removed. $2 is not used: it is one part.
WITH gone AS (
    DELETE FROM mirror.dimension_value m
     WHERE m.client_id = $1::bigint
       AND $2::text = ''
       AND NOT EXISTS (SELECT FROM stage_dimension_value s WHERE s.dimension_value_id = m.dimension_value_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.dimension_value AS m (client_id, dimension_value_id, version, dimension_index, number, name,
                                             is_active)
    SELECT $1::bigint, s.dimension_value_id, coalesce(s.version, 0), s.dimension_index, s.number, s.name, s.is_active
      FROM stage_dimension_value s
    ON CONFLICT (client_id, dimension_value_id) DO UPDATE
       SET (version, dimension_index, number, name, is_active)
         = (excluded.version, excluded.dimension_index, excluded.number, excluded.name, excluded.is_active)
     WHERE (m.version, m.dimension_index, m.number, m.name, m.is_active)
           IS DISTINCT FROM
           (excluded.version, excluded.dimension_index, excluded.number, excluded.name, excluded.is_active)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
