-- Vouchers that Tripletex still has ($1, its answer), dated before the horizon ($2) or from its end ($3) on: they left it, and
-- were not deleted.
UPDATE stage_gone_voucher g
   SET is_moved = true
  FROM pg_catalog.jsonb_to_recordset($1::jsonb -> 'values') AS v (id text, date text)
 WHERE g.voucher_id::text = v.id
   AND v.date ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
   AND (v.date COLLATE "C" < $2::text OR v.date COLLATE "C" >= $3::text)
