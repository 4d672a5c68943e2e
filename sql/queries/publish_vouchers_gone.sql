DELETE FROM mirror.voucher v
 USING stage_gone_voucher g
 WHERE v.client_id = $1::bigint AND v.voucher_id = g.voucher_id
