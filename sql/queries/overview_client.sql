-- All that the status page shows of one client ($1, organisation number): no row where it is not registered.
SELECT pg_catalog.jsonb_build_object(
           'client', pg_catalog.to_jsonb(s),
           'year_list', coalesce((
               SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                          'year', y.year, 'start_date', y.start_date, 'end_date', y.next_start_date - 1,
                          'complete', y.complete, 'verified', y.complete AND y.differences = 0,
                          'differences', y.differences, 'months', m.months) ORDER BY y.year DESC)
                 FROM mirror.year y
                 LEFT JOIN LATERAL (
                      SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                 'month', p.month, 'accounts', p.accounts, 'differences', p.differences,
                                 'difference', p.difference::text) ORDER BY p.month) AS months
                        FROM (SELECT o.month, pg_catalog.count(*) AS accounts,
                                     pg_catalog.count(*) FILTER (WHERE o.balance_change <> o.postings_sum) AS differences,
                                     pg_catalog.sum(pg_catalog.abs(o.balance_change - o.postings_sum)) AS difference
                                FROM mirror.saldo o
                               WHERE o.client_id = y.client_id AND o.year = y.year
                               GROUP BY o.month) p) m ON y.complete
                WHERE y.client_id = s.client_id), '[]'),
           'differences_found', coalesce((
               SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(f) ORDER BY f.month DESC, f.account_number)
                 FROM (SELECT p.month, p.account_number, p.saldo_change::text AS saldo_change,
                              p.postings_sum::text AS postings_sum, p.difference::text AS difference
                         FROM finale.saldo_proof p
                        WHERE p.client_id = s.client_id AND p.difference <> 0
                        ORDER BY p.month DESC, p.account_number
                        LIMIT 50) f), '[]'),
           'pulls', coalesce((
               SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                          'ended_at', h.ended_at, 'duration_ms', h.duration_ms, 'outcome', h.outcome,
                          'requests', h.requests, 'changes', h.changes, 'error', h.error,
                          'request_id', h.request_id) ORDER BY h.ended_at)
                 FROM sync.pull_history h
                WHERE h.client_id = s.client_id), '[]'))::text AS document
  FROM bureau.status s
 WHERE s.org_nr = $1
