-- Sessions by the name of their token ($1) as they are sealed now ($2).
UPDATE sync.session s SET sealed_token = n.sealed
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS n (token_id, sealed)
 WHERE s.token_id = n.token_id
