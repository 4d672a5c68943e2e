-- Opening balances of later years that were not read move with what changed before them. Only balance accounts (1 and 2
-- of NS 4102) carry over.
INSERT INTO mirror.opening AS m (client_id, year, account_id, balance_in)
SELECT $1::bigint, y.year, d.account_id, pg_catalog.sum(d.delta)
  FROM stage_delta d
  JOIN mirror.account a ON a.client_id = $1::bigint AND a.account_id = d.account_id AND a.number ~ '^[12]'
  JOIN mirror.year y ON y.client_id = $1::bigint AND y.year > d.year AND y.complete
 WHERE NOT EXISTS (SELECT FROM stage_opening_year r WHERE r.year = y.year)
 GROUP BY y.year, d.account_id
HAVING pg_catalog.sum(d.delta) <> 0
ON CONFLICT (client_id, year, account_id) DO UPDATE
   SET balance_in = m.balance_in + excluded.balance_in
