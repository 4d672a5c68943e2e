-- Tokens of bureaus ($1) as they are sealed now ($2).
UPDATE bureau.bureau b SET employee_token = n.sealed
  FROM ROWS FROM (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::text[])) AS n (bureau_id, sealed)
 WHERE b.bureau_id = n.bureau_id
