-- The list of companies that a token has access to, replaced as a whole: $1 token, $2 bureau, $3 JSON array. What an
-- earlier token of the bureau had goes too.
WITH seen AS (
    SELECT DISTINCT ON (l.id) l.id, nullif(l.org_nr, '') AS org_nr, l.name
      FROM pg_catalog.jsonb_to_recordset($3::jsonb) AS l (id bigint, org_nr text, name text)
), gone AS (
    DELETE FROM sync.available_client a
     WHERE (a.token_id = $1 AND NOT EXISTS (SELECT FROM seen WHERE seen.id = a.company_id))
        OR (a.token_id <> $1 AND a.bureau_id = $2::bigint)
)
INSERT INTO sync.available_client AS a (token_id, bureau_id, company_id, org_nr, name)
SELECT $1, b.bureau_id, seen.id, seen.org_nr, seen.name
  FROM seen
  LEFT JOIN bureau.bureau b ON b.bureau_id = $2::bigint
ON CONFLICT (token_id, company_id) DO UPDATE
   SET bureau_id = excluded.bureau_id, org_nr = excluded.org_nr, name = excluded.name,
       seen_at = pg_catalog.clock_timestamp()
