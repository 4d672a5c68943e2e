SELECT year, start_date, end_date
  FROM mirror.annual_account
 WHERE client_id = $1
 ORDER BY start_date
