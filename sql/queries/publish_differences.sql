-- How many things of each year are not proven: account-months whose saldo is not the sum of the postings, vouchers that
-- do not sum to 0, and balance accounts whose opening is not the closing of the year before. Each kind is kept or indexed
-- by its differences, so that what holds costs nothing here.
UPDATE mirror.year y
   SET differences = found.differences
  FROM (
        SELECT y.year,
               (SELECT pg_catalog.count(*) FROM mirror.saldo s
                 WHERE s.client_id = y.client_id AND s.year = y.year AND s.balance_change <> s.postings_sum)
               + (SELECT pg_catalog.count(*) FROM mirror.voucher_difference d
                   WHERE d.client_id = y.client_id AND d.year = y.year AND d.counted)
               + (SELECT pg_catalog.count(*) FROM mirror.opening_difference d
                   WHERE d.client_id = y.client_id AND d.year = y.year) AS differences
          FROM mirror.year y
         WHERE y.client_id = $1::bigint
       ) found
 WHERE y.client_id = $1::bigint AND y.year = found.year AND y.differences <> found.differences
