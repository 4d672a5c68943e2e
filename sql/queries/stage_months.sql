-- The months of the horizon that the changes touch; kept, and handed out.
WITH touched AS (
    SELECT old_date AS day FROM stage_change WHERE old_date IS NOT NULL
    UNION
    SELECT new_date FROM stage_change WHERE new_date IS NOT NULL
), months AS (
    SELECT DISTINCT y.year, pg_catalog.date_trunc('month', t.day)::date AS month, y.start_date, y.next_start_date
      FROM touched t
      JOIN mirror.year y ON y.client_id = $1::bigint AND t.day >= y.start_date AND t.day < y.next_start_date
)
SELECT year, month, greatest(month, start_date) AS month_from,
       least((month + interval '1 month')::date, next_start_date) AS month_to
  FROM months
 ORDER BY month, year
