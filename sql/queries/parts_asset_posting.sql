-- Postings of each asset in the horizon: where the asset changed since, and else seldom. $1 client, $2 and $4: how
-- many milliseconds ago a part must have been asked to be due again, the latter for assets that did not change; $3
-- the resource.
WITH h AS (
    SELECT pg_catalog.format('dateFrom=%s&dateToExclusive=%s', pg_catalog.min(y.start_date), pg_catalog.max(y.next_start_date)) AS filter
      FROM mirror.year y
     WHERE y.client_id = $1::bigint
    HAVING pg_catalog.min(y.start_date) IS NOT NULL
), p AS (
    SELECT a.asset_id::text AS variant, h.filter, false AS can_split
      FROM h, mirror.asset a
     WHERE a.client_id = $1::bigint
)
SELECT p.variant, p.filter, p.can_split, l.digest, l.state, l.row_count
  FROM p
  LEFT JOIN sync.list l ON l.client_id = $1::bigint AND l.resource = $3::text AND l.variant = p.variant
 WHERE (l.asked_at IS NULL
    OR l.asked_at <= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => greatest($2::double precision, $4) / 1000.0)
    OR l.state = 'failing' AND l.asked_at <= pg_catalog.clock_timestamp() - interval '1 minute')
   AND $4::double precision >= 0
 ORDER BY 1
 LIMIT 50
