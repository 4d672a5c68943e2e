-- A year ($2) becomes visible, saldo and postings together.
UPDATE mirror.year SET complete = true
 WHERE client_id = $1::bigint AND year = $2::integer AND NOT complete
