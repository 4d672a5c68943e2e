-- How many things of each year are not proven: account-months whose saldo is not the sum of the postings, vouchers that
-- do not sum to 0, and balance accounts whose opening is not the closing of the year before.
WITH closing AS (
    SELECT x.year, x.account_id, pg_catalog.sum(x.amount) AS amount
      FROM (SELECT s.year, s.account_id, s.balance_change AS amount FROM mirror.saldo s WHERE s.client_id = $1::bigint
            UNION ALL
            SELECT o.year, o.account_id, o.balance_in FROM mirror.opening o WHERE o.client_id = $1::bigint) x
     GROUP BY x.year, x.account_id
), carried AS (
    SELECT y.year, pg_catalog.count(*) AS differences
      FROM mirror.year y
      JOIN mirror.year b ON b.client_id = y.client_id AND b.next_start_date = y.start_date AND b.complete
     CROSS JOIN LATERAL (
            SELECT c.account_id, c.amount, 0::numeric AS opening FROM closing c WHERE c.year = b.year
            UNION ALL
            SELECT o.account_id, 0, o.balance_in FROM mirror.opening o WHERE o.client_id = y.client_id AND o.year = y.year) p
      JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = p.account_id AND a.number ~ '^[12]'
     WHERE y.client_id = $1::bigint AND y.complete
     GROUP BY y.year, p.account_id
    HAVING pg_catalog.sum(p.amount) <> pg_catalog.sum(p.opening)
), found AS (
    SELECT y.year,
           (SELECT pg_catalog.count(*) FROM mirror.saldo s
             WHERE s.client_id = y.client_id AND s.year = y.year AND s.balance_change <> s.postings_sum)
           + (SELECT pg_catalog.count(*) FROM mirror.voucher_difference d
               WHERE d.client_id = y.client_id AND d.year = y.year AND d.counted)
           + (SELECT pg_catalog.count(*) FROM carried c WHERE c.year = y.year) AS differences
      FROM mirror.year y
     WHERE y.client_id = $1::bigint
)
UPDATE mirror.year y
   SET differences = found.differences
  FROM found
 WHERE y.client_id = $1::bigint AND y.year = found.year AND y.differences <> found.differences
