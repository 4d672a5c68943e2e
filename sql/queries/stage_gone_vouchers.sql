-- Vouchers that vanish as a whole: none of their postings was read, and none stays anywhere in the mirror.
INSERT INTO stage_gone_voucher (voucher_id)
SELECT g.voucher_id
  FROM (SELECT DISTINCT voucher_id FROM stage_change WHERE new_date IS NULL) g
 WHERE NOT EXISTS (SELECT FROM stage_posting s WHERE s.voucher_id = g.voucher_id)
   AND NOT EXISTS (SELECT FROM mirror.posting p
                    WHERE p.client_id = $1::bigint AND p.voucher_id = g.voucher_id
                      AND NOT EXISTS (SELECT FROM stage_change c WHERE c.posting_id = p.posting_id))
