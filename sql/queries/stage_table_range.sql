CREATE TEMPORARY TABLE IF NOT EXISTS stage_range (date_from date, date_to date)
