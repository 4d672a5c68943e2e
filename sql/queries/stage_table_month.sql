CREATE TEMPORARY TABLE IF NOT EXISTS stage_month (year integer, month date, month_from date, month_to date)
