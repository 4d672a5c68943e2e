-- Per fiscal year: postings mirrored, and those whose voucher vanishes as a whole though nobody has confirmed it.
SELECT y.year, v.vanished, v.vouchers,
       (SELECT pg_catalog.count(*) FROM mirror.posting p
         WHERE p.client_id = $1::bigint AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date) AS postings
  FROM mirror.year y
 CROSS JOIN LATERAL (
        SELECT pg_catalog.count(*) AS vanished, pg_catalog.count(DISTINCT c.voucher_id) AS vouchers
          FROM stage_change c
          JOIN stage_gone_voucher g ON g.voucher_id = c.voucher_id AND NOT g.is_moved
         WHERE c.new_date IS NULL AND c.old_date >= y.start_date AND c.old_date < y.next_start_date
           AND NOT EXISTS (SELECT FROM sync.held_posting h
                            WHERE h.client_id = $1::bigint AND h.posting_id = c.posting_id AND h.is_confirmed)) v
 WHERE y.client_id = $1::bigint
   AND v.vanished > 0
 ORDER BY y.year
