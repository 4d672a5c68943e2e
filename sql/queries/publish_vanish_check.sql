-- Account-months whose proof held before and would fail now: where postings vanish, that is a lost entitlement rather than
-- a deletion, for Tripletex still counts them.
WITH sums AS (
    SELECT m.year, m.month, p.account_id, pg_catalog.sum(p.amount) AS postings_sum
      FROM stage_month m
      JOIN mirror.posting p ON p.client_id = $1::bigint AND p.posting_date >= m.month_from AND p.posting_date < m.month_to
     GROUP BY m.year, m.month, p.account_id
)
SELECT pg_catalog.count(*) AS broken
  FROM stage_saldo s
  FULL JOIN sums ON sums.year = s.year AND sums.month = s.month AND sums.account_id = s.account_id
  LEFT JOIN mirror.saldo o ON o.client_id = $1::bigint AND o.year = coalesce(s.year, sums.year)
                          AND o.month = coalesce(s.month, sums.month) AND o.account_id = coalesce(s.account_id, sums.account_id)
 WHERE coalesce(s.balance_change, 0) <> coalesce(sums.postings_sum, 0)
   AND (o.year IS NULL OR o.balance_change = o.postings_sum)
