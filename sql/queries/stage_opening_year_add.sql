INSERT INTO stage_opening_year (year) VALUES ($1::integer)
