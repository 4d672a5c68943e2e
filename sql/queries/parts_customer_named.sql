-- The customers that postings name, where there are too many for their list as a whole: by their ids, some hundred a part.
-- $1 client, $2 and $4: how many milliseconds ago a part must have been asked to be due again, the latter for what
-- seldom changes, which these are not; $3 the resource. Parts are named PLACE/COUNT,
-- and COUNT doubles as they grow; without isInactive Tripletex gives those in use alone.
WITH named AS (
    SELECT DISTINCT p.customer_id AS id
      FROM mirror.posting p
     WHERE p.client_id = $1::bigint
       AND p.customer_id IS NOT NULL
       AND EXISTS (SELECT FROM sync.list w
                    WHERE w.client_id = $1::bigint AND w.resource = 'customer' AND w.variant = '' AND w.state = 'split')
), size AS (
    SELECT (2 ^ pg_catalog.ceil(pg_catalog.log(2, greatest(pg_catalog.count(*) / 200.0, 1))))::bigint AS parts
      FROM named
), p AS (
    SELECT n.id % s.parts || '/' || s.parts || a.name AS variant,
           a.filter || '&id=' || pg_catalog.string_agg(n.id::text, ',' ORDER BY n.id) AS filter,
           false AS can_split
      FROM named n, size s, (VALUES ('', 'isInactive=false'), ('/inactive', 'isInactive=true')) AS a (name, filter)
     GROUP BY n.id % s.parts, s.parts, a.name, a.filter
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
