CREATE TEMPORARY TABLE IF NOT EXISTS stage_delta (year integer, account_id bigint, delta numeric)
