-- The names of tokens are made with the seal key: $1 become $2.
UPDATE sync.available_client t SET token_id = n.new_id
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS n (old_id, new_id)
 WHERE t.token_id = n.old_id
