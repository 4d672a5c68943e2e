-- The staged list becomes what is mirrored: changed rows only, and those gone removed. $2 is not used: it is one part.
WITH gone AS (
    DELETE FROM mirror.sales_module m
     WHERE m.client_id = $1::bigint
       AND $2::text = ''
       AND NOT EXISTS (SELECT FROM stage_sales_module s WHERE s.name = m.name)
    RETURNING 1
), written AS (
    INSERT INTO mirror.sales_module AS m (client_id, name, cost_start_date)
    SELECT $1::bigint, s.name, s.cost_start_date
      FROM stage_sales_module s
    ON CONFLICT (client_id, name) DO UPDATE
       SET cost_start_date = excluded.cost_start_date
     WHERE m.cost_start_date IS DISTINCT FROM excluded.cost_start_date
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
