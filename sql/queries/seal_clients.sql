-- Clients' own tokens ($1) as they are sealed now ($2).
UPDATE bureau.client c SET employee_token = n.sealed
  FROM ROWS FROM (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::text[])) AS n (client_id, sealed)
 WHERE c.client_id = n.client_id
