-- How far first loads have come ($1, a JSON array of {c, r, p}: client, rows and per cent of the year that is loaded). A client
-- that is being published says so itself.
WITH free AS (
    SELECT s.client_id, k.r, k.p
      FROM pg_catalog.jsonb_to_recordset($1::jsonb) AS k (c bigint, r bigint, p integer)
      JOIN sync.client_state s ON s.client_id = k.c
     WHERE (s.loading_rows, s.loading_percent) IS DISTINCT FROM (k.r, k.p)
       FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE sync.client_state s
   SET loading_rows = free.r, loading_percent = free.p
  FROM free
 WHERE s.client_id = free.client_id
