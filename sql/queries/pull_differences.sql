-- What is not proven is asked again until it is: the months whose saldo is not the sum of the postings, the newest first,
-- and (month null) the years whose opening is not the closing of the year before.
SELECT d.year, d.month
  FROM (
        SELECT DISTINCT s.year, s.month
          FROM mirror.saldo s
         WHERE s.client_id = $1::bigint AND s.balance_change <> s.postings_sum
         ORDER BY s.month DESC
         LIMIT 24
       ) d
UNION ALL
SELECT DISTINCT o.year, NULL::date
  FROM mirror.opening_difference o
 WHERE o.client_id = $1::bigint
