CREATE TEMPORARY TABLE IF NOT EXISTS stage_opening_year (year integer)
