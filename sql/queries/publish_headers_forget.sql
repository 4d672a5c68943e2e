-- A voucher that left the mirror may still exist, with all its postings before the horizon: the lists of vouchers are
-- read in full next time.
UPDATE sync.list
   SET digest = NULL
 WHERE client_id = $1::bigint AND resource = 'voucher'
   AND EXISTS (SELECT FROM stage_gone_voucher)
