-- Close groups by fiscal year, or where a year has too many, by month. $1 client, $2 and $4: how many milliseconds
-- ago a part must have been asked to be due again, and the same for what seldom changes; $3 the resource.
WITH y AS (
    SELECT y.start_date AS since, y.next_start_date AS before,
           EXISTS (SELECT FROM sync.list w
                    WHERE w.client_id = $1::bigint AND w.resource = $3::text AND w.state = 'split'
                      AND w.variant = y.start_date || '/' || y.next_start_date) AS is_split
      FROM mirror.year y
     WHERE y.client_id = $1::bigint AND y.complete
), d AS (
    SELECT y.since, y.before, true AS can_split
      FROM y
     WHERE NOT y.is_split
    UNION ALL
    SELECT greatest(y.since, m::date), least(y.before, (m + interval '1 month')::date), false
      FROM y
     CROSS JOIN pg_catalog.generate_series(pg_catalog.date_trunc('month', y.since::timestamp), y.before::timestamp - interval '1 day',
                                           interval '1 month') AS m
     WHERE y.is_split
), p AS (
    SELECT d.since || '/' || d.before AS variant, pg_catalog.format('dateFrom=%s&dateTo=%s', d.since, d.before) AS filter, d.can_split
      FROM d
)
SELECT p.variant, p.filter, p.can_split, l.digest, l.state, l.row_count
  FROM p
  LEFT JOIN sync.list l ON l.client_id = $1::bigint AND l.resource = $3::text AND l.variant = p.variant
 WHERE (l.asked_at IS NULL
    OR l.asked_at <= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $2::double precision / 1000.0)
    OR l.state = 'failing' AND l.asked_at <= pg_catalog.clock_timestamp() - interval '1 minute')
   AND $4::double precision >= 0
 ORDER BY 1
 LIMIT 50
