-- Open posts: all up to the end of the horizon, or where those are too many, by account. $1 client, $2 and $4: how
-- many milliseconds ago a part must have been asked to be due again, and the same for what seldom changes; $3 the
-- resource.
WITH h AS (
    SELECT pg_catalog.format('date=%s', pg_catalog.max(y.next_start_date)) AS filter
      FROM mirror.year y
     WHERE y.client_id = $1::bigint
    HAVING pg_catalog.max(y.next_start_date) IS NOT NULL
), whole AS (
    SELECT EXISTS (SELECT FROM sync.list w
                    WHERE w.client_id = $1::bigint AND w.resource = $3::text AND w.variant = '' AND w.state = 'split') AS is_split
), p AS (
    SELECT '' AS variant, h.filter, true AS can_split
      FROM h, whole w
     WHERE NOT w.is_split
    UNION ALL
    SELECT a.account_id::text, h.filter || '&accountId=' || a.account_id, false
      FROM h, whole w, mirror.account a
     WHERE w.is_split AND a.client_id = $1::bigint AND a.is_closeable
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
