CREATE TEMPORARY TABLE IF NOT EXISTS stage_gone_voucher (voucher_id bigint, is_moved boolean NOT NULL DEFAULT false,
    is_asked boolean NOT NULL DEFAULT false)
