-- A month whose saldo is read anew: $1 year, $2 month, $3 first day, $4 first day after.
INSERT INTO stage_month (year, month, month_from, month_to)
SELECT $1::integer, $2::date, $3::date, $4::date
 WHERE NOT EXISTS (SELECT FROM stage_month m WHERE m.year = $1::integer AND m.month = $2::date)
