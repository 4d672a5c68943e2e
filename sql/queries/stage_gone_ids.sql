-- The vouchers that vanish as a whole, to be asked for by their ids; no row where there are none, or more than one request holds.
SELECT pg_catalog.string_agg(voucher_id::text, ',' ORDER BY voucher_id) AS ids
  FROM stage_gone_voucher
HAVING pg_catalog.count(*) BETWEEN 1 AND 100
