-- What the status page, its JSON and the metrics tell of every client: one row each, in order of client_id. The size of
-- a difference is summed only where there is one.
SELECT s.client_id, s.org_nr, s.state, s.differences, s.verified,
       floor(extract(epoch FROM pg_catalog.now() - coalesce(s.fresh_as_of, c.created_at)))::bigint AS age_s,
       s.fresh_as_of IS NOT NULL AS is_proven, s.state = 'loading' AND s.failures >= 3 AS is_load_failing,
       pg_catalog.jsonb_build_object(
           'org_nr', s.org_nr, 'name', s.name, 'bureau', s.bureau, 'state', s.state,
           'reason', s.reason, 'remedy', s.remedy,
           'fresh_as_of', s.fresh_as_of, 'next_pull_at', s.next_pull_at,
           'verified', s.verified, 'differences', s.differences, 'difference', d.size::text,
           'postings', s.postings,
           'years', s.years, 'complete_years', s.complete_years, 'loaded_rows', s.loaded_rows, 'loading_percent', s.loading_percent,
           'first_pull_at', s.first_pull_at, 'failures', s.failures, 'held_since', s.held_since)::text AS document
  FROM bureau.status s
  JOIN bureau.client c ON c.client_id = s.client_id
  LEFT JOIN LATERAL (
       SELECT pg_catalog.sum(pg_catalog.abs(m.balance_change - m.postings_sum)) AS size
         FROM mirror.saldo m
         JOIN mirror.year y ON y.client_id = m.client_id AND y.year = m.year AND y.complete
        WHERE m.client_id = s.client_id AND m.balance_change <> m.postings_sum) d ON s.differences > 0
 ORDER BY s.client_id
