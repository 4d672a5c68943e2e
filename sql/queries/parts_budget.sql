-- The result budget of each year: of the current one and the next often, of earlier ones seldom. $1 client, $2 and
-- $4: how many milliseconds ago a part must have been asked to be due again, the latter for earlier years; $3 the
-- resource.
WITH p AS (
    SELECT y.year::text AS variant, 'year=' || y.year AS filter, false AS can_split, y.next_start_date <= current_date AS is_old
      FROM mirror.year y
     WHERE y.client_id = $1::bigint
       AND y.start_date <= current_date + 366
)
SELECT p.variant, p.filter, p.can_split, l.digest, l.state, l.row_count
  FROM p
  LEFT JOIN sync.list l ON l.client_id = $1::bigint AND l.resource = $3::text AND l.variant = p.variant
 WHERE (l.asked_at IS NULL
    OR l.asked_at <= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => CASE WHEN p.is_old THEN greatest($2::double precision, $4) ELSE $2 END / 1000.0)
    OR l.state = 'failing' AND l.asked_at <= pg_catalog.clock_timestamp() - interval '1 minute')
   AND $4::double precision >= 0
 ORDER BY 1
 LIMIT 50
