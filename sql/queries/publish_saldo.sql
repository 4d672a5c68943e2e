-- Tripletex's own change of each month read, beside the sum of the postings as they stand now. Hollow is a month of which
-- no row came, though it had some and its postings do not sum to 0: that never means "no saldo".
WITH sums AS (
    SELECT m.year, m.month, p.account_id, pg_catalog.sum(p.amount) AS postings_sum
      FROM stage_month m
      JOIN mirror.posting p ON p.client_id = $1::bigint AND p.posting_date >= m.month_from AND p.posting_date < m.month_to
     GROUP BY m.year, m.month, p.account_id
), fresh AS MATERIALIZED (
    SELECT coalesce(s.year, sums.year) AS year, coalesce(s.month, sums.month) AS month,
           coalesce(s.account_id, sums.account_id) AS account_id, coalesce(s.balance_change, 0) AS balance_change,
           coalesce(sums.postings_sum, 0) AS postings_sum
      FROM stage_saldo s
      FULL JOIN sums ON sums.year = s.year AND sums.month = s.month AND sums.account_id = s.account_id
     WHERE coalesce(s.balance_change, 0) <> 0 OR coalesce(sums.postings_sum, 0) <> 0
), gone AS (
    DELETE FROM mirror.saldo o
     USING stage_month m
     WHERE o.client_id = $1::bigint AND o.year = m.year AND o.month = m.month
       AND NOT EXISTS (SELECT FROM fresh f WHERE f.year = o.year AND f.month = o.month AND f.account_id = o.account_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.saldo AS o (client_id, year, month, account_id, balance_change, postings_sum)
    SELECT $1::bigint, f.year, f.month, f.account_id, f.balance_change, f.postings_sum
      FROM fresh f
    ON CONFLICT (client_id, year, month, account_id) DO UPDATE
       SET balance_change = excluded.balance_change, postings_sum = excluded.postings_sum
     WHERE (o.balance_change, o.postings_sum) IS DISTINCT FROM (excluded.balance_change, excluded.postings_sum)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*)
          FROM stage_month m
         WHERE NOT EXISTS (SELECT FROM stage_saldo s WHERE s.year = m.year AND s.month = m.month)
           AND EXISTS (SELECT FROM fresh f WHERE f.year = m.year AND f.month = m.month)
           AND EXISTS (SELECT FROM mirror.saldo o
                        WHERE o.client_id = $1::bigint AND o.year = m.year AND o.month = m.month AND o.balance_change <> 0)) AS hollow
