-- What `saldod status` shows, one row per client.
SELECT s.org_nr, s.name, coalesce(s.bureau, '-') AS bureau, s.state,
       coalesce(pg_catalog.to_char(s.fresh_as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"'), '-') AS fresh_as_of,
       CASE WHEN s.verified THEN 'yes' ELSE 'no' END AS verified, s.postings::text AS postings,
       coalesce(pg_catalog.to_char(s.next_pull_at AT TIME ZONE 'UTC', 'HH24:MI:SS"Z"'), '-') AS next_pull_at,
       s.reason, s.remedy, CASE WHEN s.state NOT IN ('fresh') THEN s.last_error END AS last_error, s.last_request_id
  FROM bureau.status s
 WHERE $1::text IS NULL OR s.org_nr = ANY ($1::text[])
 ORDER BY s.bureau NULLS LAST, s.name, s.org_nr
