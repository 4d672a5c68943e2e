CREATE TEMPORARY TABLE IF NOT EXISTS stage_change (posting_id bigint, voucher_id bigint, old_date date, new_date date)
