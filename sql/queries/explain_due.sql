-- Vouchers that count as differences, and of which nobody knows yet whether they have postings beyond the horizon: as many as one
-- request holds. No row where there are none.
SELECT pg_catalog.string_agg(d.voucher_id::text, ',') AS ids
  FROM (SELECT d.voucher_id
          FROM mirror.voucher_difference d
         WHERE d.client_id = $1::bigint AND d.counted AND d.outside IS NULL
         ORDER BY d.voucher_id
         LIMIT 100) d
HAVING pg_catalog.count(*) > 0
