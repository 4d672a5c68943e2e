-- The next of the vouchers that vanish as a whole, to be asked for by their ids: as many as one request holds. No row where all have
-- been asked for, or they are so many that somebody has to look at it anyway.
WITH next AS (
    SELECT g.voucher_id FROM stage_gone_voucher g WHERE NOT g.is_asked ORDER BY g.voucher_id LIMIT 100
), asked AS (
    UPDATE stage_gone_voucher g SET is_asked = true FROM next n WHERE g.voucher_id = n.voucher_id RETURNING g.voucher_id
)
SELECT pg_catalog.string_agg(voucher_id::text, ',' ORDER BY voucher_id) AS ids
  FROM asked
 WHERE (SELECT pg_catalog.count(*) FROM stage_gone_voucher) <= 2000
HAVING pg_catalog.count(*) > 0
