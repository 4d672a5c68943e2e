-- The one part of a list that is asked whole, where it is due. $1 client, $2 and $4: how many milliseconds ago a part
-- must have been asked to be due again, and the same for what seldom changes; $3 the resource.
WITH p AS (
    SELECT ''::text AS variant, NULL::text AS filter, false AS can_split
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
