-- Clients' own tokens ($1) as they are sealed now ($2), also of those that are gone but have left something.
WITH left_behind AS (
    UPDATE sync.leftover l SET employee_token = n.sealed
      FROM ROWS FROM (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::text[])) AS n (holder, sealed)
     WHERE l.bureau_id IS NULL AND l.holder = n.holder
)
UPDATE bureau.client c SET employee_token = n.sealed
  FROM ROWS FROM (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::text[])) AS n (client_id, sealed)
 WHERE c.client_id = n.client_id
