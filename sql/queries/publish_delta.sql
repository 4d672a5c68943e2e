-- How the changes move the opening balances of later years: by account, from months read anew and from openings read
-- anew, of years that readers could see already. (What is loaded for the first time is in later openings already.)
INSERT INTO stage_delta (year, account_id, delta)
SELECT d.year, d.account_id, pg_catalog.sum(d.amount)
  FROM (
        SELECT s.year, s.account_id, s.balance_change AS amount
          FROM stage_saldo s
        UNION ALL
        SELECT o.year, o.account_id, -o.balance_change
          FROM mirror.saldo o
          JOIN stage_month m ON m.year = o.year AND m.month = o.month
         WHERE o.client_id = $1::bigint
        UNION ALL
        SELECT s.year, s.account_id, s.balance_in
          FROM stage_opening s
         WHERE s.year = $2::integer
        UNION ALL
        SELECT o.year, o.account_id, -o.balance_in
          FROM mirror.opening o
          JOIN stage_opening_year r ON r.year = o.year
         WHERE o.client_id = $1::bigint AND o.year = $2::integer
       ) d
  JOIN mirror.year y ON y.client_id = $1::bigint AND y.year = d.year AND y.complete
 GROUP BY d.year, d.account_id
HAVING pg_catalog.sum(d.amount) <> 0
