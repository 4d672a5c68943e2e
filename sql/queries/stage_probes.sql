-- The days to ask /ledger/postingByDate for: from the first to the last in each quarter that loses whole vouchers.
SELECT min(c.old_date) AS day_from, max(c.old_date) + 1 AS day_to
  FROM stage_change c
  JOIN stage_gone_voucher g ON g.voucher_id = c.voucher_id AND NOT g.is_moved
 WHERE c.new_date IS NULL
   AND NOT EXISTS (SELECT FROM sync.held_posting h
                    WHERE h.client_id = $1::bigint AND h.posting_id = c.posting_id AND h.is_confirmed)
 GROUP BY pg_catalog.date_trunc('quarter', c.old_date::timestamp)
 ORDER BY pg_catalog.count(*), 1
 LIMIT 32
