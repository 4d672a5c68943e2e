SELECT year, start_date, next_start_date, complete, differences
  FROM mirror.year
 WHERE client_id = $1
 ORDER BY year
