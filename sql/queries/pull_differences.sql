-- Months whose proof fails: they are asked again until it holds.
SELECT DISTINCT year, month
  FROM mirror.saldo
 WHERE client_id = $1
   AND balance_change <> postings_sum
 ORDER BY month DESC
 LIMIT 24
