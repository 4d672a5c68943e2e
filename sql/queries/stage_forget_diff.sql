WITH a AS (DELETE FROM stage_range), b AS (DELETE FROM stage_gone_voucher)
DELETE FROM stage_change
